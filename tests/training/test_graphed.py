"""A whole step as a graph: what decides about it, with a stand-in for torch.cuda."""

import copy
import json
import signal
import warnings
from types import SimpleNamespace
from unittest import mock

import numpy as np
import pytest
import torch
from tests.training.test_compiled import needs_compiler

from vaekit import Batches, Bound, Step, fit
from vaekit.builders import build_model
from vaekit.config import ModelConfig, ObjectiveConfig, TrainingConfig
from vaekit.errors import Interrupted, VaekitWarning
from vaekit.objectives import set_rate_weight
from vaekit.training import TrainingStep, loop, make_executor
from vaekit.training import executor as executors
from vaekit.training.distributed import Processes, make_engine
from vaekit.training.executor import CudaGraphs, ExecutorSettings, build_optimizers, cuda_graphs

ROWS = np.random.default_rng(0).normal(size=(42, 6)).astype(np.float32)
CONFIG = TrainingConfig(learning_rate=1e-2, device="cpu", precision="32")


class StandIn:
    """Captures without running, and plays back by calling, so nothing is frozen but `how`."""

    def __init__(self, *, fails=False, how=lambda run: run()):
        self.did, self.fails, self.how = [], fails, how

    def warm_up(self, run):
        self.did.append("warm up")
        run()

    def capture(self, run):
        self.did.append("capture")
        if self.fails:
            raise RuntimeError("operation not permitted when stream is capturing")
        return lambda: (self.did.append("replay"), self.how(run))


class Watched(TrainingStep):
    """A step that notes where its rows lie and what they are."""

    def __init__(self, unit):
        super().__init__()
        self.unit, self.objective, self.seen = unit, unit.objective, []

    def forward(self, rows):
        self.seen.append((rows.data_ptr(), rows.clone()))
        return self.unit(rows.float())


def build(device="cpu", **layers):
    """With batch norm, dropout and noise: all that a step changes besides the parameters."""
    torch.manual_seed(0)
    layers = {"hidden": [8], "batch_norm": True, "dropout": 0.3} | layers
    config = ModelConfig.model_validate(
        {"encoder": layers, "decoder": layers, "likelihood": {"kind": "gaussian"}}
    )
    return Step(build_model(config, shape=(6,), support="real"), Bound()).to(device).train()


def batches(size=8, device="cpu"):
    """Five of them, and a shorter one."""
    return Batches(ROWS, np.arange(len(ROWS)), batch_size=size, seed=0, device=device)


def make(step, graphs, *, clip_norm=None, compile="auto", precision="32", steps=1):
    """The executor of one process on a CUDA device, or its inner one where there are no graphs."""
    settings = ExecutorSettings(
        config=CONFIG.model_copy(update={"clip_norm": clip_norm, "compile": compile}),
        device="cuda",
        precision=precision,
        processes=Processes(make_engine(device=next(step.parameters()).device.type)),
        steps=steps,
    )
    with mock.patch.object(executors, "cuda_graphs", return_value=graphs):
        return make_executor(step, settings)


def run(graphs, *, epochs=3, clip_norm=None):
    """Train with both schedules; sums of every step, and the unit."""
    unit, data = build(), batches()
    step = make(unit, graphs, clip_norm=clip_norm)
    torch.manual_seed(1)
    history = torch.zeros(epochs, len(data), 4)
    for epoch in range(epochs):
        for at, rows in enumerate(data.epoch(epoch)):
            step.set_learning_rate(1e-2 / (1 + epoch))
            set_rate_weight(unit.objective, weight=min(1.0, (epoch * 6 + at) / 10))
            history[epoch, at] = step(rows)
    return history, unit


def assert_same(one, other):
    assert torch.equal(one[0], other[0])
    first, second = one[1].state_dict(), other[1].state_dict()
    for name in first:
        assert torch.equal(first[name], second[name]), name


