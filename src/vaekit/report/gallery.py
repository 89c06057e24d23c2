"""Draw all figures of a run."""

import math
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure
from numpy.typing import NDArray

from vaekit import figures, inference
from vaekit.config import ReportConfig
from vaekit.data import Dataset
from vaekit.errors import VaekitWarning
from vaekit.evaluation import ACTIVE_VARIANCE
from vaekit.numerics import fixed_noise
from vaekit.report.scene import Panel, Scene, look, still
from vaekit.runs import Run, label_models, load_label_model

__all__ = ["analogies", "boards", "draw_figures", "known_class", "overview", "plane", "projections"]


_PAIRS = 40
_PANEL_ROWS = 2000
_SAMPLES = 64
_PRIOR_WALKS, _PRIOR_FRAMES = 6, 10


def overview(scene: Scene) -> Iterator[Panel]:
    """Panels that every run has.

    Args:
        scene: the run and its rows.

    Yields:
        The panels in the order in which they are read.
    """
    yield from _curves(scene)
    latent = scene.run.model.latent
    if not latent.encoder:
        yield _samples(scene)
        if latent.real and scene.dataset.is_image:
            yield _interpolations(scene)
        return
    yield _reconstructions(scene)
    yield _samples(scene)
    if latent.real:
        yield _latent(scene)
    yield from _kl(scene)


