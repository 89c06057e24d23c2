"""What ``torch.distributions`` lacks. All are built without argument validation."""

from vaekit.distributions.bernoulli import BernoulliVector
from vaekit.distributions.continuous_bernoulli import ContinuousBernoulli
from vaekit.distributions.gaussian import GaussianVector
from vaekit.distributions.grid import DiscretizedLogistic, GridCategorical
from vaekit.distributions.point import Point
from vaekit.distributions.push_forward import Bijection, Inverse, PushForward, Rescaled
from vaekit.distributions.sampling import SampleShape, sample_with_log_prob

__all__ = [
    "BernoulliVector",
    "Bijection",
    "ContinuousBernoulli",
    "DiscretizedLogistic",
    "GaussianVector",
    "GridCategorical",
    "Inverse",
    "Point",
    "PushForward",
    "Rescaled",
    "SampleShape",
    "sample_with_log_prob",
]