@pytest.mark.parametrize("clip_norm", [None, 0.5])
def test_warm_up_capture_and_replay_end_where_plain_steps_end(clip_norm):
    graphs = StandIn()
    assert_same(run(graphs, clip_norm=clip_norm), run(None, clip_norm=clip_norm))
    # Three plain steps; the fourth is captured, compared, and replayed as all of its shape are.
    assert graphs.did == ["warm up"] * 3 + ["capture", "replay"] + ["replay"] * (3 * 5 - 3)


def test_a_replay_reads_its_own_buffer_into_which_the_rows_were_copied():
    unit, graphs = Watched(build()), StandIn()
    step = make(unit, graphs)
    given = [torch.from_numpy(ROWS[i : i + 8].copy()) for i in range(8)]
    for rows in given:
        step(rows)
        rows.fill_(float("nan"))  # whoever lent them may use them for something else
    places, seen = zip(*unit.seen, strict=True)
    assert len(set(places[3:])) == 1
    assert places[3] not in {rows.data_ptr() for rows in given}
    for i in range(5):
        assert torch.equal(seen[-5 + i], torch.from_numpy(ROWS[3 + i : 11 + i]))


def test_another_shape_or_type_is_a_plain_step():
    unit, graphs = Watched(build()), StandIn()
    step = make(unit, graphs)
    rows = torch.from_numpy(ROWS)
    for _ in range(4):
        step(rows[:8])
    did = len(graphs.did)
    step(rows[:5])
    step(torch.ones(8, 6, dtype=torch.uint8))
    assert len(graphs.did) == did
    assert unit.seen[-2][1].shape == (5, 6)
    assert unit.seen[-1][1].dtype == torch.uint8


def test_a_resumed_epoch_that_starts_with_the_short_batch_captures_the_usual_one():
    graphs = StandIn()
    unit = Watched(build())
    step = make(unit, graphs)
    step(torch.from_numpy(ROWS[:2]))
    for _ in range(4):
        step(torch.from_numpy(ROWS[:8]))
    assert graphs.did[-1] == "replay"
    assert unit.seen[-1][1].shape == (8, 6)


def test_what_changes_between_replays_keeps_its_place():
    unit = build()
    step = make(unit, StandIn())
    (optimizer,) = step.optimizers.values()
    rate, weight = optimizer.param_groups[0]["lr"], unit.objective.weight
    rows = torch.from_numpy(ROWS[:8])
    for at in range(6):
        step.set_learning_rate(0.1 * at)
        set_rate_weight(unit.objective, weight=0.2 * at)
        step(rows)
    assert optimizer.param_groups[0]["lr"] is rate
    assert rate == 0.5
    assert unit.objective.weight is weight
    assert weight == 1.0


def test_without_a_rate_nothing_moves():
    """The rate that counts is that of the tensor, at the time of the replay."""
    unit = build()
    step = make(unit, StandIn())
    rows = torch.from_numpy(ROWS[:8])
    for _ in range(5):
        step(rows)
    before = copy.deepcopy(list(unit.parameters()))
    step.set_learning_rate(0.0)
    step(rows)
    assert all(torch.equal(a, b) for a, b in zip(before, unit.parameters(), strict=True))


def test_where_a_capture_fails_training_goes_on_after_one_warning():
    graphs = StandIn(fails=True)
    with pytest.warns(VaekitWarning, match="cannot be captured: operation not permitted") as told:
        found = run(graphs)
    assert_same(found, run(None))
    assert len(told) == 1
    assert graphs.did == ["warm up"] * 3 + ["capture"]


