"""The likelihood of a mixed table: one distribution for each column kind."""

import math
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Sequence
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.distributions import Distribution, Normal
from torch.nn import functional

from vaekit.distributions import (
    INFINITE_THRESHOLD,
    BinaryLevels,
    BlockProduct,
    BlockProductVector,
    CategoricalLevels,
    LocationScale,
    LogNormal,
    NegativeBinomial,
    OrdinalLevels,
    StudentColumns,
    TruncatedLogistic,
)
from vaekit.errors import ConfigError
from vaekit.models.base import Head, own_parameters

__all__ = [
    "Block",
    "ColumnSpec",
    "Columns",
    "bound_between",
    "check_columns",
    "column_values",
    "group_columns",
]


SCALED = ("real", "positive", "count", "bounded")
LEVELLED = ("categorical", "ordinal")


class ColumnSpec(NamedTuple):
    """One column, in the units of the raw data."""

    kind: str
    """real, positive, count, binary, categorical, ordinal or bounded."""
    levels: int = 0
    """L of a categorical or ordinal column, whose values are 0, 1, ..., L - 1."""
    location: float = 0.0
    """Mean of the observed values: of their logarithm for positive, of log(1 + x) for count."""
    scale: float = 1.0
    """Standard deviation of the same."""
    low: float = 0.0
    """Lower end of a bounded column."""
    high: float = 1.0
    """Upper end of a bounded column."""
    most: float = math.inf
    """Greatest value seen of a positive column or a count; draws and means stop there."""


def check_columns(columns: Sequence[ColumnSpec]) -> None:
    """Refuse columns that no distribution can be made for.

    Args:
        columns: of a table.

    Raises:
        ConfigError: there is none, a kind is unknown, a scale is not positive, a column has
            fewer than two levels, or an interval is empty.
    """
    if not columns:
        raise ConfigError("a table of at least one column is expected; got none")
    for place, column in enumerate(columns):
        if wrong := _complaint(column):
            raise ConfigError(f"column {place}: {wrong}")


def column_values(columns: Sequence[ColumnSpec], *, name: str) -> Tensor:
    """One number of each column.

    Args:
        columns: of a table.
        name: of the field.

    Returns:
        (F,)
    """
    return torch.tensor([float(getattr(column, name)) for column in columns])


def _complaint(column: ColumnSpec) -> str:
    """What is wrong with a column; empty when nothing is."""
    kinds = (*SCALED, "binary", *LEVELLED)
    if column.kind not in kinds:
        return f"kind is one of {', '.join(kinds)}; got {column.kind!r}"
    if column.kind in LEVELLED and column.levels < 2:
        return f"a {column.kind} column has at least 2 levels; got {column.levels}: leave it out"
    if column.kind in SCALED:
        if not math.isfinite(column.location):
            return f"a finite location is expected; got {column.location}"
        if not (math.isfinite(column.scale) and column.scale > 0):
            return f"a positive scale is expected; got {column.scale}: leave a constant column out"
    if column.kind == "bounded" and not column.low < column.high:
        return f"low below high is expected; got {column.low} and {column.high}"
    return ""


LOG_SCALE = (-5.0, 2.0)
"""Standard deviations lie between 1/150 and 7.4 of that of the column."""
LOG_COUNT = (-20.0, 25.0)
LOG_DISPERSION = (-4.0, 9.0)
DEGREES_ABOVE = 3.0
FIRST_DEGREES = 8.0
LOGISTIC = math.sqrt(3) / math.pi
"""Scale of a logistic variable whose standard deviation is 1."""
SMALLEST_GAP = 1e-4


class Block(nn.Module, ABC):
    """All columns of one kind.

    Attributes:
        inputs: how many numbers of a row it reads.
    """

    inputs: int

    @abstractmethod
    def forward(self, numbers: Tensor) -> Distribution:
        """Distribution of each column.

        Args:
            numbers: (..., inputs), near 0 before training.

        Returns:
            Batch (..., n), no event, in the units of the raw data.
        """


class _Scaled(Block):
    """Location and log-scale of each column, in units of its spread."""

    location: Tensor
    scale: Tensor

    def __init__(self, columns: Sequence[ColumnSpec]) -> None:
        super().__init__()
        self.inputs = 2 * len(columns)
        self.register_buffer("location", column_values(columns, name="location"))
        self.register_buffer("scale", column_values(columns, name="scale"))


