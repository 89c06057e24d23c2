"""The rows that a run was trained on, or others that its model can read."""

from vaekit.assembly import load_rows
from vaekit.data import SOURCES, Dataset
from vaekit.runs import Run

__all__ = ["rows_for"]

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