@pytest.mark.parametrize("what", ["nothing", "another rate", "other noise"])
def test_a_graph_that_does_something_else_is_not_used(what):
    def how(run_it):
        if what == "another rate":
            rate = held[0].optimizers["model"].param_groups[0]["lr"]
            kept = rate.clone()
            rate.fill_(1.0)
            run_it()
            rate.copy_(kept)
        if what == "other noise":
            torch.rand(1)
            run_it()

    held = []
    unit, graphs = build(), StandIn(how=how)
    step = make(unit, graphs)
    held.append(step)
    rows = torch.from_numpy(ROWS[:8])
    torch.manual_seed(1)
    with pytest.warns(VaekitWarning, match="ends elsewhere than an eager step"):
        sums = [step(rows).clone() for _ in range(6)]
    assert graphs.did == ["warm up"] * 3 + ["capture", "replay"]
    other = build()
    alike = make(other, None)
    torch.manual_seed(1)
    assert torch.equal(torch.stack(sums), torch.stack([alike(rows) for _ in range(6)]))
    assert_same((torch.zeros(1), unit), (torch.zeros(1), other))


def test_an_error_that_is_no_failed_capture_comes_through():
    class Refuses(StandIn):
        def capture(self, run):
            raise ValueError("bad settings")

    step = make(build(), Refuses())
    for _ in range(3):
        step(torch.from_numpy(ROWS[:8]))
    with pytest.raises(ValueError, match="bad settings"):
        step(torch.from_numpy(ROWS[:8]))


@pytest.mark.parametrize(
    ("device", "processes", "graphs"),
    [("cuda", 1, True), ("cuda", 2, False), ("cpu", 1, False), ("mps", 1, False)],
)
def test_graphs_are_for_one_process_on_cuda(device, processes, graphs):
    engine = SimpleNamespace(device=torch.device(device), world_size=processes, global_rank=0)
    assert isinstance(cuda_graphs(Processes(engine)), CudaGraphs) is graphs


def executor_on(device):
    """An executor as on a device, on the CPU, with a CUDA graph nowhere."""
    step = build(batch_norm=False, dropout=0.0)
    engine = SimpleNamespace(device=torch.device("cpu"), world_size=1, global_rank=0)
    settings = ExecutorSettings(
        config=CONFIG, device=device, precision="32", processes=Processes(engine), steps=1
    )
    return make_executor(step, settings)


def test_an_optimizer_for_graphs_has_its_rate_on_the_device_and_others_do_not():
    plain, ready = (executor_on(device) for device in ("cpu", "cuda"))
    groups = [each.optimizers["model"].param_groups[0] for each in (plain, ready)]
    assert [isinstance(group["lr"], torch.Tensor) for group in groups] == [False, True]
    assert [group["capturable"] for group in groups] == [False, True]
    assert groups[1]["lr"].dtype == torch.float32
    assert plain.learning_rate == ready.learning_rate == 1e-2
    json.dumps(ready.learning_rate)


