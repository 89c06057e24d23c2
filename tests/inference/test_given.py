"""Rows with given cells, against a linear-Gaussian model of which the rest is known exactly."""

import numpy as np
import pytest
import torch
from oracle import LinearGaussian
from torch.distributions import Independent, Normal

from vaekit.distributions import EqualMixture
from vaekit.errors import ConfigError, DataError
from vaekit.inference import draw_rows
from vaekit.models import DefensiveMixture

N = 20_000


def oracle(**settings):
    return LinearGaussian(gaps=0.4, seed=3, **settings).model


def joint(model):
    """Mean and covariance of its rows."""
    weight, bias = model.likelihood.weight.numpy(), model.likelihood.bias.numpy()
    return bias, weight @ weight.T + 0.36 * np.eye(len(bias))


def conditional(model, given):
    """Mean and covariance of the cells that are not given."""
    mean, covariance = joint(model)
    known = ~np.isnan(given)
    across = covariance[np.ix_(~known, known)]
    gain = across @ np.linalg.inv(covariance[np.ix_(known, known)])
    left = covariance[np.ix_(~known, ~known)] - gain @ across.T
    return mean[~known] + gain @ (given - mean)[known], left


@pytest.mark.parametrize("known", [[0], [1, 4], [0, 1, 2, 3]])
@pytest.mark.parametrize("posterior", [{}, {"shift": 0.5, "widen": 0.3}], ids=["exact", "wrong"])
def test_the_others_are_drawn_from_what_they_are_given_these(known, posterior):
    model = oracle(**posterior)
    given = np.full(5, np.nan)
    given[known] = joint(model)[0][known] + 0.8
    drawn = draw_rows(model, n=N, given=given, seed=1)
    assert (drawn.rows[:, known] == given[known]).all()
    made = drawn.rows[:, np.isnan(given)]
    mean, covariance = conditional(model, given)
    assert made.mean(0) == pytest.approx(mean, abs=0.05)
    assert np.atleast_2d(np.cov(made.T)) == pytest.approx(covariance, abs=0.08)
    assert drawn.effective_samples > 1000


def test_without_given_cells_rows_are_those_of_the_model():
    model = oracle().float()
    model.likelihood.weight, model.likelihood.bias = (
        model.likelihood.weight.float(),
        model.likelihood.bias.float(),
    )
    mean, covariance = joint(model)
    for given in (None, np.full(5, np.nan)):
        drawn = draw_rows(model, n=N, given=given)
        assert drawn.rows.mean(0) == pytest.approx(mean, abs=0.06)
        assert np.cov(drawn.rows.T) == pytest.approx(covariance, abs=0.12)
        assert drawn.effective_samples == N


def test_rows_that_are_given_whole_are_repeated():
    drawn = draw_rows(oracle(), n=3, given=np.arange(5.0))
    assert drawn.rows.tolist() == [[0, 1, 2, 3, 4]] * 3


def test_a_posterior_that_misses_is_hedged():
    """With 4000 samples of a posterior three deviations off alone, hardly one would count."""
    model = oracle(shift=3.0, widen=0.05)
    given = np.array([joint(model)[0][0], *[np.nan] * 4])
    assert draw_rows(model, n=1000, given=given).effective_samples > 500


def test_the_seed_decides():
    model, given = oracle(), np.array([0.5, *[np.nan] * 4])
    one, same, other = (draw_rows(model, n=5, given=given, seed=s).rows for s in (0, 0, 1))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_what_makes_no_sense_is_refused():
    with pytest.raises(ConfigError, match="n = 0"):
        draw_rows(oracle(), n=0)
    with pytest.raises(DataError, match="infinity"):
        draw_rows(oracle(), n=1, given=np.array([np.inf, *[np.nan] * 4]))


def test_either_is_a_mixture():
    one = Independent(Normal(torch.full((4, 1), -3.0), 0.5), 1)
    other = Independent(Normal(torch.full((1,), 5.0), 0.5), 1)
    torch.manual_seed(0)
    both = EqualMixture(one, other)
    z, log_p = both.rsample_and_log_prob((5000,))
    assert z.shape == (5000, 4, 1)
    assert z.mean(0) == pytest.approx(both.mean, abs=0.25)
    assert (z > 1).float().mean() == pytest.approx(0.5, abs=0.02)
    grid = torch.linspace(-8, 9, 2001)[:, None, None].expand(-1, 4, 1)
    assert torch.trapezoid(both.log_prob(grid).exp(), grid[..., 0], dim=0) == pytest.approx(1.0)
    assert torch.allclose(log_p, both.log_prob(z))


def test_a_defensive_mixture_sees_what_its_model_sees():
    model = oracle()
    defensive = DefensiveMixture(model)
    rows, mask = torch.zeros(2, 5, dtype=torch.float64), torch.ones(2, 5, dtype=torch.bool)
    mask[0, 3] = False
    trace = defensive(rows, samples=3, mask=mask)
    assert trace.log_qz.shape == (3, 2)
    expected = EqualMixture(model.encode(rows, mask=mask), model.code_distribution())
    assert torch.allclose(trace.log_qz, expected.log_prob(trace.z))
