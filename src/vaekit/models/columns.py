"""The likelihood of a table: every column by the distribution of its kind."""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn
from torch.distributions import Distribution

from vaekit.distributions import SideBySide, SideBySideVector
from vaekit.errors import ConfigError
from vaekit.models.column_blocks import group_columns
from vaekit.models.column_spec import ColumnSpec, check_columns
from vaekit.models.conditional import Head
from vaekit.models.reading import own_parameters

__all__ = ["ColumnSpec", "Columns"]


class Columns(Head):
    r"""Independent columns of several kinds, in the units of the raw data.

    ============  ==========================  ==========================================
    kind          distribution                numbers of the network
    ============  ==========================  ==========================================
    real          Student's t, or Gaussian    location and log-scale, standardised
    positive      log-normal                  the same, of the logarithm
    count         negative binomial           log-mean and log-dispersion, from the start
    binary        Bernoulli                   logit
    categorical   a probability per level     logits
    ordinal       cumulative logits           location between learned thresholds
    bounded       truncated logistic          location and log-scale, standardised
    ============  ==========================  ==========================================

    Where the numbers are 0, a scaled column has the location and the scale of its
    :class:`ColumnSpec` (as far as its distribution can), and all levels are equally probable.
    Log-densities are per unit of the raw data, the Jacobian of the standardisation included:

    .. math:: \log p(x_f) = \log p_u\Big(\frac{x_f - m_f}{s_f}\Big) - \log s_f

    so nats of the same columns are comparable whatever the model made of their scale; but a
    column in grams and the same column in kilograms differ by log 1000. Standard deviations are
    kept between 1/150 and 7.4 of the scale, and the degrees of freedom, one number learned for
    each column, above 3: a mean and a variance always exist.

    All columns of one kind are computed as one block.

    Args:
        columns: of the table, in its order. Values are raw; levels are 0, 1, ..., L - 1.
        tails: of real columns: "student" or "gaussian".

    Attributes:
        inputs: two for a real, positive, count or bounded column, one for a binary or ordinal
            one, L for a categorical one. They are read block by block.
        columns: as given.

    Raises:
        ConfigError: a column cannot be modelled, or ``tails`` is unknown.

    Example:
        >>> head = Columns([ColumnSpec("real", scale=2.0), ColumnSpec("categorical", levels=3)])
        >>> p = head(torch.zeros(5, head.inputs))
        >>> p.log_prob(torch.zeros(5, 2)).shape, p.probabilities(1)[0]
        (torch.Size([5]), tensor([0.3333, 0.3333, 0.3333]))

    Source:
        Nazabal, Olmos, Ghahramani and Valera 2020, arXiv:1807.03653 (HI-VAE), section 3.1;
        Mattei and Frellsen 2019, arXiv:1812.02633 (MIWAE), for the Student's t.
    """

    order: Tensor

    def __init__(
        self, columns: Sequence[ColumnSpec], *, tails: Literal["student", "gaussian"] = "student"
    ) -> None:
        super().__init__()
        check_columns(columns)
        if tails not in ("student", "gaussian"):
            raise ConfigError(f"tails is one of student, gaussian; got {tails!r}")
        self.columns = tuple(columns)
        blocks, places = group_columns(columns, tails=tails)
        self.blocks = nn.ModuleList(blocks)
        self.sizes = [block.inputs for block in blocks]
        self.inputs = sum(self.sizes)
        for number, place in enumerate(places):
            self.register_buffer(f"place{number}", torch.tensor(place), persistent=False)
        order = torch.cat([torch.tensor(place) for place in places]).argsort()
        self.register_buffer("order", order, persistent=False)

    def forward(self, context: Tensor | None = None) -> Distribution:
        """Read (..., inputs): batch (...), event (F,)."""
        numbers = own_parameters(self, context, inputs=self.inputs)
        parts = torch.split(numbers, self.sizes, -1) if len(self.sizes) > 1 else (numbers,)
        each = SideBySide(
            [block(part) for block, part in zip(self.blocks, parts, strict=True)],
            places=[self.get_buffer(f"place{number}") for number in range(len(self.sizes))],
            order=self.order,
        )
        return SideBySideVector(each)
