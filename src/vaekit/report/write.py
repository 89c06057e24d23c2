"""From a run's plain data to one self-contained page."""

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from vaekit.errors import InputError
from vaekit.files import write_atomically
from vaekit.report.numbers import format_number, headlines
from vaekit.report.tables import flatten, last_metrics

__all__ = ["embedded_figure", "environment", "write_report"]

_REPEAT = "vaekit train --config config.json --out ../again\nvaekit evaluate ../again"
_PNG = b"\x89PNG\r\n\x1a\n"


def write_report(
    folder: str | Path,
    *,
    config: Mapping[str, Any],
    evaluation: Mapping[str, Any] | None = None,
    metrics: Sequence[Mapping[str, Any]] = (),
    figures: Sequence[tuple[str, str | Path, str]] = (),
    notes: Sequence[str] = (),
    published: Sequence[Mapping[str, Any]] = (),
    version: str = "",
    created: datetime | None = None,
    command: str = "",
) -> Path:
    """Write ``report.html``: one file that shows a run to a person and needs no network.

    The page holds its style and its pictures. Every text is escaped. Whoever looks while it is
    written sees the old page or the whole new one.

    Args:
        folder: the run folder.
        config: the full config, nested.
        evaluation: as in ``evaluation.json``; none where the run was not evaluated.
        metrics: records of all epochs, as in ``metrics.jsonl``.
        figures: title, path of a PNG file, and caption of each.
        notes: sentences that a reader must not miss, beside the ones of the evaluation.
        published: numbers to stand beside: ``what``, ``value``, ``unit``, ``source``, ``ours``.
        version: of vaekit.
        created: when the run was made.
        command: that repeats the run; from the config file in the run folder when empty.

    Returns:
        Path of the page.

    Raises:
        InputError: a figure is not there, or is no PNG file.
        WriteError: the folder cannot be written, or the disk is full.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as run:
        ...     page = write_report(run, config={"name": "mine"}, evaluation={"rate": 5.0})
        ...     "<h1>mine</h1>" in page.read_text(encoding="utf-8")
        True
    """
    all_notes = list(dict.fromkeys([*(evaluation or {}).get("notes", ()), *notes]))
    numbers = headlines(evaluation, notes=all_notes) if evaluation is not None else None
    page = environment().get_template("report.html").render(
        name=config.get("name", "run"),
        version=version,
        created=created,
        summary=_summary(config, metrics),
        split=(evaluation or {}).get("split"),
        numbers=numbers,
        notes=all_notes,
        published=published,
        figures=[embedded_figure(each[0], path=each[1], caption=each[2]) for each in figures],
        last=last_metrics(metrics),
        settings=list(flatten(config)),
        command=command or _REPEAT,
    )  # fmt: skip
    path = Path(folder) / "report.html"
    write_atomically(path, lambda beside: beside.write_bytes(page.encode("utf-8")))
    return path


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


def _summary(config: Mapping[str, Any], metrics: Sequence[Mapping[str, Any]]) -> str:
    """Say in a line what was trained on what, as far as the config tells."""
    model, data = config.get("model") or {}, config.get("data") or {}
    parts = [
        f"data {data['source']}" if "source" in data else "",
        f"{model['latent_dim']} latent dimensions" if "latent_dim" in model else "",
        f"{metrics[-1]['epoch']} epochs" if metrics else "",
        f"seed {config['seed']}" if "seed" in config else "",
    ]
    return ", ".join(part for part in parts if part)


def embedded_figure(title: str, *, path: str | Path, caption: str) -> dict[str, Any]:
    """Put a picture into a page: as a data address, with its size in dots.

    Args:
        title: above it.
        path: of a PNG file.
        caption: below it.

    Returns:
        ``title``, ``caption``, ``address``, ``width`` and ``height``.

    Raises:
        InputError: the file is not there, or is no PNG file.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"{path}: the figure cannot be read: {error.strerror}") from None
    if not content.startswith(_PNG):
        raise InputError(f"{path}: expected a PNG file; save the figure with the ending .png")
    return {
        "title": title,
        "caption": caption,
        "address": "data:image/png;base64," + base64.b64encode(content).decode("ascii"),
        "width": int.from_bytes(content[16:20], "big"),
        "height": int.from_bytes(content[20:24], "big"),
    }
