"""From a run's plain data to one self-contained page."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from vaekit.report.numbers import headlines
from vaekit.report.objectives import objectives
from vaekit.report.page import environment, write_page
from vaekit.report.pictures import Figure, embedded_figures
from vaekit.report.standing import with_standing
from vaekit.report.tables import flatten, last_metrics

__all__ = ["write_report"]

_REPEAT = "vaekit train --config config.json --out ../again\nvaekit evaluate ../again"


def write_report(
    folder: str | Path,
    *,
    config: Mapping[str, Any],
    evaluation: Mapping[str, Any] | None = None,
    metrics: Sequence[Mapping[str, Any]] = (),
    figures: Sequence[Figure] = (),
    notes: Sequence[str] = (),
    published: Sequence[Mapping[str, Any]] = (),
    version: str = "",
    created: datetime | None = None,
    command: str = "",
    rows: Mapping[str, Any] | None = None,
) -> Path:
    """Write ``report.html``: one file that shows a run to a person and needs no network.

    The page holds its style and its pictures. Every text is escaped. Whoever looks while it is
    written sees the old page or the whole new one.

    Args:
        folder: the run folder.
        config: the full config, nested.
        evaluation: as in ``evaluation.json``; none where the run was not evaluated.
        metrics: records of all epochs, as in ``metrics.jsonl``.
        figures: title, path of a PNG, GIF or WebP file, caption, and perhaps how to read it.
        notes: sentences that a reader must not miss, beside the ones of the evaluation.
        published: numbers to stand beside: ``what``, ``value``, ``unit``, ``source``, ``ours``,
            and where they are known ``better`` (lower or higher) and ``ours_se``, the standard
            error of ours.
        version: of vaekit.
        created: when the run was made.
        command: that repeats the run; from the config file in the run folder when empty.
        rows: as the model sees them: ``features`` and ``support`` (binary, unit, real).

    Returns:
        Path of the page.

    Raises:
        InputError: a figure is not there, or is no PNG, GIF or WebP file.
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
    shown = list(embedded_figures(figures))
    page = environment().get_template("report.html").render(
        name=config.get("name", "run"),
        version=version,
        created=created,
        summary=_summary(config, metrics),
        split=(evaluation or {}).get("split"),
        numbers=numbers,
        notes=all_notes,
        published=with_standing(published),
        figures=shown,
        objectives=objectives({"": config}, rows={"": rows or {}}),
        last=last_metrics(metrics),
        settings=list(flatten(config)),
        command=command or _REPEAT,
    )  # fmt: skip
    path = Path(folder) / "report.html"
    write_page(path, page=page, figures=shown)
    return path


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
