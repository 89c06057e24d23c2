"""One run as the explorer serves it: computations and summaries."""

import asyncio
import math
from collections.abc import Callable, Sequence
from pathlib import PurePath
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from vaekit.describe.graph import likelihood_text, prior_text
from vaekit.errors import ConfigError, DataError
from vaekit.evaluation.evaluate import ACTIVE_VARIANCE
from vaekit.figures import manifold_codes
from vaekit.inference import Codes, decode, draw_codes, rank_dimensions, walk
from vaekit.web import schemas
from vaekit.web.row_analysis import ReferenceLikelihoods, analyze_row
from vaekit.web.run_view import TSNE, Plane, RunView, dims_plane, make_planes
from vaekit.web.worker import Worker

__all__ = ["Explorer"]


T = TypeVar("T")

_TAIL, _PRIOR_RANGE = 0.01, 3.0
_PRIOR_SAMPLES = 1000  # for the ranges of sliders without an encoder
_DISCRETE = (
    "the codes of this model are discrete, so there are no planes, sliders, paths or arithmetic"
)
_NO_ENCODER = "this model has no encoder, so rows have no codes"
_MAX_WALK_ROWS = 5000
_MAX_STATISTICS_ROWS = 5000
_EVALUATED = ("elbo", "log_likelihood", "rate", "distortion")


