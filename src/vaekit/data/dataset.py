"""A data set: rows, metadata, and the split into train, validation and test."""

import warnings
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaekit.data.chunks import Extremes, extremes
from vaekit.data.index import Index, Permutation, RepeatedIndex
from vaekit.errors import ConfigError, DataError, VaekitWarning

__all__ = ["SPLITS", "STORED_ROWS", "Dataset", "Split", "split_by_rule", "split_rows"]


SPLITS = ("train", "validation", "test")


@dataclass(frozen=True, kw_only=True, eq=False)
class Split:
    """Positions of the rows for training, validation and testing.

    Args:
        train: positions in the rows of the data set, ascending; an array, or for many rows of a
            memory map a rule that reads as one.
        validation: the same; may be empty.
        test: the same; may be empty.

    Example:
        >>> import numpy as np
        >>> split = Split(train=np.array([0, 2]), validation=np.array([1]), test=np.array([3]))
        >>> split.of("validation")
        array([1])
    """

    train: Index
    validation: Index
    test: Index

    def of(self, name: str) -> NDArray[np.int64]:
        """Return the positions of the rows of one split as an array.

        Args:
            name: train, validation or test; "all" for all three together.

        Returns:
            The positions, ascending; 8 bytes for each.

        Raises:
            ConfigError: there is no split of that name.
        """
        if name == "all":
            return np.sort(np.concatenate([self.of(part) for part in SPLITS]))
        return np.asarray(self.index(name))

    def usable(self, wanted: str, *, purpose: str) -> str:
        """Return the requested split, or with a warning another one if it is empty.

        Args:
            wanted: train, validation, test or all.
            purpose: what happens to the rows, for the warning: "measured".

        Returns:
            The name of a split that is not empty.

        Raises:
            ConfigError: there is no split of that name.
        """
        if wanted == "all" or len(self.index(wanted)):
            return wanted
        other = next(name for name in ("test", "validation", "train") if len(self.index(name)))
        warnings.warn(
            f"the {wanted} split has no rows, so the {other} rows are {purpose}",
            VaekitWarning,
            stacklevel=2,
        )
        return other

    def index(self, name: str) -> Index:
        """Return the positions of the rows of one split, as a rule where they are stored as one.

        Args:
            name: train, validation or test.

        Raises:
            ConfigError: there is no split of that name.
        """
        parts = {"train": self.train, "validation": self.validation, "test": self.test}
        if name not in parts:
            raise ConfigError(f"expected a split named {', '.join(SPLITS)}; got {name!r}")
        return parts[name]

    def __getitem__(self, name: str) -> NDArray[np.int64]:
        return self.of(name)


@dataclass(frozen=True, kw_only=True, eq=False)
class Dataset:
    """Rows of numbers and what is known about them.

    Args:
        name: a short name: that of the source, or the stem of a file.
        rows: (N, F) raw values, uint8, float32, or float64 where float32 loses values. May be a
            memory map; one too large to convert keeps the numeric type of its file, and is cast as
            it is read.
        shape: (channels, height, width) for images, with 1 or 3 channels; (F,) otherwise.
        split: which rows are for what.
        columns: names of the F features of a table; empty for images.
        labels: (N,) positions in ``classes``.
        classes: names of the labels.
        value_range: least and greatest value that an image can hold: (0, 255) for 8-bit pixels.
        source: where the rows were read from.
        layout: how a text file is written: separator, line of names, encoding.

    Raises:
        DataError: the sizes do not fit each other.

    Example:
        >>> from vaekit.data import load_dataset
        >>> digits = load_dataset("digits")
        >>> digits.rows.shape, digits.shape, digits.is_image
        ((1797, 64), (1, 8, 8), True)
    """

    name: str
    rows: NDArray[Any]
    shape: tuple[int, ...]
    split: Split
    columns: tuple[str, ...] = ()
    labels: NDArray[np.int64] | None = None
    classes: tuple[str, ...] = ()
    value_range: tuple[float, float] | None = None
    source: str = ""
    layout: str = ""

    def __post_init__(self) -> None:
        if self.rows.ndim != 2 or self.rows.shape[1] != prod(self.shape):
            raise DataError(
                f"{self.name}: expected rows of {prod(self.shape)} values for the shape "
                f"{self.shape}; got an array of shape {self.rows.shape}"
            )
        if self.labels is not None and len(self.labels) != len(self.rows):
            raise DataError(
                f"{self.name}: expected one label for each of the {len(self.rows)} rows; "
                f"got {len(self.labels)} labels"
            )
        if self.columns and len(self.columns) != self.features:
            raise DataError(
                f"{self.name}: expected {self.features} column names; got {len(self.columns)}"
            )

    @property
    def features(self) -> int:
        """F: number of features."""
        return prod(self.shape)

    @property
    def is_image(self) -> bool:
        """Whether a row is an image."""
        return len(self.shape) == 3

    def describe(self) -> dict[str, Any]:
        """Summarise the data in plain values that can be written as JSON.

        Returns:
            name, source, layout of a text file, kind, rows of each split, features, shape, type,
            range, missing values, columns, constant columns, and how many rows each class has.
        """
        found = extremes(self.rows)
        return {
            "name": self.name,
            "source": self.source,
            "layout": self.layout,
            "kind": "image" if self.is_image else "table",
            "rows": {
                "all": len(self.rows),
                **{name: len(self.split.index(name)) for name in SPLITS},
            },
            "features": self.features,
            "shape": list(self.shape),
            "dtype": str(self.rows.dtype),
            "range": [float(found.low.min()), float(found.high.max())],
            "missing": found.missing,
            "columns": list(self.columns),
            "constant": self._constant(found),
            "classes": self._class_counts(),
        }

    def _constant(self, found: Extremes) -> list[str]:
        """Return the names of constant columns, or their positions where they have no names."""
        names = self.columns or tuple(str(number) for number in range(self.features))
        return [names[column] for column in np.flatnonzero(found.low == found.high)]

    def _class_counts(self) -> dict[str, int]:
        if self.labels is None:
            return {}
        counts = np.bincount(self.labels, minlength=len(self.classes))
        return {name: int(count) for name, count in zip(self.classes, counts, strict=True)}


