"""Traverse latent dimensions and decode latent planes."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vaekit.errors import ConfigError
from vaekit.evaluation import ACTIVE_VARIANCE
from vaekit.inference.decode import decode
from vaekit.inference.encode import Codes, require_real_codes
from vaekit.inference.landmarks import normal_quantiles
from vaekit.models import Model

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Plane", "Traversal", "plane", "rank_dimensions", "traverse"]


_TAIL = 0.01  # probability beyond the first and the last column


@dataclass(frozen=True, kw_only=True, eq=False)
class Traversal:
    """A row for each active dimension, a column for each quantile."""

    dims: NDArray[np.int64]
    """(A,), the active dimensions from 0, those that carry most first."""
    inactive: NDArray[np.int64]
    """(D - A,), the others, ascending."""
    offsets: NDArray[np.float64]
    """(S,), of the columns, in standard deviations from the middle."""
    codes: NDArray[np.float64]
    """(A, S, D)."""
    rows: NDArray[np.float32]
    """(A, S, F) decoded means, in the units that the model sees."""

    def plot(self, ax: "Axes", *, shape: tuple[int, ...], most: int | None = None) -> None:
        """Draw a board into axes, a dimension beside each row and its offset above each column.

        Values outside [0, 1] are clipped; ``dataclasses.replace`` puts rows of another range,
        brought to this one, in their place.

        Args:
            ax: of any figure.
            shape: (C, H, W) of a row, in pixels.
            most: dimensions to draw, those that carry most; all active ones when absent.

        Raises:
            InputError: rows that are no images of this shape.

        Example:
            >>> from matplotlib.figure import Figure
            >>> dims, offsets = np.array([1, 0]), np.array([-2.0, 2.0])
            >>> codes, rows = np.zeros((2, 2, 2)), np.ones((2, 2, 64))
            >>> none = np.array([], dtype=int)
            >>> moved = Traversal(dims=dims, inactive=none, offsets=offsets, codes=codes, rows=rows)
            >>> ax = Figure().add_subplot()
            >>> moved.plot(ax, shape=(1, 8, 8))
            >>> [text.get_text() for text in ax.get_yticklabels()]
            ['z2', 'z1']
        """
        from vaekit.figures import format_number, image_grid

        dims, rows = self.dims[:most].tolist(), self.rows[:most]
        image_grid(
            rows.reshape(-1, rows.shape[-1]), shape=shape,
            row_labels=[f"z{dim + 1}" for dim in dims],
            column_labels=[format_number(offset) for offset in self.offsets.tolist()],
            caption="above: standard deviations from the middle", ax=ax,
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class Plane:
    """Places in a plane of two latent dimensions, and what they decode to."""

    codes: NDArray[np.float64]
    """(B, D), zero outside of the plane."""
    dims: tuple[int, int]
    """The two dimensions of the plane, from 0."""
    rows: NDArray[np.float32]
    """(B, F) decoded means, in the units that the model sees."""

    @property
    def points(self) -> NDArray[np.float64]:
        """(B, 2), coordinates in the plane."""
        return self.codes[:, list(self.dims)]

    def plot(
        self,
        ax: "Axes",
        *,
        shape: tuple[int, ...],
        path: NDArray[np.floating[Any]] | None = None,
    ) -> None:
        """Draw the map of the plane into axes, where its points are a grid.

        Values outside [0, 1] are clipped; ``dataclasses.replace`` puts rows of another range,
        brought to this one, in their place.

        Args:
            ax: of any figure.
            shape: (C, H, W) of a row, in pixels.
            path: (T, D), codes of a walk that is drawn over the map.

        Raises:
            InputError: rows that are no images of this shape, or points that are no grid as
                ``vaekit.figures.manifold_codes`` gives it, or normal quantiles of one.

        Example:
            >>> from matplotlib.figure import Figure
            >>> from vaekit.figures import manifold_codes
            >>> ax, grid = Figure().add_subplot(), manifold_codes(3, extent=(-1, 1, -1, 1))
            >>> Plane(codes=grid, dims=(0, 1), rows=np.ones((9, 64))).plot(ax, shape=(1, 8, 8))
            >>> ax.images[0].get_size(), ax.get_ylabel()
            ((24, 24), 'z2')
        """
        from vaekit.figures import manifold

        first, second = self.dims
        walk = None if path is None else path[:, [first, second]]
        names = (f"z{first + 1}", f"z{second + 1}")
        manifold(self.rows, shape=shape, codes=self.points, path=walk, axis_labels=names, ax=ax)


def rank_dimensions(codes: Codes, *, kl: ArrayLike | None = None) -> NDArray[np.int64]:
    """Latent dimensions, those that carry most first.

    Args:
        codes: of rows.
        kl: (D,), divergence of each dimension from the prior; the variance of its posterior mean
            over the rows counts when absent.

    Returns:
        (D,) dimensions from 0.

    Raises:
        ConfigError: not one divergence for each dimension.

    Example:
        >>> codes = Codes(mean=np.array([[0.0, 1.0], [0.0, 3.0]]), variance=np.ones((2, 2)))
        >>> rank_dimensions(codes), rank_dimensions(codes, kl=[2.0, 1.0])
        (array([1, 0]), array([0, 1]))
    """
    weight = codes.mean.var(0) if kl is None else np.asarray(kl, dtype=np.float64)
    dims = codes.mean.shape[1]
    if weight.shape != (dims,):
        raise ConfigError(f"expected a divergence for each of {dims} dimensions, got {weight.size}")
    return np.argsort(-weight, kind="stable")


def traverse(
    model: Model, *, codes: Codes, kl: ArrayLike | None = None, columns: int = 11
) -> Traversal:
    """Move along one dimension at a time, from one tail through the middle to the other.

    The middle is the mean of all codes. A dimension moves through normal quantiles of even
    probability from 1% to 99%, in standard deviations of the codes of all rows, their own
    uncertainty included; for a standard normal prior and a good fit that is N(0, 1). The other
    dimensions stay in the middle. Dimensions whose posterior mean varies by no more than 0.01
    over the rows are left out, but for the first where no dimension is active.

    Args:
        model: a trained model.
        codes: of rows.
        kl: (D,), as in ``rank_dimensions``.
        columns: S, places on the way.

    Returns:
        Dimensions in the order of what they carry, codes and decoded means.

    Raises:
        ConfigError: discrete codes, fewer than 2 columns, or not one divergence for each dimension.

    Example:
        >>> from vaekit.builders import build_model
        >>> from vaekit.config import ModelConfig
        >>> model = build_model(ModelConfig(), shape=(1, 8, 8), support="unit")
        >>> codes = Codes(mean=np.array([[-1.0, 0.0], [1.0, 0.0]]), variance=np.ones((2, 2)))
        >>> moved = traverse(model, codes=codes, columns=3)
        >>> moved.dims, moved.inactive, moved.offsets.round(1)
        (array([0]), array([1]), array([-2.3,  0. ,  2.3]))
    """
    require_real_codes(model)
    if columns < 2:
        raise ConfigError(f"expected at least 2 places along a dimension, got {columns}")
    order = rank_dimensions(codes, kl=kl)
    spread = codes.mean.var(0, dtype=np.float64)
    active = spread > ACTIVE_VARIANCE
    dims = order[active[order]] if active.any() else order[:1]
    offsets = normal_quantiles(np.linspace(_TAIL, 1 - _TAIL, columns))
    deviation = np.sqrt(spread + codes.variance.mean(0, dtype=np.float64))
    middle = codes.mean.mean(0, dtype=np.float64)
    places = np.tile(middle, (len(dims), columns, 1))
    for row, dim in enumerate(dims):
        places[row, :, dim] += offsets * deviation[dim]
    rows = decode(model, codes=places.reshape(-1, len(middle)))
    return Traversal(
        dims=dims,
        inactive=np.setdiff1d(order, dims),
        offsets=offsets,
        codes=places,
        rows=rows.reshape(len(dims), columns, -1),
    )


def plane(
    model: Model,
    *,
    points: NDArray[np.floating[Any]],
    dims: tuple[int, int] = (0, 1),
) -> Plane:
    """Decode places in a plane of two latent dimensions, with all others at 0.

    Args:
        model: a trained model.
        points: (B, 2), coordinates in the plane.
        dims: the two dimensions, from 0.

    Returns:
        Codes and decoded means; ``preprocessing.inverse`` gives raw units.

    Raises:
        ConfigError: discrete codes, points of another width than 2, or there are no two such
            dimensions.

    Example:
        >>> from vaekit.builders import build_model
        >>> from vaekit.config import ModelConfig
        >>> model = build_model(ModelConfig(latent_dim=3), shape=(1, 8, 8), support="unit")
        >>> plane(model, points=np.ones((4, 2)), dims=(0, 2)).codes[0].tolist()
        [1.0, 0.0, 1.0]
    """
    require_real_codes(model)
    if points.ndim != 2 or points.shape[1] != 2:
        raise ConfigError(f"expected points of shape (rows, 2), got {points.shape}")
    latent_dim = model.code_distribution().event_shape[0]
    if len({*dims}) != 2 or not {*dims} <= {*range(latent_dim)}:
        raise ConfigError(f"expected two dimensions from 0 to {latent_dim - 1}, got {dims}")
    codes = np.zeros((len(points), latent_dim))
    codes[:, list(dims)] = points
    return Plane(codes=codes, dims=dims, rows=decode(model, codes=codes))
