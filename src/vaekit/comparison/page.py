"""Write the self-contained page of a comparison."""

import tempfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from math import prod
from pathlib import Path
from typing import Any

from vaekit import __version__
from vaekit.comparison.compare import Side
from vaekit.comparison.figures import draw_comparison
from vaekit.data import Preprocessing
from vaekit.describe.formula import objectives
from vaekit.report.numbers import flatten, with_standing
from vaekit.report.page import Figure, embedded_figures, environment, write_page

__all__ = ["differing_settings", "write_comparison", "write_comparison_page"]


# What cannot change what a run shows.
_IDLE = {"name", "training.device", "training.threads", "evaluation.memory_mb"}


def write_comparison(
    path: str | Path,
    *,
    title: str,
    text: str = "",
    runs: Mapping[str, Mapping[str, Any]],
    groups: Sequence[Mapping[str, Any]] = (),
    refusals: Sequence[str] = (),
    shared: Sequence[Mapping[str, Any]] = (),
    figures: Sequence[Figure] = (),
    notes: Sequence[str] = (),
    version: str = "",
    created: datetime | None = None,
    command: str = "",
    published: Sequence[Mapping[str, Any]] = (),
    rows: Mapping[str, Mapping[str, Any]] | None = None,
) -> Path:
    """Write one page that shows several runs side by side and needs no network.

    Args:
        path: of the page.
        title: name of the study, or what is compared.
        text: what is compared and what to look for; paragraphs with an empty line between.
        runs: by the name of the run, its full config, nested.
        groups: of runs on the same scale: ``runs`` (names), ``what`` (is measured), ``notes``,
            and ``lines``, each with ``label``, ``unit``, ``texts`` by run and ``best`` (names).
        refusals: sentences that say which runs cannot be compared, and why.
        shared: lines, as those of a group, that hold across scales.
        figures: title, path of a PNG, GIF or WebP file, caption, and perhaps how to read it.
        notes: sentences that a reader must not miss.
        version: of vaekit.
        created: when the page was made.
        command: that repeats the comparison.
        published: numbers to stand beside, as those of `write_report`, each with ``run``, the
            name of the run.
        rows: by the name of the run, as the model sees them: ``features`` and ``support``.

    Returns:
        Path of the page.

    Raises:
        InputError: a figure is not there, or is no PNG, GIF or WebP file.
        WriteError: the folder cannot be written, or the disk is full.

    Example:
        >>> import tempfile
        >>> runs = {"a": {"model": {"latent_dim": 2}}, "b": {"model": {"latent_dim": 8}}}
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     page = write_comparison(Path(folder) / "report.html", title="mine", runs=runs)
        ...     "model.latent_dim" in page.read_text(encoding="utf-8")
        True
    """
    shown = list(embedded_figures(figures))
    page = environment().get_template("comparison.html").render(
        title=title,
        paragraphs=[" ".join(part.split()) for part in text.split("\n\n") if part.strip()],
        names=list(runs),
        groups=groups,
        refusals=refusals,
        shared=shared,
        figures=shown,
        published=with_standing(published),
        objectives=objectives(runs, rows=rows or {}),
        notes=notes,
        settings=differing_settings(runs),
        version=version,
        created=created,
        command=command,
    )  # fmt: skip
    write_page(Path(path), page=page, figures=shown)
    return Path(path)


def differing_settings(
    runs: Mapping[str, Mapping[str, Any]],
) -> list[tuple[str, list[str]]]:
    """Find the settings in which runs differ, and that can change what they show.

    Args:
        runs: by the name of the run, its full config, nested.

    Returns:
        Dotted name of the setting, and its value in each run; an en dash where it has none.

    Example:
        >>> differing_settings({"a": {"seed": 0, "data": {"seed": 1}}, "b": {"seed": 3}})
        [('seed', ['0', '3']), ('data.seed', ['1', '–'])]
    """
    flat = [dict(flatten(config)) for config in runs.values()]
    keys = dict.fromkeys(key for each in flat for key in each if key not in _IDLE)
    rows = [
        (key, [each.get(key, "\N{EN DASH}") for each in flat])
        for key in keys
        if not key.startswith("report.")  # figures beside those of every page
    ]
    return [(key, values) for key, values in rows if len(set(values)) > 1]


def write_comparison_page(
    sides: Mapping[str, Side],
    *,
    found: Mapping[str, Any],
    page: Path,
    title: str,
    text: str = "",
    command: str = "",
) -> None:
    """Draw the figures of a comparison and write its page.

    Args:
        sides: the runs by name.
        found: their numbers, as ``compare_numbers`` returns them.
        page: where it goes; figures are kept beside a page that is called report.html.
        title: of the page.
        text: what is compared and what to look for.
        command: that repeats it.
    """
    with tempfile.TemporaryDirectory() as elsewhere:
        kept = page.name == "report.html"
        folder = page.parent / "figures" if kept else Path(elsewhere)
        drawn = draw_comparison(sides, groups=found["groups"], folder=folder)
        write_comparison(
            page,
            title=title,
            text=text,
            runs={name: side.run.config.model_dump(mode="json") for name, side in sides.items()},
            groups=found["groups"],
            refusals=found["refusals"],
            shared=found["shared"],
            figures=drawn,
            published=found["published"],
            notes=found["notes"],
            version=__version__,
            created=datetime.now().astimezone(),
            command=command,
            rows={name: _rows(side.run.preprocessing) for name, side in sides.items()},
        )


def _rows(preprocessing: Preprocessing) -> dict[str, Any]:
    """What the formula of a run needs to know of its rows."""
    return {"features": prod(preprocessing.shape), "support": preprocessing.support}
