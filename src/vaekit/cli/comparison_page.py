"""The page of a comparison: its figures and its tables."""

import tempfile
from collections.abc import Mapping
from datetime import datetime
from math import prod
from pathlib import Path
from typing import Any

from vaekit import __version__
from vaekit.cli.beside import draw_comparison
from vaekit.cli.sides import Side
from vaekit.data import Preprocessing
from vaekit.report import write_comparison

__all__ = ["write_comparison_page"]


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
