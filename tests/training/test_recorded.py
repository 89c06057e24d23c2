"""A recorded pass: the same numbers, noise and weights as without."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from vaekit import MLP, VAE, Amortized, Bernoulli, Bound, DiagonalGaussian, StandardNormal, Step
from vaekit.config import ObjectiveConfig, TrainingConfig
from vaekit.data import Batches
from vaekit.estimators.fitting import build_table_model, choose_settings
from vaekit.models import ColumnSpec, VampPrior
from vaekit.numerics import fixed_noise, logmeanexp
from vaekit.training import StepOutput, TrainingStep, fit, make_executor

SPECS = [
    ColumnSpec("real", location=3.0, scale=2.0),
    ColumnSpec("positive"),
    ColumnSpec("count", most=9),
    ColumnSpec("binary"),
    ColumnSpec("categorical", levels=3),
    ColumnSpec("categorical", levels=4),
    ColumnSpec("ordinal", levels=3),
    ColumnSpec("bounded", low=-9.0, high=9.0),
]


def table(rows=30):
    draw = np.random.default_rng(0)
    made = draw.integers(0, 2, (rows, len(SPECS))).astype(np.float32)
    made[:, 1] += 1
    return np.where(draw.random(made.shape) < 0.3, np.nan, made).astype(np.float32)


def build(specs=SPECS, samples=4):
    torch.manual_seed(0)
    settings = choose_settings(rows=30, latent_dim=2, hidden=(4,))
    model = build_table_model(specs, settings=settings)
    return Step(model, Bound(reduce=logmeanexp), samples=samples, has_missing=True)


def eager(step, settings):
    """An executor that records nothing, however long the training."""
    return make_executor(step, replace(settings, steps=1))


@pytest.mark.parametrize("schedule", ["constant", "linear"])
@pytest.mark.slow
def test_training_ends_where_it_ends_without(monkeypatch, schedule):
    monkeypatch.setattr("vaekit.training.executor.WORTH_RECORDING", 10)
    made = {executor: build() for executor in (eager, make_executor)}
    for executor, step in made.items():
        batches = Batches(table(), np.arange(30), batch_size=8, seed=0)  # the last one is shorter
        with fixed_noise(1):
            fit(
                step,
                train=batches,
                config=TrainingConfig(epochs=4, learning_rate=1e-2, precision="32", device="cpu"),
                objective=ObjectiveConfig(schedule=schedule, warmup=3),
                executor=executor,
            )
    start = build()
    for a, b, first in zip(*(step.parameters() for step in (*made.values(), start)), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)
        assert (a - first).abs().max() > 1e-4  # it moved far more than that


def dense(prior="normal"):
    """Dropout, batch normalisation, dynamic binarization: all that draws or that remembers."""
    torch.manual_seed(0)
    inner = {"batch_norm": True, "dropout": 0.2}
    posterior = Amortized(MLP(12, [16], 4, **inner), DiagonalGaussian(2))
    vamp = VampPrior(posterior, pseudo_inputs=torch.rand(3, 12))  # two names for one module
    model = VAE(
        prior=vamp if prior == "vamp" else StandardNormal(2),
        posterior=posterior,
        likelihood=Amortized(MLP(2, [16], 12, **inner), Bernoulli(12)),
    )
    step = Step(model, Bound(), preprocessing=Binarize(), samples=2)
    calls = []
    step.register_forward_hook(lambda *_: calls.append(1))
    return step, calls


class Binarize(torch.nn.Module):
    def forward(self, rows):
        return torch.bernoulli(rows)


@pytest.mark.parametrize("prior", ["normal", "vamp"])
@pytest.mark.parametrize("precision", ["32", "bf16"])
def test_what_remembers_is_written_to_and_noise_is_drawn_anew(monkeypatch, precision, prior):
    monkeypatch.setattr("vaekit.training.executor.WORTH_RECORDING", 10)
    rows = np.random.default_rng(0).random((64, 12)).astype(np.float32)
    config = TrainingConfig(epochs=6, precision=precision, device="cpu", clip_norm=1.0)
    states, called = [], []
    for executor in (eager, make_executor):
        step, calls = dense(prior)
        with fixed_noise(1):
            batches = Batches(rows, np.arange(64), batch_size=16, seed=0)
            records = fit(step, train=batches, config=config, executor=executor)
        states.append((step.state_dict(), records[-1]["train"]["loss"]))
        called.append(len(calls))
    assert called == [24, 1]  # it was replayed, not run
    (plain, loss), (recorded, same) = states
    assert same == pytest.approx(loss, rel=1e-5)
    assert list(plain) == list(recorded)
    for name, value in plain.items():
        torch.testing.assert_close(recorded[name], value, rtol=1e-6, atol=1e-7)


def test_a_short_training_is_not_recorded():
    step, calls = dense()
    rows = np.random.default_rng(0).random((64, 12)).astype(np.float32)
    batches = Batches(rows, np.arange(64), batch_size=16, seed=0)
    fit(step, train=batches, config=TrainingConfig(epochs=2, device="cpu"))
    assert len(calls) == 8


class Branching(TrainingStep):
    """A step whose operations depend on the values of its rows, and that does not say so."""

    def __init__(self, kind):
        super().__init__()
        self.kind, self.scale, self.sum_names = kind, torch.nn.Parameter(torch.ones(())), ("loss",)

    def forward(self, rows):
        if self.kind == "control flow" and bool((rows[0] > 0.5).any()):
            rows = 2 * rows
        elif self.kind == "shapes":
            rows = rows[rows > 0.5]
        loss = (self.scale * rows).square().mean()
        return StepOutput({"model": loss}, {"loss": loss.detach()})


@pytest.mark.parametrize("kind", ["control flow", "shapes"])
def test_a_step_that_cannot_be_recorded_runs_eagerly(monkeypatch, kind):
    monkeypatch.setattr("vaekit.training.executor.WORTH_RECORDING", 1)
    rows = np.random.default_rng(0).random((64, 2)).astype(np.float32)
    ends = []
    for executor in (eager, make_executor):
        step, batches = Branching(kind), Batches(rows, np.arange(64), batch_size=16, seed=0)
        config = TrainingConfig(epochs=3, device="cpu")
        ends.append(fit(step, train=batches, config=config, executor=executor)[-1]["train"])
    assert ends[0] == ends[1]
