"""A run that is killed and resumed ends with the same bits as one that was not."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from vaekit.config import parse_config
from vaekit.errors import Interrupted
from vaekit.runs import RunFolder
from vaekit.training import train

CONFIG = {
    "name": "resume",
    "data": {"source": "digits", "binarize": "dynamic"},
    "model": {
        "encoder": {"hidden": [64], "dropout": 0.2},
        "decoder": {"hidden": [64]},
        "prior": {"kind": "vamp", "components": 5},
    },
    "objective": {"schedule": "linear", "warmup": 8},
    "training": {
        "epochs": 12,
        "batch_size": 32,
        "schedule": "cosine",
        "threads": 1,
        "early_stopping": 12,
    },
}

SCRIPT = """
import json, sys, time
from vaekit.config import parse_config
from vaekit.runs import RunFolder
from vaekit.training import train

class Slow:
    def started(self, plan): print("started", flush=True)
    def live(self, live): pass
    def epoch_ended(self, record):
        print(record["epoch"], flush=True)
        time.sleep(0.15)
    def ended(self, reason): print("ended", reason, flush=True)

if __name__ == "__main__":
    train(parse_config(json.loads(sys.argv[1])), folder=RunFolder(sys.argv[2]), callbacks=[Slow()])
"""


class StopAfter:
    """Asks to stop as Ctrl-C does, after some epochs or in the middle of one."""

    def __init__(self, epochs, *, within=False):
        self.epochs, self.within = epochs, within

    def started(self, plan):
        pass

    def live(self, live):
        if self.within and live.epoch == self.epochs:
            signal.raise_signal(signal.SIGINT)

    def epoch_ended(self, record):
        if not self.within and record["epoch"] == self.epochs:
            signal.raise_signal(signal.SIGINT)

    def ended(self, reason):
        self.reason = reason


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    torch.set_num_threads(1)
    folder = RunFolder(tmp_path_factory.mktemp("whole") / "run")
    train(parse_config(CONFIG), folder=folder)
    return folder


def assert_same_run(one, other):
    first, second = load_file(one.model), load_file(other.model)
    assert first.keys() == second.keys()
    for name, tensor in first.items():
        assert torch.equal(tensor, second[name]), f"{name} differs"
    curves = [
        [(r["epoch"], r["train"], r["validation"]) for r in f.read_metrics()] for f in (one, other)
    ]
    assert curves[0] == curves[1]
    assert len(curves[0]) == CONFIG["training"]["epochs"]


def test_a_killed_process_resumes_to_the_same_bits(uninterrupted, tmp_path):
    import json

    folder = RunFolder(tmp_path / "run")
    script = tmp_path / "child.py"
    script.write_text(SCRIPT, encoding="utf-8")
    child = subprocess.Popen(
        [sys.executable, str(script), json.dumps(CONFIG), str(folder.path)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    for line in child.stdout:
        if line.strip() == "5":
            break
    time.sleep(0.05)
    child.kill()
    child.wait()
    child.stdout.close()
    assert child.returncode != 0
    assert not folder.model.exists(), "killed before the end, so there is no model yet"
    assert 4 <= len(folder.read_metrics()) < 12
    train(parse_config(CONFIG), folder=folder, resume=True)
    assert_same_run(uninterrupted, folder)


@pytest.mark.parametrize("within", [False, True])
def test_ctrl_c_saves_and_resumes_to_the_same_bits(uninterrupted, tmp_path, monkeypatch, within):
    monkeypatch.setattr("vaekit.training.loop._REFRESH_SECONDS", 0.0)
    folder, stop = RunFolder(tmp_path / "run"), StopAfter(3, within=within)
    before = signal.getsignal(signal.SIGINT)  # a shell lets what it starts behind & ignore it
    with pytest.raises(Interrupted):
        train(parse_config(CONFIG), folder=folder, callbacks=[stop])
    assert stop.reason == "interrupted"
    assert signal.getsignal(signal.SIGINT) is before
    train(parse_config(CONFIG), folder=folder, resume=True)
    assert_same_run(uninterrupted, folder)


@pytest.mark.slow
def test_the_same_config_gives_the_same_bits_and_another_seed_does_not(uninterrupted, tmp_path):
    again, other = RunFolder(tmp_path / "again"), RunFolder(tmp_path / "other")
    train(parse_config(CONFIG), folder=again)
    assert_same_run(uninterrupted, again)
    train(parse_config(CONFIG | {"seed": 1}), folder=other)
    first, second = load_file(uninterrupted.model), load_file(other.model)
    assert any(not torch.equal(first[name], second[name]) for name in first)


def test_a_finished_run_can_be_given_more_epochs(uninterrupted, tmp_path):
    import shutil

    folder = RunFolder(tmp_path / "run")
    shutil.copytree(uninterrupted.path, folder.path)
    longer = parse_config(CONFIG | {"training": CONFIG["training"] | {"epochs": 14}})
    train(longer, folder=folder, resume=True)
    assert [r["epoch"] for r in folder.read_metrics()] == list(range(1, 15))


def test_checkpoints_are_read_without_running_code(uninterrupted):
    path = Path(uninterrupted.checkpoints / "last.pt")
    content = torch.load(path, weights_only=True)
    assert content["position"]["epoch"] == 12
