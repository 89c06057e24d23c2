"""Plain rows for the tables of a report."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from vaekit.report.numbers import format_number

__all__ = ["MetricsTable", "flatten", "last_metrics"]

_SPLITS = ("train", "validation", "test")
_MEASURES = ("bound", "distortion", "rate", "loss")

MetricsTable = dict[str, Any]


def flatten(config: Mapping[str, Any], *, above: str = "") -> Iterator[tuple[str, str]]:
    """Walk a nested config: dotted names with values as the JSON file has them.

    Args:
        config: sections and settings.
        above: name of the section that this one lies in.

    Yields:
        Name and value.

    Example:
        >>> list(flatten({"name": "mine", "model": {"hidden": [4, 2], "flow": None}}))
        [('name', 'mine'), ('model.hidden', '[4, 2]'), ('model.flow', 'null')]
    """
    for key, value in config.items():
        name = f"{above}.{key}" if above else str(key)
        if isinstance(value, Mapping):
            yield from flatten(value, above=name)
        else:
            shown = value if isinstance(value, str) else json.dumps(value, default=str)
            yield name, shown


def last_metrics(metrics: Sequence[Mapping[str, Any]]) -> MetricsTable | None:
    """Arrange the metrics of the last epoch: a line for each measure, a column for each split.

    Args:
        metrics: records of all epochs, oldest first.

    Returns:
        ``epoch``, ``splits``, ``lines`` (measure and texts), and ``pace`` (label and text);
        none where there is no record.

    Example:
        >>> table = last_metrics([{"epoch": 3, "train": {"rate": 5.0}, "seconds": 2.0}])
        >>> table["splits"], table["lines"], table["pace"]
        (['train'], [('rate', ['5'])], [('seconds in all', '2')])
    """
    if not metrics:
        return None
    last = metrics[-1]
    splits = [split for split in _SPLITS if last.get(split)]
    measures = [name for name in _MEASURES if any(name in last[split] for split in splits)]
    return {
        "epoch": last.get("epoch"),
        "splits": splits,
        "lines": [
            (name, [format_number(last[split].get(name)) for split in splits]) for name in measures
        ],
        "pace": list(_pace(metrics)),
    }


def _pace(metrics: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """How fast training was, as far as it was recorded."""
    seconds = [record["seconds"] for record in metrics if record.get("seconds") is not None]
    if seconds:
        yield "seconds in all", format_number(float(f"{sum(seconds):.4g}"))
    for key in ("rows_per_second", "learning_rate"):
        value = metrics[-1].get(key)
        if value is not None:
            yield key.replace("_", " "), format_number(float(f"{value:.4g}"))
