"""Why cells are missing: the chance of a gap, given the whole row."""

import math
from collections.abc import Sequence
from typing import Any, Literal, cast

import torch
from torch import Tensor, nn
from torch.distributions import Bernoulli, Distribution, Independent
from torch.nn import functional

from vaekit.distributions import SideBySide
from vaekit.errors import ConfigError
from vaekit.models.column_spec import ColumnSpec
from vaekit.models.conditional import Conditional
from vaekit.models.table_inputs import TableInputs
from vaekit.numerics import masked_sum

__all__ = ["MASKS", "End", "Mask", "Missingness", "complete"]

End = Literal["high", "low"]
Mask = Literal["self-masking", "self-masking-known", "agnostic"]
MASKS: tuple[Mask, ...] = ("self-masking", "self-masking-known", "agnostic")

CERTAIN = 30.0
"""Logit of being known in a column without gaps."""
FIRST_SLOPE = 1.0
"""Of a known direction, in logits for each standard deviation."""
GAIN = 30.0
"""Slopes and biases are so many times their parameters. They have to grow fast: while the slope
of a sharp limit is still small, only numbers far beyond it can explain a gap."""


class Missingness(Conditional):
    r"""The chance that each cell of a row is known, as a logistic function of the whole row.

    .. math:: P(s_f = 1 | x) = \sigma\big(b_f + \sum_j W_{fj}\, u_j(x)\big)

    with u the standardised numbers and the indicators of levels of :class:`vaekit.TableInputs`.

    ====================  ==============================================================
    self-masking          W reads only the column itself: large ages go missing, say
    self-masking-known    the same, and it is known at which end numbers go missing
    agnostic              W reads all columns
    ====================  ==============================================================

    Columns without a gap in training say nothing of this, and are left alone.

    Args:
        columns: of the table.
        kind: which of them.
        gaps: (F,) whether a column has gaps.
        missing_when: for "self-masking-known", at which end the numbers of each column go
            missing: "high" or "low". Levels have no end: their weights stay free.

    Attributes:
        columns: as given.

    Raises:
        ConfigError: an unknown kind, or not one entry for each column.

    Example:
        >>> missing = Missingness([ColumnSpec("real")] * 2, kind="self-masking", gaps=[True, False])
        >>> missing(torch.zeros(5, 2)).log_prob(torch.ones(5, 2)).shape
        torch.Size([5])

    Source:
        Ipsen, Mattei and Frellsen 2021, arXiv:2006.12871 (not-MIWAE), section 3.
    """

    gaps: Tensor
    reads: Tensor
    sign: Tensor

    def __init__(
        self,
        columns: Sequence[ColumnSpec],
        *,
        kind: Mask,
        gaps: Sequence[bool],
        missing_when: Sequence[End] | None = None,
    ) -> None:
        super().__init__()
        if kind not in MASKS:
            raise ConfigError(f"missingness is one of {', '.join(MASKS)}; got {kind!r}")
        ends = list(missing_when or ["high"] * len(columns))
        if not len(columns) == len(gaps) == len(ends):
            raise ConfigError(
                f"expected one entry of gaps and missing_when for each of {len(columns)} columns; "
                f"got {len(gaps)} and {len(ends)}"
            )
        self.columns = tuple(columns)
        self.see = TableInputs(columns)
        own = self.see.owners() == torch.arange(len(columns)).unsqueeze(-1)  # (F, J)
        signs = [_sign(column, end) for column, end in zip(columns, ends, strict=True)]
        known = torch.tensor(signs) if kind == "self-masking-known" else torch.zeros(len(columns))
        reads = torch.ones_like(own) if kind == "agnostic" else own
        self.register_buffer("gaps", torch.tensor(list(gaps)), persistent=False)
        self.register_buffer("reads", reads, persistent=False)
        self.register_buffer("sign", known.unsqueeze(-1), persistent=False)
        self.weight = nn.Parameter(torch.zeros(own.shape))
        self.bias = nn.Parameter(torch.zeros(len(columns)))

    def forward(self, context: Tensor | None = None) -> Distribution:
        """Read whole rows (..., F): batch (...), event (F,); 1 where a cell is known."""
        assert context is not None
        seen = self.see(torch.cat([context, torch.ones_like(context)], -1))
        logits = GAIN * self.bias + seen[..., : self.reads.shape[1]] @ self.slopes().T
        logits = torch.where(self.gaps, logits, CERTAIN)
        return Independent(Bernoulli(logits=logits, validate_args=False), 1, validate_args=False)

    def slopes(self) -> Tensor:
        """(F, J) how the logit of being known moves with each number of the row."""
        raw = GAIN * self.weight
        steep = self.sign * functional.softplus(raw + math.log(math.expm1(FIRST_SLOPE)))
        return torch.where(self.reads, torch.where(self.sign == 0, raw, steep), 0.0)


def _sign(column: ColumnSpec, end: str) -> float:
    """Which way being known goes with the numbers of a column; 0 for levels."""
    if column.kind in ("categorical", "ordinal"):
        return 0.0
    return -1.0 if end == "high" else 1.0


def complete(p: Distribution, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    r"""Rows whose gaps are filled with a draw.

    Gradients flow through what is drawn where they can. For levels and counts they reach p by

    .. math:: \log p(x_m|z) - \mathrm{stop}(\log p(x_m|z)),

    which is 0 and, inside an importance-weighted bound, makes its gradient that of log p(x, s)
    as K grows (reweighted wake-sleep).

    Args:
        p: p(x|z), batch (K, B), event (F,).
        x: (B, F).
        mask: (B, F) true where an entry is known.

    Returns:
        Rows (K, B, F), and that term (K, B).

    Source:
        Ipsen, Mattei and Frellsen 2021, arXiv:2006.12871, equation 7; Bornschein and Bengio
        2015, arXiv:1406.2751.
    """
    each = cast("Independent[Any]", p).base_dist  # ours are built alike
    if isinstance(each, SideBySide):
        drawn, scores = each.draw()
        score = masked_sum(scores, ~mask)
        return torch.where(mask, x, drawn), score - score.detach()
    drawn = each.rsample()
    return torch.where(mask, x, drawn), drawn.new_zeros(drawn.shape[:-1])
