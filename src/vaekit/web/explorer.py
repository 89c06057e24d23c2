"""One run as the explorer serves it."""

from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from vaekit.errors import ConfigError, DataError
from vaekit.figures import manifold_codes
from vaekit.inference import decode, draw_codes, rank_dimensions, walk
from vaekit.web.planes import Neighbours, Plane, dims_plane, line_plane, pca_plane
from vaekit.web.row_analysis import Reference, Told, see, tell, tell_with_gaps
from vaekit.web.run_view import Shown
from vaekit.web.server import Worker

__all__ = ["Explorer"]


Vector = NDArray[np.floating[Any]]
WalkPath = Literal["linear", "spherical", "density"]

_TAIL, _REACH = 0.01, 3.0
_MOST_STOPS = 5000


class Explorer:
    """Answers about one run; it remembers nothing of those who ask.

    Args:
        shown: the run and its rows.
        worker: the thread that computes, shared by all runs of a server.
    """

    def __init__(self, shown: Shown, *, worker: Worker) -> None:
        self.shown = shown
        self.worker = worker
        self.reference = Reference(shown)
        self.neighbours = Neighbours(shown)
        self.order = rank_dimensions(shown.codes, kl=shown.kl)
        """(D,) dimensions, those that carry most first."""
        self.planes = _planes(shown, self.order)
        """By their names, the first the one to begin with."""
        self.ranges = _ranges(shown)
        """(D, 2) from where to where each dimension is moved."""
        self._decode_all = self._decode_joined  # one object, by which requests are joined

    def plane(self, name: str) -> Plane:
        """A plane by its name.

        Args:
            name: as in ``planes``, or ``dims:A,B`` with any two dimensions from 0.

        Returns:
            The plane.

        Raises:
            ConfigError: there is no such plane.
        """
        if name in self.planes:
            return self.planes[name]
        numbers = name.removeprefix("dims:").split(",")
        known = len(numbers) == 2 and all(n.isascii() and n.isdecimal() for n in numbers)
        if not (name.startswith("dims:") and known and max(map(len, numbers)) < 9):
            raise ConfigError(f"no such plane; there are {', '.join(self.planes)} and any dims:A,B")
        return dims_plane(self.shown, first=int(numbers[0]), second=int(numbers[1]))

    def codes(self, values: Sequence[Sequence[float]]) -> NDArray[np.float32]:
        """Codes that somebody sent, as an array.

        Args:
            values: B lists of D numbers.

        Returns:
            (B, D)

        Raises:
            ConfigError: they are of another length.
        """
        width = self.shown.latent_dim
        wrong = next((len(each) for each in values if len(each) != width), None)
        if wrong is not None:
            raise ConfigError(f"expected codes of {width} numbers, got one of {wrong}")
        return np.array(values, dtype=np.float32).reshape(len(values), width)

    def place(self, row: int | None, label: int | None, code: Sequence[float] | None) -> Vector:
        """The code of a row, of the middle of a class, or one that was sent.

        Args:
            row: from 0 to N - 1; none to take one of the others.
            label: of a class.
            code: D numbers.

        Returns:
            (D,)

        Raises:
            DataError: there is no such row or class.
        """
        if row is not None:
            return np.asarray(self.shown.codes.mean[self.row(row)])
        if label is None:
            return np.asarray(self.codes([code or []])[0])
        if label not in self.shown.places:
            known = ", ".join(map(str, self.shown.places)) or "none"
            raise DataError(f"no row that is shown has the label {label}; there are {known}")
        return np.asarray(self.shown.places[label].mean)

    def row(self, row: int) -> int:
        """A row that is there.

        Args:
            row: its number.

        Returns:
            The same.

        Raises:
            DataError: there is no such row.
        """
        if not 0 <= row < self.shown.rows:
            raise DataError(f"no row {row}; there are 0 to {self.shown.rows - 1}")
        return row

    def decode(self, codes: NDArray[Any], *, draw: bool = False, seed: int = 0) -> "Future[Any]":
        """Decode codes, together with those of others who ask at the same time.

        Args:
            codes: (B, D).
            draw: draw from p(x|z) instead of taking its mean.
            seed: of the draws.

        Returns:
            What is painted: uint8 (B, H, W, C), or float32 (B, F) of a table.
        """
        if not draw:
            return self.worker.join(self._decode_all, payload=codes, size=len(codes))
        model, display = self.shown.run.model, self.shown.display
        return self.worker.submit(
            lambda: display.made(decode(model, codes=codes, draw=True, seed=seed))
        )

    def tell(self, row: "int | NDArray[Any]", *, draws: int, seed: int) -> "Future[Told]":
        """Encode a row, with gaps or without.

        Args:
            row: one that is shown, from 0, or (F,) in units of the data, NaN where a cell is
                missing.
            draws: codes to draw from its posterior.
            seed: of the noise, that of a dynamic binarization included.

        Returns:
            What the model says of it.
        """
        shown, run = self.shown, self.shown.run
        if isinstance(row, int):
            place = np.array([self.row(row)])
            return self.worker.submit(lambda: tell(run, shown.seen(place), draws=draws, seed=seed))
        if np.isnan(row).any():
            return self.worker.submit(lambda: tell_with_gaps(run, row, draws=draws, seed=seed))
        return self.worker.submit(
            lambda: tell(run, see(run, row, seed=seed), draws=draws, seed=seed)
        )

    def sample(self, *, count: int, temperature: float, seed: int) -> "Future[Any]":
        """Draw codes from the prior.

        Args:
            count: how many.
            temperature: 1 for the prior itself.
            seed: of the draws.

        Returns:
            (count, D)
        """
        model = self.shown.run.model
        return self.worker.submit(
            lambda: draw_codes(model, n=count, temperature=temperature, seed=seed)
        )

    def walk(
        self, start: NDArray[Any], end: NDArray[Any], *, frames: int, path: WalkPath
    ) -> NDArray[np.float32]:
        """Codes on the way from one to another.

        Args:
            start: (D,)
            end: (D,)
            frames: T.
            path: linear, spherical or density; the last goes along at most 5000 rows.

        Returns:
            (T, D)
        """
        every = -(-self.shown.rows // _MOST_STOPS)
        codes = self.shown.codes.mean[::every]
        return walk(start, end, frames=frames, path=path, codes=codes).astype(np.float32)

    def strips(self, code: NDArray[Any], *, dims: Sequence[int], steps: int) -> NDArray[np.float32]:
        """Codes that differ from one in a single dimension.

        Args:
            code: (D,)
            dims: which dimensions, from 0.
            steps: S, places along each.

        Returns:
            (len(dims) * S, D), dimension by dimension.

        Raises:
            ConfigError: there is no such dimension.
        """
        width = self.shown.latent_dim
        if not {*dims} <= {*range(width)}:
            raise ConfigError(f"expected dimensions from 0 to {width - 1}, got {list(dims)}")
        codes = np.tile(code, (len(dims), steps, 1))
        for at, dim in enumerate(dims):
            codes[at, :, dim] = np.linspace(self.ranges[dim, 0], self.ranges[dim, 1], steps)
        return codes.reshape(-1, width).astype(np.float32)

    def background(
        self,
        plane: Plane,
        *,
        extent: tuple[float, float, float, float],
        side: int,
        base: Vector | None,
    ) -> NDArray[np.float32]:
        """Codes at the middles of even parts of a plane, line by line from the top left.

        Args:
            plane: through the latent space.
            extent: smallest and largest x, smallest and largest y.
            side: parts along each axis.
            base: (D,) a code whose part off the plane is kept, or none.

        Returns:
            (side * side, D)
        """
        left, right, bottom, top = extent
        across, up = (right - left) / (2 * side), (top - bottom) / (2 * side)
        inner = left + across, right - across, bottom + up, top - up
        return plane.codes(manifold_codes(side, extent=inner), base=base).astype(np.float32)

    def _decode_joined(self, payloads: list[NDArray[Any]]) -> list[NDArray[Any]]:
        model, display = self.shown.run.model, self.shown.display
        made = display.made(decode(model, codes=np.concatenate(payloads)))
        return np.split(made, np.cumsum([len(each) for each in payloads])[:-1])


def _planes(shown: Shown, order: NDArray[np.int64]) -> dict[str, Plane]:
    """The planes that are offered, the first the one to begin with."""
    if shown.latent_dim == 1:
        found = [line_plane(shown)]
    else:
        first, second = sorted(order[:2].tolist())
        found = [dims_plane(shown, first=first, second=second)]
    if shown.latent_dim > 2 and shown.rows > 1:
        found.append(pca_plane(shown))
    return {plane.id: plane for plane in found}


def _ranges(shown: Shown) -> NDArray[np.float64]:
    """(D, 2) that holds nearly all codes, and three standard deviations of the prior."""
    low, high = np.quantile(shown.codes.mean.astype(np.float64), [_TAIL, 1 - _TAIL], axis=0)
    return np.stack([np.minimum(low, -_REACH), np.maximum(high, _REACH)], 1)
