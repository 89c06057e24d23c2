"""Optimizer, schedules, engine, progress, TensorBoard."""

import io
import math
import subprocess
import sys

import numpy as np
import pytest
import torch
from rich.console import Console

from vaekit import Batches, Bound, Step, fit
from vaekit.config import TrainingConfig
from vaekit.errors import ConfigError, MissingExtraError
from vaekit.training import ProgressBar, ProgressLines, TensorBoard, TrainingStep, progress
from vaekit.training.distributed import choose_device
from vaekit.training.executor import build_optimizers
from vaekit.training.precision import choose_precision
from vaekit.training.schedules import learning_rate

PLAIN = {"learning_rate": 1.0}


def test_the_papers_schedule_has_its_eight_stages():
    """3^i passes at 10^(-i/7), i = 0..7: 3280 in all."""
    config = TrainingConfig(epochs=3280, schedule="iwae", **PLAIN)
    rates = [learning_rate(epoch, config) for epoch in range(3280)]
    stages = sorted(set(rates), reverse=True)
    assert stages == pytest.approx([10 ** (-i / 7) for i in range(8)])
    assert [rates.count(stage) for stage in stages] == [3**i for i in range(8)]


def test_it_is_stretched_over_fewer_epochs():
    config = TrainingConfig(epochs=328, schedule="iwae", **PLAIN)
    assert learning_rate(0.0, config) == 1.0
    assert learning_rate(110.0, config) == pytest.approx(0.1)
    assert learning_rate(109.0, config) == pytest.approx(10 ** (-6 / 7))


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [("constant", [1, 1, 1]), ("cosine", [1, 0.5, 0]), ("step", [1, 0.25, 0.0625])],
)
def test_other_schedules(schedule, expected):
    config = TrainingConfig(epochs=8, schedule=schedule, step_epochs=2, gamma=0.5, **PLAIN)
    assert [learning_rate(e, config) for e in (0, 4, 8)] == pytest.approx(expected)


@pytest.mark.parametrize("kind", ["adam", "adamw"])
def test_one_step_of_adam_moves_by_the_learning_rate(kind):
    class Layer(TrainingStep):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(2, 1, bias=False)

        def forward(self, rows):
            return self.layer(rows)

    step = Layer()
    layer = step.layer
    before = layer.weight.detach().clone()
    config = TrainingConfig(optimizer=kind, learning_rate=0.1)
    optimizer = build_optimizers(step, config, device="cpu")["model"]
    layer(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    torch.testing.assert_close(before - layer.weight, torch.full((1, 2), 0.1))


def test_a_device_that_is_not_there_is_refused():
    missing = "mps" if not torch.backends.mps.is_available() else "cuda"
    with pytest.raises(ConfigError, match="--device cpu"):
        choose_device(missing)
    assert choose_device("cpu") == "cpu"


def test_automatic_precision_follows_the_processor(monkeypatch):
    for features, expected in [({}, "32"), ({"avx512_bf16": True}, "bf16")]:
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda f=features: f, raising=False)
        assert choose_precision("auto", device="cpu") == expected
        assert choose_precision("auto", device="cpu", large_products=False) == "32"
    assert choose_precision("32", device="cpu") == "32"
    assert choose_precision("bf16", device="cpu", large_products=False) == "bf16"
    assert choose_precision("auto", device="mps") == "32"
    assert choose_precision("tf32", device="cuda") == "tf32"
    with pytest.raises(ConfigError, match=r"the device is cpu; take training\.precision = 32"):
        choose_precision("tf32", device="cpu")


@pytest.fixture
def step():
    from vaekit import MLP, VAE, Amortized, Bernoulli, DiagonalGaussian, StandardNormal

    return Step(
        VAE(
            prior=StandardNormal(2),
            posterior=Amortized(MLP(4, [8], 4), DiagonalGaussian(2)),
            likelihood=Amortized(MLP(2, [8], 4), Bernoulli(4)),
        ),
        Bound(),
    )


