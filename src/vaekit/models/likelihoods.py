"""Likelihood heads: the numbers that a decoder puts out, read as a distribution over rows."""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.distributions import Distribution, Independent

from vaekit.distributions import BernoulliVector, GaussianVector, GridCategorical
from vaekit.distributions import ContinuousBernoulli as ContinuousBernoulliFeature
from vaekit.distributions import DiscretizedLogistic as DiscretizedLogisticFeature
from vaekit.errors import ConfigError
from vaekit.models.base import Head, own_parameters
from vaekit.numerics import bound_log_variance

__all__ = ["Bernoulli", "Categorical", "ContinuousBernoulli", "DiscretizedLogistic", "Gaussian"]


class Bernoulli(Head):
    r"""Independent Bernoulli features, from logits.

    .. math:: \log p(x) = \sum_f x_f l_f - \log(1 + e^{l_f})

    For values between 0 and 1 this is the cross-entropy, which is not a log-density: use
    :class:`ContinuousBernoulli` for one.

    Args:
        features: F.

    Attributes:
        inputs: F, the logits.

    Example:
        >>> Bernoulli(784)(torch.zeros(784)).log_prob(torch.ones(784)) / 784
        tensor(-0.6931)

    Source:
        Kingma and Welling 2014, arXiv:1312.6114, appendix C.1.
    """

    reads_bf16 = True

    def __init__(self, features: int) -> None:
        super().__init__()
        self.inputs = features

    def forward(self, context: Tensor | None = None) -> Distribution:
        """Read logits (..., F): batch (...), event (F,)."""
        return BernoulliVector(own_parameters(self, context, inputs=self.inputs))


class Gaussian(Head):
    r"""Independent Gaussian features around the network's output.

    .. math:: -\log p(x) = \sum_f \frac{(x_f - \mu_f)^2}{2 \sigma_f^2} + \log \sigma_f
              + \tfrac12 \log 2\pi

    With ``variance="unit"`` it is half the squared error plus a constant,
    :math:`\tfrac12 \|x - \mu\|^2 + \tfrac{F}{2} \log 2\pi`. A learned log-variance starts at 0
    and is kept inside (-15, 15) by :func:`vaekit.numerics.bound_log_variance`.

    Args:
        features: F.
        variance: ``unit``; ``shared``, one learned number; ``per-feature``, F learned numbers.

    Attributes:
        inputs: F, the means.
        raw_log_variance: (1,) for ``unit`` and ``shared``, (F,) for ``per-feature``.

    Raises:
        ConfigError: when ``variance`` is unknown.

    Example:
        >>> p = Gaussian(2, variance="unit")(torch.zeros(2))
        >>> -p.log_prob(torch.tensor([3.0, 4.0]))  # 25 / 2 + log(2 pi)
        tensor(14.3379)
    """

    def __init__(
        self, features: int, *, variance: Literal["unit", "shared", "per-feature"] = "shared"
    ) -> None:
        super().__init__()
        self.inputs = features
        if variance == "unit":
            self.register_buffer("raw_log_variance", torch.zeros(1), persistent=False)
        elif variance in ("shared", "per-feature"):
            size = 1 if variance == "shared" else features
            self.raw_log_variance = nn.Parameter(torch.zeros(size))
        else:
            raise ConfigError(f"variance is one of unit, shared, per-feature; got {variance!r}")

    def forward(self, context: Tensor | None = None) -> Distribution:
        """Read means (..., F): batch (...), event (F,)."""
        mean = own_parameters(self, context, inputs=self.inputs)
        return GaussianVector(mean, bound_log_variance(self.raw_log_variance))


class ContinuousBernoulli(Head):
    r"""Independent continuous Bernoulli features: a density for values in [0, 1].

    .. math:: \log p(x) = \sum_f x_f l_f - \log \frac{e^{l_f} - 1}{l_f}

    Args:
        features: F.

    Attributes:
        inputs: F, the logits.

    Example:
        >>> ContinuousBernoulli(2)(torch.zeros(2)).log_prob(torch.tensor([0.1, 0.7]))  # uniform
        tensor(0.)

    Source:
        Loaiza-Ganem and Cunningham 2019, arXiv:1907.06845.
    """

    def __init__(self, features: int) -> None:
        super().__init__()
        self.inputs = features

    def forward(self, context: Tensor | None = None) -> Distribution:
        """Read logits (..., F): batch (...), event (F,)."""
        logits = own_parameters(self, context, inputs=self.inputs)
        each = ContinuousBernoulliFeature(logits)
        return Independent(each, 1, validate_args=False)


class DiscretizedLogistic(Head):
    r"""Independent logistic features whose mass is collected at the levels of a grid on [0, 1].

    The first F numbers are locations, the others raw logarithms of squared scales, kept inside
    (-15, 15) by :func:`vaekit.numerics.bound_log_variance`. A log-probability, so minus it is
    the length of a lossless code: divided by F log 2, bits per dimension.

    Args:
        features: F.
        levels: grid points; 256 for 8-bit pixels divided by 255.

    Attributes:
        inputs: 2 F.

    Example:
        >>> p = DiscretizedLogistic(784)(torch.zeros(5, 1568))
        >>> p.log_prob(torch.zeros(5, 784)).shape
        torch.Size([5])

    Source:
        Salimans et al. 2017 (PixelCNN++), arXiv:1701.05517, equation 2.
    """

    def __init__(self, features: int, *, levels: int = 256) -> None:
        super().__init__()
        self.inputs = 2 * features
        self.levels = levels

    def forward(self, context: Tensor | None = None) -> Distribution:
        """Read (..., 2 F): batch (...), event (F,)."""
        loc, raw = own_parameters(self, context, inputs=self.inputs).chunk(2, -1)
        scale = (0.5 * bound_log_variance(raw)).exp()
        each = DiscretizedLogisticFeature(loc, scale, levels=self.levels)
        return Independent(each, 1, validate_args=False)


class Categorical(Head):
    """Independent features with a probability of their own for each level of a grid on [0, 1].

    The numbers are logits, level by level: the first F belong to level 0. Memory grows as the
    number of levels times F times the rows and samples.

    Args:
        features: F.
        levels: L grid points; 256 for 8-bit pixels divided by 255.

    Attributes:
        inputs: L F.

    Example:
        >>> p = Categorical(784, levels=16)(torch.zeros(5, 16 * 784))
        >>> p.log_prob(torch.zeros(5, 784)).shape
        torch.Size([5])

    Source:
        van den Oord, Kalchbrenner and Kavukcuoglu 2016, arXiv:1601.06759, section 3.
    """

    def __init__(self, features: int, *, levels: int = 256) -> None:
        super().__init__()
        self.inputs = levels * features
        self.levels = levels

    def forward(self, context: Tensor | None = None) -> Distribution:
        """Read (..., L F): batch (...), event (F,)."""
        numbers = own_parameters(self, context, inputs=self.inputs)
        logits = numbers.reshape(*numbers.shape[:-1], self.levels, -1).transpose(-1, -2)
        return Independent(GridCategorical(logits), 1, validate_args=False)
