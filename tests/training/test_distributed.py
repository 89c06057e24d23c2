"""Several processes that torchrun starts, on this machine, end where one process would.

Weights agree to a hundred-thousandth, not to the bit: gradients are summed in another order.
"""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from processes import finished, torchrun
from safetensors.torch import load_file

from vaekit import (
    MLP,
    VAE,
    Amortized,
    Batches,
    Bound,
    DiagonalGaussian,
    Gaussian,
    StandardNormal,
    Step,
    fit,
)
from vaekit.config import TrainingConfig, parse_config
from vaekit.data import BalancedBatches, Part
from vaekit.errors import ConfigError
from vaekit.runs import RunFolder
from vaekit.training import train
from vaekit.training.distributed import Processes, SharedNoise, make_engine

TOLERANCE = {"rtol": 1e-4, "atol": 1e-5}

CONFIG = {
    "name": "several",
    "data": {"source": "digits", "limit": 211, "binarize": "dynamic"},
    "model": {
        "encoder": {"hidden": [16], "dropout": 0.2},
        "decoder": {"hidden": [16], "dropout": 0.1},
    },
    "objective": {"samples": 2, "schedule": "linear", "warmup": 3},
    "training": {
        "epochs": 3,
        "batch_size": 31,
        "precision": "32",
        "device": "cpu",
        "threads": 1,
        "clip_norm": 1.0,
        "early_stopping": 3,
    },
    "evaluation": {"samples": 2},
}

# Training alone, then a set of seven rows of which the last batch has one: too few for two.
TRAIN = """
import json, sys
import numpy as np
import torch
from test_distributed import fit_seven
from vaekit.config import parse_config
from vaekit.runs import RunFolder
from vaekit.training import train
from vaekit.training.distributed import join_engine

train(parse_config(json.loads(sys.argv[1])), folder=RunFolder(sys.argv[2]))
fit_seven(join_engine(device="cpu"), sys.argv[3])
"""

# The command line without what follows training. In the middle of an epoch, the first time
# round, one process dies, fails, or sees Ctrl-C; whoever is started again says where it goes on.
COMMAND = """
import json, os, signal, sys
import vaekit.cli.training as command
from vaekit.cli import main
from vaekit.training.distributed import Processes

number, again = (int(os.environ[name]) for name in ("RANK", "TORCHELASTIC_RESTART_COUNT"))
wanted = json.loads(sys.argv[1])
shares = Processes._shares

def dying(self, batches, epoch, start):
    for step, rows in enumerate(shares(self, batches, epoch, start), start=start):
        if again and (epoch, step) == (1, start):
            print(f"process {number} goes on at step {step} of epoch {epoch}", flush=True)
        if [epoch, step, number, again] == wanted["at"]:
            if wanted["signal"] == "error":
                raise RuntimeError("no luck")
            os.kill(os.getpid(), getattr(signal, wanted["signal"]))
        yield rows

Processes._shares = dying
command.finish_run = command.print_run = lambda *args, **kwargs: None
sys.exit(main(sys.argv[2:]))
"""


def model():
    torch.manual_seed(3)
    return VAE(
        prior=StandardNormal(2),
        posterior=Amortized(MLP(4, [], 4), DiagonalGaussian(2)),
        likelihood=Amortized(MLP(2, [], 4), Gaussian(4)),
    )


def fit_seven(engine, path):
    """Train on seven rows in batches of three; the first process writes what came out."""
    processes, step = Processes(engine), Step(model(), Bound())
    rows = np.random.default_rng(0).normal(size=(7, 4)).astype(np.float32)
    batches = Batches(rows, np.arange(7), batch_size=3, seed=0, part=processes.part)
    config = TrainingConfig(epochs=4, learning_rate=0.05, precision="32", device="cpu")
    records = fit(step, train=batches, watch=batches, config=config, engine=engine)
    if processes.main:
        means = [[record["train"], record["validation"]] for record in records]
        torch.save({"weights": step.state_dict(), "means": means}, path)
    processes.close()


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    torch.set_num_threads(1)
    folder = RunFolder(tmp_path_factory.mktemp("alone") / "run")
    train(parse_config(CONFIG), folder=folder)
    return folder


