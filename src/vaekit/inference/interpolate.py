"""Interpolate between codes, and morph every class into every other."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from vaekit.errors import ConfigError
from vaekit.inference.decode import decode
from vaekit.inference.encode import require_real_codes
from vaekit.inference.landmarks import class_means
from vaekit.models import Model

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Morph", "Walk", "interpolate", "morph", "walk"]


Vector = NDArray[np.floating[Any]]
Path = Literal["linear", "spherical", "density"]

_NEIGHBOURS = 10


@dataclass(frozen=True, kw_only=True, eq=False)
class Walk:
    """Codes along a path, and their decoded means."""

    codes: NDArray[np.float64]
    """(T, D), from the first code to the last."""
    rows: NDArray[np.float32]
    """(T, F) in the units that the model sees."""

    def plot(
        self,
        ax: "Axes",
        *,
        shape: tuple[int, ...],
        start: str = "",
        end: str = "",
        columns: int | None = None,
    ) -> None:
        """Draw the images of the walk one after another into axes.

        Values outside [0, 1] are clipped; ``dataclasses.replace`` puts rows of another range,
        brought to this one, in their place.

        Args:
            ax: of any figure.
            shape: (C, H, W) of a row, in pixels.
            start: name of the first image, at the left.
            end: name of the last image, at the right.
            columns: images in a line; lines of one length with at most twelve when absent.

        Raises:
            InputError: rows that are no images of this shape.

        Example:
            >>> from matplotlib.figure import Figure
            >>> ax = Figure().add_subplot()
            >>> Walk(codes=np.zeros((5, 2)), rows=np.ones((5, 64))).plot(ax, shape=(1, 8, 8))
            >>> ax.images[0].get_size()
            (8, 44)
        """
        from vaekit.figures import image_sequence

        image_sequence(self.rows, shape=shape, start=start, end=end, columns=columns, ax=ax)


def interpolate(
    model: Model,
    *,
    start: Vector,
    end: Vector,
    frames: int = 10,
    path: Path = "linear",
    codes: Vector | None = None,
) -> Walk:
    """Walk through the latent space and decode on the way.

    Args:
        model: a trained model.
        start: (D,), the first code.
        end: (D,), the last code.
        frames: T, how many codes, both ends included.
        path: how to go, as in ``walk``.
        codes: (B, D), of rows; ``density`` walks along them.

    Returns:
        The codes and what they decode to; ``preprocessing.inverse`` gives raw units.

    Raises:
        ConfigError: discrete codes, fewer than 2 frames, codes of another width than the latent
            space, or ``density`` without codes.

    Example:
        >>> from vaekit.builders import build_model
        >>> from vaekit.config import ModelConfig
        >>> model = build_model(ModelConfig(), shape=(1, 8, 8), support="unit")
        >>> interpolate(model, start=np.zeros(2), end=np.ones(2), frames=5).rows.shape
        (5, 64)
    """
    require_real_codes(model)
    places = walk(start, end, frames=frames, path=path, codes=codes)
    return Walk(codes=places, rows=decode(model, codes=places))


def walk(
    start: Vector,
    end: Vector,
    *,
    frames: int = 10,
    path: Path = "linear",
    codes: Vector | None = None,
) -> NDArray[np.float64]:
    r"""Codes on the way from one to another.

    ``linear`` goes straight, :math:`(1 - t) a + t b`. ``spherical`` turns from one direction to
    the other, so that a code on the way is about as far from the origin as the two, where a
    Gaussian of many dimensions has its mass:

    .. math:: \frac{\sin((1 - t) \omega)}{\sin \omega} a + \frac{\sin(t \omega)}{\sin \omega} b

    with the angle :math:`\omega` between them. ``density`` is the shortest path from row to row
    through the graph of the ten nearest neighbours of each; a step costs its squared length, so
    that many short steps where rows are dense are cheaper than a leap over a gap. Its codes lie
    at even distances along that path.

    Args:
        start: (D,).
        end: (D,).
        frames: T, how many codes, both ends included.
        path: linear, spherical or density.
        codes: (B, D), of rows; ``density`` walks along them.

    Returns:
        (T, D).

    Raises:
        ConfigError: fewer than 2 frames, ends of different widths, or ``density`` without codes
            of that width.

    Example:
        >>> walk(np.array([1.0, 0.0]), np.array([0.0, 1.0]), frames=3).tolist()
        [[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]]
        >>> walk(np.array([1.0, 0]), np.array([0, 1.0]), frames=3, path="spherical")[1].round(2)
        array([0.71, 0.71])

    Source:
        spherical: White 2016, arXiv:1609.04468. density: Hwang, Damelin and Hero 2016,
        arXiv:1202.0045, with the power 2.
    """
    if frames < 2:
        raise ConfigError(f"expected at least 2 frames, the first and the last code; got {frames}")
    a, b = np.asarray(start, dtype=np.float64), np.asarray(end, dtype=np.float64)
    if a.ndim != 1 or a.shape != b.shape:
        raise ConfigError(f"expected two codes of one length, got shapes {a.shape} and {b.shape}")
    t = np.linspace(0.0, 1.0, frames)[:, None]
    if path == "linear":
        return (1 - t) * a + t * b
    if path == "spherical":
        return _spherical(a, b, t)
    if codes is None or codes.ndim != 2 or codes.shape[1] != len(a):
        got = "none" if codes is None else f"an array of shape {codes.shape}"
        raise ConfigError(f"a walk by density needs codes of shape (rows, {len(a)}), got {got}")
    return _resample(_along_rows(a, b, codes.astype(np.float64)), t[:, 0])


def _spherical(
    a: NDArray[np.float64], b: NDArray[np.float64], t: NDArray[np.float64]
) -> NDArray[np.float64]:
    """From direction to direction; straight where the two leave no plane to turn in."""
    norms = float(np.linalg.norm(a) * np.linalg.norm(b))
    angle = float(np.arccos(np.clip(a @ b / norms, -1.0, 1.0))) if norms > 0 else 0.0
    if np.sin(angle) < 1e-6:
        return (1 - t) * a + t * b
    away, towards = np.sin((1 - t) * angle), np.sin(t * angle)
    turned: NDArray[np.float64] = (away * a + towards * b) / np.sin(angle)
    return turned


def _along_rows(
    a: NDArray[np.float64], b: NDArray[np.float64], codes: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Codes (M, D) of the cheapest path; neighbours are added until there is one."""
    from sklearn.neighbors import NearestNeighbors

    points = np.concatenate([a[None], b[None], codes])
    count = min(_NEIGHBOURS, len(points) - 1)
    search = NearestNeighbors().fit(points)
    while True:
        lengths, neighbours = search.kneighbors(n_neighbors=count)
        stops = _cheapest(lengths**2, neighbours)
        if stops:
            found: NDArray[np.float64] = points[stops]
            return found
        count = min(2 * count, len(points) - 1)


