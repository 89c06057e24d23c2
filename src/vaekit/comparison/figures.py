"""Figures of several runs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure as Drawing
from numpy.typing import NDArray
from torch import Tensor

from vaekit import figures, inference
from vaekit.comparison.compare import Side
from vaekit.distributions import PushForward
from vaekit.figures import Cloud
from vaekit.numerics import fixed_noise
from vaekit.report import as_shown

__all__ = ["Lengths", "clouds", "draw_comparison", "errors_of", "lengths_of", "levels_of"]


_FEWEST = 3


@dataclass(frozen=True, kw_only=True)
class Lengths:
    """Numbers of runs by the length of their flow."""

    flow: str
    """Its kind."""
    values: dict[str, dict[int, float]]
    """By what it is, and by length."""
    errors: dict[str, dict[int, float]]
    """Standard errors, likewise."""
    levels: dict[str, dict[str, float]]
    """By what it is, and by the name of a run with another posterior."""


def lengths_of(sides: Mapping[str, Side], group: Mapping[str, Any]) -> Lengths | None:
    """Find runs that differ in the length of their flow.

    Args:
        sides: the runs by name.
        group: one whose nats can be compared, as ``compare_numbers`` returns it.

    Returns:
        Their numbers; none where there are not three lengths of one kind of flow in runs that
        are otherwise one model on the same objective.
    """
    measured = levels_of(group)
    members = _by_length({name: sides[name] for name in measured["ELBO"]})
    if len(members) < _FEWEST:
        return None
    first = sides[next(iter(members.values()))]
    flow = first.run.config.model.posterior.flow
    others = [
        name
        for name in measured["ELBO"]
        if sides[name].run.config.model.posterior.flow != flow
        and _rest(sides[name], apart="posterior") == _rest(first, apart="posterior")
    ]
    return Lengths(
        flow=flow,
        values={what: _placed(found, members) for what, found in measured.items()},
        errors={"Log-likelihood": _placed(errors_of(sides), members)},
        levels={
            what: {name: found[name] for name in others if name in found}
            for what, found in measured.items()
        },
    )


def levels_of(group: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Log-likelihood and ELBO of the runs of a group, where they have them.

    Args:
        group: as ``compare_numbers`` returns it.

    Returns:
        By what it is, and by the name of the run.
    """
    lines = {line["label"]: line["values"] for line in group["lines"]}
    return {
        label: {name: value for name, value in lines[label].items() if value is not None}
        for label in ("Log-likelihood", "ELBO")
    }


def errors_of(sides: Mapping[str, Side]) -> dict[str, float]:
    """Standard errors of the log-likelihoods, where they are known.

    Args:
        sides: the runs by name.

    Returns:
        By the name of the run, in nats per row.
    """
    found = {name: side.evaluation.get("log_likelihood_se") for name, side in sides.items()}
    return {name: error for name, error in found.items() if error is not None}


def _by_length(sides: Mapping[str, Side]) -> dict[int, str]:
    """Names of runs by the length of their flow: the most of them that are otherwise alike."""
    families: dict[str, dict[int, str]] = {}
    for name, side in sides.items():
        posterior = side.run.config.model.posterior
        if posterior.flow != "none":
            family = families.setdefault(_rest(side, apart="flow_length"), {})
            family.setdefault(posterior.flow_length, name)
    return max(families.values(), key=len, default={})


def _placed(found: Mapping[str, float], members: Mapping[int, str]) -> dict[int, float]:
    """Numbers by length in place of by name."""
    return {length: found[name] for length, name in members.items() if name in found}


def _rest(side: Side, *, apart: str) -> str:
    """Model and objective of a run without its posterior, or without the length of its flow."""
    config = side.run.config
    model = config.model.model_dump(mode="json")
    if apart == "posterior":
        del model["posterior"]
    else:
        del model["posterior"][apart]
    return f"{model} {config.objective.model_dump(mode='json')}"


_SAMPLES = 2000
_GRID = 120
_MARGIN = 0.6
_WEIGHTED = 50_000
_BINS = 60
_BLUR = 1.5  # bins


@torch.no_grad()
def clouds(sides: Mapping[str, Side]) -> dict[str, Cloud]:
    """Sample the posterior of one row in each run with two latent dimensions or more.

    Of more than two dimensions the two are taken in which the flow bends the posterior of that
    row most, or in which it is widest.
    The exact posterior is computed on a grid where there are two, and from importance weights of
    samples of q where there are more.

    Args:
        sides: the runs by name.

    Returns:
        By the name of the run; without those whose posterior is a point.
    """
    wide = {
        name: side
        for name, side in sides.items()
        if side.has_density and side.run.config.model.latent_dim > 1
    }
    return {name: _cloud(side) for name, side in wide.items()}