@needs_compiler
@pytest.mark.slow
def test_a_compiled_step_counts_where_the_graph_is():
    """The number of steps and the rate are read from tensors, as a replay has to."""
    ends = []
    for compile in ("never", "always"):
        unit = build(batch_norm=False, dropout=0.0)
        step = make(unit, StandIn(), compile=compile)
        torch.manual_seed(1)
        for at in range(8):
            step.set_learning_rate(1e-2 / (1 + at))
            sums = step(torch.from_numpy(ROWS[:8])).clone()
        (optimizer,) = step.optimizers.values()
        assert {int(state["step"]) for state in optimizer.state.values()} == {8}
        ends.append([sums, *unit.parameters()])
    for plain, compiled in zip(*ends, strict=True):
        torch.testing.assert_close(compiled, plain, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("devices", [("cuda", "cpu"), ("cpu", "cuda"), ("cuda", "cuda")])
def test_a_state_may_come_from_another_device(devices):
    one, other = (executor_on(device) for device in devices)
    one.set_learning_rate(0.25)
    one(torch.from_numpy(ROWS[:8]))
    other.load_state_dict(one.state_dict())
    optimizer = other.optimizers["model"]
    (group,) = optimizer.param_groups
    assert other.learning_rate == 0.25
    assert isinstance(group["lr"], torch.Tensor) is group["capturable"] is (devices[1] == "cuda")
    other(torch.from_numpy(ROWS[:8]))
    assert all(state["step"] == 2 for state in optimizer.state.values())


@pytest.fixture
def as_on_a_gpu(monkeypatch):
    """The loop as it is with CUDA, but for the device and its graphs."""
    made = []
    monkeypatch.setattr(executors, "cuda_graphs", lambda all: made.append(StandIn()) or made[-1])
    monkeypatch.setattr(
        executors,
        "build_optimizers",
        lambda unit, config, device: build_optimizers(unit, config, device="cuda"),
    )
    return made


class StopWithin:
    def started(self, plan):
        pass

    def live(self, live):
        if (live.epoch, live.step) == (2, 3):
            signal.raise_signal(signal.SIGINT)

    def epoch_ended(self, record):
        pass

    def ended(self, reason):
        pass


def train(path, *, resume=False, callbacks=(), **layers):
    unit = build(**layers)
    torch.manual_seed(1)
    records = fit(
        unit,
        train=batches(),
        watch=batches(),
        config=CONFIG.model_copy(update={"epochs": 5, "schedule": "cosine"}),
        objective=ObjectiveConfig(schedule="linear", warmup=3),
        checkpoint=path,
        resume=resume,
        callbacks=callbacks,
    )
    return torch.zeros(1), unit, [dict(r) | {"seconds": 0, "rows_per_second": 0} for r in records]


def test_the_loop_takes_graphs_where_there_are_some(as_on_a_gpu, tmp_path, monkeypatch):
    found = train(tmp_path / "last.pt", batch_norm=False)  # a bias before it has no gradient
    assert [graphs.did.count("replay") for graphs in as_on_a_gpu] == [1 + 5 * 5 - 3]
    monkeypatch.undo()
    plain = train(tmp_path / "plain.pt", batch_norm=False)
    for one, other in zip(found[1].parameters(), plain[1].parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)  # a rate of seven digits
    for one, other in zip(found[2], plain[2], strict=True):
        assert one["learning_rate"] == pytest.approx(other["learning_rate"], rel=1e-6)
        assert one["train"] == pytest.approx(other["train"], rel=1e-4)
        json.dumps(one)


def test_a_run_with_graphs_is_resumed_to_the_same_bits(as_on_a_gpu, tmp_path, monkeypatch):
    whole = train(tmp_path / "whole.pt")
    monkeypatch.setattr(loop, "_REFRESH_SECONDS", 0.0)
    with pytest.raises(Interrupted):
        train(tmp_path / "last.pt", callbacks=[StopWithin()])
    resumed = train(tmp_path / "last.pt", resume=True)
    assert_same(resumed, whole)
    assert resumed[2] == whole[2][2:]
    assert [graphs.did.count("capture") for graphs in as_on_a_gpu] == [1, 1, 1]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("precision", ["32", "bf16"])
@pytest.mark.parametrize(
    ("compile", "steps", "clip_norm"),
    [("never", 1, 1.0), ("never", 1000, 1.0), ("always", 1, 1.0), ("always", 1, None)],
)
def test_on_a_gpu_a_graph_is_captured_and_trains(precision, compile, steps, clip_norm):
    ends = []
    for fails in (False, True):
        # a bias before batch norm has no gradient but rounding, and a compiled dropout draws
        # other numbers on a GPU
        dropout = 0.0 if compile == "always" else 0.3
        unit = build("cuda", batch_norm=False, dropout=dropout)
        step = make(
            unit,
            StandIn(fails=True) if fails else CudaGraphs(),
            compile="never" if fails else compile,
            steps=1 if fails else steps,
            clip_norm=clip_norm,
            precision=precision,
        )
        torch.manual_seed(1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore" if fails else "error", VaekitWarning)
            for epoch in range(4):
                for rows in batches(device="cuda").epoch(epoch):
                    step(rows)
        ends.append(torch.cat([p.detach().flatten() for p in unit.parameters()]))
    torch.testing.assert_close(*ends, rtol=1e-2, atol=1e-3)
