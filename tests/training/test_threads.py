"""The number of threads: found by a trial that leaves no trace, and kept by a resumed run."""

import signal

import numpy as np
import pytest
import torch
from torch import nn

from vaekit import Batches, Bound, Step, fit
from vaekit.builders import build_model
from vaekit.config import ModelConfig, TrainingConfig
from vaekit.data import StackedBatches
from vaekit.errors import Interrupted
from vaekit.training import threads
from vaekit.training.checkpoint import Position, build_optimizer, load_checkpoint
from vaekit.training.step import Unit

ROWS = np.random.default_rng(0).normal(size=(64, 6)).astype(np.float32)


def build():
    """A step with all that a pass may change: batch norm, dropout, noise."""
    torch.manual_seed(0)
    layers = {"hidden": [8], "batch_norm": True, "dropout": 0.3}
    config = ModelConfig.model_validate(
        {"encoder": layers, "decoder": layers, "likelihood": {"kind": "gaussian"}}
    )
    return Step(build_model(config, shape=(6,), support="real"), Bound())


def batches(size=8):
    return Batches(ROWS, np.arange(len(ROWS)), batch_size=size, seed=0)


@pytest.fixture(autouse=True)
def four_threads(monkeypatch):
    """PyTorch would take four, and nobody has said anything."""
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    yield
    torch.set_num_threads(before)


class Timed(Unit):
    """Its passes take as many seconds as are given for the number of threads."""

    def __init__(self, seconds):
        super().__init__()
        self.seconds, self.now, self.passes = seconds, 0.0, []
        self.place = nn.Parameter(torch.zeros(()))

    def forward(self, rows):
        self.passes.append(torch.get_num_threads())
        self.now += self.seconds[torch.get_num_threads()]
        return self.place**2, torch.zeros(4)

    def clock(self):
        return self.now


@pytest.mark.parametrize(
    ("most", "seconds", "expected"),
    [
        (4, {1: 0.004, 2: 0.002, 4: 0.003}, 2),
        (4, {1: 0.002, 2: 0.020, 4: 0.020}, 1),
        (4, {1: 0.004, 2: 0.003, 4: 0.002}, 4),
        (4, {1: 0.1000, 2: 0.0999, 4: 0.0998}, 1),
        (3, {1: 0.3, 2: 0.2, 3: 0.1}, 3),
        (2, {1: 5.0, 2: 9.0}, 1),
    ],
)
def test_the_fastest_is_taken_and_the_lowest_where_more_gain_nothing(most, seconds, expected):
    torch.set_num_threads(most)
    unit = Timed(seconds)
    assert threads.fastest_threads(unit, torch.zeros(1), clock=unit.clock) == expected
    assert set(unit.passes) == set(seconds)
    assert torch.get_num_threads() == most
    slowest = max(seconds.values())
    assert unit.now < threads.SECONDS + 2 * slowest * (len(seconds) + 1)


def test_a_moment_in_which_the_machine_is_busy_does_not_decide():
    unit = Timed({1: 0.002, 2: 0.003, 4: 0.003})
    busy = iter([0.5])
    plain = unit.forward
    unit.forward = lambda rows: (setattr(unit, "now", unit.now + next(busy, 0.0)), plain(rows))[1]
    assert threads.fastest_threads(unit, torch.zeros(1), clock=unit.clock) == 1


def test_a_trial_leaves_no_trace():
    step = build()
    step.model.likelihood.eval()
    gradient = torch.ones_like(next(step.parameters()))
    next(step.parameters()).grad = gradient
    before = {name: tensor.clone() for name, tensor in step.state_dict().items()}
    modes = [module.training for module in step.modules()]
    state = torch.get_rng_state()
    threads.fastest_threads(step, next(iter(batches().epoch())))
    assert any("running_mean" in name for name in before)
    for name, tensor in step.state_dict().items():
        assert torch.equal(tensor, before[name]), name
    assert [module.training for module in step.modules()] == modes
    assert torch.equal(torch.get_rng_state(), state)
    assert next(step.parameters()).grad is gradient
    assert bool((gradient == 1).all())
    assert all(p.grad is None for p in list(step.parameters())[1:])
    assert torch.get_num_threads() == 4


def test_training_after_a_trial_has_the_bits_of_one_with_that_number(monkeypatch):
    trials = []
    monkeypatch.setattr(threads, "_choose", lambda medians: trials.append(medians) or 1)
    found = []
    for count in (None, 1):
        step = build()
        config = TrainingConfig(epochs=25, device="cpu", precision="32", threads=count)
        fit(step, train=batches(), config=config)
        found.append(step.state_dict())
    assert [sorted(medians) for medians in trials] == [[1, 2, 4]]
    assert all(torch.equal(found[0][name], found[1][name]) for name in found[1])


@pytest.mark.parametrize(
    "why", ["short", "asked", "one", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "others", "stacked", ""]
)
def test_where_there_is_nothing_to_choose_there_is_no_trial(why, monkeypatch):
    monkeypatch.setattr(threads, "fastest_threads", lambda unit, rows: 2)
    epochs, asked = 24 if why == "short" else 25, 3 if why == "asked" else None
    if why == "one":
        torch.set_num_threads(1)
    if why.endswith("THREADS"):
        monkeypatch.setenv(why, "4")
    position = Position()
    threads.settle_threads(
        build(),
        train=StackedBatches([batches()]) if why == "stacked" else batches(),
        position=position,
        config=TrainingConfig(epochs=epochs, threads=asked),
        alone=why != "others",
    )
    assert position.threads == (None if why else 2)
    assert torch.get_num_threads() == (1 if why == "one" else 4 if why else 2)


class StopAt:
    def __init__(self, epoch):
        self.epoch, self.plan, self.taken = epoch, None, set()

    def started(self, plan):
        self.plan = plan

    def live(self, live):
        pass

    def epoch_ended(self, record):
        self.taken.add(torch.get_num_threads())
        if record["epoch"] == self.epoch:
            signal.raise_signal(signal.SIGINT)

    def ended(self, reason):
        pass


def test_a_resumed_run_takes_the_number_it_began_with(tmp_path, monkeypatch):
    config = TrainingConfig(epochs=25, device="cpu", precision="32")
    path, first, second = tmp_path / "last.pt", StopAt(3), StopAt(None)
    monkeypatch.setattr(threads, "fastest_threads", lambda unit, rows: 1)
    with pytest.raises(Interrupted):
        fit(build(), train=batches(), config=config, checkpoint=path, callbacks=[first])
    assert torch.get_num_threads() == 4
    monkeypatch.setattr(threads, "fastest_threads", lambda unit, rows: 4)
    monkeypatch.setenv("OMP_NUM_THREADS", "4")
    fit(build(), train=batches(), config=config, checkpoint=path, resume=True, callbacks=[second])
    assert first.taken == second.taken == {1}
    assert first.plan.threads == second.plan.threads == 1
    assert torch.get_num_threads() == 4


def test_a_checkpoint_from_before_there_was_a_trial_is_read(tmp_path):
    config = TrainingConfig(epochs=1, device="cpu", precision="32")
    path, step = tmp_path / "last.pt", build()
    fit(step, train=batches(), config=config, checkpoint=path)
    content = torch.load(path, weights_only=True)
    del content["position"]["threads"]
    torch.save(content, path)
    optimizer = build_optimizer(step, config, device="cpu")
    position = load_checkpoint(path, step=step, optimizer=optimizer)
    assert (position.epoch, position.threads) == (1, None)
