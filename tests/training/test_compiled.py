"""A compiled pass: the noise of the recorded one, the same numbers but for rounding."""

import shutil
import warnings

import numpy as np
import pytest
import torch
from tests.training.test_recorded import SPECS, build, dense, table
from tests.training.test_resume import StopAfter
from tests.training.test_stacked import MODELS, batches, states, tables
from tests.training.test_stacked import build as small

from vaekit.compiler import compile_work
from vaekit.config import ObjectiveConfig, TrainingConfig
from vaekit.data import Batches
from vaekit.errors import ConfigError, Interrupted, VaekitWarning
from vaekit.numerics import fixed_noise
from vaekit.training import fit, fit_stacked
from vaekit.training.executor import choose_mode

needs_compiler = pytest.mark.skipif(
    shutil.which("g++") is None, reason="PyTorch's compiler needs g++"
)


EPS = 1e-4
"""Of Adam: before a batch normalisation the gradient of a bias is rounding, which 1e-8 enlarges."""


def train(unit, rows, *, compile, precision="32", epochs=6, **config):
    """A training of several epochs in batches of 16; a failure of the compiler is an error."""
    with fixed_noise(1), warnings.catch_warnings():
        warnings.simplefilter("error", VaekitWarning)
        fit(
            unit,
            train=Batches(rows, np.arange(len(rows)), batch_size=16, seed=0),
            config=TrainingConfig(
                epochs=epochs, precision=precision, device="cpu", compile=compile, eps=EPS, **config
            ),
            objective=ObjectiveConfig(schedule="linear", warmup=3),
        )
    return unit.state_dict()


@needs_compiler
@pytest.mark.parametrize("precision", ["32", "bf16"])
@pytest.mark.slow
def test_buffers_noise_and_schedules_are_those_of_a_plain_training(precision):
    rows = np.random.default_rng(0).random((40, 12)).astype(np.float32)  # a last batch of 8
    states, calls = [], []
    for compile in ("never", "always"):
        step, called = dense()
        states.append(train(step, rows, compile=compile, precision=precision, clip_norm=1.0))
        calls.append(len(called))
    assert calls == [18, 2]  # the second was compiled, and not run
    plain, compiled = states
    close = {"rtol": 1e-4, "atol": 1e-5} if precision == "32" else {"rtol": 0.05, "atol": 0.02}
    for name, value in plain.items():
        torch.testing.assert_close(compiled[name], value, **close)


@pytest.mark.slow
@needs_compiler
def test_a_table_with_missing_values():
    kinds = [0, 2, 5]  # real, count, categorical
    specs, rows = [SPECS[kind] for kind in kinds], table(rows=32)[:, kinds]
    units = [build(specs) for _ in range(3)]
    start, plain, compiled = (
        units[0].state_dict(),
        *(
            train(unit, rows, compile=way, learning_rate=1e-2)
            for unit, way in zip(units[1:], ("never", "always"), strict=True)
        ),
    )
    for name, value in plain.items():
        torch.testing.assert_close(compiled[name], value, rtol=1e-3, atol=1e-4)
    assert max((plain[name] - start[name]).abs().max() for name in start) > 0.01


@pytest.mark.slow
@needs_compiler
def test_several_models_together():
    ends = []
    for compile in ("never", "always"):
        steps = [small(m) for m in range(MODELS)]
        each = [batches(rows, m) for m, rows in enumerate(tables())]
        config = TrainingConfig(epochs=5, precision="32", device="cpu", compile=compile)
        fit_stacked(steps, train=each, random_states=states(), config=config)
        ends.append([p.detach().clone() for step in steps for p in step.parameters()])
    for plain, compiled in zip(*ends, strict=True):
        torch.testing.assert_close(compiled, plain, rtol=1e-4, atol=1e-5)


def test_without_a_compiler_the_recorded_pass_plays_on(monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("no working compiler\nand a long story")

    monkeypatch.setattr("torch._inductor.compile", broken)
    with pytest.warns(VaekitWarning, match=r"RuntimeError: no working compiler\)\. Training goes"):
        assert compile_work(lambda x: (x.exp(),), inputs=[torch.zeros(3)], held=[]) is None


@pytest.mark.parametrize(
    ("compile", "steps", "recordable", "mode"),
    [
        ("auto", 999, True, "eager"),
        ("auto", 1000, True, "replay"),
        ("auto", 4999, True, "replay"),
        ("auto", 5000, True, "compiled"),
        ("auto", 10000, False, "eager"),
        ("never", 10000, True, "replay"),
        ("always", 1, True, "compiled"),
    ],
)
def test_what_takes_time_to_prepare_is_for_long_trainings(compile, steps, recordable, mode):
    config = TrainingConfig(compile=compile)
    assert choose_mode(config, steps=steps, recordable=recordable) == mode


def test_always_is_refused_where_it_cannot_be():
    with pytest.raises(ConfigError, match="take compile = auto"):
        choose_mode(TrainingConfig(compile="always"), steps=1, recordable=False)


@needs_compiler
@pytest.mark.parametrize("optimizer", ["adam", pytest.param("adamw", marks=pytest.mark.slow)])
def test_the_optimizer_in_the_step_is_pytorch_s_own(optimizer):
    rows = np.random.default_rng(0).random((32, 6)).astype(np.float32)
    settings = {"optimizer": optimizer, "weight_decay": 0.1, "beta1": 0.8, "schedule": "cosine"}
    ends = [
        train(small(0), rows, compile=way, learning_rate=1e-2, **settings)
        for way in ("never", "always")
    ]
    for name, value in ends[0].items():
        torch.testing.assert_close(ends[1][name], value, rtol=1e-4, atol=1e-5)


@pytest.mark.slow
@needs_compiler
def test_a_training_that_goes_on_ends_with_the_same_bits(tmp_path):
    rows = np.random.default_rng(0).random((40, 6)).astype(np.float32)
    config = TrainingConfig(epochs=4, precision="32", device="cpu", compile="always")
    ends = []
    for stop in (0, 2):
        unit, rest = small(0), Batches(rows, np.arange(40), batch_size=16, seed=0)
        given = {"train": rest, "config": config}
        given["checkpoint"] = tmp_path / f"{stop}.pt"
        with fixed_noise(1):
            if stop:
                with pytest.raises(Interrupted):
                    fit(unit, callbacks=[StopAfter(stop)], **given)
                unit = small(0)
            fit(unit, resume=bool(stop), **given)
        ends.append(unit.state_dict())
    for name, value in ends[0].items():
        assert torch.equal(ends[1][name], value)
