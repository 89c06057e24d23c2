"""What an encoder sees of a row of a table with gaps."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from vaekit.models.column_spec import ColumnSpec, check_columns, column_values
from vaekit.models.reading import own_parameters

__all__ = ["TableInputs"]

FARTHEST = 10.0
SMALLEST = 1e-30


class TableInputs(nn.Module):
    r"""A row and its mask, as numbers that a network can learn from.

    .. math:: u_f = o_f \, \mathrm{clip}\big((t(x_f) - m_f) / s_f, \, \pm 10\big)

    with o = 1 where the entry is observed and 0 elsewhere; t is the logarithm for a positive
    column, log(1 + x) for a count, and x itself for a real or bounded one. A binary column
    becomes -1 or 1, a categorical or ordinal one a 1 in the place of its level and 0 elsewhere.
    Where an entry is missing all its numbers are 0, whatever fills the gap. The mask comes last,
    so that "missing" and "average" can be told apart. The clip keeps one outlier from moving a
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
