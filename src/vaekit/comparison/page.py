"""Write the self-contained page of a comparison."""

import tempfile
from datetime import datetime
from pathlib import Path

from vaekit import __version__
from vaekit.comparison.comparison import Comparison
from vaekit.comparison.figures import comparison_figures
from vaekit.comparison.published import differing_settings
from vaekit.describe.formula import objectives
from vaekit.figures import save_figure
from vaekit.report.numbers import with_standing
from vaekit.report.page import embedded_figures, environment
from vaekit.report.page import write_page as write_html

__all__ = ["write_page"]


def write_page(
    comparison: Comparison, path: Path, *, title: str = "", text: str = "", command: str = ""
) -> Path:
    """Write one page that shows several runs side by side and needs no network.

    Args:
        comparison: what to show; without ``members`` there are no figures.
        path: of the page. The figures are kept beside one that is called ``report.html``.
        title: of the page; the number of runs when empty.
        text: what is compared and what to look for; paragraphs with an empty line between.
        command: that repeats the comparison.

    Returns:
        Path of the page.

    Raises:
        WriteError: the folder cannot be written, or the disk is full.
    """
    with tempfile.TemporaryDirectory() as temporary:
        folder = path.parent / "figures" if path.name == "report.html" else Path(temporary)
        drawn = comparison_figures(comparison) if comparison.members else ()
        paths = [
            (each.title, save_figure(each.drawing, path=folder / f"{each.name}.png"), each.caption)
            for each in drawn
        ]
        shown = list(embedded_figures(paths))
    page = environment().get_template("comparison.html").render(
        title=title or f"{len(comparison.runs)} runs compared",
        paragraphs=[" ".join(part.split()) for part in text.split("\n\n") if part.strip()],
        names=list(comparison.runs),
        groups=comparison.groups,
        refusals=comparison.refusals,
        shared=comparison.shared,
        figures=shown,
        published=with_standing(comparison.published),
        objectives=objectives(comparison.configs, rows=comparison.rows),
        notes=comparison.notes,
        settings=differing_settings(comparison.configs),
        version=__version__,
        created=datetime.now().astimezone(),
        command=command,
    )  # fmt: skip
    write_html(path, page=page, figures=shown)
    return path