def _cheapest(costs: NDArray[np.float64], neighbours: NDArray[np.int64]) -> list[int]:
    """Stops from point 0 to point 1 of a graph without directions (Dijkstra); none if apart."""
    edges: list[list[tuple[int, float]]] = [[] for _ in costs]
    for point, (near, cost) in enumerate(zip(neighbours.tolist(), costs.tolist(), strict=True)):
        for other, step in zip(near, cost, strict=True):
            edges[point].append((other, step))
            edges[other].append((point, step))
    before: dict[int, int] = {}
    ahead = [(0.0, 0, 0)]
    while ahead:
        spent, point, origin = heapq.heappop(ahead)
        if point in before:
            continue
        before[point] = origin
        if point == 1:
            return _back(before)
        for other, step in edges[point]:
            if other not in before:
                heapq.heappush(ahead, (spent + step, other, point))
    return []


def _back(before: dict[int, int]) -> list[int]:
    """Stops from 0 to 1, read backwards from where each was reached."""
    stops = [1]
    while stops[-1] != 0:
        stops.append(before[stops[-1]])
    return stops[::-1]


def _resample(stops: NDArray[np.float64], t: NDArray[np.float64]) -> NDArray[np.float64]:
    """Places at shares t of the length of a path through stops (M, D)."""
    steps = np.linalg.norm(np.diff(stops, axis=0), axis=1)
    reached = np.concatenate([[0.0], np.cumsum(steps)])
    return np.stack([np.interp(t * reached[-1], reached, axis) for axis in stops.T], axis=1)


