"""Inference with a trained model: encode, decode, impute, score, interpolate."""

from vaekit.inference.arithmetic import Board, analogies, arithmetic, classify
from vaekit.inference.decode import (
    Drawn,
    Reconstruction,
    decode,
    draw_codes,
    draw_rows,
    reconstruct,
    sample,
)
from vaekit.inference.encode import Codes, encode, latent_extent, posterior_variance
from vaekit.inference.impute import (
    Imputation,
    RowLikelihoods,
    Scores,
    impute,
    impute_means,
    score,
    score_raw,
)
from vaekit.inference.interpolate import Morph, Walk, interpolate, morph, walk
from vaekit.inference.landmarks import (
    ClassPlace,
    class_means,
    class_place,
    evenly,
    normal_quantiles,
)
from vaekit.inference.project import Neighbourhoods, Projection, neighbourhoods, project
from vaekit.inference.traverse import Plane, Traversal, plane, rank_dimensions, traverse

__all__ = [
    "Board",
    "ClassPlace",
    "Codes",
    "Drawn",
    "Imputation",
    "Morph",
    "Neighbourhoods",
    "Plane",
    "Projection",
    "Reconstruction",
    "RowLikelihoods",
    "Scores",
    "Traversal",
    "Walk",
    "analogies",
    "arithmetic",
    "class_means",
    "class_place",
    "classify",
    "decode",
    "draw_codes",
    "draw_rows",
    "encode",
    "evenly",
    "impute",
    "impute_means",
    "interpolate",
    "latent_extent",
    "morph",
    "neighbourhoods",
    "normal_quantiles",
    "plane",
    "posterior_variance",
    "project",
    "rank_dimensions",
    "reconstruct",
    "sample",
    "score",
    "score_raw",
    "traverse",
    "walk",
]
