"""Processes that share the rows find, together, what one finds alone: here one after another."""

import numpy as np
import pytest
import torch

from vaekit import MLP, VAE, Amortized, Batches, Bernoulli, DiagonalGaussian, StandardNormal
from vaekit.data import Part, Preprocessing, load_dataset
from vaekit.evaluation import evaluate
from vaekit.inference import encode


class Recorder:
    """One of several processes, which keeps what it would tell the others."""

    def __init__(self, part):
        self.part = part
        self.told = []

    def total(self, sums):
        self.told.append(sums)
        return torch.ones_like(sums)  # whatever the others would add


def told(work, *, of):
    """What each of several processes tells the others, added up."""
    found = []
    for number in range(of):
        recorder = Recorder(Part(number, of))
        work(recorder)
        found.append(recorder.told)
    return [sum(parts) for parts in zip(*found, strict=True)]


@pytest.fixture
def case():
    """A model of 53 images, seen through a binarization that draws noise."""
    digits = load_dataset("digits", limit=53)
    preprocessing = Preprocessing.fit(digits, binarize="dynamic")
    model = VAE(
        prior=StandardNormal(3),
        posterior=Amortized(MLP(64, [8], 6), DiagonalGaussian(3)),
        likelihood=Amortized(MLP(3, [8], 64), Bernoulli(64)),
    )
    return model, digits.rows, preprocessing


@pytest.mark.parametrize("of", [2, 3, 9])  # of which the last is more than there are batches
def test_an_evaluation_is_the_same_for_any_number_of_processes(case, of):
    model, rows, preprocessing = case
    batches = Batches(rows, np.arange(53), batch_size=10)

    def work(processes):
        return evaluate(model, batches, preprocessing=preprocessing, samples=5, processes=processes)

    for alone, together in zip(told(work, of=1), told(work, of=of), strict=True):
        assert torch.equal(alone, together)


@pytest.mark.parametrize("of", [2, 3, 9])
def test_codes_are_the_same_for_any_number_of_processes(case, of):
    model, rows, preprocessing = case

    def work(processes):
        encode(model, preprocessing=preprocessing, rows=rows, batch_size=10, processes=processes)

    (alone,), (together,) = told(work, of=1), told(work, of=of)
    assert torch.equal(alone, together)
    found = encode(model, preprocessing=preprocessing, rows=rows, batch_size=10)
    assert np.array_equal(found.mean, alone[:, 0].numpy())


def test_batches_have_noise_of_their_own_and_the_first_that_of_the_seed(case):
    model, rows, preprocessing = case
    twice = np.concatenate([rows[:10], rows[:10]])
    both = encode(model, preprocessing=preprocessing, rows=twice, batch_size=10, seed=4)
    first = encode(model, preprocessing=preprocessing, rows=rows[:10], batch_size=99, seed=4)
    assert np.array_equal(both.mean[:10], first.mean)
    assert not np.array_equal(both.mean[10:], first.mean)
