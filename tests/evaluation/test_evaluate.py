"""The likelihood estimator against exact evidence, whatever the chunk."""

import dataclasses
import json

import numpy as np
import pytest
import torch
from oracle import LinearGaussian

from vaekit import MLP, VAE, Amortized, Batches, DiagonalGaussian, Gaussian, StandardNormal
from vaekit.errors import DataError
from vaekit.evaluation import Evaluation, evaluate, score_rows
from vaekit.evaluation.evaluate import write_notes
from vaekit.models import Point


def scores(case, *, samples, chunk, seed=0):
    torch.manual_seed(seed)
    q = case.model.posterior(case.x)
    return score_rows(case.model, case.x, q=q, samples=samples, chunk=chunk)


@pytest.mark.parametrize("samples", [1, 7, 100, 1000])
@pytest.mark.parametrize("chunk", [1, 3, 64, 5000])
def test_with_the_exact_posterior_the_estimate_is_log_px(samples, chunk):
    exact = LinearGaussian()
    found = scores(exact, samples=samples, chunk=chunk)
    torch.testing.assert_close(found.log_likelihood, exact.log_px, atol=1e-4, rtol=0)
    torch.testing.assert_close(
        found.effective_samples, torch.full_like(exact.log_px, samples), atol=1e-6, rtol=1e-6
    )


def test_with_another_posterior_it_rises_with_the_samples_towards_log_px():
    off = LinearGaussian(rows=400, shift=0.4, widen=1.6)
    truth = off.log_px.mean().item()
    means, errors = [], []
    for samples in (1, 7, 100, 1000):
        gaps = scores(off, samples=samples, chunk=33).log_likelihood - off.log_px
        means.append(gaps.mean().item())
        errors.append(gaps.std().item() / len(gaps) ** 0.5)
    assert means == sorted(means), f"the estimate must rise with the samples, truth {truth}"
    assert means[0] < -3 * errors[0], "one sample is the ELBO, well below log p(x)"
    assert abs(means[-1]) < 3 * errors[-1]


def test_chunks_use_exactly_the_asked_number_of_samples():
    """With one common set of draws, any chunking is the same estimate to rounding."""
    off = LinearGaussian(shift=0.4)

    counted = {"samples": 0}
    likelihood = off.model.likelihood.forward

    def counting(z):
        counted["samples"] += z.shape[0]
        return likelihood(z)

    off.model.likelihood.forward = counting
    for samples, chunk in [(1, 100), (250, 100), (100, 100), (7, 2)]:
        counted["samples"] = 0
        scores(off, samples=samples, chunk=chunk)
        assert counted["samples"] == samples


def test_rows_that_are_decoded_in_blocks_score_the_same(monkeypatch):
    off = LinearGaussian(shift=0.4)
    whole = scores(off, samples=50, chunk=20)
    for limit in (1, 3 * 4 * off.x.numel()):
        monkeypatch.setattr("vaekit.evaluation.likelihood._CACHE_BYTES", limit)
        part = scores(off, samples=50, chunk=20)
        torch.testing.assert_close(part.log_likelihood, whole.log_likelihood, rtol=0, atol=1e-5)
        torch.testing.assert_close(part.distortion, whole.distortion, rtol=0, atol=1e-5)


def test_distortion_and_rate_add_up_to_minus_the_elbo():
    exact = LinearGaussian()
    found = scores(exact, samples=50, chunk=7)
    torch.testing.assert_close(-(found.distortion + found.rate), exact.log_px, atol=1e-9, rtol=0)


@pytest.fixture
def trained():
    torch.manual_seed(0)
    model = VAE(
        prior=StandardNormal(3),
        posterior=Amortized(MLP(4, [8], 6), DiagonalGaussian(3)),
        likelihood=Amortized(MLP(3, [8], 4), Gaussian(4)),
    )
    rows = np.random.default_rng(0).normal(size=(53, 4)).astype(np.float32)
    return model, rows


def test_means_are_over_rows_whatever_the_batch(trained):
    model, rows = trained
    index = np.arange(len(rows))
    found = [
        evaluate(model, Batches(rows, index, batch_size=size), samples=2000)
        for size in (53, 52, 10)
    ]
    for other in found[1:]:
        assert other.rows == 53
        assert other.rate == pytest.approx(found[0].rate, rel=1e-5)
        assert other.reconstruction_error == pytest.approx(found[0].reconstruction_error, rel=1e-5)
        assert other.log_likelihood == pytest.approx(found[0].log_likelihood, abs=0.05)


def test_it_is_deterministic_and_leaves_the_generator_alone(trained):
    model, rows = trained
    batches = Batches(rows, np.arange(len(rows)), batch_size=20)
    before = torch.get_rng_state()
    first, second = (evaluate(model, batches, samples=5) for _ in range(2))
    assert first == second
    assert torch.equal(before, torch.get_rng_state())
    assert evaluate(model, batches, samples=5, seed=1) != first


def test_it_is_frozen_and_becomes_json(trained):
    model, rows = trained
    found = evaluate(model, Batches(rows, np.arange(9), batch_size=4), samples=3, split="train")
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.elbo = 0.0
    back = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    assert Evaluation(**back | {"notes": tuple(back["notes"])}) == found
    assert found.split == "train"
    assert found.elbo == pytest.approx(-(found.distortion + found.rate))
    assert sum(found.kl_per_dim) == pytest.approx(found.rate)
    assert found.bits_per_dim == pytest.approx(-found.log_likelihood / 4 / np.log(2))


def test_a_collapsed_model_is_called_collapsed(trained):
    model, rows = trained
    with torch.no_grad():
        for parameter in model.posterior.parameters():
            parameter.zero_()
    found = evaluate(model, Batches(rows, np.arange(53), batch_size=53), samples=10)
    assert found.active_units == 0
    assert found.rate == pytest.approx(0.0, abs=1e-6)
    assert found.notes[0].startswith("Collapsed")


def test_a_point_posterior_has_no_likelihood_and_says_so():
    model = VAE(
        prior=StandardNormal(2),
        posterior=Amortized(MLP(4, [], 2), Point(2)),
        likelihood=Amortized(MLP(2, [], 4), Gaussian(4, variance="unit")),
    )
    rows = np.zeros((6, 4), np.float32)
    found = evaluate(model, Batches(rows, np.arange(6), batch_size=6), samples=3)
    assert found.log_likelihood is None
    assert found.bits_per_dim is None
    assert "no density" in found.notes[0]
    json.dumps(found.as_dict(), allow_nan=False)


def test_memory_bounds_the_chunk_and_progress_counts_rows(trained):
    model, rows = trained
    done = []
    batches = Batches(rows, np.arange(53), batch_size=20)
    evaluate(model, batches, samples=3, memory_mb=1, progress=done.append)
    assert done == [20, 20, 13]


def test_no_rows_is_an_error_before_anything_is_measured(trained):
    model, rows = trained
    with pytest.raises(DataError):
        evaluate(model, Batches(rows, np.arange(0), batch_size=20), samples=3)


def test_narrow_codes_that_hardly_move_are_not_called_collapsed():
    """The EM variant without the entropy term ends so: a high rate with means near zero."""
    (note,) = write_notes(
        dense=True, rate=27.0, active=0, latent_dim=30, effective=50.0, samples=100
    )
    assert "Collapsed" not in note
    assert "narrower than the prior" in note
