"""What every report shows: training, reconstructions, samples, the latent space."""

import math
from collections.abc import Iterator

import numpy as np

from vaekit import figures, tasks
from vaekit.evaluation import ACTIVE_VARIANCE
from vaekit.gallery.scene import Panel, Scene, still

__all__ = ["overview"]

_PAIRS = 40
_PANEL_ROWS = 2000
_SAMPLES = 64


def overview(scene: Scene) -> Iterator[Panel]:
    """Panels that every run has.

    Args:
        scene: the run and its rows.

    Yields:
        The panels in the order in which they are read.
    """
    yield from _curves(scene)
    yield _reconstructions(scene)
    yield _samples(scene)
    yield _latent(scene)
    yield from _kl(scene)


def _curves(scene: Scene) -> Iterator[Panel]:
    records = scene.run.folder.read_metrics()
    if not records:
        return
    likelihood = scene.run.config.model.likelihood
    squared = likelihood.kind == "gaussian" and likelihood.variance == "unit"
    # What the log-density of a Gaussian of variance 1 has beside half the squared error.
    constant = math.prod(scene.shape) * 0.5 * math.log(2 * math.pi) if squared else None
    unit = "half the squared error and its sum with the rate" if squared else "nats per row"
    yield Panel(
        file="learning-curves.png",
        title="Learning curves",
        write=still(figures.learning_curves(records, constant=constant)),
        caption=f"Means over the rows of each epoch, {unit}; every weight of the objective at 1.",
        reading=(
            "Training makes the distortion small (what is lost between a row and its "
            "reconstruction) and pays for it with the rate (how much a code says about its row). "
            "Where the curve of rows that were not trained on turns away from that of the "
            "training rows, the model learns its rows by heart."
        ),
    )


def _reconstructions(scene: Scene) -> Panel:
    pre = scene.run.preprocessing
    some = scene.some(_PAIRS if scene.dataset.is_image else _PANEL_ROWS)
    found = tasks.reconstruct(
        scene.run.model, preprocessing=pre, rows=scene.dataset.rows, index=some
    )
    drawing = figures.reconstructions(
        scene.shown(found.inputs), outputs=scene.shown(found.outputs), shape=scene.shape,
        names=pre.columns,
    )  # fmt: skip
    return Panel(
        file="reconstructions.png",
        title="Inputs and reconstructions",
        write=still(drawing),
        caption=(
            f"{len(some):,} rows of the {scene.split} split as the model sees them, and the "
            "decoded means of their codes."
        ),
        reading=(
            "Each row was squeezed into its code and built again from the code alone. What is "
            "blurred or changed is what the code does not hold: few latent dimensions keep the "
            "kind of thing and lose its details."
        ),
    )


def _samples(scene: Scene) -> Panel:
    run, shape = scene.run, scene.shape
    reading = (
        "Nothing here was in the data: codes were drawn at random from the prior, and the decoder "
        "made rows of them. They look like the data where training has brought codes and prior "
        "together, and strange where the prior draws codes that no row has."
    )
    if scene.dataset.is_image:
        made = scene.shown(tasks.sample(run.model, n=_SAMPLES))
        drawing = figures.samples(made, shape=shape)
        caption = "Decoded means of codes drawn from the prior."
    else:
        rows = scene.dataset.rows[scene.some(_PANEL_ROWS)]
        made = scene.shown(tasks.sample(run.model, n=max(len(rows), 500), draw=True))
        names = run.preprocessing.columns
        drawing = figures.samples(made, shape=shape, data=rows, names=names)
        caption = "Draws from the model beside the data."
    return Panel(
        file="samples.png", title="Samples", write=still(drawing), caption=caption, reading=reading
    )


def _latent(scene: Scene) -> Panel:
    """The two dimensions that carry most; the only one against its standard deviation."""
    mean = scene.codes.mean
    if scene.latent_dim == 1:
        points = np.concatenate([mean, np.sqrt(scene.codes.variance)], axis=1)
        names, what = ("z1", "standard deviation of z1"), "The only latent dimension"
    else:
        order = tasks.rank_dimensions(scene.codes, kl=scene.kl)
        first, second = sorted(order[:2].tolist())
        points = mean[:, [first, second]]
        names, what = (f"z{first + 1}", f"z{second + 1}"), "The two dimensions that carry most"
    drawing = figures.latent_scatter(
        points, labels=scene.labels, classes=scene.dataset.classes, axis_labels=names
    )
    what = "All latent dimensions" if scene.latent_dim == 2 else what
    return Panel(
        file="latent.png",
        title="Latent space",
        write=still(drawing),
        caption=f"{what}: posterior means of {len(mean):,} rows of the {scene.split} split.",
        reading=(
            "Each point is a row, at the middle of what the encoder believes about its code; "
            "colours and names came later, the model never saw them. Classes that lie apart are "
            "told apart by their codes, and those that overlap are not, at least not here."
        ),
    )


def _kl(scene: Scene) -> Iterator[Panel]:
    if scene.kl is None:
        return
    active = np.var(scene.codes.mean, axis=0) > ACTIVE_VARIANCE
    yield Panel(
        file="kl-per-dim.png",
        title="What each latent dimension carries",
        write=still(figures.kl_per_dim(scene.kl, active=active, threshold=ACTIVE_VARIANCE)),
        caption="Divergence of the posterior from the prior, averaged over rows.",
        reading=(
            "A high bar is a dimension that says much about a row. A bar at zero is a dimension "
            "that says the same about every row, the prior: the model does not use it."
        ),
    )
