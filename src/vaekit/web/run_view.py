"""A run, the rows of it that the explorer shows, and two-dimensional views of their codes."""

import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.distributions import Distribution

from vaekit.data import Dataset
from vaekit.errors import ConfigError
from vaekit.inference import ClassPlace, Codes, class_place, encode, evenly, latent_extent, project
from vaekit.inference.encode import seeded_batches
from vaekit.runs import Run, load_run
from vaekit.runs.run import rows_for
from vaekit.web.images import Display, make_display

__all__ = [
    "TSNE",
    "Plane",
    "RunView",
    "dims_plane",
    "make_planes",
    "most_probable",
    "open_run",
    "view_run",
]


_MAX_CLASSES = 50  # a centroid takes a tenth of a second
_MAX_TSNE_ROWS = 2000
_MIN_TSNE_ROWS = 5
_MARGIN = 0.05  # around the points of a plane


@dataclass(frozen=True, kw_only=True, eq=False)
class RunView:
    """A run and the N rows of it that are shown."""

    run: Run
    """The run."""
    dataset: Dataset
    """All its rows."""
    split: str
    """Split from which the rows are."""
    index: NDArray[np.int64]
    """(N,) positions of the rows in the data set; without an encoder those that would be shown."""
    codes: Codes
    """(N, D) posterior moments of the rows; where codes are discrete, the most probable codes and
    zeros. Without an encoder N is 0."""
    display: Display
    """Conversion of a row to what is displayed."""
    evaluation: dict[str, Any]
    """Content of the evaluation file; empty without one."""
    centroids: dict[int, ClassPlace]
    """Centroid of each class by label; empty without labels."""
    binarized: NDArray[np.uint8] | None
    """(N, F / 8) the packed draws of a dynamic binarization that the codes are of; otherwise
    none."""

    @property
    def rows(self) -> int:
        """N."""
        return len(self.codes.mean)

    @property
    def latent_dim(self) -> int:
        """D."""
        return self.run.model.latent.dims

    @property
    def labels(self) -> NDArray[np.int64] | None:
        """(N,), negative for unlabelled rows; none for unlabelled data."""
        return None if self.dataset.labels is None else self.dataset.labels[self.positions]

    @property
    def positions(self) -> NDArray[np.int64]:
        """(N,) positions of the rows in the data set."""
        return self.index[: self.rows]

    @property
    def kl_per_dim(self) -> list[float] | None:
        """(D,) divergence of each dimension from the prior in nats, where it was measured."""
        return self.evaluation.get("kl_per_dim")

    def data_rows(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        """Return rows in units of the data.

        Args:
            rows: (B,) from 0 to N - 1.

        Returns:
            (B, F)
        """
        return np.asarray(self.dataset.rows[self.index[rows]])

    def model_rows(self, rows: NDArray[np.int64]) -> Tensor:
        """Return rows as the model sees them, with the binarization that their codes are of.

        Args:
            rows: (B,) from 0 to N - 1.

        Returns:
            (B, F) float32.
        """
        preprocessing = self.run.preprocessing
        if self.binarized is None:
            x: Tensor = preprocessing(torch.from_numpy(self.data_rows(rows)))
            return x
        bits = np.unpackbits(self.binarized[rows], axis=1, count=preprocessing.features)
        return torch.from_numpy(bits).float()

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what is known of each row.

        Returns:
            Posterior means ``codes`` and standard deviations ``spread``, float32 (N, D); ``labels``
            (-1 for none) and ``positions`` in the data set, int32 (N,).
        """
        labels = np.full(self.rows, -1) if self.labels is None else self.labels
        return {
            "codes": self.codes.mean.astype(np.float32),
            "spread": np.sqrt(self.codes.variance).astype(np.float32),
            "labels": labels.astype(np.int32),
            "positions": self.positions.astype(np.int32),
        }

    def subset(self, *, most: int) -> "RunView":
        """Return a view of fewer rows, spread evenly.

        Args:
            most: rows to keep at most.

        Returns:
            The view; the densest row of each class is replaced by the nearest one that is kept.
        """
        kept = evenly(self.rows, most=most)
        if len(kept) == self.rows:
            return self
        codes = Codes(mean=self.codes.mean[kept], variance=self.codes.variance[kept])

        def nearest(row: int) -> int:
            return int(np.square(codes.mean - self.codes.mean[row]).sum(1).argmin())

        return replace(
            self,
            index=self.index[kept],
            codes=codes,
            binarized=None if self.binarized is None else self.binarized[kept],
            centroids={
                label: replace(centroid, densest=nearest(centroid.densest))
                for label, centroid in self.centroids.items()
            },
        )


def open_run(
    path: str | Path,
    *,
    split: str | None = None,
    most: int = 20_000,
    source: str | None = None,
) -> RunView:
    """Load a run and its rows, and encode those that are shown.

    Args:
        path: the run folder.
        split: as in ``view_run``.
        most: as in ``view_run``.
        source: as in ``view_run``.

    Returns:
        The view.

    Raises:
        RunError: no run, an unfinished or damaged one.
        DataError: its rows cannot be read, or are of another kind.
    """
    return view_run(load_run(path), split=split, most=most, source=source)


def view_run(
    run: Run, *, split: str | None = None, most: int = 20_000, source: str | None = None
) -> RunView:
    """Load the rows of a run, and encode those that are shown.

    Args:
        run: the run.
        split: train, validation, test or all; by default the one that the run is evaluated on.
        most: rows to show, spread evenly over the split where it has more.
        source: a name or a path of other rows; the data of the run when absent, which must not
            have changed since training.

    Returns:
        The view.

    Raises:
        DataError: its rows cannot be read, or are of another kind.
    """
    dataset, preprocessing, folder = rows_for(run, source=source), run.preprocessing, run.folder
    chosen = dataset.split.usable(split or run.config.evaluation.split, purpose="shown")
    index = dataset.split.of(chosen)
    index = index[evenly(len(index), most=most)]
    codes = _encode(run, dataset.rows, index)
    binarized = None
    if preprocessing.binarize == "dynamic":  # the draws that encode saw
        batches = seeded_batches(
            run.model, preprocessing=preprocessing, rows=dataset.rows, index=index
        )
        binarized = np.concatenate([np.packbits(x.numpy() > 0, axis=1) for _, x in batches])
    labels = np.empty(0, int) if dataset.labels is None else dataset.labels[index]
    present = np.unique(labels[labels >= 0]).tolist()
    latent = run.model.latent
    if not (latent.real and latent.encoder) or len(present) > _MAX_CLASSES:
        present = []
    return RunView(
        run=run,
        dataset=dataset,
        split=chosen,
        index=index,
        codes=codes,
        display=make_display(preprocessing, dataset),
        evaluation=folder.read_json(folder.evaluation) if folder.evaluation.is_file() else {},
        centroids={label: class_place(codes.mean, labels=labels, label=label) for label in present},
        binarized=binarized,
    )


def _encode(run: Run, rows: NDArray[Any], index: NDArray[np.int64]) -> Codes:
    """Encode rows, by the most probable code where codes are discrete."""
    model = run.model
    options: dict[str, Any] = {
        "preprocessing": run.preprocessing, "rows": rows, "index": index
    }  # fmt: skip
    codes = np.empty((0, model.latent.dims), dtype=np.float32)
    if not model.latent.encoder:
        return Codes(mean=codes, variance=codes)
    if model.latent.real:
        return encode(model, **options)
    with torch.no_grad():
        parts = [
            most_probable(model.encode(x)).numpy() for _, x in seeded_batches(model, **options)
        ]
    codes = np.concatenate(parts).astype(np.float32)
    return Codes(mean=codes, variance=np.zeros_like(codes))


def most_probable(q: Distribution) -> Tensor:
    """Return the mode of a distribution of discrete codes; its mean where it has all its mass."""
    try:
        return q.mode
    except NotImplementedError:
        return q.mean


@dataclass(frozen=True, kw_only=True, eq=False)
class Plane:
    """A plane through the latent space: the point (x, y) is the code origin + x a + y b."""

    id: str
    """Identifier in requests."""
    title: str
    """Name for display."""
    axis_labels: tuple[str, str]
    """Names of x and y."""
    points: NDArray[np.float32]
    """(N, 2) of the rows that are shown."""
    origin: NDArray[np.float64]
    """(D,)"""
    axes: NDArray[np.float64]
    """(2, D), a and b; orthonormal, except that b is 0 for a one-dimensional latent space."""

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """Limits that hold most of the points, or N(0, I) without points, with a margin."""
        points = self.points if len(self.points) else np.array([[-3.0, -3.0], [3.0, 3.0]])
        left, right, bottom, top = latent_extent(points)
        dx, dy = _MARGIN * (right - left), _MARGIN * (top - bottom)
        return left - dx, right + dx, bottom - dy, top + dy

    def codes(
        self, points: NDArray[np.floating[Any]], *, base: NDArray[np.floating[Any]] | None = None
    ) -> NDArray[np.float64]:
        """Return the codes of points of the plane.

        Args:
            points: (B, 2).
            base: (D,) a code whose component orthogonal to the plane is kept; by default that of
                the origin.

        Returns:
            (B, D)
        """
        start = self.origin if base is None else base
        codes: NDArray[np.float64] = (
            start + (points - (start - self.origin) @ self.axes.T) @ self.axes
        )
        return codes


def make_planes(view: RunView, *, order: NDArray[np.int64]) -> dict[str, Plane]:
    """Return the planes that are offered for the codes of a run.

    Args:
        view: the run.
        order: (D,) latent dimensions, the most informative first.

    Returns:
        Planes by id, the default one first; none where codes are discrete.
    """
    if not view.run.model.latent.real:
        return {}
    if view.latent_dim == 1:
        planes = [_line_plane(view)]
    else:
        first, second = sorted(order[:2].tolist())
        planes = [dims_plane(view, first=first, second=second)]
    if view.latent_dim > 2 and view.rows > 1:
        planes.append(_pca_plane(view))
    return {plane.id: plane for plane in planes}


def dims_plane(view: RunView, *, first: int, second: int) -> Plane:
    """Return the plane of two latent dimensions, all others at 0.

    Args:
        view: the run.
        first: the dimension along x, from 0.
        second: the dimension along y.

    Returns:
        The plane.

    Raises:
        ConfigError: there are no two such dimensions.
    """
    width = view.latent_dim
    if first == second or not {first, second} <= {*range(width)}:
        raise ConfigError(
            f"expected two dimensions from 0 to {width - 1}, got {first} and {second}"
        )
    names = f"z{first + 1}", f"z{second + 1}"
    return Plane(
        id=f"dims:{first},{second}",
        title=", ".join(names),
        axis_labels=names,
        points=np.ascontiguousarray(view.codes.mean[:, [first, second]], dtype=np.float32),
        origin=np.zeros(width),
        axes=np.eye(width)[[first, second]],
    )


def _pca_plane(view: RunView) -> Plane:
    """Return the plane of the first two principal components."""
    codes = view.codes.mean.astype(np.float64)
    found = project(codes, method="pca")
    origin = codes.mean(0)
    # The axes from the coordinates: X = U S V', the points are U S, so V is X' U S over S squared.
    squares = np.maximum(np.square(found.points).sum(0), 1e-12)
    return Plane(
        id="pca",
        title="PCA",
        axis_labels=(found.axis_labels[0], found.axis_labels[1]),
        points=found.points.astype(np.float32),
        origin=origin,
        axes=((codes - origin).T @ found.points / squares).T,
    )


def _line_plane(view: RunView) -> Plane:
    """Return a one-dimensional latent space along x, with the rows spread along y."""
    spread = np.linspace(-1, 1, view.rows)
    return Plane(
        id="line",
        title="z1",
        axis_labels=("z1", "row"),
        points=np.stack([view.codes.mean[:, 0], spread], 1).astype(np.float32),
        origin=np.zeros(1),
        axes=np.array([[1.0], [0.0]]),
    )


class TSNE:
    """t-SNE of at most 2000 of the codes, computed once, at the first request.

    It has no inverse: a point between those of the rows has no code.

    Args:
        view: whose codes.
    """

    def __init__(self, view: RunView) -> None:
        self.rows = evenly(view.rows, most=_MAX_TSNE_ROWS)
        """(n,) which of the rows."""
        self.available = (
            view.run.model.latent.real and view.latent_dim > 2 and len(self.rows) > _MIN_TSNE_ROWS
        )
        """Whether codes are real, and there are enough rows and dimensions."""
        self._codes = view.codes.mean[self.rows]
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._points: NDArray[np.float32] | None = None
        self._error = ""

    def points(self) -> NDArray[np.float32] | None:
        """Return the points (n, 2), or None while they are computed; the first call starts it.

        Raises:
            ConfigError: the computation failed.
        """
        with self._lock:
            if self._error:
                raise ConfigError(f"t-SNE of these codes failed: {self._error}")
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, daemon=True)
                self._thread.start()
        return self._points

    def compute(self) -> NDArray[np.float32]:
        """Compute the points (n, 2) unless they are there."""
        if self._points is None:
            self._points = project(self._codes, method="tsne").points.astype(np.float32)
        return self._points

    def _run(self) -> None:
        try:
            self.compute()
        except Exception as error:
            self._error = f"{type(error).__name__}: {error}"
