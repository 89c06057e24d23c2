"""A page that needs nothing from outside: its templates, and how it is put down."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from vaekit.errors import VaekitWarning
from vaekit.files import write_atomically
from vaekit.report.numbers import format_number

__all__ = ["environment", "write_page"]

_MOST_BYTES = 15_000_000


def environment() -> Environment:
    """Templates of this package; everything that is put into them is escaped."""
    environment = Environment(
        loader=PackageLoader("vaekit.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = format_number
    return environment


def write_page(path: Path, *, page: str, figures: Sequence[Mapping[str, Any]]) -> None:
    """Write a page whole, and warn where it grew too large to be sent around.

    Args:
        path: of the page.
        page: the page.
        figures: in it, as `embedded_figure` returns them.

    Raises:
        WriteError: the folder cannot be written, or the disk is full.
    """
    content = page.encode("utf-8")
    write_atomically(path, lambda beside: beside.write_bytes(content))
    if len(content) > _MOST_BYTES:
        warnings.warn(f"{path}: {_too_large(content, figures)}", VaekitWarning, stacklevel=3)


def _too_large(content: bytes, figures: Sequence[Mapping[str, Any]]) -> str:
    """How large the page is, and which figure is to blame."""
    said = f"the page has {_megabytes(len(content))} and was meant to stay under "
    said += _megabytes(_MOST_BYTES)
    sizes = {each["title"]: len(each["address"]) + len(each["still"]) for each in figures}
    if not sizes:
        return said
    largest = max(sizes, key=sizes.__getitem__)
    return (
        f'{said}; the largest figure is "{largest}" with {_megabytes(sizes[largest])}: save it '
        "with fewer dots or frames"
    )


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
