"""Resolve the latent points that a user names."""

import difflib
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaekit.cli.writers import Column
from vaekit.data import Dataset
from vaekit.errors import ConfigError, VaekitWarning
from vaekit.inference import Codes, class_place, encode, evenly, rank_dimensions
from vaekit.runs import Run
from vaekit.runs.run import rows_for

__all__ = [
    "CodedRows",
    "carrying_most",
    "class_label",
    "code_at",
    "coded_rows",
    "rate_per_dim",
    "row_columns",
]


_FAMILIAR = 0.5  # share of a class among the rows around its mean, below which it is a stranger


@dataclass(frozen=True, kw_only=True)
class CodedRows:
    """The rows of one split and their codes."""

    dataset: Dataset
    """The rows and their labels."""
    split: str
    """Which of them."""
    index: NDArray[np.int64]
    """(B,) positions in the data set."""
    codes: Codes
    """(B, D)."""

    @property
    def labels(self) -> NDArray[np.int64] | None:
        """(B,), where there are any."""
        return None if self.dataset.labels is None else self.dataset.labels[self.index]


def coded_rows(
    run: Run,
    *,
    split: str | None = None,
    most: int | None = None,
    dataset: Dataset | None = None,
) -> CodedRows:
    """Encode the rows of a split.

    Args:
        run: whose model and data.
        split: train, validation, test or all; the one that the run is measured on when absent.
        most: take at most so many, spread evenly.
        dataset: the run's own data, where they were read before.

    Returns:
        The rows and their codes.
    """
    dataset = rows_for(run) if dataset is None else dataset
    chosen = split or dataset.split.usable(run.config.evaluation.split, purpose="encoded")
    index = dataset.split.of(chosen)
    if most is not None and len(index):
        index = index[evenly(len(index), most=most)]
    codes = encode(run.model, preprocessing=run.preprocessing, rows=dataset.rows, index=index)
    return CodedRows(dataset=dataset, split=chosen, index=index, codes=codes)


def class_label(coded: CodedRows, *, name: str, flag: str) -> int:
    """Label of a class that rows of the split belong to.

    Args:
        coded: the rows.
        name: of the class.
        flag: where it was given, for the message.

    Returns:
        Its position in the classes of the data.

    Raises:
        ConfigError: the data have no labels, no such class, or none of its rows in the split.
    """
    classes, labels = coded.dataset.classes, coded.labels
    if labels is None:
        raise ConfigError(
            f"{flag} {name}: {coded.dataset.name} has no labels, so it has no classes"
        )
    if name not in classes:
        near = difflib.get_close_matches(name, classes, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {_some(classes)}"
        raise ConfigError(f"{flag} {name}: no such class in {coded.dataset.name}; {hint}")
    label = classes.index(name)
    if not (labels == label).any():
        raise ConfigError(
            f"{flag} {name}: no row of the {coded.split} split is of this class; take another "
            "--split"
        )
    return label


def code_at(coded: CodedRows, *, place: str, flag: str) -> tuple[str, NDArray[Any]]:
    """Code of a class or of a row.

    Args:
        coded: the rows.
        place: name of a class, or the number of a row in the split from 0, with or without a #
            before it; where a class has a number as its name, # tells the row.
        flag: where it was given, for the message.

    Returns:
        What to call it, and (D,): the mean code of the class, or that of the row. Where the mean
        of a class lies among rows of others a warning says so.

    Raises:
        ConfigError: no such class or row.
    """
    number = place.removeprefix("#")
    if not number.isdecimal() or (place == number and place in coded.dataset.classes):
        return place, _class_mean(coded, class_label(coded, name=place, flag=flag))
    rows = len(coded.index)
    if int(number) >= rows:
        raise ConfigError(
            f"{flag} {place}: the {coded.split} split has {rows:,} rows; take one from 0 to "
            f"{rows - 1}"
        )
    return f"row {int(number)}", coded.codes.mean[int(number)]


def rate_per_dim(run: Run) -> list[float] | None:
    """Divergence of each latent dimension from the prior, where the run was measured.

    Args:
        run: the run.

    Returns:
        (D,) in nats per row; none where nothing was measured or no closed form is known.
    """
    folder = run.folder
    if not folder.evaluation.is_file():
        return None
    found: list[float] | None = folder.read_json(folder.evaluation).get("kl_per_dim")
    return found


def carrying_most(run: Run) -> tuple[int, int]:
    """The two latent dimensions that carry most, the smaller number first.

    Args:
        run: whose model; its rows are read only where it has more than two dimensions.

    Returns:
        Dimensions from 0.

    Raises:
        ConfigError: there is only one dimension.
    """
    dims = run.config.model.latent_dim
    if dims == 1:
        raise ConfigError(
            f"{run.folder.path}: the latent space has a single dimension and no plane; take "
            "vaekit traverse"
        )
    if dims == 2:
        return 0, 1
    order = rank_dimensions(coded_rows(run).codes, kl=rate_per_dim(run))
    first, second = sorted(order[:2].tolist())
    return first, second


def row_columns(coded: CodedRows) -> list[tuple[str, Column]]:
    """First columns of a table about rows: their numbers, and their labels where there are any.

    Args:
        coded: the rows.

    Returns:
        Names and columns.
    """
    table: list[tuple[str, Column]] = [("row", coded.index)]
    if coded.labels is not None:
        table.append(("label", [coded.dataset.classes[label] for label in coded.labels.tolist()]))
    return table


def _class_mean(coded: CodedRows, label: int) -> NDArray[np.float64]:
    """Mean code (D,) of a class, with a warning where it is no place of the class."""
    assert coded.labels is not None
    place = class_place(coded.codes.mean, labels=coded.labels, label=label)
    if place.own < _FAMILIAR:
        name = coded.dataset.classes[label]
        warnings.warn(
            f"the mean code of {name} lies among rows of other classes and may decode to one of "
            f'them; "#{place.densest}" is a row where {name} is dense',
            VaekitWarning,
            stacklevel=2,
        )
    return place.mean


def _some(classes: tuple[str, ...]) -> str:
    """Names of classes, not too many."""
    rest = f" and {len(classes) - 20} more" if len(classes) > 20 else ""
    return ", ".join(classes[:20]) + rest
