"""The posterior of one row: before its flow, after it, and as it should be."""

from collections.abc import Mapping
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vaekit.cli.sides import Side
from vaekit.distributions import PushForward
from vaekit.figures import Cloud
from vaekit.numerics import fixed_noise

__all__ = ["clouds"]

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
