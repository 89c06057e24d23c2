"""Two-dimensional views of codes: latent axes, PCA, t-SNE."""

import threading
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaekit.errors import ConfigError
from vaekit.inference import evenly, latent_extent, project
from vaekit.web.run_view import Shown

__all__ = ["Neighbours", "Plane", "dims_plane", "line_plane", "pca_plane"]


_MOST_EMBEDDED = 2000
_LEAST_EMBEDDED = 5
_ROOM = 0.05  # of the plane, around the codes that are shown


@dataclass(frozen=True, kw_only=True, eq=False)
class Plane:
    """A plane through the latent space: the place (x, y) is the code origin + x a + y b."""

    id: str
    """What the plane is called in an address."""
    title: str
    """What a person calls it."""
    axis_labels: tuple[str, str]
    """Names of x and y."""
    points: NDArray[np.float32]
    """(N, 2) of the rows that are shown."""
    origin: NDArray[np.float64]
    """(D,)"""
    axes: NDArray[np.float64]
    """(2, D), a and b; orthonormal, but for a line, where b is 0."""

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """Limits that hold most of the points, with some room around them."""
        left, right, bottom, top = latent_extent(self.points)
        across, up = _ROOM * (right - left), _ROOM * (top - bottom)
        return left - across, right + across, bottom - up, top + up

    def codes(
        self, points: NDArray[np.floating[Any]], *, base: NDArray[np.floating[Any]] | None = None
    ) -> NDArray[np.float64]:
        """Codes at places of the plane.

        Args:
            points: (B, 2).
            base: (D,) a code whose part off the plane is kept; the plane itself when absent.

        Returns:
            (B, D)
        """
        if base is None:
            return self.origin + points @ self.axes
        there: NDArray[np.float64] = (
            base + (points - (base - self.origin) @ self.axes.T) @ self.axes
        )
        return there


def dims_plane(shown: Shown, *, first: int, second: int) -> Plane:
    """The plane of two latent dimensions, all others at 0.

    Args:
        shown: whose codes.
        first: the dimension along x, from 0.
        second: the dimension along y.

    Returns:
        The plane.

    Raises:
        ConfigError: there are no two such dimensions.
    """
    width = shown.latent_dim
    if first == second or not {first, second} <= {*range(width)}:
        raise ConfigError(
            f"expected two dimensions from 0 to {width - 1}, got {first} and {second}"
        )
    names = f"z{first + 1}", f"z{second + 1}"
    return Plane(
        id=f"dims:{first},{second}",
        title=", ".join(names),
        axis_labels=names,
        points=np.ascontiguousarray(shown.codes.mean[:, [first, second]], dtype=np.float32),
        origin=np.zeros(width),
        axes=np.eye(width)[[first, second]],
    )


def pca_plane(shown: Shown) -> Plane:
    """The plane in which the codes vary most.

    Args:
        shown: whose codes, of two dimensions or more.

    Returns:
        The plane.
    """
    codes = shown.codes.mean.astype(np.float64)
    found = project(codes, method="pca")
    origin = codes.mean(0)
    # The axes from the coordinates: X = U S V', the points are U S, so V is X' U S over S squared.
    squares = np.maximum(np.square(found.points).sum(0), 1e-12)
    first, second = found.axis_labels
    return Plane(
        id="pca",
        title="PCA",
        axis_labels=(first, second),
        points=found.points.astype(np.float32),
        origin=origin,
        axes=((codes - origin).T @ found.points / squares).T,
    )


def line_plane(shown: Shown) -> Plane:
    """A single dimension along x, and rows spread along y so that they can be told apart.

    Args:
        shown: whose codes, of one dimension.

    Returns:
        The plane.
    """
    spread = np.linspace(-1, 1, shown.rows)
    points = np.stack([shown.codes.mean[:, 0], spread], 1).astype(np.float32)
    return Plane(
        id="line", title="z1", axis_labels=("z1", "row"), points=points, origin=np.zeros(1),
        axes=np.array([[1.0], [0.0]]),
    )  # fmt: skip


class Neighbours:
    """t-SNE of some of the codes, computed once, when somebody first asks for it.

    It keeps neighbours together and nothing else, so no code belongs to a place between points.

    Args:
        shown: whose codes.
    """

    def __init__(self, shown: Shown) -> None:
        self.places = evenly(shown.rows, most=_MOST_EMBEDDED)
        """(n,) which of the rows."""
        self._codes = shown.codes.mean[self.places]
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._points: NDArray[np.float32] | None = None
        self._failed = ""

    @property
    def possible(self) -> bool:
        """Whether there are codes and dimensions enough."""
        rows, width = self._codes.shape
        return bool(width > 2 and rows > _LEAST_EMBEDDED)

    def points(self) -> NDArray[np.float32] | None:
        """Places (n, 2), or none while they are computed; the first call begins with it.

        Raises:
            ConfigError: they cannot be computed.
        """
        with self._lock:
            if self._failed:
                raise ConfigError(f"t-SNE of these codes failed: {self._failed}")
            if self._thread is None:
                self._thread = threading.Thread(target=self._try, daemon=True)
                self._thread.start()
        return self._points

    def compute(self) -> NDArray[np.float32]:
        """Places (n, 2), computed now."""
        if self._points is None:
            self._points = project(self._codes, method="tsne").points.astype(np.float32)
        return self._points

    def _try(self) -> None:
        try:
            self.compute()
        except Exception as error:
            self._failed = f"{type(error).__name__}: {error}"
