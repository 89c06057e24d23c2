"""Preprocessing fitted on the training rows: scale, binarize, invert."""

import warnings
from functools import reduce
from typing import Any, Literal, NamedTuple, Self, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from vaekit.data.chunks import all_gather, chunks, extremes, is_main_process
from vaekit.data.dataset import Dataset
from vaekit.data.index import Index
from vaekit.data.shards import ShardedRows
from vaekit.errors import ConfigError, DataError, VaekitWarning

__all__ = ["Fitted", "Preprocessing", "fit_statistics", "mean_and_deviation"]


_LOST_DEVIATIONS = 1e-3
"""Rounding error of a shift above which it is kept in double precision, in scaled units."""

Scaling = Literal["unit", "standard", "none"]
Vector = NDArray[np.float64]


class Fitted(NamedTuple):
    """Fitted shift and scale.

    Args:
        shift: (F,) in raw units.
        scale: (F,) in one over raw units.
        scaling: how the two were found.
        support: what values they give: 0 or 1, in [0, 1], or any.
    """

    shift: Vector
    scale: Vector
    scaling: Scaling
    support: Literal["binary", "unit", "real"]


def fit_statistics(
    dataset: Dataset, *, scale: Literal["auto", "unit", "standard", "none"]
) -> Fitted:
    """Fit shift and scale on the training rows, and determine the support of the result.

    Args:
        dataset: the rows.
        scale: "auto", "unit", "standard" or "none".

    Returns:
        Shift and scale (F,), the scaling that was chosen, and the support.

    Raises:
        ConfigError: an unknown scale.
    """
    if scale not in ("auto", "unit", "standard", "none"):
        raise ConfigError(f"expected the scale auto, unit, standard or none; got {scale!r}")
    scaling = _choose(dataset) if scale == "auto" else scale
    zeros, ones = np.zeros(dataset.features), np.ones(dataset.features)
    if scaling == "none":
        return Fitted(zeros, ones, scaling, _raw_support(dataset))
    if scaling == "standard":
        mean, deviation = mean_and_deviation(dataset.rows, index=dataset.split.train)
        return Fitted(mean, _inverse(deviation), scaling, "real")
    low, high = _range(dataset)
    binary = _only(dataset.rows, low=low, high=high)
    return Fitted(low, _inverse(high - low), scaling, "binary" if binary else "unit")


def _choose(dataset: Dataset) -> Scaling:
    return "unit" if dataset.is_image or _inside(dataset) else "standard"


def _inside(dataset: Dataset) -> bool:
    """Return whether all training values lie in [0, 1]."""
    found = extremes(dataset.rows, index=dataset.split.train)
    return bool(found.low.min() >= 0 and found.high.max() <= 1)


def _range(dataset: Dataset) -> tuple[Vector, Vector]:
    if dataset.value_range is not None:
        low, high = dataset.value_range
        return np.full(dataset.features, low), np.full(dataset.features, high)
    found = extremes(dataset.rows, index=dataset.split.train)
    if found.low.min() >= 0 and found.high.max() <= 1:
        return np.zeros(dataset.features), np.ones(dataset.features)
    return found.low.astype(np.float64), found.high.astype(np.float64)


def _raw_support(dataset: Dataset) -> Literal["binary", "unit", "real"]:
    found = extremes(dataset.rows)
    if found.low.min() < 0 or found.high.max() > 1:
        return "real"
    zeros, ones = np.zeros(dataset.features), np.ones(dataset.features)
    return "binary" if _only(dataset.rows, low=zeros, high=ones) else "unit"


def _only(rows: NDArray[Any], *, low: Vector, high: Vector) -> bool:
    """Return whether each value is the minimum or maximum of its column."""
    own = all(bool(((piece == low) | (piece == high)).all()) for _, piece in chunks(rows))
    return bool(all_gather(own).all())


def _inverse(width: Vector) -> Vector:
    """Return one over the width, and 1 where it is zero (a constant column)."""
    return 1.0 / np.where(width > 0, width, 1.0)


