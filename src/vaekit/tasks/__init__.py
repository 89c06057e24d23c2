"""What a trained model is good for: encode, decode, walk between codes. Rows in, numpy out."""

from vaekit.tasks.analogies import analogies, classify
from vaekit.tasks.arithmetic import Board, arithmetic
from vaekit.tasks.decode import decode, draw_codes, sample
from vaekit.tasks.encode import Codes, encode, latent_extent, posterior_variance
from vaekit.tasks.given import Drawn, draw_rows
from vaekit.tasks.graph import LOG_PX, LOG_PZ, LOG_QZ, MEAN, Edge, Graph, Node, graph
from vaekit.tasks.impute import Imputation, impute
from vaekit.tasks.interpolate import Walk, interpolate, walk
from vaekit.tasks.morph import Morph, morph
from vaekit.tasks.neighbourhoods import Neighbourhoods, neighbourhoods
from vaekit.tasks.places import (
    ClassPlace,
    class_means,
    class_place,
    evenly,
    normal_quantiles,
)
from vaekit.tasks.project import Projection, project
from vaekit.tasks.reconstruct import Reconstruction, reconstruct
from vaekit.tasks.score import Scores, score
from vaekit.tasks.traverse import Plane, Traversal, plane, rank_dimensions, traverse

__all__ = [
    "LOG_PX",
    "LOG_PZ",
    "LOG_QZ",
    "MEAN",
    "Board",
    "ClassPlace",
    "Codes",
    "Drawn",
    "Edge",
    "Graph",
    "Imputation",
    "Morph",
    "Neighbourhoods",
    "Node",
    "Plane",
    "Projection",
    "Reconstruction",
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
    "graph",
    "impute",
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
    "traverse",
    "walk",
]
