"""Training on a folder of shards, in one process that is stopped, and in two."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from vaekit.config import parse_config
from vaekit.errors import Interrupted
from vaekit.runs import RunFolder
from vaekit.training import train

COUNTS = (61, 40, 83, 55, 72)

CONFIG = {
    "name": "shards",
    "model": {"latent_dim": 2, "encoder": {"hidden": [8]}, "decoder": {"hidden": [8]}},
    "training": {"epochs": 2, "batch_size": 32, "threads": 1, "device": "cpu", "precision": "32"},
}

WORKER = """
import json, os, sys
from vaekit.config import parse_config
from vaekit.runs import RunFolder
from vaekit.training import train

os.environ["VAEKIT_CACHE"] = f"{sys.argv[2]}-cache-{os.environ['RANK']}"  # a machine of its own
data = train(parse_config(json.loads(sys.argv[1])), folder=RunFolder(sys.argv[2]))
with open(f"{sys.argv[2]}-{os.environ['RANK']}", "w") as file:
    json.dump(sorted(data.rows._open), file)
"""


@pytest.fixture
def sharded(tmp_path):
    folder = tmp_path / "rows"
    folder.mkdir()
    draw = np.random.default_rng(0)
    for place, count in enumerate(COUNTS):
        rows = draw.integers(0, 256, (count, 64), dtype=np.uint8)
        np.save(folder / f"part-{place}.npy", rows)
    return CONFIG | {"data": {"source": str(folder)}}


class Stop:
    """Ctrl-C in the first epoch."""

    def started(self, plan): ...
    def live(self, live): ...
    def ended(self, reason): ...
    def epoch_ended(self, record):
        os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_a_run_that_was_stopped_goes_on_to_the_same_weights(sharded, tmp_path):
    config = parse_config(sharded)
    whole, parts = (RunFolder(tmp_path / name) for name in ("whole", "parts"))
    data = train(config, folder=whole)
    assert len(data.rows) == sum(COUNTS)
    with pytest.raises(Interrupted, match="after epoch 1"):
        train(config, folder=parts, callbacks=[Stop()])
    train(config, folder=parts, resume=True)
    one, other = load_file(whole.model), load_file(parts.model)
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert len(whole.read_metrics()) == 2


def as_parquet(config, folder):
    """The same rows in parquet files, with labels."""
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    folder.mkdir()
    for path in Path(config["data"]["source"]).iterdir():
        rows = np.load(path)
        columns = {f"pixel{at}": rows[:, at] for at in range(rows.shape[1])}
        table = pyarrow.table(columns | {"label": np.arange(len(rows)) % 3})
        parquet.write_table(table, folder / f"{path.stem}.parquet")
    return config | {"data": {"source": str(folder)}}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["npy", "parquet"])
def test_two_processes_train_each_on_its_own(sharded, tmp_path, kind):
    if kind == "parquet":
        sharded = as_parquet(sharded, tmp_path / "tables")
    (tmp_path / "child.py").write_text(WORKER, encoding="utf-8")
    flags = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    script = [str(tmp_path / "child.py"), json.dumps(sharded), str(tmp_path / "run")]
    known = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, *flags, *script], check=True, timeout=150, env=known)
    first, second = (json.loads((tmp_path / f"run-{rank}").read_text()) for rank in (0, 1))
    assert first == [2, 3]  # in the first look, in training and in measuring
    assert second == [0, 1, 4]
    if kind == "parquet":  # and converted no other
        for rank, own in enumerate((first, second)):
            made = sorted((tmp_path / f"run-cache-{rank}").glob("*/rows.npy"))
            assert [path.parent.name.split("-")[1] for path in made] == [str(at) for at in own]
    records = RunFolder(tmp_path / "run").read_metrics()
    assert len(records) == 2
    assert np.isfinite([record["validation"]["bound"] for record in records]).all()