@dataclass(frozen=True, kw_only=True, eq=False)
class Morph:
    """Walks between the mean codes of all pairs of classes, and what is decoded on the way."""

    classes: NDArray[np.int64]
    """(C,), the labels that occur, ascending."""
    codes: NDArray[np.float64]
    """(T, C, C, D): at moment t on the way from the first class to the second."""
    rows: NDArray[np.float32]
    """(T, C, C, F) decoded means, in the units that the model sees."""

    def plot(self, ax: "Axes", *, shape: tuple[int, ...], classes: Sequence[str] = ()) -> None:
        """Draw the middle of all walks as a board; rows are left, columns are reached.

        Images are drawn as they are and clipped to [0, 1]; bring other rows to that range first
        with ``dataclasses.replace(made, rows=...)``.

        Args:
            ax: of any figure.
            shape: (C, H, W) of a row, in pixels.
            classes: names of the labels; the numbers themselves when absent.

        Raises:
            InputError: rows that are no images of this shape.

        Example:
            >>> from matplotlib.figure import Figure
            >>> ax, pair = Figure().add_subplot(), np.array([0, 1])
            >>> codes, rows = np.zeros((3, 2, 2, 2)), np.ones((3, 2, 2, 4))
            >>> Morph(classes=pair, codes=codes, rows=rows).plot(ax, shape=(1, 2, 2))
            >>> [text.get_text() for text in ax.get_yticklabels()]
            ['0', '1']
        """
        from vaekit.figures import image_grid

        labels = self.classes.tolist()
        names = [classes[label] if label < len(classes) else str(label) for label in labels]
        middle = self.rows[len(self.rows) // 2]
        images = middle.reshape(-1, middle.shape[-1])
        image_grid(images, shape=shape, row_labels=names, column_labels=names, ax=ax)


def morph(
    model: Model,
    *,
    codes: NDArray[np.floating[Any]],
    labels: NDArray[np.int64],
    frames: int = 20,
    path: Literal["linear", "spherical"] = "linear",
) -> Morph:
    """Walk from the mean code of each class to that of each other, and decode on the way.

    Args:
        model: a trained model.
        codes: (B, D), of labelled rows.
        labels: (B,); below 0 for rows without one.
        frames: T, how many codes of a walk, both ends included.
        path: how to go, as in ``walk``.

    Returns:
        Codes and decoded means, for each moment a board: a row for the class that is left, a
        column for the one that is reached; ``preprocessing.inverse`` gives raw units.

    Raises:
        ConfigError: fewer than 2 frames, or codes of another width than the latent space.
        DataError: not one label for each code, or no code has one.

    Example:
        >>> from vaekit.builders import build_model
        >>> from vaekit.config import ModelConfig
        >>> model = build_model(ModelConfig(), shape=(1, 8, 8), support="unit")
        >>> made = morph(model, codes=np.eye(2), labels=np.array([0, 1]), frames=5)
        >>> made.rows.shape, made.codes[2, 0, 1]
        ((5, 2, 2, 64), array([0.5, 0.5]))
    """
    require_real_codes(model)
    means = class_means(codes, labels=labels)
    ends = list(means.values())
    walks = [[walk(a, b, frames=frames, path=path) for b in ends] for a in ends]
    places = np.moveaxis(np.array(walks), 2, 0)
    rows = decode(model, codes=places.reshape(-1, places.shape[-1]))
    return Morph(
        classes=np.array(list(means), dtype=np.int64),
        codes=places,
        rows=rows.reshape(*places.shape[:3], -1),
    )