def mean_and_deviation(rows: NDArray[Any], *, index: Index) -> tuple[Vector, Vector]:
    r"""Compute mean and standard deviation of each column, in chunks.

    Two chunks of :math:`n` and :math:`m` rows with means :math:`a, b` and sums of squared
    deviations :math:`s, t` join to :math:`s + t + (b - a)^2 \, nm / (n + m)`.

    Args:
        rows: (N, F).
        index: which rows.

    Returns:
        Mean and standard deviation (F,), with divisor N; exactly 0 for a constant column.

    Example:
        >>> mean_and_deviation(np.array([[1.0], [3.0], [9.0]]), index=np.array([0, 1]))
        (array([2.]), array([1.]))

    Source:
        Chan, Golub and LeVeque (1979), Updating formulae and a pairwise algorithm for computing
        sample variances.
    """
    pieces = (piece for _, piece in chunks(rows, index=index, values=2**20))
    zero = np.zeros((3, rows.shape[1]))
    own = reduce(_joined, map(_moments, pieces), zero)
    count, mean, squares = reduce(_joined, all_gather(own), zero)
    found = extremes(rows, index=index)
    return mean, np.where(found.low == found.high, 0.0, np.sqrt(squares / count))


def _moments(piece: NDArray[Any]) -> Vector:
    """Return count, mean and sum of squared deviations of each column, (3, F)."""
    values = piece.astype(np.float64)
    centre = values.mean(axis=0)
    return np.stack([np.full_like(centre, len(values)), centre, ((values - centre) ** 2).sum(0)])


def _joined(one: Vector, other: Vector) -> Vector:
    """Merge the moments of two chunks."""
    (count, mean, squares), (size, centre, more) = one, other
    if not size.any():  # a process without rows
        return one
    step, total = centre - mean, count + size
    return np.stack(
        [total, mean + step * size / total, squares + more + step**2 * count * size / total]
    )


Binarize = Literal["none", "threshold", "dynamic"]
Support = Literal["binary", "unit", "real"]


