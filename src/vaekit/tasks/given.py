"""Rows of which some cells are given: the others as a model draws them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaekit.errors import ConfigError
from vaekit.models import VAE, Hedged
from vaekit.tasks.decode import sample
from vaekit.tasks.impute import impute

__all__ = ["Drawn", "draw_rows"]

_SAMPLES = (1000, 100_000)
_SAMPLES_PER_ROW = 4


@dataclass(frozen=True, kw_only=True, eq=False)
class Drawn:
    """Rows that a model made up."""

    rows: NDArray[np.floating[Any]]
    """(n, F) in the units that the model sees."""
    effective_samples: float
    """How many codes carry the rows: (sum w)^2 / sum w^2 of the weights; near 1 all rows come from
    one code. As many as rows where no cell is given."""


def draw_rows(
    model: VAE,
    *,
    n: int,
    given: NDArray[np.floating[Any]] | None = None,
    seed: int = 0,
) -> Drawn:
    r"""Draw rows of a model, all with the cells that are given.

    .. math:: z_k \sim \tfrac12 q(z|x_g) + \tfrac12 p(z), \quad
        w_k \propto \frac{p(x_g|z_k)\,p(z_k)}{\tfrac12 q(z_k|x_g) + \tfrac12 p(z_k)}, \quad
        z \sim \sum_k \bar w_k \delta_{z_k}, \quad x \sim p(x|z)

    The given cells stand; K is four times n, between 1000 and 100,000. Where all are given, they
    are repeated; where none is, codes come from the prior.

    Args:
        model: a trained model; put into evaluation mode.
        n: how many rows.
        given: (F,) as the model sees a row, NaN where a cell is to be drawn.
        seed: of the noise.

    Returns:
        The rows, and the effective sample size.

    Raises:
        ConfigError: n is below 1.
        DataError: a given cell is infinite.

    Example:
        >>> from vaekit import MLP, Amortized, DiagonalGaussian, Gaussian, StandardNormal
        >>> model = VAE(
        ...     prior=StandardNormal(1),
        ...     posterior=Amortized(MLP(3, [], 2), DiagonalGaussian(1)),
        ...     likelihood=Amortized(MLP(1, [], 3), Gaussian(3)),
        ... )
        >>> drawn = draw_rows(model, n=4, given=np.array([1.0, np.nan, 2.0]))
        >>> drawn.rows[:, [0, 2]].tolist()
        [[1.0, 2.0], [1.0, 2.0], [1.0, 2.0], [1.0, 2.0]]

    Source:
        Rubin 1988, Bayesian Statistics 3 (sampling/importance resampling); Hesterberg 1995,
        Technometrics 37 (defensive mixtures).
    """
    if n < 1:
        raise ConfigError(f"expected at least 1 row to draw; got n = {n}")
    if given is None or np.isnan(given).all():
        return Drawn(rows=sample(model, n=n, draw=True, seed=seed), effective_samples=float(n))
    least, most = _SAMPLES
    made = impute(
        VAE(
            prior=model.prior,
            posterior=Hedged(model.posterior, model.prior),
            likelihood=model.likelihood,
        ),
        rows=given[None],
        samples=min(max(least, _SAMPLES_PER_ROW * n), most),
        draws=n,
        seed=seed,
    )
    return Drawn(rows=made.draws[:, 0], effective_samples=float(made.effective_samples[0]))
