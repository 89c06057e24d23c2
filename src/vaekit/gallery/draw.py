"""All figures of a run, into its folder."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from vaekit.config import ReportConfig
from vaekit.data import Dataset
from vaekit.gallery.analogies import analogies
from vaekit.gallery.boards import boards
from vaekit.gallery.overview import overview
from vaekit.gallery.plane import plane
from vaekit.gallery.projections import projections
from vaekit.gallery.scene import Panel, Scene, look
from vaekit.runs import Run

__all__ = ["draw_figures"]


def draw_figures(
    run: Run,
    *,
    dataset: Dataset,
    split: str,
    evaluation: Mapping[str, Any] | None,
    wanted: ReportConfig | None = None,
) -> list[tuple[str, Path, str, str]]:
    """Draw everything that a report shows, into the run folder.

    Args:
        run: the run.
        dataset: the rows it was trained on.
        split: the rows that are drawn.
        evaluation: as in ``evaluation.json``, if the run was measured.
        wanted: what to show beside what every report shows; as the run was configured when
            absent.

    Returns:
        Title, path, caption and how to read it, of each.
    """
    scene = look(run, dataset=dataset, split=split, kl=(evaluation or {}).get("kl_per_dim"))
    made = []
    for panel in _panels(scene, wanted or run.config.report):
        path = run.folder.figures / panel.file
        panel.write(path)
        made.append((panel.title, path, panel.caption, panel.reading))
    return made


def _panels(scene: Scene, wanted: ReportConfig) -> Iterator[Panel]:
    """From what every run has to what was asked for."""
    yield from overview(scene)
    yield from plane(scene, wanted=wanted)
    yield from boards(scene, wanted=wanted)
    yield from analogies(scene)
    yield from projections(scene, wanted=wanted)
