"""Boards of images: dimensions, sums of codes, and every class turning into every other."""

from collections.abc import Iterator

import numpy as np

from vaekit import figures, tasks
from vaekit.config import ReportConfig
from vaekit.gallery.plane import known_class
from vaekit.gallery.scene import Panel, Scene, still

__all__ = ["boards"]

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
    made = tasks.traverse(scene.run.model, codes=scene.codes, kl=scene.kl, columns=_COLUMNS)
    dims = made.dims[:_MOST_DIMS].tolist()
    images = made.rows[:_MOST_DIMS].reshape(len(dims) * _COLUMNS, -1)
    drawing = figures.image_board(
        scene.shown(images), shape=scene.shape, rows=[f"z{dim + 1}" for dim in dims],
        columns=[figures.signed(offset) for offset in made.offsets],
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
    made = tasks.arithmetic(
        scene.run.model, codes=scene.codes.mean, labels=scene.labels, scales=_SCALES, add=label
    )
    images = scene.shown(made.rows.reshape(made.codes.shape[0] * len(_SCALES), -1))
    drawing = figures.image_board(
        images, shape=scene.shape,
        rows=[scene.dataset.classes[each] for each in made.classes.tolist()],
        columns=[figures.signed(scale) for scale in _SCALES], caption="above: s",
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
    made = tasks.morph(scene.run.model, codes=scene.codes.mean, labels=shown, frames=_FRAMES)
    flat = scene.shown(made.rows.reshape(-1, made.rows.shape[-1]))
    frames = flat.reshape(_FRAMES, len(made.classes) ** 2, -1)
    names = [scene.dataset.classes[label] for label in made.classes.tolist()]
    return Panel(
        file="morph.webp",
        title="Every class turning into every other",
        write=lambda path: figures.save_board_animation(
            frames, shape=scene.shape, rows=names, columns=names, path=path
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
