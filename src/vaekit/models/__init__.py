"""Models: three conditional distributions and what they leave behind."""

from vaekit.models.base import (
    Amortized,
    Conditional,
    Head,
    LatentGroup,
    LatentSpace,
    Model,
    Trace,
    TraceGroup,
)
from vaekit.models.columns import Columns, ColumnSpec
from vaekit.models.flows import (
    AutoregressiveFlow,
    Flow,
    FlowPosterior,
    FlowPrior,
    PlanarFlow,
    RadialFlow,
    SplineFlow,
)
from vaekit.models.labelled import (
    Label,
    LabelledAmortized,
    LabelledConditional,
    LabelledVAE,
    LabelPrior,
)
from vaekit.models.likelihoods import (
    Bernoulli,
    Categorical,
    ContinuousBernoulli,
    DiscretizedLogistic,
    Gaussian,
)
from vaekit.models.missingness import MASKS, End, Mask, Missingness, TableInputs, complete
from vaekit.models.posteriors import DiagonalGaussian, FullGaussian, Point
from vaekit.models.priors import MixtureOfGaussians, StandardNormal, VampPrior
from vaekit.models.vae import VAE, DefensiveMixture, row_log_prob

__all__ = [
    "MASKS",
    "VAE",
    "Amortized",
    "AutoregressiveFlow",
    "Bernoulli",
    "Categorical",
    "ColumnSpec",
    "Columns",
    "Conditional",
    "ContinuousBernoulli",
    "DefensiveMixture",
    "DiagonalGaussian",
    "DiscretizedLogistic",
    "End",
    "Flow",
    "FlowPosterior",
    "FlowPrior",
    "FullGaussian",
    "Gaussian",
    "Head",
    "Label",
    "LabelPrior",
    "LabelledAmortized",
    "LabelledConditional",
    "LabelledVAE",
    "LatentGroup",
    "LatentSpace",
    "Mask",
    "Missingness",
    "MixtureOfGaussians",
    "Model",
    "PlanarFlow",
    "Point",
    "RadialFlow",
    "SplineFlow",
    "StandardNormal",
    "TableInputs",
    "Trace",
    "TraceGroup",
    "VampPrior",
    "complete",
    "row_log_prob",
]