def run(step, *callbacks):
    rows = (np.random.default_rng(0).random((40, 4)) < 0.5).astype(np.float32)
    fit(
        step,
        train=Batches(rows, np.arange(40), batch_size=20, seed=0),
        watch=Batches(rows, np.arange(40), batch_size=20),
        config=TrainingConfig(epochs=3),
        callbacks=callbacks,
    )


def test_bf16_and_float32_agree_to_the_precision_of_bf16(step):
    x = (torch.rand(200, 4) < 0.5).float()
    with torch.no_grad():
        torch.manual_seed(0)
        exact = step(x).losses["model"]
        torch.manual_seed(0)
        with torch.autocast("cpu", torch.bfloat16):
            losses, sums = step(x)
    loss = losses["model"]
    assert loss.dtype == sums["loss"].dtype == torch.float32
    assert float(loss) == pytest.approx(float(exact), rel=5e-3)


def test_without_a_terminal_there_is_one_line_for_each_epoch(step):
    out = io.StringIO()
    console = Console(file=out, force_terminal=False, width=40)
    assert isinstance(progress(console), ProgressLines)
    run(step, progress(console))
    lines = out.getvalue().splitlines()
    assert len(lines) == 4
    assert "nats per row" in lines[0]
    assert lines[1].startswith("epoch 1/3  loss ")
    assert all("validation" in line and "rows/s" in line for line in lines[1:])


@pytest.mark.parametrize(
    ("loss", "distortion", "rate", "equation"),
    [
        (205.639, 205.541, 0.098, True),
        (205.592, 205.541, 0.098, False),  # the rate has a weight of .5
        (205.590, 205.541, 0.050, False),  # a thousandth is more than rounding
        (1.2348, 1.1114, 0.1234, True),  # its last digits are rounded: 1.235 = 1.111 + 0.123
        (2.0, 2.0, 0.0, True),
    ],
)
def test_an_equation_is_printed_only_where_both_sides_are_equal(loss, distortion, rate, equation):
    out = io.StringIO()
    lines = ProgressLines(Console(file=out, width=200))
    means = {"loss": loss, "distortion": distortion, "rate": rate, "bound": -loss}
    lines.epoch_ended({"epoch": 1, "train": means, "seconds": 1.0, "rows_per_second": 9.0})
    assert ("=" in out.getvalue()) is equation
    assert f"loss {loss:.3f}" in out.getvalue()


def test_further_sums_are_shown_by_name():
    out = io.StringIO()
    means = {"generator": 1.0, "discriminator": 2.0}
    ProgressLines(Console(file=out)).epoch_ended(
        {"epoch": 1, "train": means, "seconds": 1.0, "rows_per_second": 9.0}
    )
    assert "generator 1.000  discriminator 2.000" in out.getvalue()


def test_a_terminal_gets_a_live_bar(step):
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=140)
    assert isinstance(progress(console), ProgressBar)
    run(step, progress(console))
    assert "3/3" in out.getvalue()
    assert "distortion" in out.getvalue()


def test_tensorboard_gets_every_epoch(step, tmp_path):
    events = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    run(step, TensorBoard(tmp_path))
    found = events.EventAccumulator(str(tmp_path))
    found.Reload()
    scalars = found.Scalars("validation/bound")
    assert [scalar.step for scalar in scalars] == [1, 2, 3]
    assert all(math.isfinite(scalar.value) for scalar in scalars)


def test_without_tensorboard_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(MissingExtraError, match=r"vaekit\[tensorboard\]"):
        TensorBoard(tmp_path)


@pytest.mark.slow
def test_training_leaves_standard_error_to_the_caller(tmp_path):
    """No library under the loop may chat on the user's terminal."""
    code = (
        "import numpy as np\n"
        "from vaekit import *\n"
        "from vaekit.config import TrainingConfig\n"
        "m = VAE(prior=StandardNormal(1), posterior=Amortized(MLP(2, [], 2), DiagonalGaussian(1)),"
        " likelihood=Amortized(MLP(1, [], 2), Bernoulli(2)))\n"
        "b = Batches(np.zeros((4, 2), np.float32), np.arange(4), batch_size=4)\n"
        "fit(Step(m, Bound()), train=b, config=TrainingConfig(epochs=1, precision='bf16'))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout + done.stderr == ""
