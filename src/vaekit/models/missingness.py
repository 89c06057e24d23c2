"""Encoder inputs of a row with missing values, and models of why values are missing."""

import math
from collections.abc import Sequence
from typing import Any, Literal, cast

import torch
from torch import Tensor, nn
from torch.distributions import Bernoulli, Distribution, Independent
from torch.nn import functional

from vaekit.distributions import BlockProduct
from vaekit.errors import ConfigError
from vaekit.models.base import Conditional, own_parameters
from vaekit.models.columns import ColumnSpec, check_columns, column_values
from vaekit.numerics import masked_sum

__all__ = ["MASKS", "End", "Mask", "Missingness", "TableInputs", "complete"]


FARTHEST = 10.0
SMALLEST = 1e-30


class TableInputs(nn.Module):
    r"""A row and its mask, as numbers that a network can learn from.

    .. math:: u_f = o_f \, \mathrm{clip}\big((t(x_f) - m_f) / s_f, \, \pm 10\big)

    with o = 1 where the entry is observed and 0 elsewhere; t is the logarithm for a positive
    column, log(1 + x) for a count, and x itself for a real or bounded one. A binary column
    becomes -1 or 1, a categorical or ordinal one a 1 in the place of its level and 0 elsewhere.
    Where an entry is missing all its numbers are 0, whatever fills the gap. The mask comes last,
    so that a missing value differs from an average one. The clip keeps one outlier from moving a
    posterior far away; the likelihood sees its value whole.

    Args:
        columns: of the table, in its order.

    Attributes:
        in_features: 2 F, the row and its mask behind it.
        out_features: one for each column without levels, L for each with, and F.

    Raises:
        ConfigError: a column cannot be modelled.

    Example:
        >>> see = TableInputs([ColumnSpec("real", location=5.0), ColumnSpec("ordinal", levels=3)])
        >>> see(torch.tensor([[7.0, 1.0, 1.0, 1.0], [0.0, 2.0, 0.0, 1.0]]))
        tensor([[2., 0., 1., 0., 1., 1.],
                [0., 0., 0., 1., 0., 1.]])
    """

    location: Tensor
    scale: Tensor
    positive: Tensor
    count: Tensor
    plain: Tensor
    levelled: Tensor
    level: Tensor

    def __init__(self, columns: Sequence[ColumnSpec]) -> None:
        super().__init__()
        check_columns(columns)
        levels = [c.levels if c.kind in ("categorical", "ordinal") else 0 for c in columns]
        plain = [place for place, size in enumerate(levels) if not size]
        kept = [columns[place] for place in plain]
        self.kinds = {c.kind for c in kept}
        binary = torch.tensor([c.kind == "binary" for c in kept], dtype=torch.bool)
        location, scale = (column_values(kept, name=name) for name in ("location", "scale"))
        # a binary x becomes 2 x - 1
        self.register_buffer("location", torch.where(binary, 0.5, location))
        self.register_buffer("scale", torch.where(binary, 0.5, scale))
        for kind in ("positive", "count"):
            are = torch.tensor([c.kind == kind for c in kept], dtype=torch.bool)
            self.register_buffer(kind, are, persistent=False)
        owner = [place for place, size in enumerate(levels) for _ in range(size)]
        level = [float(number) for size in levels for number in range(size)]
        self.register_buffer("plain", torch.tensor(plain, dtype=torch.long), persistent=False)
        self.register_buffer("levelled", torch.tensor(owner, dtype=torch.long), persistent=False)
        self.register_buffer("level", torch.tensor(level), persistent=False)
        self.in_features = 2 * len(columns)
        self.out_features = len(plain) + len(owner) + len(columns)

    def owners(self) -> Tensor:
        """(J,) to which column each number before the mask belongs."""
        return torch.cat([self.plain, self.levelled])

    def forward(self, rows: Tensor) -> Tensor:
        """Standardise and spread out.

        Args:
            rows: (..., 2 F), raw values and behind them the mask, 1 where observed.

        Returns:
            (..., out_features)
        """
        x, mask = own_parameters(self, rows, inputs=self.in_features).chunk(2, -1)
        observed = mask > 0.5
        value, there = self._take(x, observed)
        if "positive" in self.kinds:
            value = torch.where(self.positive, value.clamp_min(SMALLEST).log(), value)
        if "count" in self.kinds:
            value = torch.where(self.count, value.clamp_min(0).log1p(), value)
        value = ((value - self.location) / self.scale).clamp(-FARTHEST, FARTHEST)
        value = value.masked_fill(~there, 0.0)
        if not len(self.level):
            return torch.cat([value, mask], -1)
        is_level = x.index_select(-1, self.levelled).round() == self.level
        is_level = is_level & observed.index_select(-1, self.levelled)
        return torch.cat([value, is_level.to(x.dtype), mask], -1)

    def _take(self, x: Tensor, observed: Tensor) -> tuple[Tensor, Tensor]:
        """Columns without levels, and where they are observed."""
        if not len(self.level):  # all of them are
            return x, observed
        return x.index_select(-1, self.plain), observed.index_select(-1, self.plain)


