"""Imputation against a linear-Gaussian model, where what is missing given the rest is known."""

import importlib

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import LinearGaussian
from torch.distributions import MultivariateNormal, Normal

from vaekit.errors import ConfigError, DataError
from vaekit.inference import impute
from vaekit.models import VAE, Conditional

SAMPLES = 20_000


class MaskedPosterior(Conditional):
    """The posterior of the oracle given the observed cells alone, widened on request."""

    sees_mask = True

    def __init__(self, likelihood, *, widen):
        super().__init__()
        self.likelihood, self.widen = likelihood, widen

    def forward(self, context=None):
        x, mask = context.chunk(2, -1)
        weight, variance = self.likelihood.weight, self.likelihood.scale**2
        seen = mask[..., None] * weight
        precision = torch.eye(weight.shape[1], dtype=x.dtype) + seen.mT @ seen / variance
        covariance = torch.linalg.inv(precision)
        signal = (seen.mT @ ((x - self.likelihood.bias) * mask)[..., None])[..., 0]
        mean = (covariance @ signal[..., None])[..., 0] / variance
        return MultivariateNormal(mean, self.widen * covariance)


def oracle(*, widen=1.0):
    made = LinearGaussian(seed=3)
    likelihood = made.model.likelihood
    posterior = MaskedPosterior(likelihood, widen=widen)
    return made, VAE(prior=made.model.prior, posterior=posterior, likelihood=likelihood)


def with_gaps(x, *, seed=0):
    rows = x.numpy().copy()
    rows[np.random.default_rng(seed).random(rows.shape) < 0.4] = np.nan
    return rows


def exact(made, row):
    """Mean and standard deviation of the missing cells of a row given its observed ones."""
    weight, bias = made.model.likelihood.weight, made.model.likelihood.bias
    covariance = (weight @ weight.T + 0.36 * torch.eye(len(bias), dtype=weight.dtype)).numpy()
    gaps = np.isnan(row)
    gain = covariance[np.ix_(gaps, ~gaps)] @ np.linalg.inv(covariance[np.ix_(~gaps, ~gaps)])
    mean = bias.numpy()[gaps] + gain @ (row - bias.numpy())[~gaps]
    left = covariance[np.ix_(gaps, gaps)] - gain @ covariance[np.ix_(~gaps, gaps)]
    return mean, np.sqrt(np.diag(left))


def test_the_mean_is_the_conditional_expectation():
    made, model = oracle(widen=1.5)
    rows = with_gaps(made.x)
    found = impute(model, rows=rows, samples=SAMPLES)
    for row, filled in zip(rows, found.filled, strict=True):
        mean, deviation = exact(made, row)
        assert np.abs(filled[np.isnan(row)] - mean).max(initial=0) < 0.05 * deviation.max(initial=1)


def test_draws_have_the_conditional_spread_and_intervals_cover():
    made, model = oracle(widen=1.5)
    rows = with_gaps(made.x)[:3]
    found = impute(model, rows=rows, samples=5000, draws=4000, interval=0.9)
    for at, row in enumerate(rows):
        gaps = np.isnan(row)
        mean, deviation = exact(made, row)
        assert found.draws[:, at, gaps].mean(0) == pytest.approx(mean, abs=0.1)
        assert found.draws[:, at, gaps].std(0) == pytest.approx(deviation, rel=0.06)
        assert found.low[at, gaps] == pytest.approx(mean - 1.645 * deviation, abs=0.2)
        assert found.high[at, gaps] == pytest.approx(mean + 1.645 * deviation, abs=0.2)


def test_the_exact_posterior_leaves_every_sample_its_weight():
    made, model = oracle()
    found = impute(model, rows=with_gaps(made.x), samples=100)
    assert found.effective_samples == pytest.approx(np.full(12, 100.0))
    _, wide = oracle(widen=4.0)
    assert impute(wide, rows=with_gaps(made.x), samples=100).effective_samples.min() < 80


