"""Distributions that ``torch.distributions`` lacks, without argument validation."""

from vaekit.distributions.bernoulli import BernoulliVector, ContinuousBernoulli
from vaekit.distributions.block_product import BlockProduct, BlockProductVector
from vaekit.distributions.continuous import (
    GaussianVector,
    LocationScale,
    LogNormal,
    TruncatedLogistic,
)
from vaekit.distributions.discrete import (
    INFINITE_THRESHOLD,
    BinaryLevels,
    CategoricalLevels,
    DiscretizedLogistic,
    GridCategorical,
    Levels,
    NegativeBinomial,
    OrdinalLevels,
)
from vaekit.distributions.sampling import (
    Bijection,
    EqualMixture,
    Inverse,
    Point,
    PushForward,
    Rescaled,
    SampleShape,
    log_density,
    sample_with_log_prob,
)
from vaekit.distributions.student import Student, StudentColumns

__all__ = [
    "INFINITE_THRESHOLD",
    "BernoulliVector",
    "Bijection",
    "BinaryLevels",
    "BlockProduct",
    "BlockProductVector",
    "CategoricalLevels",
    "ContinuousBernoulli",
    "DiscretizedLogistic",
    "EqualMixture",
    "GaussianVector",
    "GridCategorical",
    "Inverse",
    "Levels",
    "LocationScale",
    "LogNormal",
    "NegativeBinomial",
    "OrdinalLevels",
    "Point",
    "PushForward",
    "Rescaled",
    "SampleShape",
    "Student",
    "StudentColumns",
    "TruncatedLogistic",
    "log_density",
    "sample_with_log_prob",
]