@pytest.fixture(scope="module")
def together(tmp_path_factory):
    path = tmp_path_factory.mktemp("together")
    (path / "child.py").write_text(TRAIN, encoding="utf-8")
    args = [path / "child.py", json.dumps(CONFIG), path / "run", path / "seven.pt"]
    finished(torchrun(*args, path=Path(__file__).parent))
    return path


def curves(folder):
    return [(record["train"], record["validation"]) for record in folder.read_metrics()]


def assert_close(one, other):
    assert one.keys() == other.keys()
    for name, tensor in one.items():
        torch.testing.assert_close(tensor, other[name], **TOLERANCE, msg=name)


def test_two_processes_end_with_the_weights_of_one(alone, together):
    """With noise of three kinds: of the pixels, of dropout and of z."""
    assert_close(load_file(alone.model), load_file(RunFolder(together / "run").model))


def test_metrics_are_those_of_one_process(alone, together):
    found = curves(RunFolder(together / "run"))
    assert len(found) == CONFIG["training"]["epochs"]
    for one, other in zip(curves(alone), found, strict=True):
        for mine, theirs in zip(one, other, strict=True):
            assert mine == pytest.approx(theirs, rel=1e-5)


def test_a_last_batch_with_fewer_rows_than_processes_counts_as_it_should(together, tmp_path):
    fit_seven(make_engine(device="cpu"), tmp_path / "alone.pt")
    one, other = (
        torch.load(path / name) for path, name in ((tmp_path, "alone.pt"), (together, "seven.pt"))
    )
    assert_close(one["weights"], other["weights"])
    for mine, theirs in zip(one["means"], other["means"], strict=True):
        assert mine == [pytest.approx(each, rel=1e-4) for each in theirs]


class Seen:
    """Stands for the engine of one of several processes."""

    def __init__(self, number, count):
        self.global_rank, self.world_size = number, count


@given(
    count=st.integers(1, 40),
    size=st.integers(1, 9),
    processes=st.integers(1, 5),
    epoch=st.integers(0, 3),
)
def test_every_row_comes_to_one_process_once_an_epoch(count, size, processes, epoch):
    rows = np.arange(count, dtype=np.float32).reshape(-1, 1)
    found = []
    for number in range(processes):
        part = Processes(Seen(number, processes))
        batches = Batches(rows, np.arange(count), batch_size=size, seed=1, part=part.part)
        for batch in part.epoch(batches, epoch):
            first, last = part._span if processes > 1 else (0, len(batch))
            found.append(batch[: last - first, 0])
    assert sorted(torch.cat(found).tolist()) == list(range(count))


def test_the_order_is_another_one_in_every_epoch_and_the_same_in_all_processes():
    rows = np.arange(30, dtype=np.float32).reshape(-1, 1)
    whole = Batches(rows, np.arange(30), batch_size=6, seed=1)
    parts = [Batches(rows, np.arange(30), batch_size=6, seed=1, part=Part(i, 3)) for i in range(3)]
    for epoch in range(2):
        joined = zip(*(part.epoch(epoch) for part in parts), strict=True)
        for batch, shares in zip(whole.epoch(epoch), joined, strict=True):
            assert torch.equal(batch, torch.cat(shares))
    first, second = (torch.cat(list(whole.epoch(epoch))) for epoch in range(2))
    assert not torch.equal(first, second)


def test_a_memory_map_is_not_copied_by_each_of_several_processes(tmp_path):
    np.save(tmp_path / "rows.npy", np.zeros((10, 3), np.float32))
    rows = np.load(tmp_path / "rows.npy", mmap_mode="r")
    assert Batches(np.array(rows), np.arange(10), batch_size=5, part=Part(0, 2)).resident
    assert not Batches(rows, np.arange(10), batch_size=5, part=Part(0, 2)).resident


@pytest.mark.parametrize("repeats", [1, 3])
def test_dropout_behind_flattened_samples_is_that_of_the_rows(repeats):
    """A network sees K samples of B rows as K * B rows."""
    torch.manual_seed(1)
    whole = torch.nn.functional.dropout(torch.ones(repeats * 5, 6), 0.5)
    torch.manual_seed(1)
    with SharedNoise(first=3, rows=2, whole=5):
        part = torch.nn.functional.dropout(torch.ones(repeats * 2, 6), 0.5)
    assert torch.equal(part.view(repeats, 2, 6), whole.view(repeats, 5, 6)[:, 3:])


