"""The figures of a run."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure as Drawing
from numpy.typing import NDArray

from vaekit import figures, tasks
from vaekit.data import Dataset, Preprocessing
from vaekit.evaluation import ACTIVE_VARIANCE
from vaekit.runs import Run

__all__ = ["as_shown", "draw_figures", "raw_units"]

_MOST_POINTS = 10_000
_PAIRS = 30
_PANEL_ROWS = 2000
_SAMPLES = 64
_MAP_SIDE = 20

Figure = tuple[str, str, Drawing, str]
"""File name, title, the drawing, caption."""


def draw_figures(
    run: Run, *, dataset: Dataset, split: str, evaluation: Mapping[str, Any] | None
) -> list[tuple[str, Path, str]]:
    """Draw everything that a report shows, into the run folder.

    Args:
        run: the run.
        dataset: the rows it was trained on.
        split: the rows that are drawn.
        evaluation: as in ``evaluation.json``, if the run was measured.

    Returns:
        Title, path and caption of each.
    """
    rows = dataset.split.of(split)
    index = rows[tasks.evenly(len(rows), most=_MOST_POINTS)]
    codes = tasks.encode(run.model, preprocessing=run.preprocessing, rows=dataset.rows, index=index)
    kl = (evaluation or {}).get("kl_per_dim")
    drawn = [
        *_curves(run),
        _reconstructions(run, dataset, index, split),
        _samples(run, dataset, index),
        _latent(dataset, index, codes, split, kl),
        *_kl(codes, kl),
        *_manifold(run, codes),
    ]
    made = []
    for name, title, drawing, caption in drawn:
        path = figures.save_figure(drawing, path=run.folder.figures / f"{name}.png")
        made.append((title, path, caption))
    return made


def as_shown(values: NDArray[Any], preprocessing: Preprocessing) -> NDArray[np.float64]:
    """What the model sees, or makes, in the units in which it is drawn.

    Args:
        values: (B, F) in the units that the model sees.
        preprocessing: of that model.

    Returns:
        (B, F): images in [0, 1], those of no known range stretched to it; tables in raw units.
    """
    if len(preprocessing.shape) != 3:
        return raw_units(values, preprocessing)
    if preprocessing.support != "real":
        return values.astype(np.float64)
    raw = raw_units(values, preprocessing)
    stretched: NDArray[np.float64] = (raw - raw.min()) / max(float(np.ptp(raw)), 1e-12)
    return stretched


def raw_units(values: NDArray[Any], preprocessing: Preprocessing) -> NDArray[np.float64]:
    """What the model sees, or makes, in the units of the data.

    Args:
        values: (B, F) in the units that the model sees.
        preprocessing: of that model.

    Returns:
        (B, F) in raw units.
    """
    shift, scale = preprocessing.shift.numpy(), preprocessing.scale.numpy()
    raw: NDArray[np.float64] = values.astype(np.float64) / scale + shift
    return raw


def _curves(run: Run) -> Iterator[Figure]:
    records = run.folder.read_metrics()
    if records:
        yield (
            "learning-curves",
            "Learning curves",
            figures.learning_curves(records),
            "Means over the rows of each epoch, in nats per row, weights of the objective at 1 "
            "in the bound.",
        )


def _reconstructions(run: Run, dataset: Dataset, index: NDArray[np.int64], split: str) -> Figure:
    pre, shape = run.preprocessing, run.preprocessing.shape
    most = _PAIRS if dataset.is_image else _PANEL_ROWS
    some = index[tasks.evenly(len(index), most=most)]
    found = tasks.reconstruct(run.model, preprocessing=pre, rows=dataset.rows, index=some)
    drawing = figures.reconstructions(
        as_shown(found.inputs, pre), outputs=as_shown(found.outputs, pre), shape=shape,
        names=pre.columns,
    )  # fmt: skip
    caption = (
        f"Rows of the {split} split as the model sees them, and the decoded means of their codes."
    )
    return "reconstructions", "Inputs and reconstructions", drawing, caption


def _samples(run: Run, dataset: Dataset, index: NDArray[np.int64]) -> Figure:
    pre, shape = run.preprocessing, run.preprocessing.shape
    if dataset.is_image:
        made = as_shown(tasks.sample(run.model, n=_SAMPLES), pre)
        drawing = figures.samples(made, shape=shape)
        return "samples", "Samples", drawing, "Decoded means of codes drawn from the prior."
    some = index[tasks.evenly(len(index), most=_PANEL_ROWS)]
    made = as_shown(tasks.sample(run.model, n=max(len(some), 500), draw=True), pre)
    drawing = figures.samples(made, shape=shape, data=dataset.rows[some], names=pre.columns)
    return "samples", "Samples", drawing, "Draws from the model beside the data."


def _latent(
    dataset: Dataset,
    index: NDArray[np.int64],
    codes: tasks.Codes,
    split: str,
    kl: list[float] | None,
) -> Figure:
    """The two dimensions that carry most; the only one against its standard deviation."""
    if codes.mean.shape[1] == 1:
        points = np.concatenate([codes.mean, np.sqrt(codes.variance)], axis=1)
        names, what = ("z1", "standard deviation of z1"), "The only latent dimension"
    else:
        weight = np.var(codes.mean, axis=0) if kl is None else np.asarray(kl)
        first, second = sorted(np.argsort(-weight, kind="stable")[:2].tolist())
        points = codes.mean[:, [first, second]]
        names, what = (f"z{first + 1}", f"z{second + 1}"), "The two dimensions that carry most"
    labels = None if dataset.labels is None else dataset.labels[index]
    drawing = figures.latent_scatter(
        points, labels=labels, classes=dataset.classes, axis_labels=names
    )
    what = "All latent dimensions" if codes.mean.shape[1] == 2 else what
    caption = f"{what}: posterior means of {len(index):,} rows of the {split} split."
    return "latent", "Latent space", drawing, caption


def _kl(codes: tasks.Codes, kl: list[float] | None) -> Iterator[Figure]:
    if kl is not None:
        active = np.var(codes.mean, axis=0) > ACTIVE_VARIANCE
        yield (
            "kl-per-dim",
            "What each latent dimension carries",
            figures.kl_per_dim(kl, active=active, threshold=ACTIVE_VARIANCE),
            "Divergence of the posterior from the prior, averaged over rows.",
        )


def _manifold(run: Run, codes: tasks.Codes) -> Iterator[Figure]:
    """A map of what a plane of codes decodes to, for images with two latent dimensions."""
    pre = run.preprocessing
    if codes.mean.shape[1] == 2 and len(pre.shape) == 3:
        extent = tasks.latent_extent(codes.mean)
        grid = figures.manifold_codes(_MAP_SIDE, extent=extent)
        images = as_shown(tasks.decode(run.model, codes=grid), pre)
        yield (
            "manifold",
            "Map of the latent plane",
            figures.manifold(images, shape=pre.shape, side=_MAP_SIDE, extent=extent),
            "Decoded means over the part of the plane that holds 98% of the codes along each axis.",
        )
