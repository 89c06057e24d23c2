"""Steps trained together end where each ends by itself."""

import copy

import numpy as np
import pytest
import torch

from vaekit import MLP, VAE, Amortized, Bernoulli, Bound, DiagonalGaussian, StandardNormal, Step
from vaekit.config import TrainingConfig
from vaekit.data import Batches
from vaekit.errors import ConfigError
from vaekit.models import VampPrior
from vaekit.numerics import fixed_noise, logmeanexp
from vaekit.training import fit, fit_stacked

MODELS, ROWS, F, D = 3, 20, 6, 2
CONFIG = TrainingConfig(epochs=5, batch_size=8, learning_rate=1e-2, precision="32", device="cpu")


def tables():
    draw = np.random.default_rng(0)
    return [draw.random((ROWS + m, F)).astype(np.float32) for m in range(MODELS)]


def build(seed, *, hidden=4, samples=3, reduce=logmeanexp, vamp=False):
    torch.manual_seed(seed)
    posterior = Amortized(MLP(F, [hidden], 2 * D), DiagonalGaussian(D))
    prior = VampPrior(posterior, pseudo_inputs=torch.rand(2, F)) if vamp else StandardNormal(D)
    model = VAE(
        prior=prior,
        posterior=posterior,
        likelihood=Amortized(MLP(D, [hidden], F), Bernoulli(F)),
    )
    return Step(model, Bound(reduce=reduce), samples=samples)


def batches(rows, seed):
    return Batches(rows, np.arange(len(rows)), batch_size=8, seed=seed, drop_last=True)


def states():
    return [torch.Generator().manual_seed(100 + m).get_state() for m in range(MODELS)]


class Losses:
    def __init__(self):
        self.means = []

    def started(self, plan): ...
    def live(self, live): ...
    def ended(self, reason): ...
    def epoch_ended(self, record):
        self.means.append(record["train"]["loss"])


@pytest.mark.parametrize("recorded", [False, True])
@pytest.mark.parametrize(
    ("reduce", "vamp"), [(logmeanexp, False), (None, False), (None, True)]
)  # a VampPrior holds the posterior that the model holds too
@pytest.mark.slow
def test_each_step_ends_where_it_ends_by_itself(monkeypatch, reduce, vamp, recorded):
    monkeypatch.setattr("vaekit.training.executor.WORTH_RECORDING", 1 if recorded else 1000)
    alone = [build(m, reduce=reduce, vamp=vamp) for m in range(MODELS)]
    stacked = copy.deepcopy(alone)
    start = copy.deepcopy(alone)
    own = [dict(step.named_parameters()) for step in stacked]
    records = []
    for m, (step, rows) in enumerate(zip(alone, tables(), strict=True)):
        with fixed_noise(100 + m):
            done = fit(step, train=batches(rows, m), config=CONFIG)
            records.append([record["train"]["loss"] for record in done])
    losses = Losses()
    train = [batches(rows, m) for m, rows in enumerate(tables())]
    fit_stacked(stacked, train=train, random_states=states(), config=CONFIG, callbacks=[losses])
    for one, other, first in zip(alone, stacked, start, strict=True):
        for a, b, before in zip(
            one.parameters(), other.parameters(), first.parameters(), strict=True
        ):
            torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)
            assert (a - before).abs().max() > 1e-3  # it moved far more than that
    np.testing.assert_allclose(losses.means, np.mean(records, 0), rtol=1e-5)
    for step, known in zip(stacked, own, strict=True):
        assert all(step.get_parameter(name) is parameter for name, parameter in known.items())


def test_steps_of_different_shapes_are_refused():
    train = [batches(rows, 0) for rows in tables()[:2]]
    with pytest.raises(ConfigError, match="one after another"):
        fit_stacked(
            [build(0), build(1, hidden=5)], train=train, random_states=states()[:2], config=CONFIG
        )


def test_batches_of_different_sizes_are_refused():
    rows = tables()[0]
    short = Batches(rows, np.arange(4), batch_size=8, drop_last=True)
    with pytest.raises(ConfigError, match=r"one size; got sizes \[4, 8\]"):
        fit_stacked(
            [build(0), build(1)],
            train=[batches(rows, 0), short],
            random_states=states()[:2],
            config=CONFIG,
        )


def test_what_looks_at_all_models_at_once_is_refused():
    config = CONFIG.model_copy(update={"clip_norm": 1.0})
    with pytest.raises(ConfigError, match="clip_norm"):
        fit_stacked(
            [build(0)], train=[batches(tables()[0], 0)], random_states=states()[:1], config=config
        )
