"""The posterior of one row: before its flow, after it, and as it should be."""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vaekit.cli.sides import Side
from vaekit.figures import Cloud
from vaekit.numerics import fixed_noise

__all__ = ["clouds"]

_SAMPLES = 2000
_GRID = 120
_MARGIN = 0.6


@torch.no_grad()
def clouds(sides: Mapping[str, Side]) -> dict[str, Cloud]:
    """Sample the posterior of one row in each run with two latent dimensions and a density.

    Args:
        sides: the runs by name.

    Returns:
        By the name of the run.
    """
    flat = {
        name: side
        for name, side in sides.items()
        if side.has_density and side.run.config.model.latent_dim == 2
    }
    return {name: _cloud(side) for name, side in flat.items()}


def _cloud(side: Side) -> Cloud:
    """One of them, on a grid that holds the samples and some of what is around them."""
    place = side.dataset.split.of(side.evaluation["split"])[:1]
    row = np.ascontiguousarray(side.dataset.rows[place])
    # The same noise for each run, so that a binarized row is the same row in all.
    with fixed_noise(0):
        x = side.run.preprocessing(torch.from_numpy(row))
        q = side.run.model.posterior(x)
        after = q.sample(torch.Size([_SAMPLES]))[:, 0]
        base = getattr(q, "base", None)  # only a flow has one
        before = after if base is None else base.sample(torch.Size([_SAMPLES]))[:, 0]
    low, high = np.quantile(after.numpy(), [0.005, 0.995], axis=0)
    room = _MARGIN * float((high - low).max()) + 1e-3
    extent = tuple(float(v) for v in (low[0] - room, high[0] + room, low[1] - room, high[1] + room))
    left, right, bottom, top = extent
    return Cloud(
        before.double().numpy(),
        after.double().numpy(),
        _exact(side, x, extent=(left, right, bottom, top)),
        (left, right, bottom, top),
    )


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