def _cloud(side: Side) -> Cloud:
    """One of them, on a grid that holds the samples and some of what is around them."""
    place = side.dataset.split.of(side.evaluation["split"])[:1]
    row = np.ascontiguousarray(side.dataset.rows[place])
    # The same noise for each run, so that a binarized row is the same row in all.
    with fixed_noise(0):
        x = side.run.preprocessing(torch.from_numpy(row))
        q = side.run.model.posterior(x)
        flow = isinstance(q, PushForward)
        before = (q.base if flow else q).sample(torch.Size([_SAMPLES]))[:, 0]
        after = q.bijection.push(before[:, None])[0][:, 0] if flow else before
    # Where the flow moves most of its own width; without one, where the posterior is widest.
    moved = (after - before).square().mean(0) / before.var(0) if flow else after.var(0)
    dims = moved.topk(2).indices.sort().values
    before, after = before[:, dims], after[:, dims]
    low, high = np.quantile(after.numpy(), [0.005, 0.995], axis=0)
    room = _MARGIN * float((high - low).max()) + 1e-3
    extent = tuple(float(v) for v in (low[0] - room, high[0] + room, low[1] - room, high[1] + room))
    left, right, bottom, top = extent
    flat = side.run.config.model.latent_dim == 2
    find = _exact if flat else partial(_weighted, dims=dims)
    exact = find(side, x, extent=(left, right, bottom, top))
    first, second = (f"z{dim + 1}" for dim in dims.tolist())
    return Cloud(
        before.double().numpy(),
        after.double().numpy(),
        exact,
        (left, right, bottom, top),
        (first, second),
    )