def test_noise_that_cannot_be_told_apart_by_rows_is_refused():
    with SharedNoise(first=0, rows=2, whole=4):
        with pytest.raises(ConfigError, match="several processes cannot share"):
            torch.randn(2, 3)
        with pytest.raises(ConfigError, match="no place for 2 rows"):
            torch.randn_like(torch.zeros(3, 3))


def test_batches_that_are_not_divided_are_refused():
    processes = Processes(Seen(0, 2))
    rows = np.zeros((4, 2), np.float32)
    whole = Batches(rows, np.arange(4), batch_size=2)
    few = BalancedBatches(
        rows, many=np.arange(3), few=np.array([3]), batch_size=2, few_size=1, seed=0
    )
    for batches in (whole, few):
        with pytest.raises(ConfigError, match="divided among them"):
            processes.epoch(batches)


@pytest.mark.parametrize(
    "section",
    [
        {"model": {"encoder": {"batch_norm": True}}},
        {"objective": {"free_bits": 0.1}},
    ],
)
def test_what_looks_at_the_whole_batch_is_refused(section, tmp_path, monkeypatch):
    monkeypatch.setattr(Processes, "alone", property(lambda self: False))
    folder = RunFolder(tmp_path / "run")
    with pytest.raises(ConfigError, match="of which each of several processes has a part"):
        train(parse_config({"data": {"source": "digits"}} | section), folder=folder)
    assert not folder.path.exists()


def command(path, *, at, kind, restarts=0):
    """Start the command line in two processes, one of which gets a signal at a step."""
    (path / "child.py").write_text(COMMAND, encoding="utf-8")
    (path / "config.json").write_text(json.dumps(CONFIG), encoding="utf-8")
    wish = json.dumps({"at": at, "signal": kind})
    args = ["train", "--config", path / "config.json", "--out", path / "run", "--quiet"]
    args += ["--training.checkpoint-minutes", "1e-9"]  # after every step
    return torchrun(path / "child.py", wish, *args, restarts=restarts)


@pytest.mark.slow
@pytest.mark.parametrize("number", [0, 1])
def test_a_killed_process_is_started_again_and_ends_as_if_it_had_lived(together, tmp_path, number):
    printed = finished(command(tmp_path, at=[1, 3, number, 0], kind="SIGKILL", restarts=1))
    for other in range(2):
        assert re.search(rf"process {other} goes on at step [1-3] of epoch 1", printed), printed
    lived, died = RunFolder(together / "run"), RunFolder(tmp_path / "run")
    first, second = load_file(lived.model), load_file(died.model)
    for name, tensor in first.items():
        assert torch.equal(tensor, second[name]), name
    assert curves(lived) == curves(died)


@pytest.mark.slow
def test_ctrl_c_in_one_process_stops_all_and_saves(alone, tmp_path):
    printed = finished(command(tmp_path, at=[1, 2, 1, 0], kind="SIGINT"), code=1)
    assert "everything up to there is saved" in printed
    folder = RunFolder(tmp_path / "run")
    position = torch.load(folder.last, weights_only=True)["position"]
    assert position["epoch"] < 3
    train(parse_config(CONFIG), folder=folder, resume=True)
    assert_close(load_file(alone.model), load_file(folder.model))


@pytest.mark.slow
def test_an_error_in_one_process_ends_all(tmp_path):
    printed = finished(command(tmp_path, at=[1, 2, 1, 0], kind="error"), code=1)
    assert "process 1: unexpected RuntimeError: no luck" in printed
    assert "error: another process ended; its own error tells why" in printed
    assert not RunFolder(tmp_path / "run").model.exists()


@pytest.mark.slow
def test_a_folder_of_another_run_is_not_gone_on_with(tmp_path):
    """A second start must not take for its own what was in the way of the first."""
    other = parse_config(CONFIG | {"seed": 5})
    folder = RunFolder(tmp_path / "run")
    train(other, folder=folder)
    before = folder.last.read_bytes()
    printed = finished(command(tmp_path, at=[0, 0, 9, 9], kind="SIGKILL", restarts=1), code=1)
    assert "must be new or empty" in printed
    assert folder.last.read_bytes() == before
