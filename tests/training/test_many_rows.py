"""Rows of a memory map that are too many for stored positions are trained on like others."""

import json
import os
import signal
import sys

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from vaekit.config import parse_config
from vaekit.data.index import RepeatedIndex
from vaekit.errors import Interrupted
from vaekit.runs import RunFolder
from vaekit.training import train

CONFIG = {
    "name": "many",
    "model": {
        "latent_dim": 2,
        "encoder": {"hidden": [8]},
        "decoder": {"hidden": [8]},
        "prior": {"kind": "vamp", "components": 4},
        "likelihood": {"kind": "bernoulli", "start": "mean"},
    },
    "training": {"epochs": 2, "batch_size": 32, "threads": 1, "device": "cpu"},
}


class Stop:
    """Ctrl-C in the first epoch."""

    def started(self, plan): ...
    def live(self, live): ...
    def ended(self, reason): ...
    def epoch_ended(self, record):
        os.kill(os.getpid(), signal.SIGINT)


@pytest.fixture
def many(tmp_path, monkeypatch):
    """A config whose rows go by rule, as millions of them would."""
    monkeypatch.setattr("vaekit.data.sources.STORED_ROWS", 100)
    monkeypatch.setattr("vaekit.data.dataset.PERIOD", 101)
    rows = np.random.default_rng(0).integers(0, 256, (1000, 64), dtype=np.uint8)
    np.save(tmp_path / "rows.npy", rows)
    return parse_config(
        CONFIG | {"data": {"source": str(tmp_path / "rows.npy"), "binarize": "dynamic"}}
    )


def test_they_are_split_visited_and_measured(many, tmp_path):
    folder = RunFolder(tmp_path / "run")
    data = train(many, folder=folder)
    assert all(isinstance(data.split.index(name), RepeatedIndex) for name in ("train", "test"))
    assert data.describe()["rows"] == {"all": 1000, "train": 812, "validation": 90, "test": 98}
    records = [json.loads(line) for line in folder.metrics.read_text().splitlines()]
    assert [record["epoch"] for record in records] == [1, 2]
    assert records[1]["train"]["bound"] > records[0]["train"]["bound"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_a_run_that_was_stopped_goes_on_to_the_same_weights(many, tmp_path):
    whole, parts = (RunFolder(tmp_path / name) for name in ("whole", "parts"))
    train(many, folder=whole)
    with pytest.raises(Interrupted, match="after epoch 1"):
        train(many, folder=parts, callbacks=[Stop()])
    train(many, folder=parts, resume=True)
    one, other = load_file(whole.model), load_file(parts.model)
    assert all(torch.equal(one[name], other[name]) for name in one)
