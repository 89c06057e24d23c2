"""The map of a latent plane, and a walk from one class to another."""

import warnings
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from vaekit import figures, tasks
from vaekit.config import ReportConfig
from vaekit.errors import VaekitWarning
from vaekit.gallery.scene import Panel, Scene, still

__all__ = ["known_class", "plane"]

_SIDE = 20
_STRIP, _ANIMATION = 12, 40  # frames
_MOST_STOPS = 5000
_FAMILIAR = 0.5  # share of a class among the rows around its mean, below which it is a stranger


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
    place = tasks.class_place(scene.codes.mean, labels=scene.labels, label=label)
    familiar = place.own >= _FAMILIAR
    return place.mean if familiar else scene.codes.mean[place.densest].astype(np.float64)


def _walk(
    scene: Scene,
    ends: tuple[NDArray[np.float64], NDArray[np.float64]],
    wanted: ReportConfig,
    frames: int,
) -> tasks.Walk:
    codes = scene.codes.mean[tasks.evenly(len(scene.index), most=_MOST_STOPS)]
    return tasks.interpolate(
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
    limits = tasks.latent_extent(scene.codes.mean) if reach is None else (-reach, reach) * 2
    grid = figures.manifold_codes(_SIDE, extent=limits)
    images = scene.shown(tasks.decode(scene.run.model, codes=grid))
    drawing = figures.manifold(images, shape=scene.shape, side=_SIDE, extent=limits, path=path)
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
    scene: Scene, wanted: ReportConfig, *, strip: tasks.Walk, moving: tasks.Walk
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
    drawing = figures.image_strip(scene.shown(strip.rows), shape=scene.shape, start=first, end=last)
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
