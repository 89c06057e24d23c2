"""Variational autoencoders: compose, train, measure.

Importing this package imports nothing heavy: names are looked up when they are used.

    from vaekit import VAE, Bound, VAEImputer, load, train
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vaekit.builders import build_model, build_objective, load_data
    from vaekit.comparison.comparison import Comparison, compare
    from vaekit.config import Config
    from vaekit.data import Batches, Dataset, Preprocessing, load_dataset
    from vaekit.estimators import (
        GaussianImputer,
        SemiSupervisedVAEClassifier,
        VAEImputer,
        VAEOutlierDetector,
        VariationalAutoencoder,
        pool,
    )
    from vaekit.evaluation import Evaluation, evaluate
    from vaekit.models import (
        VAE,
        Amortized,
        AutoregressiveFlow,
        Bernoulli,
        Categorical,
        Columns,
        ColumnSpec,
        Conditional,
        ContinuousBernoulli,
        DiagonalGaussian,
        DiscretizedLogistic,
        FlowPosterior,
        FlowPrior,
        FullGaussian,
        Gaussian,
        Head,
        MixtureOfGaussians,
        Model,
        PlanarFlow,
        Point,
        RadialFlow,
        SplineFlow,
        StandardNormal,
        TableInputs,
        Trace,
        VampPrior,
    )
    from vaekit.networks import MLP
    from vaekit.numerics import logmeanexp
    from vaekit.objectives import MMD, Bound, MeanPenalty, Penalty, Sum, TotalCorrelation
    from vaekit.recipes import recipe
    from vaekit.runs import Run, load_run
    from vaekit.trained_model import RowScores, TrainedModel, load, train
    from vaekit.training import Step, fit

__version__ = "0.1.0"

_ROOMS: dict[str, tuple[str, ...]] = {
    "builders": ("build_model", "build_objective", "load_data"),
    "comparison.comparison": ("Comparison", "compare"),
    "config": ("Config",),
    "data": ("Batches", "Dataset", "Preprocessing", "load_dataset"),
    "estimators": (
        "GaussianImputer",
        "SemiSupervisedVAEClassifier",
        "VAEImputer",
        "VAEOutlierDetector",
        "VariationalAutoencoder",
        "pool",
    ),
    "evaluation": ("Evaluation", "evaluate"),
    "models": (
        "VAE",
        "Amortized",
        "AutoregressiveFlow",
        "Bernoulli",
        "Categorical",
        "ColumnSpec",
        "Columns",
        "Conditional",
        "ContinuousBernoulli",
        "DiagonalGaussian",
        "DiscretizedLogistic",
        "FlowPosterior",
        "FlowPrior",
        "FullGaussian",
        "Gaussian",
        "Head",
        "MixtureOfGaussians",
        "Model",
        "PlanarFlow",
        "Point",
        "RadialFlow",
        "SplineFlow",
        "StandardNormal",
        "TableInputs",
        "Trace",
        "VampPrior",
    ),
    "networks": ("MLP",),
    "numerics": ("logmeanexp",),
    "objectives": ("MMD", "Bound", "MeanPenalty", "Penalty", "Sum", "TotalCorrelation"),
    "recipes": ("recipe",),
    "runs": ("Run", "load_run"),
    "trained_model": ("RowScores", "TrainedModel", "load", "train"),
    "training": ("Step", "fit"),
}
_HOME = {name: room for room, names in _ROOMS.items() for name in names}

__all__ = [
    "MLP",
    "MMD",
    "VAE",
    "Amortized",
    "AutoregressiveFlow",
    "Batches",
    "Bernoulli",
    "Bound",
    "Categorical",
    "ColumnSpec",
    "Columns",
    "Comparison",
    "Conditional",
    "Config",
    "ContinuousBernoulli",
    "Dataset",
    "DiagonalGaussian",
    "DiscretizedLogistic",
    "Evaluation",
    "FlowPosterior",
    "FlowPrior",
    "FullGaussian",
    "Gaussian",
    "GaussianImputer",
    "Head",
    "MeanPenalty",
    "MixtureOfGaussians",
    "Model",
    "Penalty",
    "PlanarFlow",
    "Point",
    "Preprocessing",
    "RadialFlow",
    "RowScores",
    "Run",
    "SemiSupervisedVAEClassifier",
    "SplineFlow",
    "StandardNormal",
    "Step",
    "Sum",
    "TableInputs",
    "TotalCorrelation",
    "Trace",
    "TrainedModel",
    "VAEImputer",
    "VAEOutlierDetector",
    "VampPrior",
    "VariationalAutoencoder",
    "__version__",
    "build_model",
    "build_objective",
    "compare",
    "evaluate",
    "fit",
    "load",
    "load_data",
    "load_dataset",
    "load_run",
    "logmeanexp",
    "pool",
    "recipe",
    "train",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'vaekit' has no attribute {name!r}")
    return getattr(import_module(f"vaekit.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