End = Literal["high", "low"]
Mask = Literal["self-masking", "self-masking-known", "agnostic"]
MASKS: tuple[Mask, ...] = ("self-masking", "self-masking-known", "agnostic")

CERTAIN = 30.0
"""Logit of being observed in a column without missing values."""
FIRST_SLOPE = 1.0
"""Of a known direction, in logits for each standard deviation."""
GAIN = 30.0
"""Slopes and biases are so many times their parameters. They have to grow fast: while the slope
of a sharp threshold is still small, only numbers far beyond it can explain a missing value."""


class Missingness(Conditional):
    r"""The probability that each cell of a row is observed, logistic in the whole row.

    .. math:: P(s_f = 1 | x) = \sigma\big(b_f + \sum_j W_{fj}\, u_j(x)\big)

    with u the standardised numbers and the indicators of levels of :class:`vaekit.TableInputs`.

    ====================  ==============================================================
    self-masking          W reads only the column itself: large ages go missing, say
    self-masking-known    the same, and it is known at which end numbers go missing
    agnostic              W reads all columns
    ====================  ==============================================================

    Columns without missing values in training are not modelled.

    Args:
        columns: of the table.
        kind: which of them.
        has_missing: (F,) whether a column has missing values.
        missing_when: for "self-masking-known", at which end the numbers of each column go
            missing: "high" or "low". Levels have no end: their weights stay free.

    Attributes:
        columns: as given.

    Raises:
        ConfigError: an unknown kind, or not one entry for each column.

    Example:
        >>> columns = [ColumnSpec("real")] * 2
        >>> model = Missingness(columns, kind="self-masking", has_missing=[True, False])
        >>> model(torch.zeros(5, 2)).log_prob(torch.ones(5, 2)).shape
        torch.Size([5])

    Source:
        Ipsen, Mattei and Frellsen 2021, arXiv:2006.12871 (not-MIWAE), section 3.
    """

    has_missing: Tensor
    reads: Tensor
    sign: Tensor

    def __init__(
        self,
        columns: Sequence[ColumnSpec],
        *,
        kind: Mask,
        has_missing: Sequence[bool],
        missing_when: Sequence[End] | None = None,
    ) -> None:
        super().__init__()
        if kind not in MASKS:
            raise ConfigError(f"missingness is one of {', '.join(MASKS)}; got {kind!r}")
        ends = list(missing_when or ["high"] * len(columns))
        if not len(columns) == len(has_missing) == len(ends):
            raise ConfigError(
                f"expected one entry of has_missing and missing_when for each of {len(columns)} "
                f"columns; got {len(has_missing)} and {len(ends)}"
            )
        self.columns = tuple(columns)
        self.see = TableInputs(columns)
        own = self.see.owners() == torch.arange(len(columns)).unsqueeze(-1)  # (F, J)
        signs = [_sign(column, end) for column, end in zip(columns, ends, strict=True)]
        known = torch.tensor(signs) if kind == "self-masking-known" else torch.zeros(len(columns))
        reads = torch.ones_like(own) if kind == "agnostic" else own
        self.register_buffer("has_missing", torch.tensor(list(has_missing)), persistent=False)
        self.register_buffer("reads", reads, persistent=False)
        self.register_buffer("sign", known.unsqueeze(-1), persistent=False)
        self.weight = nn.Parameter(torch.zeros(own.shape))
        self.bias = nn.Parameter(torch.zeros(len(columns)))

    def forward(self, context: Tensor | None = None) -> Distribution:
        """Read whole rows (..., F): batch (...), event (F,); 1 where a cell is observed."""
        assert context is not None
        seen = self.see(torch.cat([context, torch.ones_like(context)], -1))
        logits = GAIN * self.bias + seen[..., : self.reads.shape[1]] @ self.slopes().T
        logits = torch.where(self.has_missing, logits, CERTAIN)
        return Independent(Bernoulli(logits=logits, validate_args=False), 1, validate_args=False)

    def slopes(self) -> Tensor:
        """(F, J) how the logit of being known moves with each number of the row."""
        raw = GAIN * self.weight
        steep = self.sign * functional.softplus(raw + math.log(math.expm1(FIRST_SLOPE)))
        return torch.where(self.reads, torch.where(self.sign == 0, raw, steep), 0.0)


def _sign(column: ColumnSpec, end: str) -> float:
    """Sign of the dependence of being observed on the values of a column; 0 for levels."""
    if column.kind in ("categorical", "ordinal"):
        return 0.0
    return -1.0 if end == "high" else 1.0


def complete(p: Distribution, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    r"""Fill missing values with a draw from p(x|z).

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
    if isinstance(each, BlockProduct):
        drawn, scores = each.draw()
        score = masked_sum(scores, ~mask)
        return torch.where(mask, x, drawn), score - score.detach()
    drawn = each.rsample()
    return torch.where(mask, x, drawn), drawn.new_zeros(drawn.shape[:-1])
