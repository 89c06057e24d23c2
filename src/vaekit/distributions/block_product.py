"""Product distribution of blocks of features of several kinds."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.distributions import Distribution

from vaekit.distributions.discrete import Levels
from vaekit.distributions.sampling import SampleShape, UnvalidatedDistribution
from vaekit.distributions.student import StudentColumns
from vaekit.errors import ConfigError
from vaekit.numerics import masked_sum

__all__ = ["BlockProduct", "BlockProductVector"]


class BlockProduct(UnvalidatedDistribution):
    """Independent features whose distributions come in blocks, in the order of a row.

    Args:
        parts: one distribution for each block, batch (..., n) and no event.
        places: for each block, (n,) the positions of its features in the row.
        order: (F,) for each position of the row, the position of its feature in the concatenated
            blocks.

    Attributes:
        parts: the blocks.
        places: their positions.
        order: (F,).

    Example:
        >>> from torch.distributions import Bernoulli, Normal
        >>> p = BlockProduct(
        ...     [Normal(torch.zeros(2), 1.0), Bernoulli(torch.full((1,), 0.5))],
        ...     places=[torch.tensor([0, 2]), torch.tensor([1])],
        ...     order=torch.tensor([0, 2, 1]),
        ... )
        >>> p.log_prob(torch.tensor([0.0, 1.0, 0.0])).exp()
        tensor([0.3989, 0.5000, 0.3989])
    """

    def __init__(
        self, parts: Sequence[Distribution], *, places: Sequence[Tensor], order: Tensor
    ) -> None:
        self.parts = parts
        self.places = places
        self.order = order
        super().__init__(torch.Size((*parts[0].batch_shape[:-1], len(order))))

    @property
    def mean(self) -> Tensor:
        """Means (..., F)."""
        return self._join([part.mean for part in self.parts])

    @property
    def mode(self) -> Tensor:
        """Most probable values (..., F)."""
        return self._join([part.mode for part in self.parts])

    def log_prob(self, value: Tensor) -> Tensor:
        """Log-density of each feature, (..., F) in nats."""
        blocks = zip(self.parts, self.places, strict=True)
        return self._join([part.log_prob(value.index_select(-1, place)) for part, place in blocks])

    def sample(self, sample_shape: SampleShape = ()) -> Tensor:
        """Draw rows, (*sample_shape, ..., F)."""
        with torch.no_grad():
            return self._join([part.sample(torch.Size(sample_shape)) for part in self.parts])

    def draw(self) -> tuple[Tensor, Tensor]:
        """Draw one row, with gradients through the features that allow it.

        Returns:
            The row (..., F), and the log-probability (..., F) in nats of what was drawn without a
            gradient; 0 for the other features.
        """
        drawn, scores = [], []
        for part in self.parts:
            value = part.rsample() if part.has_rsample else part.sample()
            drawn.append(value)
            scores.append(torch.zeros_like(value) if part.has_rsample else part.log_prob(value))
        return self._join(drawn), self._join(scores)

    def _join(self, blocks: list[Tensor]) -> Tensor:
        return torch.cat(blocks, -1).index_select(-1, self.order)


class BlockProductVector(UnvalidatedDistribution):
    """A row of independent features of several kinds, as one event.

    Args:
        base_dist: the features; batch (..., F).

    Attributes:
        base_dist: the features.

    Example:
        >>> from vaekit.distributions import BinaryLevels
        >>> each = BlockProduct(
        ...     [BinaryLevels(torch.zeros(2))], places=[torch.arange(2)], order=torch.arange(2)
        ... )
        >>> p = BlockProductVector(each)
        >>> p.log_prob(torch.ones(2)).exp(), p.probabilities(1)
        (tensor(0.2500), tensor([0.5000, 0.5000]))
    """

    def __init__(self, base_dist: BlockProduct) -> None:
        self.base_dist = base_dist
        shape = base_dist.batch_shape
        super().__init__(shape[:-1], shape[-1:])

    @property
    def mean(self) -> Tensor:
        """Means (..., F); of levels, the mean level."""
        return self.base_dist.mean

    @property
    def mode(self) -> Tensor:
        """Most probable values (..., F)."""
        return self.base_dist.mode

    def log_prob(self, value: Tensor) -> Tensor:
        """Log-density of rows (..., F) broadcastable to the batch: (...) in nats."""
        return self.row_log_prob(value)

    def row_log_prob(self, value: Tensor, mask: Tensor | None = None) -> Tensor:
        """Log-density of rows, over their observed features.

        Args:
            value: (..., F) rows.
            mask: (..., F) true where a feature is observed; all are when absent.

        Returns:
            (...) in nats.
        """
        parts, totals = self.base_dist.parts, []
        for part, place in zip(parts, self.base_dist.places, strict=True):
            x, observed = value, mask
            if len(parts) > 1:  # the features of a single block are in the order of the row
                x = value.index_select(-1, place)
                observed = None if mask is None else mask.index_select(-1, place)
            manual = not (x.requires_grad or torch.compiler.is_compiling())
            if isinstance(part, StudentColumns) and manual:
                totals.append(part.row_log_prob(x, observed))
            else:
                totals.append(masked_sum(part.log_prob(x), observed))
        return sum(totals[1:], start=totals[0])

    def sample(self, sample_shape: SampleShape = ()) -> Tensor:
        """Draw rows, (*sample_shape, ..., F)."""
        return self.base_dist.sample(sample_shape)

    def probabilities(self, feature: int) -> Tensor:
        """Return the probability of each level of a binary, categorical or ordinal feature.

        Args:
            feature: its position in the row, from 0.

        Returns:
            (..., L), with sum 1.

        Raises:
            ConfigError: the feature is a number and has no levels.
        """
        for part, place in zip(self.base_dist.parts, self.base_dist.places, strict=True):
            found = (place == feature).nonzero()
            if len(found) and isinstance(part, Levels):
                return part.probabilities(int(found[0]))
        raise ConfigError(
            f"probabilities expects the position of a binary, categorical or ordinal feature; "
            f"{feature} is none: take its mean, or draw samples"
        )
