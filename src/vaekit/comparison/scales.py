"""Scales on which log-likelihoods can be compared."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from vaekit.data import Dataset
from vaekit.registry import likelihood_for, render
from vaekit.runs import Run

__all__ = ["Scale", "group_by_scale", "reasons", "scale_of"]


_HASHED_ROWS = 10_000

_MEANING = {
    "probability": "the log-probability of exact values, which is never above 0",
    "density": "the logarithm of a density, which has no upper limit and moves with the unit of "
    "the data",
    "none": "not measured, because the model has no encoder",
    "cross-entropy": "a cross-entropy on values between 0 and 1, which is not a log-probability",
}


@dataclass(frozen=True, kw_only=True)
class Scale:
    """What a nat of a run measures."""

    rows: str
    """Which rows were measured, for a person."""
    fingerprint: str
    """Hash of the rows that were measured."""
    binarize: str
    """How they were binarized before the model: none, dynamic, threshold."""
    kind: str
    """probability, density or cross-entropy; none where the model has no encoder."""
    values: str
    """The set of values that a probability is spread over; empty for a density."""
    to_raw: float
    """Nats to add to a log-density to have that of the raw values."""

    @property
    def meaning(self) -> str:
        """What it is, in words."""
        return _MEANING[self.kind]


def scale_of(run: Run, *, dataset: Dataset, evaluation: Mapping[str, Any]) -> Scale:
    """Find the scale on which a run was measured.

    Args:
        run: the run.
        dataset: the rows it was trained on.
        evaluation: as in ``evaluation.json``.

    Returns:
        The scale.
    """
    split = str(evaluation["split"])
    index = dataset.split.of(split)[: evaluation.get("rows")]
    count = len(index)
    hashed = np.linspace(0, len(index) - 1, min(len(index), _HASHED_ROWS)).astype(np.int64)
    raw = np.ascontiguousarray(dataset.rows[index[hashed]])
    pre = run.preprocessing
    likelihood = run.config.model.likelihood
    entry = likelihood_for(likelihood.kind, support=pre.support)
    kind = entry.nats[pre.support] if run.model.latent.encoder else "none"
    return Scale(
        rows=f"{count:,} {split} rows of {run.config.data.source}",
        fingerprint=f"{count} {raw.dtype} {hashlib.sha256(raw.tobytes()).hexdigest()}",
        binarize=run.config.data.binarize,
        kind=kind,
        values=render(entry.values, likelihood) if kind == "probability" else "",
        to_raw=float(pre.scale.double().abs().log().sum()) if kind == "density" else 0.0,
    )


def reasons(one: Scale, other: Scale) -> list[str]:
    """Say why two runs cannot be compared in nats.

    Args:
        one: scale of the one.
        other: scale of the other.

    Returns:
        Sentences without their ends; none where they can be compared.

    Example:
        >>> base = {"rows": "9 test rows of a", "fingerprint": "x", "binarize": "none"}
        >>> density = Scale(kind="density", values="", to_raw=0.0, **base)
        >>> reasons(density, density)
        []
        >>> probability = Scale(kind="probability", values="0, 1", to_raw=0.0, **base)
        >>> print(reasons(density, probability)[0][:30])
        one is the logarithm of a dens
    """
    found = []
    if one.fingerprint != other.fingerprint:
        same = " (not the same ones)" if one.rows == other.rows else ""
        found.append(f"they were measured on {one.rows} and on {other.rows}{same}")
    if one.binarize != other.binarize:
        found.append(f"the rows are binarized differently ({one.binarize} and {other.binarize})")
    if one.kind != other.kind:
        found.append(f"one is {one.meaning}; the other is {other.meaning}")
    elif one.values != other.values:
        found.append(
            f"one spreads its probability over {one.values}, the other over {other.values}"
        )
    return found


def group_by_scale(scales: Mapping[str, Scale]) -> list[list[str]]:
    """Group the runs whose nats can be compared.

    Args:
        scales: by the name of the run.

    Returns:
        Names, in groups, in the order of the first of each.
    """
    groups: list[list[str]] = []
    for name, scale in scales.items():
        for group in groups:
            if not reasons(scales[group[0]], scale):
                group.append(name)
                break
        else:
            groups.append([name])
    return groups
