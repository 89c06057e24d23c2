"""What ``torch.distributions`` lacks. All are built without argument validation."""

from vaekit.distributions.bernoulli import BernoulliVector
from vaekit.distributions.continuous_bernoulli import ContinuousBernoulli
from vaekit.distributions.either import Either
from vaekit.distributions.gaussian import GaussianVector
from vaekit.distributions.grid import DiscretizedLogistic, GridCategorical
from vaekit.distributions.levels import (
    BEYOND,
    BinaryLevels,
    CategoricalLevels,
    Levels,
    OrdinalLevels,
)
from vaekit.distributions.log_normal import LogNormal
from vaekit.distributions.negative_binomial import NegativeBinomial
from vaekit.distributions.point import Point
from vaekit.distributions.push_forward import Bijection, Inverse, PushForward, Rescaled
from vaekit.distributions.sampling import SampleShape, log_density, sample_with_log_prob
from vaekit.distributions.side_by_side import SideBySide, SideBySideVector
from vaekit.distributions.student import Student
from vaekit.distributions.student_columns import StudentColumns
from vaekit.distributions.truncated_logistic import TruncatedLogistic
from vaekit.distributions.units import InUnits

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