def _curves(scene: Scene) -> Iterator[Panel]:
    records = scene.run.folder.read_metrics()
    if not records:
        return
    if "bound" not in records[0]["train"]:  # a step that minimises something else
        yield Panel(
            file="learning-curves.png",
            title="Learning curves",
            write=still(figures.learning_curves(records)),
            caption="Means over the rows of each epoch of what the training step minimises.",
            reading=(
                "Each curve is one of the sums of the training step. Where a network is trained "
                "against another, one curve falls when the other rises: neither says how good "
                "the samples are."
            ),
        )
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
    found = inference.reconstruct(
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
        made = scene.shown(inference.sample(run.model, n=_SAMPLES))
        drawing = figures.samples(made, shape=shape)
        caption = "Decoded means of codes drawn from the prior."
    else:
        rows = scene.dataset.rows[scene.some(_PANEL_ROWS)]
        made = scene.shown(inference.sample(run.model, n=max(len(rows), 500), draw=True))
        names = run.preprocessing.columns
        drawing = figures.samples(made, shape=shape, data=rows, names=names)
        caption = "Draws from the model beside the data."
    return Panel(
        file="samples.png", title="Samples", write=still(drawing), caption=caption, reading=reading
    )


def _interpolations(scene: Scene) -> Panel:
    """Walks between codes drawn from the prior, where no row has a code."""
    model = scene.run.model
    with torch.no_grad(), fixed_noise(0):
        ends = model.code_distribution().sample((2 * _PRIOR_WALKS,)).numpy()
    rows = [
        inference.interpolate(
            model, start=start, end=end, frames=_PRIOR_FRAMES, path="spherical"
        ).rows
        for start, end in zip(ends[::2], ends[1::2], strict=True)
    ]
    drawing = figures.image_grid(
        scene.shown(np.concatenate(rows)), shape=scene.shape, columns=_PRIOR_FRAMES
    )
    return Panel(
        file="interpolations.png",
        title="Interpolations",
        write=still(drawing),
        caption=f"{_PRIOR_WALKS} walks from one code drawn from the prior to another, decoded.",
        reading=(
            "Where images change smoothly along a row, codes between two codes mean something; "
            "where one image jumps to another, the decoder has learned images by heart."
        ),
    )


def _latent(scene: Scene) -> Panel:
    """The two dimensions that carry most; the only one against its standard deviation."""
    mean = scene.codes.mean
    if scene.latent_dim == 1:
        points = np.concatenate([mean, np.sqrt(scene.codes.variance)], axis=1)
        names, what = ("z1", "standard deviation of z1"), "The only latent dimension"
    else:
        order = inference.rank_dimensions(scene.codes, kl=scene.kl)
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


_SIDE = 20
_STRIP, _ANIMATION = 12, 40  # frames
_MOST_STOPS = 5000
_FAMILIAR = 0.5  # share of a class among the rows around its mean, below which it is untypical


def plane(scene: Scene, *, wanted: ReportConfig) -> Iterator[Panel]:
    """A map where the latent space is a plane, a walk where one is wanted; of images only.

    Args:
        scene: the run and its rows.
        wanted: how far the map reaches, and which walk.

    Yields:
        The panels.
    """
    if not scene.dataset.is_image:
        return
    ends = _ends(scene, wanted)
    moving = None if ends is None else _walk(scene, ends, wanted, _ANIMATION)
    if scene.latent_dim == 2:
        codes = None if moving is None else moving.codes
        yield _map(scene, wanted.extent, path=codes, ends=wanted.walk if moving else None)
    if ends is not None and moving is not None:
        strip = _walk(scene, ends, wanted, _STRIP)
        yield from _strip(scene, wanted, strip=strip, moving=moving)


def known_class(scene: Scene, *, name: str) -> int | None:
    """Label of a class that a figure is wanted of; a warning where there is none.

    Args:
        scene: the run and its rows.
        name: of the class.

    Returns:
        Its label; none where no shown row is of this class, and the figure has to be left out.
    """
    classes, labels = scene.dataset.classes, scene.labels
    label = classes.index(name) if name in classes else -1
    if labels is not None and label >= 0 and (labels == label).any():
        return label
    warnings.warn(
        f"report: no row of the {scene.split} split is of the class {name}, so the figure that "
        "needs one is left out",
        VaekitWarning,
        stacklevel=2,
    )
    return None


def _ends(
    scene: Scene, wanted: ReportConfig
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Codes (D,) where the walk begins and ends."""
    if wanted.walk is None:
        return None
    first, last = (known_class(scene, name=name) for name in wanted.walk)
    if first is None or last is None:
        return None
    return _middle(scene, first), _middle(scene, last)


def _middle(scene: Scene, label: int) -> NDArray[np.float64]:
    """Mean code of a class, or its densest where others live around the mean."""
    assert scene.labels is not None
    place = inference.class_place(scene.codes.mean, labels=scene.labels, label=label)
    familiar = place.own >= _FAMILIAR
    return place.mean if familiar else scene.codes.mean[place.densest].astype(np.float64)


def _walk(
    scene: Scene,
    ends: tuple[NDArray[np.float64], NDArray[np.float64]],
    wanted: ReportConfig,
    frames: int,
) -> inference.Walk:
    codes = scene.codes.mean[inference.evenly(len(scene.index), most=_MOST_STOPS)]
    return inference.interpolate(
        scene.run.model, start=ends[0], end=ends[1], frames=frames, path=wanted.walk_path,
        codes=codes,
    )  # fmt: skip


def _map(
    scene: Scene,
    extent: float | None,
    *,
    path: NDArray[np.float64] | None,
    ends: tuple[str, str] | None,
) -> Panel:
    reach = extent
    limits = inference.latent_extent(scene.codes.mean) if reach is None else (-reach, reach) * 2
    grid = figures.manifold_codes(_SIDE, extent=limits)
    images = scene.shown(inference.decode(scene.run.model, codes=grid))
    drawing = figures.manifold(images, shape=scene.shape, codes=grid, path=path)
    part = (
        f"from {-reach:g} to {reach:g} along both axes"
        if reach is not None
        else "that holds 98% of the codes along each axis"
    ).replace("-", "\N{MINUS SIGN}")
    way = f" In red the walk from {ends[0]} to {ends[1]}." if ends else ""
    return Panel(
        file="manifold.png",
        title="Map of the latent plane",
        write=still(drawing),
        caption=f"Decoded means over the part of the plane {part}, {_SIDE} by {_SIDE}.{way}",
        reading=(
            "Every place of the plane decodes to an image, and neighbours look alike: one kind "
            "turns into the next step by step. Where the images are blurred, the plane has to "
            "hold more kinds than there is room for."
        ),
    )


def _strip(
    scene: Scene, wanted: ReportConfig, *, strip: inference.Walk, moving: inference.Walk
) -> Iterator[Panel]:
    assert wanted.walk is not None
    first, last = wanted.walk
    frames = scene.shown(moving.rows)
    how = {"linear": "straight", "spherical": "around the origin", "density": "along the data"}
    caption = f"From the middle of {first} to that of {last}, {how[wanted.walk_path]}, decoded."
    reading = (
        "Nobody drew what is between the two: the decoder makes an image of every code on the "
        "way. A smooth change says that the latent space has an order, and an image that is "
        "neither the one nor the other marks a place where no data lie."
    )
    drawing = figures.image_sequence(
        scene.shown(strip.rows), shape=scene.shape, start=first, end=last
    )
    title = f"A walk from {first} to {last}"
    yield Panel(
        file="walk.png", title=title, write=still(drawing), caption=caption, reading=reading
    )
    yield Panel(
        file="walk.webp",
        title=f"{title}, moving",
        write=lambda path: figures.save_animation(frames, shape=scene.shape, path=path),
        caption=f"The same walk there and back in {_ANIMATION} frames.",
        reading=(
            "Follow one stroke and see where it goes. What jumps instead of moving is a place "
            "where the decoder changes its mind over a short way."
        ),
    )


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
    some = inference.evenly(len(scene.index), most=_MOST_ROWS)
    made = inference.project(scene.codes.mean[some], method="tsne", dims=3 if dims == 3 else 2)
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


def _scatter(scene: Scene, made: inference.Projection, labels: NDArray[np.int64] | None) -> Figure:
    """In the plane, or in space from two sides."""
    return figures.latent_scatter(
        made.points, labels=labels, classes=scene.dataset.classes, axis_labels=made.axis_labels
    )


def _roll(scene: Scene) -> Panel:
    """Points in space beside the plane, coloured alike, and what of their order is kept."""
    # Of all rows: the paths of few rows leap from one turn of the roll to the next.
    dataset, run = scene.dataset, scene.run
    some = inference.evenly(len(dataset.rows), most=_ROLL_ROWS)
    points = dataset.rows[some].astype(np.float64)
    codes = inference.encode(
        run.model, preprocessing=run.preprocessing, rows=dataset.rows, index=some
    ).mean.astype(np.float64)
    kept = inference.neighbourhoods(points, codes=codes)
    labels = dataset.labels
    color = points[:, 0] if labels is None else labels[some].astype(np.float64)
    name = "first coordinate" if labels is None else "label"
    return Panel(
        file="roll.png",
        title="Space and plane",
        write=still(figures.points_and_codes(points, codes=codes, color=color, color_label=name)),
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


_ROWS = 10


def analogies(scene: Scene) -> Iterator[Panel]:
    """Images in the style of others, where the run has learned from labels.

    Args:
        scene: the run and its rows.

    Yields:
        The panel.
    """
    counts = label_models(scene.run)
    labels = scene.labels
    if not counts or labels is None or not scene.dataset.is_image:
        return
    count = max(counts)
    labelled = load_label_model(scene.run, count=count)
    names = [scene.dataset.classes[label] for label in range(len(labelled.every_label))]
    chosen = _one_of_each(labels)
    codes = inference.Codes(mean=scene.codes.mean[chosen], variance=scene.codes.variance[chosen])
    made = inference.analogies(scene.run.model, labelled=labelled, codes=codes)
    seen = inference.reconstruct(
        scene.run.model,
        preprocessing=scene.run.preprocessing,
        rows=scene.dataset.rows,
        index=scene.index[chosen],
    ).inputs
    drawing = figures.analogy_grid(
        scene.shown(seen),
        analogies=scene.shown(made.reshape(-1, made.shape[-1])).reshape(made.shape),
        shape=scene.shape,
        names=names,
    )
    yield Panel(
        file="analogies.png",
        title="One style, every label",
        write=still(drawing),
        caption=(
            f"At the left an image of the {scene.split} rows; in its line its style, inferred "
            f"by the model that knows {count:,} labels, under every label."
        ),
        reading=(
            "A line should keep slant, width and weight of the image at its left while the label "
            "changes. Where a line shows the same digits as the next one, the model has put "
            "little of the style into the code."
        ),
    )


def _one_of_each(labels: np.ndarray) -> np.ndarray:
    """Positions of the first row of each class, at most ten."""
    known = np.unique(labels[labels >= 0])[:_ROWS]
    return np.array([np.flatnonzero(labels == label)[0] for label in known])


_MOST_DIMS = 12
_COLUMNS = 11
_SCALES = np.linspace(0.0, 2.0, 8)
_FRAMES = 20
_MOST_CLASSES = 12


def boards(scene: Scene, *, wanted: ReportConfig) -> Iterator[Panel]:
    """Boards of a run on images.

    Args:
        scene: the run and its rows.
        wanted: which class is added, and whether classes turn into each other.

    Yields:
        The panels.
    """
    if not scene.dataset.is_image:
        return
    if scene.latent_dim > 2:
        yield _traversal(scene)
    if wanted.add is not None:
        label = known_class(scene, name=wanted.add)
        if label is not None:
            yield _arithmetic(scene, name=wanted.add, label=label)
    if wanted.morph and scene.labels is not None:
        yield _morph(scene)


def _traversal(scene: Scene) -> Panel:
    made = inference.traverse(scene.run.model, codes=scene.codes, kl=scene.kl, columns=_COLUMNS)
    dims = made.dims[:_MOST_DIMS].tolist()
    images = made.rows[:_MOST_DIMS].reshape(len(dims) * _COLUMNS, -1)
    drawing = figures.image_grid(
        scene.shown(images), shape=scene.shape, row_labels=[f"z{dim + 1}" for dim in dims],
        column_labels=[figures.format_number(offset) for offset in made.offsets],
        caption="above: standard deviations from the middle",
    )  # fmt: skip
    more = len(made.dims) - len(dims)
    rest = f" {more} more are active." if more else ""
    return Panel(
        file="traversal.png",
        title="What each dimension does",
        write=still(drawing),
        caption=f"One dimension moves, all others stay in the middle of the codes.{rest}",
        reading=(
            "The dimension that carries most is at the top; in each line only its number changes. "
            "Some lines change one thing, such as slant or width, but nothing in the objective "
            "asks for that, and most mix several."
        ),
    )


def _arithmetic(scene: Scene, *, name: str, label: int) -> Panel:
    assert scene.labels is not None
    made = inference.arithmetic(
        scene.run.model, codes=scene.codes.mean, labels=scene.labels, scales=_SCALES, add=label
    )
    images = scene.shown(made.rows.reshape(made.codes.shape[0] * len(_SCALES), -1))
    drawing = figures.image_grid(
        images, shape=scene.shape,
        row_labels=[scene.dataset.classes[each] for each in made.classes.tolist()],
        column_labels=[figures.format_number(scale) for scale in _SCALES], caption="above: s",
        title=f"Mean code of each class + s ({name} \N{MINUS SIGN} mean of all)",
    )  # fmt: skip
    return Panel(
        file="arithmetic.png",
        title=f"Adding {name}",
        write=still(drawing),
        caption=(
            f"The mean code of each class, and so many times what makes {name} differ from the "
            "mean of all codes."
        ),
        reading=(
            f"Codes can be added: to the right every line gets more of {name}. Lines that get "
            "there early began close to it, and those that pass through another class have that "
            "class in between."
        ),
    )


def _morph(scene: Scene) -> Panel:
    assert scene.labels is not None
    labels = scene.labels
    largest = np.argsort(-np.bincount(labels[labels >= 0]), kind="stable")[:_MOST_CLASSES]
    shown = np.where(np.isin(labels, largest), labels, -1)
    made = inference.morph(scene.run.model, codes=scene.codes.mean, labels=shown, frames=_FRAMES)
    flat = scene.shown(made.rows.reshape(-1, made.rows.shape[-1]))
    frames = flat.reshape(_FRAMES, len(made.classes) ** 2, -1)
    names = [scene.dataset.classes[label] for label in made.classes.tolist()]
    return Panel(
        file="morph.webp",
        title="Every class turning into every other",
        write=lambda path: figures.save_grid_animation(
            frames, shape=scene.shape, row_labels=names, column_labels=names, path=path
        ),
        caption=(
            "From the mean code of the class at the left to that of the class above, straight, "
            f"there and back in {_FRAMES} frames."
        ),
        reading=(
            "In the diagonal nothing moves, and each pair is there twice, in both directions. "
            "Look at the middle of the way: where it is still a plausible image the two classes "
            "are neighbours, and where it is a ghost there is a gap between them."
        ),
    )


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
    latent = scene.run.model.latent
    if not (latent.real and latent.encoder):  # nothing lies between two codes, or no row has one
        return
    yield from plane(scene, wanted=wanted)
    yield from boards(scene, wanted=wanted)
    yield from analogies(scene)
    yield from projections(scene, wanted=wanted)
