"""Figures of several runs."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torch import Tensor

from vaekit import figures, inference
from vaekit.comparison.comparison import Comparison, Member
from vaekit.distributions import PushForward
from vaekit.figures import PosteriorSamples
from vaekit.numerics import fixed_noise
from vaekit.report import as_shown

__all__ = ["ComparisonFigure", "comparison_figures", "numbers_by_flow_length", "posterior_clouds"]


_POINTS = 3000  # rows in a latent plane
_BATCH = 250  # rows whose means are drawn for each unit
_IMAGES = 10  # reconstructions
_SAMPLES_SHOWN = 16
_MOST_UNITS = 64
_FEWEST_LENGTHS = 3


class ComparisonFigure(NamedTuple):
    """A figure of a comparison."""

    name: str
    """Of its file."""
    title: str
    """Its title."""
    drawing: Figure
    """The figure."""
    caption: str
    """What it shows."""


def comparison_figures(comparison: Comparison) -> Iterator[ComparisonFigure]:
    """Draw the figures of a comparison.

    Args:
        comparison: with its loaded runs.

    Yields:
        The figures that these runs have.
    """
    samples = _samples(comparison.members)
    members = {
        name: member
        for name, member in comparison.members.items()
        if member.run.model.latent.encoder
    }
    codes = {name: _codes(member) for name, member in members.items()}
    yield from _learning_curves(comparison)
    yield from _bounds(comparison)
    yield from _bounds_by_flow_length(comparison)
    if not members:
        yield from samples
        return
    yield from _reconstructions(members)
    yield from samples
    yield from _latent_planes(members, codes)
    yield from _units(members, codes)
    yield from _posteriors(members)


def _learning_curves(comparison: Comparison) -> Iterator[ComparisonFigure]:
    """Draw the bound and its parts for runs on one scale, and the rate for all."""
    records = {name: _records(member) for name, member in comparison.members.items()}
    if not all(records.values()):
        return
    caption = (
        "Means over the rows of each epoch. The bound is the ELBO with every weight at 1, the "
        "loss what each run minimises; where a run weighs the parts differently they part. A "
        "plain autoencoder has neither bound nor rate."
    )
    several = len(comparison.groups) > 1
    for number, group in enumerate(comparison.groups, start=1):
        title = "Learning curves" + (f": {', '.join(group['runs'])}" if several else "")
        if group["kind"] == "none":  # no bound: the losses of each, in panels of its own
            for place, name in enumerate(group["runs"], start=1):
                drawing = figures.learning_curves(records[name])
                says = f"Means over the rows of each epoch of what {name} minimises."
                file = f"curves-{number}-{place}"
                yield ComparisonFigure(file, f"Learning curves: {name}", drawing, says)
            continue
        drawing = figures.comparison_curves({name: records[name] for name in group["runs"]})
        yield ComparisonFigure(f"curves-{number}", title, drawing, caption)
    if several:
        drawing = figures.comparison_curves(records, keys=("rate",))
        caption = (
            "How much the codes say about their rows: the one part of the loss that is in the "
            "same nats in every run."
        )
        yield ComparisonFigure("curves-rate", "The rate of all runs", drawing, caption)


def _records(member: Member) -> list[dict[str, Any]]:
    """Return the metrics of the epochs; a point posterior has neither a rate nor a bound."""
    if member.has_density:
        return member.records
    undefined = {"rate": None, "bound": None}
    return [
        {
            key: {**each, **undefined} if isinstance(each, dict) else each
            for key, each in row.items()
        }
        for row in member.records
    ]


def _bounds(comparison: Comparison) -> Iterator[ComparisonFigure]:
    """Draw log-likelihood and ELBO of the runs of each group on one axis."""
    errors = _standard_errors(comparison.members)
    for number, group in enumerate(comparison.groups, start=1):
        values = _bounds_of(group)
        if len(values["ELBO"]) > 1:
            caption = (
                "The gap between the bound and the log-likelihood of a run is the divergence of "
                "its posterior from the exact one of its decoder. The bars are standard errors "
                "over the rows."
            )
            title = "The bound and the log-likelihood"
            drawing = figures.bound_by_run(values, errors=errors)
            yield ComparisonFigure(f"levels-{number}", title, drawing, caption)


def _bounds_of(group: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Return log-likelihood and ELBO of the runs of a group, where they have them."""
    lines = {line["label"]: line["values"] for line in group["lines"]}
    return {
        label: {name: value for name, value in lines[label].items() if value is not None}
        for label in ("Log-likelihood", "ELBO")
    }