class Explorer:
    """Computations and summaries of one run; it keeps no state of its clients.

    Args:
        view: the run and its rows.
        worker: the thread on which models compute, shared by all runs of a server.
    """

    def __init__(self, view: RunView, *, worker: Worker) -> None:
        self.view = view
        self.worker = worker
        self.reference = ReferenceLikelihoods(view)
        self.tsne = TSNE(view)
        self.latent = view.run.model.latent
        self._codes = view.codes
        if not view.rows:
            samples = draw_codes(view.run.model, n=_PRIOR_SAMPLES).astype(np.float32)
            self._codes = Codes(mean=samples, variance=np.zeros_like(samples))
        self.order = rank_dimensions(self._codes, kl=view.kl_per_dim)
        """(D,) latent dimensions, the most informative first."""
        self.planes = make_planes(view, order=self.order)
        """Planes by id, the default one first."""
        low, high = np.quantile(self._codes.mean.astype(np.float64), [_TAIL, 1 - _TAIL], axis=0)
        self.ranges = np.stack([np.minimum(low, -_PRIOR_RANGE), np.maximum(high, _PRIOR_RANGE)], 1)
        """(D, 2) limits of sliders: nearly all codes, and three standard deviations of N(0, 1)."""

    def require_continuous(self) -> None:
        """Check that codes can be moved and combined.

        Raises:
            ConfigError: they are discrete.
        """
        if not self.latent.real:
            raise ConfigError(_DISCRETE)

    def plane(self, plane_id: str) -> Plane:
        """Return a plane by its id.

        Args:
            plane_id: as in ``planes``, or ``dims:A,B`` with any two dimensions from 0.

        Returns:
            The plane.

        Raises:
            ConfigError: there is no such plane.
        """
        self.require_continuous()
        if plane_id in self.planes:
            return self.planes[plane_id]
        dims = plane_id.removeprefix("dims:").split(",")
        valid = len(dims) == 2 and all(n.isascii() and n.isdecimal() and len(n) < 9 for n in dims)
        if not (plane_id.startswith("dims:") and valid):
            raise ConfigError(f"no such plane; there are {', '.join(self.planes)} and any dims:A,B")
        return dims_plane(self.view, first=int(dims[0]), second=int(dims[1]))

    def check_row(self, row: int) -> int:
        """Return the number of a row if there is such a row.

        Raises:
            DataError: there is none.
        """
        if not self.latent.encoder:
            raise DataError(_NO_ENCODER)
        if row >= self.view.rows:
            raise DataError(f"no row {row}; there are 0 to {self.view.rows - 1}")
        return row

    def parse_codes(self, values: Sequence[Sequence[float]]) -> NDArray[np.float32]:
        """Return the codes of a request, B lists of D numbers, as an array (B, D).

        Raises:
            ConfigError: a code of another length, or values that a discrete code does not take.
        """
        width = self.view.latent_dim
        wrong = next((len(code) for code in values if len(code) != width), None)
        if wrong is not None:
            raise ConfigError(f"expected codes of {width} numbers, got one of {wrong}")
        codes = np.array(values, dtype=np.float32).reshape(len(values), width)
        start = 0
        for group in self.latent.groups:
            part, start = codes[:, start : start + group.dims], start + group.dims
            if group.values and not np.isin(part, np.arange(group.values)).all():
                raise ConfigError(
                    f"expected integers from 0 to {group.values - 1} in the {group.dims} numbers "
                    f"of the discrete group {group.name}"
                )
        return codes

    def resolve_place(self, place: schemas.Place) -> NDArray[np.float64]:
        """Return the code (D,) of a row or a class centroid, or one that was sent.

        Raises:
            DataError: there is no such row or class.
        """
        view = self.view
        if place.row is not None:
            return np.asarray(view.codes.mean[self.check_row(place.row)], np.float64)
        if place.label is None:
            return np.asarray(self.parse_codes([place.code or []])[0], np.float64)
        if place.label not in view.centroids:
            known = ", ".join(map(str, view.centroids)) or "none"
            raise DataError(f"no row that is shown has the label {place.label}; there are {known}")
        return view.centroids[place.label].mean

    async def decode_codes(self, codes: NDArray[Any]) -> NDArray[Any]:
        """Decode codes to the means of p(x|z), in a batch with those of concurrent requests.

        Args:
            codes: (B, D).

        Returns:
            Images as uint8 (B, H, W, C), rows of a table as float32 (B, F).

        Raises:
            DataError: the result would be too large.
        """
        self.check_size(len(codes))
        future = self.worker.submit_batched(self._decode_batch, payload=codes, size=len(codes))
        rows: NDArray[Any] = await asyncio.wrap_future(future)
        return rows

    def _decode_batch(self, payloads: list[NDArray[Any]]) -> list[NDArray[Any]]:
        rows = decode(self.view.run.model, codes=np.concatenate(payloads))
        ends = np.cumsum([len(codes) for codes in payloads])
        return np.split(self.view.display.from_model(rows), ends[:-1])

    async def _compute(self, function: Callable[[], T]) -> T:
        """Call a function in the worker; a client that disconnects cancels its request."""
        result: T = await asyncio.wrap_future(self.worker.submit(function))
        return result

    def check_size(self, rows: int) -> None:
        """Check that so many rows fit in a response.

        Raises:
            DataError: they do not.
        """
        features = len(self.view.display.gain)
        most = min(schemas.LIMITS.values // features, schemas.LIMITS.codes)
        if rows > most:
            raise DataError(
                f"{rows:,} rows of {features:,} values in one answer are too many; ask for at "
                f"most {most:,}"
            )

    async def decode(self, request: schemas.DecodeRequest) -> NDArray[Any]:
        """Decode codes: images as uint8 (B, H, W, C), rows of a table as float32 (B, F)."""
        codes = self.parse_codes(request.codes)
        if not request.draw:
            return await self.decode_codes(codes)
        self.check_size(len(codes))
        model, seed = self.view.run.model, request.seed
        rows = await self._compute(lambda: decode(model, codes=codes, draw=True, seed=seed))
        return self.view.display.from_model(rows)

    async def background(self, request: schemas.BackgroundRequest) -> NDArray[Any]:
        """Decode the centres of the cells of a grid on a plane, from the top left.

        Returns:
            One image (side * H, side * W, C), or (side, side, F) of a table.
        """
        side, (left, right, bottom, top) = request.side, request.extent
        base = None if request.base is None else self.parse_codes([request.base])[0]
        plane = self.plane(request.plane)
        dx, dy = (right - left) / (2 * side), (top - bottom) / (2 * side)
        points = manifold_codes(side, extent=(left + dx, right - dx, bottom + dy, top - dy))
        rows = await self.decode_codes(plane.codes(points, base=base).astype(np.float32))
        tiles = rows.reshape(side, side, *rows.shape[1:])
        if not self.view.display.is_image:
            return tiles
        _, _, height, width, channels = tiles.shape
        return tiles.swapaxes(1, 2).reshape(side * height, side * width, channels)

    async def traverse(self, request: schemas.TraverseRequest) -> NDArray[Any]:
        """Vary one dimension at a time and decode: (len(dims), steps, ...).

        Raises:
            ConfigError: there is no such dimension.
        """
        self.require_continuous()
        dims, steps, width = request.dims, request.steps, self.view.latent_dim
        if max(dims) >= width:
            raise ConfigError(f"expected dimensions from 0 to {width - 1}, got {dims}")
        codes = np.tile(self.parse_codes([request.code]), (len(dims), steps, 1))
        for values, dim in zip(codes, dims, strict=True):
            low, high = self.ranges[dim]
            values[:, dim] = np.linspace(low, high, steps)
        rows = await self.decode_codes(codes.reshape(-1, width))
        return rows.reshape(len(dims), steps, *rows.shape[1:])

    async def encode(self, request: schemas.EncodeRequest) -> schemas.Encoded:
        """Encode and score a row.

        Raises:
            ConfigError: there is no encoder.
            DataError: there is no such row, or its size is not that of the rows of the run.
        """
        if not self.latent.encoder:
            raise ConfigError(_NO_ENCODER)
        row = self._requested_row(request)
        analysis = await self._compute(
            lambda: analyze_row(self.view, row, draws=request.draws, seed=request.seed)
        )
        percentile = None
        if analysis.filled is None and analysis.log_likelihood is not None:
            percentile = self.reference.percentile(analysis.log_likelihood)
        return schemas.Encoded(
            **{name: _to_json(value) for name, value in vars(analysis).items()},
            percentile=percentile,
            reference_ready=self.reference.ready,
        )

    def _requested_row(self, request: schemas.EncodeRequest) -> int | NDArray[np.floating[Any]]:
        """Return the number of a row, or (F,) in units of the data, NaN for missing values."""
        display = self.view.display
        if request.row is not None:
            return self.check_row(request.row)
        if request.pixels is not None:
            return display.to_data(np.array(request.pixels, dtype=np.uint8))
        cells = [np.nan if cell is None else cell for cell in request.cells or []]
        if display.is_image or len(cells) != len(display.gain):
            expected = "pixels" if display.is_image else f"{len(display.gain)} cells"
            raise DataError(f"expected {expected} for a row of this run, got {len(cells)} cells")
        return np.array(cells, dtype=self.view.run.preprocessing.shift.numpy().dtype)

    async def sample(self, request: schemas.SampleRequest) -> NDArray[np.float32]:
        """Sample codes (count, D) from the prior.

        Raises:
            ConfigError: a temperature for discrete codes.
        """
        if request.temperature != 1:
            self.require_continuous()
        model, options = self.view.run.model, request.model_dump(exclude={"count"})
        codes = await self._compute(lambda: draw_codes(model, n=request.count, **options))
        return codes.astype(np.float32)

    def interpolate(self, request: schemas.PathRequest) -> NDArray[np.float32]:
        """Return a path of codes (frames, D); "density" passes through at most 5000 of the rows."""
        self.require_continuous()
        start, end = self.resolve_place(request.start), self.resolve_place(request.end)
        codes = self._codes.mean[:: -(-len(self._codes.mean) // _MAX_WALK_ROWS)]
        path = walk(start, end, frames=request.frames, path=request.path, codes=codes)
        return path.astype(np.float32)

    def arithmetic(self, request: schemas.ArithmeticRequest) -> schemas.CodeAnswer:
        """Return the code a + scale (c - b)."""
        self.require_continuous()
        a, b, c = (self.resolve_place(place) for place in (request.a, request.b, request.c))
        return schemas.CodeAnswer(code=(a + request.scale * (c - b)).tolist())

    def overview(self, *, index: int) -> schemas.Overview:
        """Summarize the run.

        Args:
            index: number of the run in requests.

        Returns:
            What a page needs to start.
        """
        view, config, model = self.view, self.view.run.config, self.view.run.model
        is_image, evaluation = view.display.is_image, view.evaluation
        return schemas.Overview(
            index=index,
            name=config.name,
            kind="image" if is_image else "table",
            shape=list(view.display.shape),
            columns=[] if is_image else list(view.dataset.columns),
            column_stats=[] if is_image else self._column_statistics(),
            latent_dim=view.latent_dim,
            latent_groups=[schemas.LatentGroup(**vars(group)) for group in self.latent.groups],
            continuous=self.latent.real,
            encoder=self.latent.encoder,
            limitations=[
                f"{text[0].upper()}{text[1:]}."
                for text, possible in (
                    (_DISCRETE, self.latent.real),
                    (_NO_ENCODER, self.latent.encoder),
                )
                if not possible
            ],
            rows=view.rows,
            split=view.split,
            source=PurePath(config.data.source).name,
            classes=[] if view.labels is None else list(view.dataset.classes),
            class_places=self._classes(),
            dims=self._dimensions(),
            prior=" ".join(prior_text(model.parts()["prior"])),
            likelihood=likelihood_text(model.parts()["decoder"])[1],
            planes=self._plane_summaries(),
            evaluation=(
                {name: evaluation.get(name) for name in _EVALUATED} if evaluation else None
            ),
        )

    def _column_statistics(self) -> list[schemas.ColumnSummary]:
        """Summarize the columns over a bounded number of the rows."""
        count = len(self.view.index)
        stride = -(-count // _MAX_STATISTICS_ROWS)
        rows = self.view.data_rows(np.arange(0, count, stride)).astype(np.float64)
        low, median, high = np.quantile(rows, [0.0, 0.5, 1.0], axis=0).tolist()
        whole = (rows == np.rint(rows)).all(0).tolist()
        return [
            schemas.ColumnSummary(low=a, high=c, median=b, whole=w)
            for a, b, c, w in zip(low, median, high, whole, strict=True)
        ]

    def _classes(self) -> list[schemas.ClassSummary]:
        return [
            schemas.ClassSummary(
                label=label,
                count=int(np.sum(self.view.labels == label)),
                mean=centroid.mean.tolist(),
                own=centroid.own,
                densest=centroid.densest,
            )
            for label, centroid in self.view.centroids.items()
        ]

    def _dimensions(self) -> list[schemas.Dimension]:
        if not self.latent.real:
            return []
        kl = self.view.kl_per_dim
        variance = self._codes.mean.var(0, dtype=np.float64).tolist()
        ranges = self.ranges.tolist()
        return [
            schemas.Dimension(
                dim=dim,
                kl=None if kl is None else kl[dim],
                variance=variance[dim],
                active=variance[dim] > ACTIVE_VARIANCE,
                low=ranges[dim][0],
                high=ranges[dim][1],
            )
            for dim in self.order.tolist()
        ]

    def _plane_summaries(self) -> list[schemas.PlaneSummary]:
        planes = [
            schemas.PlaneSummary(
                id=plane.id,
                title=plane.title,
                axes=list(plane.axis_labels),
                linear=schemas.Linear(origin=plane.origin.tolist(), axes=plane.axes.tolist()),
                extent=list(plane.extent),
                rows=len(plane.points),
            )
            for plane in self.planes.values()
        ]
        if self.tsne.available:
            planes.append(
                schemas.PlaneSummary(
                    id="tsne",
                    title="t-SNE",
                    axes=["t-SNE 1", "t-SNE 2"],
                    linear=None,
                    extent=None,
                    rows=len(self.tsne.rows),
                )
            )
        return planes

    def summarize_row(self, row: int) -> schemas.RowAnswer:
        """Return the label and the posterior moments of a row.

        Raises:
            DataError: there is no such row.
        """
        view, row = self.view, self.check_row(row)
        label = -1 if view.labels is None else int(view.labels[row])
        return schemas.RowAnswer(
            row=row,
            position=int(view.index[row]),
            label=label if label >= 0 else None,
            class_=view.dataset.classes[label] if label >= 0 else None,
            mean=view.codes.mean[row].tolist(),
            spread=np.sqrt(view.codes.variance[row]).tolist(),
        )


def _to_json(value: Any) -> Any:  # noqa: ANN401
    """Convert arrays to lists, and non-finite numbers to None."""
    if isinstance(value, np.ndarray):
        return _to_json(value.tolist())
    if isinstance(value, list):
        return [_to_json(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
