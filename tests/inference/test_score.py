"""Scores against a linear-Gaussian model, where the density of any cells is known."""

import importlib

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import LinearGaussian, log_marginal
from torch.distributions import MultivariateNormal

from vaekit.errors import ConfigError, DataError
from vaekit.estimators.fitting import build_table_model, choose_settings
from vaekit.inference import score
from vaekit.models import ColumnSpec
from vaekit.numerics import fixed_noise


def with_gaps(made):
    return np.where(made.mask.numpy(), made.x.numpy(), np.nan)


def joint(made):
    weight = made.model.likelihood.weight
    covariance = weight @ weight.T + 0.36 * torch.eye(len(weight), dtype=weight.dtype)
    return MultivariateNormal(made.model.likelihood.bias, covariance)


@settings(deadline=None, max_examples=8)
@given(st.integers(0, 1000), st.sampled_from([0.3, 0.7]))
def test_with_the_exact_posterior_one_sample_is_enough(seed, gaps):
    made = LinearGaussian(gaps=gaps, seed=seed)
    found = score(made.model, rows=with_gaps(made), samples=2)
    assert found.log_likelihood == pytest.approx(made.log_px.numpy(), abs=2e-6)
    assert found.effective_samples == pytest.approx(np.full(12, 2.0))


def test_a_wide_posterior_comes_to_the_exact_density_of_the_known_cells():
    made = LinearGaussian(gaps=0.4, seed=3, widen=2.0, shift=0.2)
    found = score(made.model, rows=with_gaps(made), samples=20_000)
    assert found.log_likelihood == pytest.approx(made.log_px.numpy(), abs=0.05)
    assert found.effective_samples[made.mask.numpy().any(1)].max() < 19_000


def test_the_surprise_is_of_a_cell_given_the_others():
    made = LinearGaussian(gaps=0.4, seed=3, widen=2.0)
    found = score(made.model, rows=with_gaps(made), samples=20_000)
    for at, column in made.mask.nonzero().tolist():
        others = made.mask[at].clone()
        others[column] = False
        exact = made.log_px[at] - log_marginal(joint(made), made.x[at], others)
        assert found.surprise[at, column] == pytest.approx(-float(exact), abs=0.1)
    assert np.array_equal(np.isnan(found.surprise), ~made.mask.numpy())


def test_a_row_is_told_the_same_in_any_company_and_the_generator_is_left():
    made = LinearGaussian(gaps=0.4, seed=3, widen=2.0)
    rows, before = with_gaps(made), torch.get_rng_state()
    alone = score(made.model, rows=rows[4:5], samples=50)
    among = score(made.model, rows=rows, samples=50)
    assert alone.log_likelihood[0] == among.log_likelihood[4]
    assert np.array_equal(alone.surprise[0], among.surprise[4], equal_nan=True)
    assert torch.equal(before, torch.get_rng_state())
    assert (
        score(made.model, rows=rows, samples=50, seed=1).log_likelihood[4]
        != (among.log_likelihood[4])
    )


@pytest.mark.parametrize("width", [4, 48])
@pytest.mark.parametrize("threads", [1, 2])
def test_a_row_is_told_the_same_wherever_it_stands(threads, width):
    kinds = ["real", "positive", "count", "binary", "bounded"] * 3
    specs = [
        ColumnSpec(kind, low=0.0, high=1.0) if kind == "bounded" else ColumnSpec(kind)
        for kind in kinds
    ]
    specs += [ColumnSpec("categorical", levels=3), ColumnSpec("ordinal", levels=4)]
    chosen = choose_settings(rows=9, latent_dim=2 + width // 8, hidden=(width, width))
    draw, before = np.random.default_rng(0), torch.get_num_threads()
    rows = draw.integers(0, 2, (150, len(specs))) + 0.0
    rows[:, :15:5] += draw.normal(size=(150, 3))
    rows[:, 1:15:5] += draw.random((150, 3)) + 0.1
    rows[draw.random(rows.shape) < 0.1] = np.nan
    torch.set_num_threads(threads)
    try:
        with fixed_noise(0):
            model = build_table_model(specs, settings=chosen)
        whole = score(model, rows=rows, samples=30)
        order = draw.permutation(150)
        mixed = score(model, rows=rows[order], samples=30)
        assert np.array_equal(whole.log_likelihood[order], mixed.log_likelihood)
        assert np.array_equal(whole.surprise[order], mixed.surprise, equal_nan=True)
        for at in (0, 1, 63, 64, 149):
            alone = score(model, rows=rows[at : at + 1], samples=30)
            assert alone.log_likelihood[0] == whole.log_likelihood[at]
    finally:
        torch.set_num_threads(before)


def test_chunks_change_nothing_but_the_noise(monkeypatch):
    made = LinearGaussian(gaps=0.4, seed=3)
    module = importlib.import_module("vaekit.inference.impute")
    monkeypatch.setattr(module, "_CHUNK_NUMBERS", 35)  # 7 samples of 5 features
    found = score(made.model, rows=with_gaps(made), samples=50)
    assert found.log_likelihood == pytest.approx(made.log_px.numpy(), abs=2e-6)
    assert found.effective_samples == pytest.approx(np.full(12, 50.0))


def test_a_row_without_a_known_cell_says_nothing():
    made = LinearGaussian(gaps=0.4, seed=3, widen=2.0)
    told = []
    found = score(made.model, rows=np.full((2, 5), np.nan), samples=7, advance=told.append)
    assert found.log_likelihood.tolist() == [0.0, 0.0]
    assert found.effective_samples.tolist() == [7.0, 7.0]
    assert np.isnan(found.surprise).all()
    assert sum(told) == 2


def test_what_cannot_be_scored_is_refused():
    made = LinearGaussian(gaps=0.4)
    with pytest.raises(ConfigError, match="samples"):
        score(made.model, rows=np.zeros((1, 5)), samples=0)
    with pytest.raises(DataError, match="table"):
        score(made.model, rows=np.zeros(5))
    with pytest.raises(DataError, match="infinity"):
        score(made.model, rows=np.full((1, 5), np.inf))
