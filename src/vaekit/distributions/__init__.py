"""What ``torch.distributions`` lacks. All are built without argument validation."""

from vaekit.distributions.bernoulli import BernoulliVector, ContinuousBernoulli
from vaekit.distributions.block_product import SideBySide, SideBySideVector
from vaekit.distributions.continuous import GaussianVector, InUnits, LogNormal, TruncatedLogistic
from vaekit.distributions.discrete import (
    BEYOND,
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
    Either,
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
    "BEYOND",
    "BernoulliVector",
    "Bijection",
    "BinaryLevels",
    "CategoricalLevels",
    "ContinuousBernoulli",
    "DiscretizedLogistic",
    "Either",
    "GaussianVector",
    "GridCategorical",
    "InUnits",
    "Inverse",
    "Levels",
    "LogNormal",
    "NegativeBinomial",
    "OrdinalLevels",
    "Point",
    "PushForward",
    "Rescaled",
    "SampleShape",
    "SideBySide",
    "SideBySideVector",
    "Student",
    "StudentColumns",
    "TruncatedLogistic",
    "log_density",
    "sample_with_log_prob",
]
