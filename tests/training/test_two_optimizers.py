"""A generator against a discriminator: two optimizers through fit, checkpoint and resume.

Everything that such a model needs is in this file: a step, and for updates in turn an executor.
"""

import signal

import numpy as np
import pytest
import torch
from torch import nn

from vaekit import Batches, fit
from vaekit.config import ObjectiveConfig, TrainingConfig
from vaekit.errors import ConfigError, Interrupted, TrainingError
from vaekit.training import (
    Executor,
    StepOutput,
    TrainingStep,
    build_optimizers,
    eager_gradients,
    make_executor,
    stack_sums,
)

ROWS = (np.random.default_rng(0).normal(size=(48, 2)) * 0.3 + [2.0, -1.0]).astype(np.float32)
CONFIG = TrainingConfig(epochs=4, learning_rate=1e-2, precision="32", device="cpu", beta1=0.5)


class Adversarial(TrainingStep):
    """The losses of Goodfellow et al. 2014, arXiv:1406.2661, the generator's not saturating."""

    sum_names = ("generator", "discriminator", "accuracy")

    def __init__(self):
        super().__init__()
        self.optimized = {"generator": "generator", "discriminator": "discriminator"}
        torch.manual_seed(0)
        self.generator = nn.Sequential(nn.Linear(2, 8), nn.GELU(), nn.Linear(8, 2))
        self.discriminator = nn.Sequential(nn.Linear(2, 8), nn.GELU(), nn.Linear(8, 1))

    def forward(self, rows):
        made = self.generator(torch.randn_like(rows))
        real, fake = self.discriminator(rows), self.discriminator(made)
        fake_fixed = self.discriminator(made.detach())
        losses = {
            "generator": nn.functional.softplus(-fake).mean(),
            "discriminator": (
                nn.functional.softplus(-real) + nn.functional.softplus(fake_fixed)
            ).mean(),
        }
        right = ((real > 0).float() + (fake < 0).float()).sum().detach() / 2
        sums = {name: len(rows) * loss.detach() for name, loss in losses.items()}
        return StepOutput(losses, sums | {"accuracy": right})


class Alternating(Executor):
    """Two steps of the discriminator for each of the generator."""

    def __init__(self, step, settings):
        super().__init__(build_optimizers(step, settings.config, device=settings.device))
        self.step = step

    def __call__(self, rows):
        for name in ("discriminator", "discriminator", "generator"):
            output = self.step(rows)
            self.step.zero_grad(set_to_none=True)
            output.losses[name].backward()
            self.optimizers[name].step()
        return stack_sums(self.step, output)


class StopWithin:
    """Ctrl-C in the middle of the third epoch."""

    def started(self, plan): ...
    def epoch_ended(self, record): ...
    def ended(self, reason): ...
    def live(self, live):
        if (live.epoch, live.step) == (2, 3):
            signal.raise_signal(signal.SIGINT)


def train(path, *, executor, step=None, **given):
    step = step or Adversarial()
    torch.manual_seed(1)
    batches = Batches(ROWS, np.arange(48), batch_size=8, seed=0)
    watch = Batches(ROWS, np.arange(48), batch_size=48)
    records = fit(
        step,
        train=batches,
        watch=watch,
        checkpoint=path,
        executor=executor,
        **({"config": CONFIG} | given),
    )
    return step, [(r["epoch"], r["train"], r["validation"]) for r in records]


@pytest.mark.parametrize("executor", [make_executor, Alternating])
def test_a_run_is_resumed_to_the_same_bits(tmp_path, monkeypatch, executor):
    monkeypatch.setattr("vaekit.training.loop._REFRESH_SECONDS", 0.0)
    whole, records = train(tmp_path / "whole.pt", executor=executor)
    assert set(records[0][1]) == set(records[0][2]) == set(Adversarial.sum_names)
    with pytest.raises(Interrupted):
        train(tmp_path / "last.pt", executor=executor, callbacks=[StopWithin()])
    resumed, rest = train(tmp_path / "last.pt", executor=executor, resume=True)
    for name, value in whole.state_dict().items():
        assert torch.equal(resumed.state_dict()[name], value), name
    assert rest == records[2:]
    saved = torch.load(tmp_path / "last.pt", weights_only=True)["optimizer"]
    assert list(saved) == ["generator", "discriminator"]


def test_each_optimizer_minimises_its_own_loss():
    """Both from one pass: the gradients of each loss, of the parameters of its optimizer."""
    step = Adversarial()
    rows = torch.from_numpy(ROWS[:8])
    torch.manual_seed(2)
    output = step(rows)
    expected = {}
    for name, loss in output.losses.items():
        own = list(step.get_submodule(name).parameters())
        expected[name] = torch.autograd.grad(loss, own, retain_graph=True)
    torch.manual_seed(2)
    eager_gradients(step, step)(rows)
    for name, gradients in expected.items():
        for parameter, gradient in zip(
            step.get_submodule(name).parameters(), gradients, strict=True
        ):
            torch.testing.assert_close(parameter.grad, gradient)


def test_a_long_training_of_two_optimizers_is_replayed(tmp_path, monkeypatch):
    eager, _ = train(None, executor=make_executor)
    monkeypatch.setattr("vaekit.training.executor.WORTH_RECORDING", 1)
    calls = []
    step = Adversarial()
    step.register_forward_hook(lambda module, *_: calls.append(1) if module.training else None)
    replayed, _ = train(None, executor=make_executor, step=step)
    assert len(calls) == 1
    for one, other in zip(eager.parameters(), replayed.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)


def test_the_generator_learns_where_the_data_are():
    config = CONFIG.model_copy(update={"epochs": 60})
    step = Adversarial()
    step.executor = Alternating  # as a step says that brings its own, for train() and plugins
    train(None, executor=make_executor, step=step, config=config)
    with torch.no_grad():
        made = step.generator(torch.randn(500, 2))
    assert (made.mean(0) - torch.tensor([2.0, -1.0])).norm() < 0.8


def test_the_term_that_is_not_finite_is_named():
    step = Adversarial()
    with torch.no_grad():
        step.discriminator[-1].bias.fill_(float("inf"))
    with pytest.raises(TrainingError, match=r"step 1: the (generator|discriminator) is"):
        train(None, executor=make_executor, step=step)


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ({"objective": ObjectiveConfig(schedule="linear")}, "take objective.schedule = constant"),
        ({"config": CONFIG.model_copy(update={"early_stopping": 2})}, "whose bound is measured"),
    ],
)
def test_what_needs_a_bound_is_refused(given, match):
    with pytest.raises(ConfigError, match=match):
        train(None, executor=make_executor, **given)
