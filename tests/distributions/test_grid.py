import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from torch.distributions import Categorical

from vaekit.distributions import DiscretizedLogistic, GridCategorical

LOCS = st.floats(-3, 4)
SCALES = st.floats(1e-3, 100)


def logistic(loc, scale, levels):
    loc, scale = (torch.tensor(v, dtype=torch.float64) for v in (loc, scale))
    grid = torch.linspace(0, 1, levels, dtype=torch.float64)
    return DiscretizedLogistic(loc, scale, levels=levels), grid


@given(loc=LOCS, scale=SCALES, levels=st.integers(2, 300))
def test_the_levels_share_a_mass_of_one_around_the_mean(loc, scale, levels):
    p, grid = logistic(loc, scale, levels)
    mass = p.log_prob(grid).exp()
    assert mass.sum().item() == pytest.approx(1, abs=1e-9)
    assert (mass * grid).sum().item() == pytest.approx(p.mean.item(), abs=1e-9)


@given(loc=st.floats(0, 1), scale=st.floats(0.05, 2))
def test_it_is_the_difference_of_the_logistic_distribution_function(loc, scale):
    p, grid = logistic(loc, scale, 16)
    edges = torch.tensor([-float("inf"), *(torch.arange(15) + 0.5) / 15, float("inf")])
    mass = torch.as_tensor(stats.logistic.cdf(edges.numpy(), loc, scale)).diff()
    torch.testing.assert_close(p.log_prob(grid).exp(), mass, rtol=1e-5, atol=1e-7)


@given(loc=st.floats(-1e4, 1e4), scale=st.floats(5e-4, 2e3))
def test_single_precision_never_underflows(loc, scale):
    loc = torch.tensor(loc, requires_grad=True)
    scale = torch.tensor(scale, requires_grad=True)
    log_p = DiscretizedLogistic(loc, scale).log_prob(torch.linspace(0, 1, 256))
    log_p.sum().backward()
    assert torch.isfinite(log_p).all()
    assert torch.isfinite(loc.grad)
    assert torch.isfinite(scale.grad)


@pytest.mark.parametrize(("loc", "scale"), [(0.4, 0.1), (-0.2, 0.3), (1.2, 0.2)])
def test_samples_fall_on_the_levels_as_often_as_they_should(loc, scale):
    p, grid = logistic(loc, scale, 8)
    samples = p.sample((4000,))
    level = (samples * 7).round().long()
    torch.testing.assert_close(samples, grid[level])
    counts = torch.bincount(level, minlength=8)
    expected = 4000 * p.log_prob(grid).exp()
    kept = expected > 5
    statistic = ((counts - expected).square() / expected)[kept].sum().item()
    assert stats.chi2.sf(statistic, int(kept.sum()) - 1) > 1e-4


def test_a_value_between_two_levels_is_taken_to_the_nearest():
    p = DiscretizedLogistic(torch.tensor(0.5), torch.tensor(0.2), levels=5)
    q = GridCategorical(torch.randn(5))
    for value, nearest in ((0.3, 0.25), (0.99, 1.0), (1.7, 1.0), (-0.4, 0.0)):
        for each in (p, q):
            assert each.log_prob(torch.tensor(value)) == each.log_prob(torch.tensor(nearest))


@pytest.mark.parametrize("levels", [2, 16, 256])
def test_eight_bit_pixels_meet_their_own_level(levels):
    """k / (L - 1) in single precision must round back to k for every k."""
    q = GridCategorical(torch.arange(float(levels)))
    log_p = q.log_prob(torch.arange(levels) / (levels - 1))
    torch.testing.assert_close(log_p.diff(), torch.ones(levels - 1))


def test_the_categorical_agrees_with_torch():
    logits = torch.randn(3, 5, 7, 16)
    level = torch.randint(0, 16, (5, 7))
    ours, reference = GridCategorical(logits), Categorical(logits=logits)
    torch.testing.assert_close(ours.log_prob(level / 15), reference.log_prob(level))
    expected = (reference.probs * torch.arange(16) / 15).sum(-1)
    torch.testing.assert_close(ours.mean, expected)
    assert ours.sample((2,)).shape == (2, 3, 5, 7)
    assert ours.log_prob(ours.sample((2,))).shape == (2, 3, 5, 7)