STORED_ROWS = 2**17
"""Positions of more rows of a memory map than these are not stored: 8 bytes for each."""

PERIOD = 10_007
"""Period in rows of a split by rule. A prime, so that of rows that alternate, say between a
hundred sensors, none is always held out."""

Positions = NDArray[np.int64]


def split_rows(
    count: int,
    *,
    sizes: tuple[int, int, int] | None = None,
    validation: float = 0.1,
    test: float = 0.1,
    seed: int = 0,
    limit: int | None = None,
) -> Split:
    """Split rows into training, validation and test rows.

    Without sets of the source's own, ``test`` is the share of all rows and ``validation`` the
    share of what remains, both drawn with the seed; one row at least is left for training. A
    source's own test and validation rows stay what they are; if it has a test set only,
    ``validation`` is drawn from its training rows.

    Args:
        count: N, how many rows there are.
        sizes: how many rows are the source's own train, validation and test rows, in this order.
        validation: share of the training rows, 0 for none.
        test: share of all rows, 0 for none.
        seed: the same seed gives the same split.
        limit: at most so many rows of each split are kept; drawn rows are taken in the order
            in which they were drawn, so that a sorted file still gives all its classes.

    Returns:
        Disjoint positions, ascending in each split.

    Raises:
        DataError: a share is below 0, or 1 and more.

    Example:
        >>> split = split_rows(100)
        >>> len(split.train), len(split.validation), len(split.test)
        (81, 9, 10)
    """
    for name, share in (("validation", validation), ("test", test)):
        if not 0 <= share < 1:
            raise DataError(f"expected a {name} share of at least 0 and below 1; got {share}")
    draw = np.random.default_rng(seed)
    if sizes is None:
        held_out, rest = _cut(draw.permutation(count), test)
        kept_back, train = _cut(rest, validation)
    else:
        train, kept_back, held_out = np.split(np.arange(count), np.cumsum(sizes[:2]))
        if len(kept_back) == 0 and validation > 0:
            kept_back, train = _cut(draw.permutation(train), validation)
    return Split(
        train=_first(train, limit),
        validation=_first(kept_back, limit),
        test=_first(held_out, limit),
    )


def split_by_rule(
    count: int,
    *,
    validation: float = 0.1,
    test: float = 0.1,
    seed: int = 0,
    limit: int | None = None,
) -> Split:
    """Split very many rows by a periodic rule, in memory that does not grow with them.

    A period of 10,007 rows is split as :func:`split_rows` does it, and all others like it:
    shares hold in every part of the file, also of one that is sorted.

    Args:
        count: N, how many rows there are.
        validation: share of the training rows, 0 for none.
        test: share of all rows, 0 for none.
        seed: the same seed gives the same split.
        limit: at most so many rows of each split are kept, drawn from all of it.

    Returns:
        Disjoint positions, ascending in each split.

    Raises:
        DataError: a share is below 0, or 1 and more.

    Example:
        >>> split = split_by_rule(10**9)
        >>> len(split.train), len(split.validation), len(split.test)
        (809933044, 90036981, 100029975)
    """
    pattern = split_rows(min(PERIOD, count), validation=validation, test=test, seed=seed)

    def kept(places: Index) -> Index:
        if len(places) == 0:
            return np.asarray(places)
        index = RepeatedIndex(np.asarray(places), length=PERIOD, rows=count)
        if limit is None or limit >= len(index):
            return index
        return np.sort(index[Permutation(len(index), key=(seed,))(np.arange(limit))])

    return Split(
        train=kept(pattern.train), validation=kept(pattern.validation), test=kept(pattern.test)
    )


def _cut(order: Positions, share: float) -> tuple[Positions, Positions]:
    """Return a share of the rows and the rest: at least one of three or more, and never all."""
    least = 1 if share > 0 and len(order) > 2 else 0
    size = min(max(least, round(share * len(order))), max(len(order) - 1, 0))
    return order[:size], order[size:]


def _first(order: Positions, limit: int | None) -> Positions:
    return np.sort(order[:limit]).astype(np.int64)
