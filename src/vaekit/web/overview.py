"""The overview of a run, before anything is computed."""

import math
from pathlib import PurePath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaekit.describe.graph import likelihood_text, prior_text
from vaekit.evaluation.evaluate import ACTIVE_VARIANCE
from vaekit.web.explorer import Explorer
from vaekit.web.planes import Plane
from vaekit.web.row_analysis import SAMPLES, Reference, Told
from vaekit.web.run_view import Shown
from vaekit.web.schemas import (
    ClassSummary,
    ColumnSummary,
    Dimension,
    Encoded,
    Linear,
    Overview,
    PlaneSummary,
    ReferenceAnswer,
    RowAnswer,
)

__all__ = ["encoded", "overview", "plane_summary", "reference_answer", "row_answer"]


_MEASURED = ("elbo", "log_likelihood", "rate", "distortion")


def overview(explorer: Explorer, *, index: int) -> Overview:
    """Describe a run.

    Args:
        explorer: of the run.
        index: its number in addresses.

    Returns:
        What a page needs to know to begin.
    """
    shown = explorer.shown
    pre, config = shown.run.preprocessing, shown.run.config
    planes = [plane_summary(plane) for plane in explorer.planes.values()]
    if explorer.neighbours.possible:
        planes.append(_embedding(len(explorer.neighbours.places)))
    image = shown.display.is_image
    return Overview(
        index=index,
        name=config.name,
        kind="image" if image else "table",
        shape=list(pre.shape),
        columns=[] if image else list(shown.dataset.columns),
        column_stats=[] if image else _columns(shown),
        latent_dim=shown.latent_dim,
        rows=shown.rows,
        split=shown.split,
        source=PurePath(config.data.source).name,
        classes=list(shown.dataset.classes) if shown.labels is not None else [],
        class_places=_classes(shown),
        dims=_dims(explorer),
        prior=" ".join(prior_text(shown.run.model.prior)),
        likelihood=likelihood_text(shown.run.model.likelihood)[1],
        planes=planes,
        evaluation=_measured(shown.evaluation),
    )


def plane_summary(plane: Plane) -> PlaneSummary:
    """Describe a plane.

    Args:
        plane: through the latent space.

    Returns:
        How places on it become codes.
    """
    return PlaneSummary(
        id=plane.id,
        title=plane.title,
        axes=list(plane.axis_labels),
        linear=Linear(origin=plane.origin.tolist(), axes=plane.axes.tolist()),
        extent=list(plane.extent),
        rows=len(plane.points),
    )


def row_answer(shown: Shown, *, row: int) -> RowAnswer:
    """Describe a row.

    Args:
        shown: the rows.
        row: from 0 to N - 1.

    Returns:
        Its label and its code.
    """
    label = -1 if shown.labels is None else int(shown.labels[row])
    return RowAnswer(
        row=row,
        position=int(shown.index[row]),
        label=label if label >= 0 else None,
        class_=shown.dataset.classes[label] if label >= 0 else None,
        mean=shown.codes.mean[row].tolist(),
        spread=np.sqrt(shown.codes.variance[row]).tolist(),
    )


def reference_answer(reference: Reference) -> ReferenceAnswer:
    """Give the log-likelihoods that rows are held against.

    Args:
        reference: of a run.

    Returns:
        The values, and how far they are.
    """
    return ReferenceAnswer(
        ready=reference.ready,
        done=reference.done,
        samples=SAMPLES,
        rows=reference.rows,
        values=reference.values.tolist(),
    )


def encoded(told: Told, *, reference: Reference) -> Encoded:
    """Give what a model says of a row, and where that stands.

    Args:
        told: what it says.
        reference: log-likelihoods of other rows.

    Returns:
        Numbers that are finite, and null in place of others.
    """
    whole = told.filled is None and told.log_likelihood is not None
    percentile = reference.percentile(told.log_likelihood or 0.0) if whole else None
    return Encoded(
        mean=_plain(told.mean),
        spread=_plain(told.spread),
        draws=[_plain(each) for each in told.draws],
        log_likelihood=_finite(told.log_likelihood),
        samples=told.samples,
        percentile=percentile,
        reference_ready=reference.ready,
        rate=_finite(told.rate),
        filled=None if told.filled is None else _plain(told.filled),
        low=None if told.low is None else _plain(told.low),
        high=None if told.high is None else _plain(told.high),
        effective_samples=_finite(told.effective_samples),
        note=told.note,
    )


def _embedding(rows: int) -> PlaneSummary:
    names = ["t-SNE 1", "t-SNE 2"]
    return PlaneSummary(
        id="tsne", title="t-SNE", axes=names, linear=None, extent=None, rows=rows
    )  # fmt: skip


def _columns(shown: Shown) -> list[ColumnSummary]:
    """Of the rows that are shown, at most so many that this takes no time."""
    every = np.arange(0, shown.rows, -(-shown.rows // 5000))
    rows = shown.raw(every).astype(np.float64)
    low, median, high = np.quantile(rows, [0.0, 0.5, 1.0], axis=0).tolist()
    whole = (rows == np.rint(rows)).all(0).tolist()
    return [
        ColumnSummary(low=a, high=c, median=b, whole=w)
        for a, b, c, w in zip(low, median, high, whole, strict=True)
    ]


def _classes(shown: Shown) -> list[ClassSummary]:
    labels = shown.labels
    return [
        ClassSummary(
            label=label,
            count=0 if labels is None else int((labels == label).sum()),
            mean=place.mean.tolist(),
            own=place.own,
            densest=place.densest,
        )
        for label, place in shown.places.items()
    ]


def _dims(explorer: Explorer) -> list[Dimension]:
    shown, kl = explorer.shown, explorer.shown.kl
    variance = shown.codes.mean.var(0, dtype=np.float64).tolist()
    ranges = explorer.ranges.tolist()
    return [
        Dimension(
            dim=dim,
            kl=None if kl is None else kl[dim],
            variance=variance[dim],
            active=variance[dim] > ACTIVE_VARIANCE,
            low=ranges[dim][0],
            high=ranges[dim][1],
        )
        for dim in explorer.order.tolist()
    ]


def _measured(evaluation: dict[str, Any]) -> dict[str, float | None] | None:
    return {name: evaluation.get(name) for name in _MEASURED} if evaluation else None


def _plain(values: NDArray[Any]) -> list[float | None]:
    return [_finite(float(value)) for value in values]


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