def test_a_row_without_anything_known_gets_the_mean_of_all():
    made, model = oracle()
    found = impute(model, rows=np.full((1, 5), np.nan), samples=SAMPLES)
    assert found.filled[0] == pytest.approx(made.model.likelihood.bias.numpy(), abs=0.05)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**31 - 1))
def test_observed_cells_stand_untouched_everywhere(seed):
    made, model = oracle()
    rows = with_gaps(made.x, seed=seed)
    found = impute(model, rows=rows, samples=3, draws=2, interval=0.5)
    known = ~np.isnan(rows)
    for table in (found.filled, *found.draws, found.low, found.high):
        assert np.array_equal(table[known], rows[known])
        assert np.isfinite(table).all()


@settings(deadline=None, max_examples=25)
@given(st.permutations(range(12)), st.integers(1, 12))
def test_a_row_is_told_the_same_whatever_goes_with_it(order, count):
    made, model = oracle(widen=2.0)
    rows, chosen = with_gaps(made.x), list(order)[:count]
    whole = impute(model, rows=rows, samples=20, draws=2, interval=0.8)
    part = impute(model, rows=rows[chosen], samples=20, draws=2, interval=0.8)
    assert np.array_equal(part.filled, whole.filled[chosen])
    assert np.array_equal(part.draws, whole.draws[:, chosen])
    assert np.array_equal(part.low, whole.low[chosen])


def test_the_seed_decides_and_the_generators_are_left_alone():
    made, model = oracle()
    rows = with_gaps(made.x)
    torch.manual_seed(1)
    expected = torch.rand(1)
    torch.manual_seed(1)
    first = impute(model, rows=rows, samples=10).filled
    assert torch.rand(1) == expected
    assert np.array_equal(first, impute(model, rows=rows, samples=10).filled)
    assert not np.array_equal(first, impute(model, rows=rows, samples=10, seed=1).filled)


def test_chunks_change_nothing_but_the_noise(monkeypatch):
    made, model = oracle(widen=1.5)
    rows = with_gaps(made.x)
    whole = impute(model, rows=rows, samples=SAMPLES)
    # by name: the package holds the function where it would look for the module
    module = importlib.import_module("vaekit.inference.impute")
    monkeypatch.setattr(module, "_CHUNK_NUMBERS", 5 * 999)
    parts = impute(model, rows=rows, samples=SAMPLES)
    assert parts.filled == pytest.approx(whole.filled, abs=0.1)
    assert parts.effective_samples == pytest.approx(whole.effective_samples, rel=0.05)


def test_progress_counts_every_row():
    made, model = oracle()
    done = []
    impute(model, rows=with_gaps(made.x), samples=2, advance=done.append)
    assert sum(done) == 12


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"samples": 0}, "samples >= 1"),
        ({"draws": -1}, "draws >= 0"),
        ({"interval": 1.0}, "between 0 and 1"),
        ({"interval": 90.0}, "such as 0.9"),
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong, said):
    _, model = oracle()
    with pytest.raises(ConfigError, match=said):
        impute(model, rows=np.zeros((2, 5)), **wrong)


@pytest.mark.parametrize("rows", [np.zeros(5), np.array([[0.0, np.inf, 0.0, 0.0, 0.0]])])
def test_rows_that_are_no_table_are_refused(rows):
    _, model = oracle()
    with pytest.raises(DataError, match="expected"):
        impute(model, rows=rows)


def test_intervals_of_a_gaussian_are_its_quantiles():
    made, model = oracle()
    rows = np.full((1, 5), np.nan)
    found = impute(model, rows=rows, samples=SAMPLES, interval=0.5)
    mean, deviation = exact(made, rows[0])
    upper = Normal(torch.from_numpy(mean), torch.from_numpy(deviation)).icdf(torch.tensor(0.75))
    assert found.high[0] == pytest.approx(upper.numpy(), abs=0.15)