class Preprocessing(nn.Module):
    r"""Transform raw rows to the inputs of the model, and back.

    .. math:: x = (\mathrm{raw} - \mathrm{shift}) \cdot \mathrm{scale}

    clipped to [0, 1] when the scaling is "unit", then binarized: "threshold" gives 1 where
    x is at least one half; "dynamic" draws 1 with probability x, anew at each use, from the
    global random generator of the device. The two buffers are saved with the model, all else
    by `describe`.

    Args:
        shift: (F,) in raw units.
        scale: (F,) in one over raw units, never zero.
        scaling: how the two were found: "unit", "standard" or "none".
        binarize: "none", "threshold" or "dynamic".
        support: what values come out: "binary" is 0 or 1, "unit" is in [0, 1], else "real".
        shape: of one row: (channels, height, width) or (F,).
        columns: names of the features.
        classes: names of the labels.
        levels: how many evenly spaced values a raw feature can have: 256 for 8-bit pixels.

    Example:
        >>> from vaekit.data import load_dataset
        >>> digits = load_dataset("digits")
        >>> pre = Preprocessing.fit(digits)
        >>> pre.support, float(pre(torch.from_numpy(digits.rows)).max())
        ('unit', 1.0)
    """

    shift: Tensor
    scale: Tensor

    def __init__(
        self,
        *,
        shift: Tensor,
        scale: Tensor,
        scaling: Scaling,
        binarize: Binarize,
        support: Support,
        shape: tuple[int, ...],
        columns: tuple[str, ...] = (),
        classes: tuple[str, ...] = (),
        levels: int | None = None,
    ) -> None:
        super().__init__()
        self.register_buffer("shift", shift)
        self.register_buffer("scale", scale)
        self.scaling = scaling
        self.binarize = binarize
        self.shape = shape
        self.columns = columns
        self.classes = classes
        self.levels = levels
        self._support = support

    @classmethod
    def fit(
        cls,
        dataset: Dataset,
        *,
        scale: Literal["auto", "unit", "standard", "none"] = "auto",
        binarize: Binarize = "none",
    ) -> Self:
        """Fit the preprocessing on the training rows.

        "auto" is "unit" for images and for training values that all lie in [0, 1], "standard"
        otherwise. "unit" takes the range of the pixels for images, leaves columns alone when all
        lie in [0, 1], and else takes the range of each column. A constant column keeps its scale.

        Args:
            dataset: whose training rows are read in chunks.
            scale: "auto", "unit", "standard" or "none".
            binarize: "none", "threshold" or "dynamic".

        Returns:
            The preprocessing of that data set.

        Raises:
            DataError: binarize is asked for values that do not lie in [0, 1].
        """
        found = fit_statistics(dataset, scale=scale)
        if binarize != "none" and found.support == "real":
            raise DataError(
                f"{dataset.name}: binarize {binarize!r} expects values in [0, 1]; the scale "
                f"{found.scaling!r} gives others. Use --data.scale unit or --data.binarize none"
            )
        # float32 cannot hold, say, the mean of times in seconds since 1970
        lost = np.abs(found.shift - found.shift.astype(np.float32)) * found.scale
        buffer = np.float64 if (lost > _LOST_DEVIATIONS).any() else np.float32
        made = cls(
            shift=torch.from_numpy(found.shift.astype(buffer)),
            scale=torch.from_numpy(found.scale.astype(buffer)),
            scaling=found.scaling,
            binarize=binarize,
            support=found.support if binarize == "none" else "binary",
            shape=dataset.shape,
            columns=dataset.columns,
            classes=dataset.classes,
            levels=_levels(dataset, found),
        )
        if not dataset.is_image and binarize == "none" and is_main_process():
            _warn_merged(made, dataset)
        return made

    @property
    def support(self) -> Support:
        """Support of the transformed values, which decides which likelihoods fit."""
        return self._support

    @property
    def needs_double(self) -> bool:
        """Whether raw rows are scaled in float64, as float32 does not hold them."""
        return self.shift.dtype == torch.float64

    @property
    def features(self) -> int:
        """F: how many numbers a row has."""
        return self.shift.numel()

    def forward(self, rows: Tensor) -> Tensor:
        """Transform raw rows to inputs of the model.

        Args:
            rows: (B, F), uint8, float32 or float64, raw units.

        Returns:
            (B, F) float32.
        """
        x = self.expected(rows)
        return (torch.rand_like(x) < x).to(x.dtype) if self.binarize == "dynamic" else x

    def expected(self, rows: Tensor) -> Tensor:
        """Return the expected inputs of the model: probabilities where values are drawn.

        Args:
            rows: (B, F), uint8, float32 or float64, raw units.

        Returns:
            (B, F) float32.
        """
        x = ((rows.to(self.shift.dtype) - self.shift) * self.scale).to(torch.float32)
        if self.scaling == "unit":
            x = x.clamp(0.0, 1.0)
        return (x >= 0.5).to(x.dtype) if self.binarize == "threshold" else x

    def mean(self, dataset: Dataset) -> Tensor:
        """Return the mean of the transformed training rows, computed by all processes together.

        Args:
            dataset: whose training rows are read in chunks.

        Returns:
            (F,) float32.
        """
        total = np.zeros(self.features)
        for _, piece in chunks(dataset.rows, index=dataset.split.train, values=2**20):
            total += self.expected(torch.from_numpy(piece)).double().sum(0).numpy()
        found = all_gather(total).sum(0) / len(dataset.split.train)
        return torch.from_numpy(found.astype(np.float32))

    def inverse(self, x: Tensor) -> Tensor:
        """Transform inputs or means of the model back to raw units.

        Args:
            x: (..., F).

        Returns:
            (..., F) in raw units; probabilities of binarized pixels become shades of grey.
        """
        return x / self.scale + self.shift

    def check(self, dataset: Dataset) -> None:
        """Raise if rows are of another kind than those of training.

        Args:
            dataset: the rows that the model is to see.

        Raises:
            DataError: another shape, or columns with other names (numbers are no names).
        """
        if dataset.shape != self.shape:
            raise DataError(
                f"{dataset.name}: the model was trained on rows of shape {self.shape}; got "
                f"{dataset.shape}. Give rows of that shape (--data.image-size for image folders)"
            )
        for place, (known, given) in enumerate(zip(self.columns, dataset.columns, strict=False)):
            if known != given and not (known.isdecimal() or given.isdecimal()):
                raise DataError(
                    f"{dataset.name}: expected column {known!r} at position {place}, as in "
                    f"training; got {given!r}. Rename or reorder the columns"
                )

    def describe(self) -> dict[str, Any]:
        """Return everything but the two buffers, in plain values that can be written as JSON.

        Returns:
            What `from_description` takes.
        """
        return {
            "scaling": self.scaling,
            "binarize": self.binarize,
            "support": self.support,
            "shape": list(self.shape),
            "columns": list(self.columns),
            "classes": list(self.classes),
            "levels": self.levels,
            # only where it is, so that equal runs of other versions are equal files
            **({"double": True} if self.needs_double else {}),
        }

    @classmethod
    def from_description(cls, description: dict[str, Any]) -> Self:
        """Build the preprocessing that was described; load its buffers from a state dict.

        Args:
            description: what `describe` returned.

        Returns:
            The same preprocessing with shift 0 and scale 1.

        Raises:
            DataError: an entry is missing.
        """
        try:
            shape = tuple(int(size) for size in description["shape"])
            features = int(np.prod(shape))
            buffer = torch.float64 if description.get("double") else torch.float32
            return cls(
                shift=torch.zeros(features, dtype=buffer),
                scale=torch.ones(features, dtype=buffer),
                scaling=cast(Scaling, description["scaling"]),
                binarize=cast(Binarize, description["binarize"]),
                support=cast(Support, description["support"]),
                shape=shape,
                columns=tuple(description["columns"]),
                classes=tuple(description["classes"]),
                levels=description["levels"],
            )
        except KeyError as error:
            raise DataError(f"the description of the preprocessing lacks {error}") from error