class _Real(_Scaled):
    """Student's t."""

    def __init__(self, columns: Sequence[ColumnSpec]) -> None:
        super().__init__(columns)
        first = math.log(math.expm1(FIRST_DEGREES - DEGREES_ABOVE))
        self.raw_degrees = nn.Parameter(torch.full((len(columns),), first))

    def forward(self, numbers: Tensor) -> Distribution:
        degrees = DEGREES_ABOVE + functional.softplus(self.raw_degrees)
        return StudentColumns(
            numbers, degrees, location=self.location, scale=self.scale, bounds=LOG_SCALE
        )


class _Gaussian(_Scaled):
    """Gaussian."""

    def forward(self, numbers: Tensor) -> Distribution:
        loc, sigma = _location_and_scale(numbers)
        return LocationScale(Normal(loc, sigma, validate_args=False), self.location, self.scale)


class _Positive(_Scaled):
    """Log-normal."""

    most: Tensor

    def __init__(self, columns: Sequence[ColumnSpec]) -> None:
        super().__init__(columns)
        self.register_buffer("most", column_values(columns, name="most"))

    def forward(self, numbers: Tensor) -> Distribution:
        loc, sigma = _location_and_scale(numbers)
        return LogNormal(self.location + self.scale * loc, self.scale * sigma, most=self.most)


class _Bounded(_Scaled):
    """Truncated logistic."""

    low: Tensor
    high: Tensor

    def __init__(self, columns: Sequence[ColumnSpec]) -> None:
        super().__init__(columns)
        for name in ("low", "high"):
            ends = column_values(columns, name=name)
            self.register_buffer(name, (ends - self.location) / self.scale)

    def forward(self, numbers: Tensor) -> Distribution:
        loc, sigma = _location_and_scale(numbers)
        each = TruncatedLogistic(loc, LOGISTIC * sigma, low=self.low, high=self.high)
        return LocationScale(each, self.location, self.scale)


class _Count(_Scaled):
    """Negative binomial."""

    log_mean: Tensor
    log_dispersion: Tensor
    most: Tensor
    ceiling: Tensor

    def __init__(self, columns: Sequence[ColumnSpec]) -> None:
        super().__init__(columns)
        mean, dispersion = _first_counts(self.location.double(), self.scale.double())
        self.register_buffer("log_mean", mean.log().to(self.scale.dtype))
        self.register_buffer("log_dispersion", dispersion.log().to(self.scale.dtype))
        # Of a column that is mostly 0 a mean far beyond the data costs little likelihood where no
        # row is, and the average over codes would be nothing but that mean.
        self.register_buffer("most", column_values(columns, name="most").clamp_min(1))
        self.register_buffer("ceiling", (self.most.log() + 1).clamp_max(LOG_COUNT[1]))

    def forward(self, numbers: Tensor) -> Distribution:
        loc, raw = numbers.chunk(2, -1)
        bounds = (LOG_COUNT[0], self.ceiling)
        mean = bound_between(self.log_mean + self.scale * loc, bounds=bounds).exp()
        dispersion = bound_between(self.log_dispersion + raw, bounds=LOG_DISPERSION).exp()
        return NegativeBinomial(mean, dispersion, most=self.most)


class _Binary(Block):
    """Bernoulli."""

    def __init__(self, columns: Sequence[ColumnSpec]) -> None:
        super().__init__()
        self.inputs = len(columns)

    def forward(self, numbers: Tensor) -> Distribution:
        return BinaryLevels(numbers)


class _Categorical(Block):
    """Logits of every level, padded to the most levels that a column of the block has."""

    top: Tensor
    index: Tensor
    padding: Tensor

    def __init__(self, columns: Sequence[ColumnSpec]) -> None:
        super().__init__()
        levels = torch.tensor([column.levels for column in columns])
        self.inputs = int(levels.sum())
        self.ragged = len(set(levels.tolist())) > 1
        slot = torch.arange(int(levels.max()))
        padding = slot >= levels.unsqueeze(-1)
        index = ((levels.cumsum(0) - levels).unsqueeze(-1) + slot).masked_fill(padding, 0)
        self.register_buffer("top", levels - 1, persistent=False)
        self.register_buffer("index", index.flatten(), persistent=False)
        self.register_buffer("padding", padding, persistent=False)

    def forward(self, numbers: Tensor) -> Distribution:
        shape = (*numbers.shape[:-1], *self.padding.shape)
        if not self.ragged:
            return CategoricalLevels(numbers.reshape(shape), self.top)
        logits = numbers.index_select(-1, self.index).reshape(shape)
        return CategoricalLevels(logits.masked_fill(self.padding, -torch.inf), self.top)


