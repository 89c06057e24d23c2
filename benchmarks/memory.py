"""Peak memory of training on a memory-mapped file, and on one of ten times the rows.

    python -m benchmarks.memory [--rows 60000 500000] [--features 784 16] [--batch 1024]

Each training is a process of its own: the rows are looked at, split, and all of those for training
visited, in a new order each epoch; then those for validation are measured. What counts is memory
that is the process's own (RssAnon in /proc/PID/status, read every few milliseconds). The greatest
resident size (VmHWM) is shown beside it: it includes pages of the file that were read, which all
processes share and the system takes back when it needs them. Images are a long file of wide rows;
narrow rows are there because what is kept for each row, if anything is, weighs most beside them.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.goals import at_most

TRAIN = """
import json, sys
from vaekit.config import parse_config
from vaekit.runs import RunFolder
from vaekit.training import train

train(parse_config(json.loads(sys.argv[1])), folder=RunFolder(sys.argv[2]))
"""


def write_rows(path, *, rows, features):
    """Random bytes as a .npy file, some thousand rows at a time."""
    draw, step = np.random.default_rng(0), max(1, 2**22 // features)
    file = np.lib.format.open_memmap(path, "w+", np.uint8, (rows, features))
    for start in range(0, rows, step):
        piece = file[start : start + step]
        piece[:] = draw.integers(0, 256, piece.shape, dtype=np.uint8)
    file.flush()


def config(path, *, batch, epochs):
    """A small network: its own memory must not hide that of the rows."""
    small = {"hidden": [16]}
    return {
        "name": "memory",
        "data": {"source": str(path), "scale": "unit"},
        "model": {"latent_dim": 2, "encoder": small, "decoder": small},
        "training": {
            "epochs": epochs,
            "batch_size": batch,
            "precision": "32",
            "device": "cpu",
            "threads": 1,
        },
    }


def in_use(process):
    """Own memory and greatest resident size of a process, in MB; absent when it has ended."""
    try:
        text = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    found = dict(line.split(":", 1) for line in text.splitlines())
    if "RssAnon" not in found:
        return None
    return [int(found[name].split()[0]) / 1024 for name in ("RssAnon", "VmHWM")]


def peak(settings, folder):
    """Greatest own memory, greatest resident size, and seconds of one training."""
    command = [sys.executable, "-c", TRAIN, json.dumps(settings), str(folder)]
    began, most = time.perf_counter(), [0.0, 0.0]
    with subprocess.Popen(command) as process:
        while process.poll() is None:
            most = [max(pair) for pair in zip(most, in_use(process) or most, strict=True)]
            time.sleep(0.003)
    if process.returncode:
        raise SystemExit(process.returncode)
    return *most, time.perf_counter() - began


def measure(rows, *, features, batch, epochs):
    """Own memory at its peak for a new file of so many rows; prints a line of the table."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.npy"
        write_rows(path, rows=rows, features=features)
        settings = config(path, batch=batch, epochs=epochs)
        anonymous, resident, seconds = peak(settings, Path(folder) / "run")
    size = rows * features / 2**20
    cells = f"{rows:,} x {features} | {size:.0f} | {anonymous:.0f} | {resident:.0f} | {seconds:.0f}"
    print(f"| {cells} |", flush=True)
    return anonymous


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[60_000, 500_000])
    parser.add_argument("--features", type=int, nargs="+", default=[784, 16])
    parser.add_argument("--batch", type=int, default=1024)
    parser.add_argument("--epochs", type=int, default=1)
    chosen = parser.parse_args()
    print("| rows | file, MB | own memory at its peak, MB | greatest resident size, MB | s |")
    print("|---|---|---|---|---|")
    goals = []
    for rows, features in zip(chosen.rows, chosen.features, strict=True):
        small, large = (
            measure(count, features=features, batch=chosen.batch, epochs=chosen.epochs)
            for count in (rows, 10 * rows)
        )
        what = f"own memory with ten times {rows:,} rows of {features} grows by"
        goals.append(at_most(what, 100 * (large / small - 1), most=10, unit="%"))
    print("\n".join(goals))


if __name__ == "__main__":
    main()