def _standard_errors(members: Mapping[str, Member]) -> dict[str, float]:
    """Return the standard errors of the log-likelihoods, where they are known."""
    found = {name: member.number("log_likelihood_se") for name, member in members.items()}
    return {name: error for name, error in found.items() if error is not None}


def _bounds_by_flow_length(comparison: Comparison) -> Iterator[ComparisonFigure]:
    """Draw the bound against the length of the flow, where runs differ in it."""
    for number, group in enumerate(comparison.groups, start=1):
        found = numbers_by_flow_length(comparison.members, group)
        if found is not None:
            caption = (
                "Log-likelihood and bound of runs whose posteriors differ in the length of their "
                "flow; length 0 is the Gaussian without one, and a dashed level is a run with "
                "another flow. The bars are standard errors over the rows, the same rows in every "
                "run, so that the difference between two runs is surer than the bars."
            )
            title = "The bound against the length of the flow"
            drawing = figures.bound_by_flow_length(**found)
            yield ComparisonFigure(f"lengths-{number}", title, drawing, caption)


def numbers_by_flow_length(
    members: Mapping[str, Member], group: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Find runs that differ in the length of their flow.

    Args:
        members: the runs by name.
        group: one of a `Comparison`.

    Returns:
        The arguments of `figures.bound_by_flow_length`; none where there are not three lengths of
        one kind of flow in runs that are otherwise one model on the same objective.
    """
    measured = _bounds_of(group)
    families: dict[str, dict[int, str]] = {}
    for name in measured["ELBO"]:
        posterior = members[name].run.config.model.posterior
        if posterior.flow != "none":
            family = families.setdefault(_model_without(members[name], "flow_length"), {})
            family.setdefault(posterior.flow_length, name)
    lengths = max(families.values(), key=len, default={})
    if len(lengths) < _FEWEST_LENGTHS:
        return None
    first = members[next(iter(lengths.values()))]
    flow = first.run.config.model.posterior.flow
    others = [
        name
        for name in measured["ELBO"]
        if members[name].run.config.model.posterior.flow != flow
        and _model_without(members[name]) == _model_without(first)
    ]

    def by_length(values: Mapping[str, float]) -> dict[int, float]:
        return {length: values[name] for length, name in lengths.items() if name in values}

    return {
        "values": {what: by_length(values) for what, values in measured.items()},
        "errors": {"Log-likelihood": by_length(_standard_errors(members))},
        "levels": {
            what: {name: values[name] for name in others if name in values}
            for what, values in measured.items()
        },
        "flow": flow,
    }


def _model_without(member: Member, posterior_setting: str | None = None) -> str:
    """Return model and objective without the posterior, or without one setting of it."""
    config = member.run.config.model_dump(mode="json")
    if posterior_setting is None:
        del config["model"]["posterior"]
    else:
        del config["model"]["posterior"][posterior_setting]
    return f"{config['model']} {config['objective']}"


def _reconstructions(members: Mapping[str, Member]) -> Iterator[ComparisonFigure]:
    """Draw the same images and their reconstruction by every run."""
    rows = {(member.dataset.is_image, member.scale.fingerprint) for member in members.values()}
    if len(rows) > 1 or not next(iter(rows))[0]:
        return
    rows_shown: dict[str, NDArray[np.float64]] = {}
    for name, member in members.items():
        pre = member.run.preprocessing
        found = inference.reconstruct(
            member.run.model,
            preprocessing=pre,
            rows=member.dataset.rows,
            index=_row_index(member, _IMAGES),
        )
        rows_shown.setdefault("input", as_shown(found.inputs, pre))
        rows_shown[name] = as_shown(found.outputs, pre)
    shape = next(iter(members.values())).run.preprocessing.shape
    drawing = figures.image_grid(
        np.concatenate(list(rows_shown.values())), shape=shape, row_labels=list(rows_shown)
    )
    caption = (
        "The same rows as the first run sees them, and the decoded means of their codes in each: "
        "where two runs differ in sharpness, they differ in what their codes carry."
    )
    yield ComparisonFigure("reconstructions", "Inputs and reconstructions", drawing, caption)


def _samples(members: Mapping[str, Member]) -> Iterator[ComparisonFigure]:
    """Draw samples of every run on images, where these have one shape."""
    runs = {name: member.run for name, member in members.items() if member.dataset.is_image}
    shapes = {run.preprocessing.shape for run in runs.values()}
    if len(shapes) == 1:
        made = {
            name: as_shown(inference.sample(run.model, n=_SAMPLES_SHOWN), run.preprocessing)
            for name, run in runs.items()
        }
        caption = (
            "Decoded means of codes drawn from the prior, the same draws where the priors are. "
            "A model that generates puts its codes where the prior draws them."
        )
        drawing = figures.image_grids(made, shape=shapes.pop())
        yield ComparisonFigure("samples", "Samples", drawing, caption)


def _latent_planes(
    members: Mapping[str, Member], codes: Mapping[str, NDArray[Any]]
) -> Iterator[ComparisonFigure]:
    """Draw the two dimensions of each run whose means vary most."""
    wide = {name: each for name, each in codes.items() if each.shape[1] > 1}
    if len(wide) < 2:
        return
    dims = {
        name: sorted(np.argsort(-each.var(0), kind="stable")[:2].tolist())
        for name, each in wide.items()
    }
    drawing = figures.latent_scatters(
        {name: wide[name][:, pair] for name, pair in dims.items()},
        labels={name: _labels(members[name]) for name in wide},
        axis_labels={name: (f"z{a + 1}", f"z{b + 1}") for name, (a, b) in dims.items()},
        classes=next(iter(members.values())).dataset.classes,
    )
    caption = (
        "Posterior means of the measured rows, in the two dimensions whose means vary most. The "
        "prior of all is a ball of radius 2 or so around 0: codes far outside, and empty places "
        "inside, make samples worse."
    )
    yield ComparisonFigure("planes", "Latent planes", drawing, caption)


def _units(
    members: Mapping[str, Member], codes: Mapping[str, NDArray[Any]]
) -> Iterator[ComparisonFigure]:
    """Draw how the units of the code are used, where a run has more than two."""
    if max(each.shape[1] for each in codes.values()) < 3:
        return
    variances = {name: member.evaluation["mean_variance"] for name, member in members.items()}
    caption = (
        "Each unit of the code by the variance of its posterior mean over the rows: above the "
        "dotted line it is active. A cliff means that some units do all the work."
    )
    drawing = figures.active_units(variances)
    yield ComparisonFigure("units", "Active units", drawing, caption)
    shown = {name: each[:_BATCH] for name, each in codes.items() if each.shape[1] <= _MOST_UNITS}
    if shown:
        caption = (
            f"Means of the code of {_BATCH} rows, a dash for each row: a unit whose dashes lie on "
            "one another at 0 says nothing about its row."
        )
        title = "The means of all units over a batch"
        yield ComparisonFigure("means", title, figures.posterior_means(shown), caption)


def _codes(member: Member) -> NDArray[np.float32]:
    """Return posterior means of measured rows."""
    return inference.encode(
        member.run.model,
        preprocessing=member.run.preprocessing,
        rows=member.dataset.rows,
        index=_row_index(member, _POINTS),
    ).mean


def _labels(member: Member) -> NDArray[np.int64] | None:
    labels = member.dataset.labels
    return None if labels is None else labels[_row_index(member, _POINTS)]


def _row_index(member: Member, most: int) -> NDArray[np.int64]:
    """Return positions of measured rows, spread evenly."""
    evaluation = member.evaluation
    index = member.dataset.split.of(evaluation["split"])[: evaluation.get("rows")]
    return index[inference.evenly(len(index), most=most)]


def _posteriors(members: Mapping[str, Member]) -> Iterator[ComparisonFigure]:
    """Draw the shape of one posterior in each run, where one has a flow."""
    has_flow = any(m.run.config.model.posterior.flow != "none" for m in members.values())
    clouds = posterior_clouds(members) if has_flow else {}
    if clouds:
        caption = (
            "Samples of q(z|x) of one row, grey before the flow and blue after it. The lines "
            "hold half and 95% of the exact posterior of that run's decoder, computed on a "
            "grid, or from importance weights where the code has more than two dimensions: "
            "the closer the dots follow them, the smaller the gap of the bound."
        )
        title = "The shape of one posterior"
        yield ComparisonFigure("posteriors", title, figures.posterior_samples(clouds), caption)


_SAMPLES = 2000
_WEIGHTED_SAMPLES = 50_000
_GRID = 120  # points along each axis
_MARGIN = 0.6  # around the samples, as a share of their extent
_BINS = 60
_SMOOTHING = 1.5  # standard deviation in bins


@torch.no_grad()
def posterior_clouds(members: Mapping[str, Member]) -> dict[str, PosteriorSamples]:
    """Sample the posterior of one row in each run with two latent dimensions or more.

    Of more than two dimensions the two are taken in which the flow bends the posterior of that
    row most, or in which it is widest.
    The exact posterior is computed on a grid where there are two, and from importance weights of
    samples of q where there are more.

    Args:
        members: the runs by name.

    Returns:
        By the name of the run; without those whose posterior is a point.
    """
    wide = {
        name: member
        for name, member in members.items()
        if member.has_density and member.run.config.model.latent_dim > 1
    }
    return {name: _cloud(member) for name, member in wide.items()}


def _cloud(member: Member) -> PosteriorSamples:
    """Sample the posterior of a row, with the exact one on a grid around the samples."""
    first = member.dataset.split.of(member.evaluation["split"])[:1]
    row = np.ascontiguousarray(member.dataset.rows[first])
    # The same noise for each run, so that a binarized row is the same row in all.
    with fixed_noise(0):
        x = member.run.preprocessing(torch.from_numpy(row))
        q = member.run.model.encode(x)
        flow = isinstance(q, PushForward)
        base = q.base if isinstance(q, PushForward) else q
        before = base.sample(torch.Size([_SAMPLES]))[:, 0]
        after = q.bijection.push(before[:, None])[0][:, 0] if isinstance(q, PushForward) else before
    # Where the flow moves most of its own width; without one, where the posterior is widest.
    moved = (after - before).square().mean(0) / before.var(0) if flow else after.var(0)
    dims = moved.topk(2).indices.sort().values
    before, after = before[:, dims], after[:, dims]
    low, high = np.quantile(after.numpy(), [0.005, 0.995], axis=0)
    room = _MARGIN * float((high - low).max()) + 1e-3
    left, bottom = (low - room).tolist()
    right, top = (high + room).tolist()
    extent = (left, right, bottom, top)
    if member.run.config.model.latent_dim == 2:
        exact = _exact(member, x, extent=extent)
    else:
        exact = _weighted(member, x, extent=extent, dims=dims)
    first_axis, second_axis = (f"z{dim + 1}" for dim in dims.tolist())
    return PosteriorSamples(
        before.double().numpy(), after.double().numpy(), exact, extent, (first_axis, second_axis)
    )


def _weighted(
    member: Member, x: Tensor, *, extent: tuple[float, float, float, float], dims: Tensor
) -> NDArray[np.float64]:
    """Estimate log p(z|x) in two of many dimensions from weighted samples of q, smoothed."""
    model = member.run.model
    codes, weights = [], []
    with fixed_noise(1):
        for _ in range(_WEIGHTED_SAMPLES // _SAMPLES):
            trace = model(x, samples=_SAMPLES)
            codes.append(trace.z[:, 0, dims])
            weights.append((trace.log_px + trace.log_pz - trace.log_qz)[:, 0])
    weight = torch.cat(weights).double().softmax(0).numpy()
    points = torch.cat(codes).double().numpy()
    left, right, bottom, top = extent
    counts, _, _ = np.histogram2d(
        points[:, 1], points[:, 0], bins=_BINS, range=[[bottom, top], [left, right]], weights=weight
    )
    steps = np.arange(-5, 6)
    kernel = np.exp(-0.5 * (steps / _SMOOTHING) ** 2)
    for axis in (0, 1):
        counts = np.apply_along_axis(np.convolve, axis, counts, kernel / kernel.sum(), "same")
    grid: NDArray[np.float64] = np.log(counts + 1e-12)
    return grid


def _exact(
    member: Member, x: Tensor, *, extent: tuple[float, float, float, float]
) -> NDArray[np.float64]:
    """Compute log p(x|z) + log p(z) on a grid, (G, G) with the second coordinate first."""
    left, right, bottom, top = extent
    first, second = torch.linspace(left, right, _GRID), torch.linspace(bottom, top, _GRID)
    up, across = torch.meshgrid(second, first, indexing="ij")
    z = torch.stack([across.flatten(), up.flatten()], dim=-1)
    model = member.run.model
    joint = torch.cat(
        [
            model.decode(part).log_prob(x) + model.code_distribution().log_prob(part)
            for part in torch.split(z, 1024)
        ]
    )
    grid: NDArray[np.float64] = joint.double().reshape(_GRID, _GRID).numpy()
    return grid
