"""``vaekit data``."""

from collections.abc import Mapping
from typing import Any

from vaekit.cli.options import AsJson, Label
from vaekit.cli.output import Output
from vaekit.io import columns

__all__ = ["data"]


_MOST_NAMES = 12


def data(
    source: str, /, *, label: Label = None, image_size: int | None = None, as_json: AsJson = False
) -> None:
    """Describe a data source: rows, shape, range, classes, missing values.

    Args:
        source: digits, breast-cancer, swiss-roll, mnist, fashion-mnist, binarized-mnist, or a
            path: idx, npy, npz, csv, parquet, a folder of images or of npy or parquet files.
        label: Column of a table that holds the labels, by name or position.
        image_size: Side in pixels to which the images of a folder are scaled and cropped.
        as_json: Print one JSON object to stdout and nothing else.
    """
    from vaekit.data import load_dataset

    found = load_dataset(source, label=label, image_size=image_size).describe()
    Output(as_json=as_json).result(found, lines=columns(_table(found)))


def _table(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Select what is printed, in order."""
    rows, shape = dict(found["rows"]), found["shape"]
    total = f"{rows.pop('all'):,}"
    parts = ", ".join(f"{count:,} {split}" for split, count in rows.items())
    size = "x".join(map(str, shape)) + " (channels, height, width)"
    low, high = found["range"]
    table = [
        ("source", found["source"]),
        ("layout", found["layout"]),
        ("kind", found["kind"]),
        ("rows", f"{total} ({parts})"),
        ("values in a row", f"{found['features']:,}"),
        ("shape", size if len(shape) == 3 else ""),
        ("type", found["dtype"]),
        ("range", f"{low:g} to {high:g}"),
        ("missing values", f"{found['missing']:,}"),
        ("constant columns", _names(found["constant"]) or "none"),
        ("columns", _names(found["columns"])),
        ("classes", ", ".join(f"{name} ({count:,})" for name, count in found["classes"].items())),
    ]
    return [(name, text) for name, text in table if text]


def _names(names: list[str]) -> str:
    """Join the first names, and say how many there are."""
    more = f", ... ({len(names)} in all)" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + more
