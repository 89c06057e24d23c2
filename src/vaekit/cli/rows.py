"""The rows that a run was trained on, or others that its model can read."""

import warnings

import numpy as np
from numpy.typing import NDArray

from vaekit.assembly import load_rows
from vaekit.data import SOURCES, Dataset
from vaekit.errors import VaekitWarning
from vaekit.runs import Run

__all__ = ["positions", "rows_for", "usable_split"]

NO_LABEL = "none"


def rows_for(run: Run, *, source: str | None = None, label: str | None = None) -> Dataset:
    """Read rows for the model of a run.

    Args:
        run: whose model.
        source: a name or a path; the run's own data when absent.
        label: column of that source that holds labels, "none" if it has none; as in training
            when absent.

    Returns:
        The rows, of the shape and with the columns that the model was trained on.

    Raises:
        DataError: they cannot be read, or are of another kind.
    """
    config = run.config.data
    if source is not None and source != config.source:
        named = source in SOURCES
        config = config.model_copy(
            update={
                "source": source,
                "limit": None,
                "label": None if named else config.label,
                "image_size": None if named else config.image_size,
            }
        )
    if label is not None:
        config = config.model_copy(update={"label": None if label == NO_LABEL else label})
    dataset = load_rows(config)
    run.preprocessing.check(dataset)
    return dataset


def positions(dataset: Dataset, *, split: str) -> NDArray[np.int64]:
    """Positions of the rows of a split, or of all splits together, ascending.

    Args:
        dataset: the rows.
        split: train, validation, test or all.

    Returns:
        The positions.
    """
    if split != "all":
        return dataset.split.of(split)
    parts = dataset.split
    return np.sort(np.concatenate([parts.train, parts.validation, parts.test]))


def usable_split(dataset: Dataset, *, wanted: str) -> str:
    """The split that is wanted, or with a warning the next best that has rows.

    Args:
        dataset: the rows.
        wanted: train, validation or test.

    Returns:
        The name of a split that is not empty.
    """
    if len(dataset.split.of(wanted)):
        return wanted
    other = next(name for name in ("test", "validation", "train") if len(dataset.split.of(name)))
    warnings.warn(
        f"the {wanted} split has no rows, so the {other} rows are measured",
        VaekitWarning,
        stacklevel=2,
    )
    return other
