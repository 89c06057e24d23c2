"""From the plain data of several runs to one self-contained page that compares them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from vaekit.files import write_atomically
from vaekit.report.tables import flatten
from vaekit.report.write import embedded_figure, environment

__all__ = ["differing_settings", "write_comparison"]

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
    figures: Sequence[tuple[str, str | Path, str]] = (),
    notes: Sequence[str] = (),
    version: str = "",
    created: datetime | None = None,
    command: str = "",
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
        figures: title, path of a PNG file, and caption of each.
        notes: sentences that a reader must not miss.
        version: of vaekit.
        created: when the page was made.
        command: that repeats the comparison.

    Returns:
        Path of the page.

    Raises:
        InputError: a figure is not there, or is no PNG file.
        WriteError: the folder cannot be written, or the disk is full.

    Example:
        >>> import tempfile
        >>> runs = {"a": {"model": {"latent_dim": 2}}, "b": {"model": {"latent_dim": 8}}}
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     page = write_comparison(Path(folder) / "report.html", title="mine", runs=runs)
        ...     "model.latent_dim" in page.read_text(encoding="utf-8")
        True
    """
    page = environment().get_template("comparison.html").render(
        title=title,
        paragraphs=[" ".join(part.split()) for part in text.split("\n\n") if part.strip()],
        names=list(runs),
        groups=groups,
        refusals=refusals,
        shared=shared,
        figures=[embedded_figure(each[0], path=each[1], caption=each[2]) for each in figures],
        notes=notes,
        settings=differing_settings(runs),
        version=version,
        created=created,
        command=command,
    )  # fmt: skip
    made = Path(path)
    write_atomically(made, lambda beside: beside.write_bytes(page.encode("utf-8")))
    return made


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
    rows = [(key, [each.get(key, "\N{EN DASH}") for each in flat]) for key in keys]
    return [(key, values) for key, values in rows if len(set(values)) > 1]