_SAMPLE_ROWS = 1000
_SHOWN = 5


def _warn_merged(preprocessing: Preprocessing, dataset: Dataset) -> None:
    """Warn where scaling merges most distinct values of a column, in a sample of training rows."""
    train = dataset.split.train
    places = np.arange(0, len(train), max(1, -(-len(train) // _SAMPLE_ROWS)))
    if isinstance(dataset.rows, ShardedRows) or not len(places):
        return  # a sample would open files that others read
    some = np.asarray(dataset.rows[train[places]])
    x = preprocessing.expected(torch.from_numpy(some)).numpy()
    before, after = _count_distinct(some), _count_distinct(x)
    merged = np.flatnonzero(2 * after < before)
    if len(merged) == 0:
        return
    names = [
        f"{dataset.columns[place] if dataset.columns else place} ({before[place]} distinct values "
        f"become {after[place]})"
        for place in merged[:_SHOWN]
    ]
    more = f" and {len(merged) - _SHOWN} more" if len(merged) > _SHOWN else ""
    warnings.warn(
        f"{dataset.name}: the scale merges distinct values of {', '.join(names)}{more}. A few rows "
        "with huge values carry mean and scale, or values differ in their last digits alone: "
        "correct or drop such rows, or subtract a constant",
        VaekitWarning,
        stacklevel=4,
    )


def _count_distinct(values: NDArray[Any]) -> NDArray[np.int64]:
    """Return the number of distinct values of each column."""
    ordered = np.sort(values, axis=0)
    found: NDArray[np.int64] = 1 + (ordered[1:] != ordered[:-1]).sum(axis=0)
    return found


def _levels(dataset: Dataset, found: Fitted) -> int | None:
    """Return the number of grey levels of whole-number pixels; None for other data."""
    if dataset.rows.dtype != np.uint8 or dataset.value_range is None or found.scaling != "unit":
        return None
    low, high = dataset.value_range
    return int(high - low) + 1
