"""Codes of many dimensions in two or three, points in space, and the folder for a projector."""

from collections.abc import Iterator

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from vaekit import figures, tasks
from vaekit.config import ReportConfig
from vaekit.gallery.scene import Panel, Scene, still

__all__ = ["projections"]

_MOST_ROWS = 2000
_ROLL_ROWS = 3000
_LEAST_ROWS = 50  # fewer have no neighbourhoods to speak of


def projections(scene: Scene, *, wanted: ReportConfig) -> Iterator[Panel]:
    """Projections that are wanted, and for points in space how well the plane keeps them.

    Args:
        scene: the run and its rows.
        wanted: dimensions of the projections.

    Yields:
        The panels.
    """
    for dims in wanted.tsne:
        if scene.latent_dim >= dims:
            yield _tsne(scene, 3 if dims == 3 else 2)
    if scene.shape == (3,) and scene.latent_dim == 2 and len(scene.index) >= _LEAST_ROWS:
        yield _roll(scene)


def _tsne(scene: Scene, dims: int) -> Panel:
    some = tasks.evenly(len(scene.index), most=_MOST_ROWS)
    made = tasks.project(scene.codes.mean[some], method="tsne", dims=3 if dims == 3 else 2)
    labels = None if scene.labels is None else scene.labels[some]
    return Panel(
        file=f"tsne-{dims}d.png",
        title=f"The codes by t-SNE in {dims} dimensions",
        write=still(_scatter(scene, made, labels)),
        caption=(
            f"Posterior means of {len(some):,} rows of the {scene.split} split, from "
            f"{scene.latent_dim} dimensions."
        ),
        reading=(
            "t-SNE keeps rows together whose codes are near each other: a cluster of one colour "
            "is a class that the codes tell apart without having seen its name. Sizes of clusters "
            "and the distances between them mean nothing."
        ),
    )


def _scatter(scene: Scene, made: tasks.Projection, labels: NDArray[np.int64] | None) -> Figure:
    """In the plane, or in space from two sides."""
    classes, names = scene.dataset.classes, made.axis_labels
    if len(names) == 2:
        return figures.latent_scatter(
            made.points, labels=labels, classes=classes, axis_labels=(names[0], names[1])
        )
    return figures.space_scatter(
        made.points, labels=labels, classes=classes, axis_labels=(names[0], names[1], names[2])
    )


def _roll(scene: Scene) -> Panel:
    """Points in space beside the plane, coloured alike, and what of their order is kept."""
    # Of all rows: the paths of few rows leap from one turn of the roll to the next.
    dataset, run = scene.dataset, scene.run
    some = tasks.evenly(len(dataset.rows), most=_ROLL_ROWS)
    points = dataset.rows[some].astype(np.float64)
    codes = tasks.encode(
        run.model, preprocessing=run.preprocessing, rows=dataset.rows, index=some
    ).mean.astype(np.float64)
    kept = tasks.neighbourhoods(points, codes=codes)
    labels = dataset.labels
    colour = points[:, 0] if labels is None else labels[some].astype(np.float64)
    name = "first coordinate" if labels is None else "label"
    return Panel(
        file="roll.png",
        title="Space and plane",
        write=still(figures.roll_and_plane(points, codes=codes, colour=colour, colour_label=name)),
        caption=(
            f"{len(some):,} rows of all splits in space and by their codes, coloured alike. "
            f"Trustworthiness {kept.trustworthiness:.4f} (1: whoever is near in the plane "
            "was near in space), rank correlation of distances in the plane with distances along "
            f"the sheet {kept.geodesic_correlation:.2f}."
        ),
        reading=(
            "A plane that unrolled the sheet would show the colours in one even run from one end "
            "to the other. Where the run is broken and pieces lie side by side, the sheet was cut: "
            "neighbours are kept, and long distances are not."
        ),
    )