def _weighted(
    side: Side, x: Tensor, *, extent: tuple[float, float, float, float], dims: Tensor
) -> NDArray[np.float64]:
    """Log p(z|x) in two of many dimensions: samples of q by their weights, blurred a little."""
    model = side.run.model
    codes, weights = [], []
    with fixed_noise(1):
        for _ in range(_WEIGHTED // _SAMPLES):
            trace = model(x, samples=_SAMPLES)
            codes.append(trace.z[:, 0, dims])
            weights.append((trace.log_px + trace.log_pz - trace.log_qz)[:, 0])
    share = torch.cat(weights).double().softmax(0).numpy()
    places = torch.cat(codes).double().numpy()
    left, right, bottom, top = extent
    counts, _, _ = np.histogram2d(
        places[:, 1], places[:, 0], bins=_BINS, range=[[bottom, top], [left, right]], weights=share
    )
    steps = np.arange(-5, 6)
    kernel = np.exp(-0.5 * (steps / _BLUR) ** 2)
    for axis in (0, 1):
        counts = np.apply_along_axis(np.convolve, axis, counts, kernel / kernel.sum(), "same")
    grid: NDArray[np.float64] = np.log(counts + 1e-12)
    return grid


def _exact(
    side: Side, x: Tensor, *, extent: tuple[float, float, float, float]
) -> NDArray[np.float64]:
    """Log p(x|z) + log p(z) on a grid, (G, G) with the second coordinate first."""
    left, right, bottom, top = extent
    first, second = torch.linspace(left, right, _GRID), torch.linspace(bottom, top, _GRID)
    up, across = torch.meshgrid(second, first, indexing="ij")
    z = torch.stack([across.flatten(), up.flatten()], dim=-1)
    model = side.run.model
    joint = torch.cat(
        [
            model.likelihood(part).log_prob(x) + model.prior().log_prob(part)
            for part in torch.split(z, 1024)
        ]
    )
    grid: NDArray[np.float64] = joint.double().reshape(_GRID, _GRID).numpy()
    return grid


_POINTS = 3000
_BATCH = 250
_IMAGES = 12
_BESIDE_SAMPLES = 16
_MOST_UNITS = 64

Figure = tuple[str, str, Drawing, str]
"""File name, title, the drawing, caption."""


def draw_comparison(
    sides: Mapping[str, Side], *, groups: Sequence[Mapping[str, Any]], folder: Path
) -> list[tuple[str, Path, str]]:
    """Draw what a comparison shows.

    Args:
        sides: the runs by name.
        groups: those whose nats can be compared, as ``compare_numbers`` returns them.
        folder: where the pictures go.

    Returns:
        Title, path and caption of each.
    """
    codes = {name: _codes(side) for name, side in sides.items()}
    drawn = [
        *_curves(sides, groups),
        *_levels(sides, groups),
        *_lengths(sides, groups),
        *_reconstructions(sides),
        *_samples(sides),
        *_planes(sides, codes),
        *_units(sides, codes),
        *_posteriors(sides),
    ]
    return [
        (title, figures.save_figure(drawing, path=folder / f"{name}.png"), caption)
        for name, title, drawing, caption in drawn
    ]


def _curves(sides: Mapping[str, Side], groups: Sequence[Mapping[str, Any]]) -> Iterator[Figure]:
    """The bound and its parts of runs on one scale; the rate of all."""
    if not all(side.records for side in sides.values()):
        return
    caption = (
        "Means over the rows of each epoch. The bound is the ELBO with every weight at 1, the "
        "loss what each run minimises; where a run weighs the parts differently they part. A "
        "plain autoencoder has neither bound nor rate."
    )
    for place, group in enumerate(groups, start=1):
        several = len(groups) > 1
        records = {name: _records(sides[name]) for name in group["runs"]}
        title = f"Learning curves: {', '.join(group['runs'])}" if several else "Learning curves"
        yield f"curves-{place}", title, figures.comparison_curves(records), caption
    if len(groups) > 1:
        records = {name: _records(side) for name, side in sides.items()}
        drawing = figures.comparison_curves(records, keys=("rate",))
        caption = (
            "How much the codes say about their rows: the one part of the loss that is in the "
            "same nats in every run."
        )
        yield "curves-rate", "The rate of all runs", drawing, caption


def _records(side: Side) -> list[dict[str, Any]]:
    """Its epochs; a point for a posterior has neither a rate nor a bound."""
    if side.has_density:
        return side.records
    lacking = {"rate": None, "bound": None}
    return [
        {key: value | lacking if isinstance(value, dict) else value for key, value in each.items()}
        for each in side.records
    ]


def _levels(sides: Mapping[str, Side], groups: Sequence[Mapping[str, Any]]) -> Iterator[Figure]:
    """Log-likelihood and ELBO of the runs of each group on one axis."""
    for place, group in enumerate(groups, start=1):
        values = levels_of(group)
        if len(values["ELBO"]) > 1:
            caption = (
                "The gap between the bound and the log-likelihood of a run is what its posterior "
                "is short of the best one for its decoder. The bars are standard errors over the "
                "rows."
            )
            title = "The bound and the log-likelihood"
            drawing = figures.run_levels(values, errors=errors_of(sides))
            yield f"levels-{place}", title, drawing, caption


def _lengths(sides: Mapping[str, Side], groups: Sequence[Mapping[str, Any]]) -> Iterator[Figure]:
    """The bound against the length of the flow, where runs differ in it."""
    for place, group in enumerate(groups, start=1):
        found = lengths_of(sides, group)
        if found is not None:
            caption = (
                "Log-likelihood and bound of runs whose posteriors differ in the length of their "
                "flow; length 0 is the Gaussian without one, and a dashed level is a run with "
                "another flow. The bars are standard errors over the rows, the same rows in every "
                "run, so that the difference between two runs is surer than the bars."
            )
            drawing = figures.bound_by_length(
                found.values, errors=found.errors, levels=found.levels, flow=found.flow
            )
            yield f"lengths-{place}", "The bound against the length of the flow", drawing, caption


def _reconstructions(sides: Mapping[str, Side]) -> Iterator[Figure]:
    """The same images through every run."""
    pictures = _image_sides(sides)
    prints = {side.scale.fingerprint for side in pictures.values()}
    if len(pictures) < len(sides) or len(prints) > 1:
        return
    found = {name: _through(side) for name, side in pictures.items()}
    inputs, _ = next(iter(found.values()))
    side = next(iter(pictures.values()))
    outputs = {name: made for name, (_, made) in found.items()}
    drawing = figures.image_rows(inputs, outputs=outputs, shape=side.run.preprocessing.shape)
    caption = (
        "The same rows as the first run sees them, and the decoded means of their codes in each: "
        "where two runs differ in sharpness, they differ in what their codes carry."
    )
    yield "reconstructions", "Inputs and reconstructions", drawing, caption


def _through(side: Side) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Some rows as a run sees them, and what it makes of them."""
    pre = side.run.preprocessing
    index = _index(side, _IMAGES)
    found = inference.reconstruct(
        side.run.model, preprocessing=pre, rows=side.dataset.rows, index=index
    )
    return as_shown(found.inputs, pre), as_shown(found.outputs, pre)


def _samples(sides: Mapping[str, Side]) -> Iterator[Figure]:
    """What each makes up, in one shape of image."""
    pictures = _image_sides(sides)
    shapes = {side.run.preprocessing.shape for side in pictures.values()}
    if len(shapes) == 1:
        made = {
            name: as_shown(
                inference.sample(side.run.model, n=_BESIDE_SAMPLES), side.run.preprocessing
            )
            for name, side in pictures.items()
        }
        caption = (
            "Decoded means of codes drawn from the prior, the same draws where the priors are. "
            "A model that generates puts its codes where the prior draws them."
        )
        yield "samples", "Samples", figures.image_panels(made, shape=shapes.pop()), caption


def _planes(sides: Mapping[str, Side], codes: Mapping[str, NDArray[Any]]) -> Iterator[Figure]:
    """The two dimensions of each that carry most."""
    wide = {name: each for name, each in codes.items() if each.shape[1] > 1}
    if len(wide) < 2:
        return
    chosen = {
        name: sorted(np.argsort(-each.var(0), kind="stable")[:2].tolist())
        for name, each in wide.items()
    }
    drawing = figures.plane_panels(
        {name: wide[name][:, pair] for name, pair in chosen.items()},
        labels={name: _labels(sides[name]) for name in wide},
        axis_labels={name: (f"z{a + 1}", f"z{b + 1}") for name, (a, b) in chosen.items()},
        classes=next(iter(sides.values())).dataset.classes,
    )
    caption = (
        "Posterior means of the measured rows, in the two dimensions whose means vary most. The "
        "prior of all is a ball of radius 2 or so around 0: codes far outside, and gaps inside, "
        "are what samples suffer from."
    )
    yield "planes", "Latent planes", drawing, caption


def _units(sides: Mapping[str, Side], codes: Mapping[str, NDArray[Any]]) -> Iterator[Figure]:
    """How the units are used, where there are more than two."""
    if max(each.shape[1] for each in codes.values()) < 3:
        return
    variances = {name: side.evaluation["mean_variance"] for name, side in sides.items()}
    caption = (
        "Each unit of the code by the variance of its posterior mean over the rows: above the "
        "dotted line it is active. A cliff means that some units do all the work."
    )
    yield "units", "Active units", figures.unit_profiles(variances), caption
    some = {name: each[:_BATCH] for name, each in codes.items() if each.shape[1] <= _MOST_UNITS}
    if some:
        caption = (
            f"Means of the code of {_BATCH} rows, a dash for each row: a unit whose dashes lie on "
            "one another at 0 says nothing about its row."
        )
        yield "means", "The means of all units over a batch", figures.code_spread(some), caption


def _posteriors(sides: Mapping[str, Side]) -> Iterator[Figure]:
    """The shape of one posterior in each run, where a flow bends it."""
    if any(side.run.config.model.posterior.flow != "none" for side in sides.values()):
        found = clouds(sides)
        if found:
            caption = (
                "Samples of q(z|x) of one row, grey before the flow and blue after it. The lines "
                "hold half and 95% of the exact posterior of that run's decoder, computed on a "
                "grid, or from importance weights where the code has more than two dimensions: "
                "the closer the dots follow them, the smaller the gap of the bound."
            )
            title = "The shape of one posterior"
            yield "posteriors", title, figures.posterior_panels(found), caption


def _codes(side: Side) -> NDArray[np.float32]:
    """Posterior means of measured rows."""
    pre, index = side.run.preprocessing, _index(side, _POINTS)
    return inference.encode(
        side.run.model, preprocessing=pre, rows=side.dataset.rows, index=index
    ).mean


def _labels(side: Side) -> NDArray[np.int64] | None:
    labels = side.dataset.labels
    return None if labels is None else labels[_index(side, _POINTS)]


def _index(side: Side, most: int) -> NDArray[np.int64]:
    """Measured rows, spread evenly."""
    index = side.dataset.split.of(side.evaluation["split"])[: side.evaluation["rows"]]
    return index[np.linspace(0, len(index) - 1, min(len(index), most)).astype(np.int64)]


def _image_sides(sides: Mapping[str, Side]) -> dict[str, Side]:
    return {name: side for name, side in sides.items() if side.dataset.is_image}
