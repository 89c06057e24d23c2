"""Student's t with its degrees of freedom shared by all rows."""

from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.distributions import Distribution, constraints

from vaekit.distributions.sampling import SampleShape
from vaekit.distributions.student_constant import student_constant

__all__ = ["Student"]


class Student(Distribution):
    r"""Student's t by its standard deviation.

    .. math:: \log p(x) = -\tfrac{\nu + 1}{2} \log\Big(1 + \frac{(x - \mu)^2}{\nu \tau^2}\Big)
              - \log \tau + \log\frac{\Gamma(\frac{\nu + 1}{2})}
              {\Gamma(\frac{\nu}{2}) \sqrt{\pi \nu}},
              \quad \tau = \sigma \sqrt{\frac{\nu - 2}{\nu}}

    so that the scale means the same whatever the tails. The constant is computed once for each
    feature; ``torch.distributions.StudentT`` computes it anew for all samples of all rows.

    Args:
        loc: :math:`\mu`, (..., F).
        scale: the standard deviation :math:`\sigma`, (..., F).
        df: degrees of freedom :math:`\nu` > 2, (F,).

    Attributes:
        loc: (..., F).
        scale: (..., F).
        df: (F,).

    Example:
        >>> p = Student(torch.zeros(1), torch.ones(1), torch.tensor([4.0]))
        >>> p.log_prob(torch.zeros(1)).exp()  # 3 / 8 * sqrt(2)
        tensor([0.5303])
    """

    arg_constraints: ClassVar[dict[str, Any]] = {
        "loc": constraints.real,
        "scale": constraints.positive,
        "df": constraints.positive,
    }
    has_rsample = True

    def __init__(self, loc: Tensor, scale: Tensor, df: Tensor) -> None:
        self.loc = loc
        self.scale = scale
        self.df = df
        super().__init__(loc.shape, validate_args=False)

    @property
    def mean(self) -> Tensor:
        """Means (..., F)."""
        return self.loc

    @property
    def mode(self) -> Tensor:
        """Most probable values (..., F)."""
        return self.loc

    @property
    def variance(self) -> Tensor:
        """Variances (..., F)."""
        return self.scale.square().expand(self.loc.shape)

    def log_prob(self, value: Tensor) -> Tensor:
        """Log-density (..., F) in nats."""
        df = self.df
        distance = ((value - self.loc) / self.scale).square()
        tail = -0.5 * (df + 1) * torch.log1p(distance / (df - 2))
        return tail - self.scale.log() + student_constant(df)

    def rsample(self, sample_shape: SampleShape = ()) -> Tensor:
        """Draw a normal over the root of a gamma, (*sample_shape, ..., F)."""
        loc = self.loc.expand(self._extended_shape(torch.Size(sample_shape)))
        half = (0.5 * self.df).expand(loc.shape).contiguous()
        gamma = torch.distributions.Gamma(half, 0.5 * (self.df - 2), validate_args=False)
        return loc + self.scale * torch.randn_like(loc) * gamma.rsample().rsqrt()