class _Ordinal(Block):
    """A location for each column, between thresholds that belong to the column."""

    top: Tensor

    def __init__(self, columns: Sequence[ColumnSpec]) -> None:
        super().__init__()
        self.inputs = len(columns)
        levels = torch.tensor([column.levels for column in columns])
        share = torch.arange(1, int(levels.max())) / levels.unsqueeze(-1)
        there = share < 1
        first = torch.where(there, share, 0.5).logit()
        gaps = torch.where(there[:, 1:], first.diff(dim=-1), 1.0) - SMALLEST_GAP
        self.lowest = nn.Parameter(first[:, :1].clone())
        self.raw_gaps = nn.Parameter(torch.expm1(gaps).log())
        self.register_buffer("top", levels - 1, persistent=False)

    def thresholds(self) -> Tensor:
        """(n, L - 1) ascending, out of reach where a column has fewer levels."""
        gaps = functional.softplus(self.raw_gaps) + SMALLEST_GAP
        found = torch.cat([self.lowest, self.lowest + gaps.cumsum(-1)], -1)
        rank = torch.arange(found.shape[-1], device=found.device)
        return torch.where(rank < self.top.unsqueeze(-1), found, INFINITE_THRESHOLD)

    def forward(self, numbers: Tensor) -> Distribution:
        return OrdinalLevels(numbers, self.thresholds(), self.top)


BLOCKS: dict[str, type[Block]] = {
    "real": _Real,
    "gaussian": _Gaussian,
    "positive": _Positive,
    "count": _Count,
    "bounded": _Bounded,
    "binary": _Binary,
    "categorical": _Categorical,
    "ordinal": _Ordinal,
}


def group_columns(
    columns: Sequence[ColumnSpec], *, tails: str
) -> tuple[list[Block], list[list[int]]]:
    """One block for each kind; categorical columns are put together with those of their size.

    A block of categorical columns is padded to its widest, so it holds those whose numbers of
    levels lie between the same powers of two: at most half of it is padding.

    Args:
        columns: of a table, checked.
        tails: of the real ones: "student" or "gaussian".

    Returns:
        The blocks, and the positions of the columns of each.
    """
    found: dict[tuple[str, int], list[int]] = defaultdict(list)
    for place, column in enumerate(columns):
        width = (column.levels - 1).bit_length() if column.kind == "categorical" else 0
        kind = "gaussian" if (column.kind, tails) == ("real", "gaussian") else column.kind
        found[kind, width].append(place)
    blocks = [
        BLOCKS[kind]([columns[place] for place in places]) for (kind, _), places in found.items()
    ]
    return blocks, list(found.values())


def bound_between(raw: Tensor, *, bounds: tuple[float, float | Tensor]) -> Tensor:
    r"""Keep a number between two bounds smoothly; a unit or more inside it is left as it is.

    .. math:: b(r) = l + s(h - l - s(h - r)), \quad s(r) = \tfrac14 \log(1 + e^{4 r})

    Args:
        raw: any shape.
        bounds: l and h.

    Returns:
        The same shape.

    Example:
        >>> bound_between(torch.tensor([-1e6, 0.0, 1e6]), bounds=(-5.0, 2.0))
        tensor([-5.0000e+00, -8.3923e-05,  2.0000e+00])
    """
    low, high = bounds
    from_above = functional.softplus(high - raw, beta=4)
    return low + functional.softplus(high - low - from_above, beta=4)


def _location_and_scale(numbers: Tensor) -> tuple[Tensor, Tensor]:
    """Standardised location and standard deviation, each (..., n)."""
    loc, raw = numbers.chunk(2, -1)
    return loc, bound_between(raw, bounds=LOG_SCALE).exp()


def _first_counts(location: Tensor, scale: Tensor) -> tuple[Tensor, Tensor]:
    r"""Mean and dispersion of a count from the mean and deviation of log(1 + x).

    The variance of log(1 + x) is about :math:`m / (1 + m)^2` from the Poisson draw and
    :math:`1/r + 1/(2 r^2)` from the gamma behind it, and its mean lies about half of the first
    and :math:`\log r - \psi(r)` below the logarithm of 1 + m.
    """
    mean = torch.expm1(location + 0.5 * scale.square()).clamp_min(1e-3)
    drawn = mean / (1 + mean).square()
    behind = (scale.square() - drawn).clamp_min(1e-3)
    dispersion = 1 / ((1 + 2 * behind).sqrt() - 1)
    lower = dispersion.log() - torch.digamma(dispersion)
    return torch.expm1(location + 0.5 * drawn + lower).clamp_min(1e-3), dispersion


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
        each = BlockProduct(
            [block(part) for block, part in zip(self.blocks, parts, strict=True)],
            places=[self.get_buffer(f"place{number}") for number in range(len(self.sizes))],
            order=self.order,
        )
        return BlockProductVector(each)
