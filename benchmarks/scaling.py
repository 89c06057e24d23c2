"""The model of cost in docs/scaling.md beside small runs: one and two processes on this machine.

    python -m benchmarks.scaling [--rows 8192] [--rounds 2]

MNIST's shapes, 784-400-20, float32, Adam, one thread a process. Seconds of a step are put as
a + 6 M B / (P C) + 8 M (P - 1) / (P W): a and C are found from one process with two sizes of
batch, W from sums of M numbers over two processes, and the step of two processes is predicted from
these. That is done twice: in seconds of the clock, which mean little where other processes keep
the cores busy, and in seconds of the processor that a process works. Bytes sent are those that the
process hands to the system (wchar in /proc/self/io).
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch

from vaekit import (
    MLP,
    VAE,
    Amortized,
    Batches,
    Bernoulli,
    Bound,
    DiagonalGaussian,
    Preprocessing,
    StandardNormal,
    Step,
    fit,
    load_dataset,
)
from vaekit.config import TrainingConfig
from vaekit.data import dataset_from_arrays
from vaekit.data.chunks import extremes
from vaekit.training.checkpoint import Position, save_checkpoint
from vaekit.training.distributed import Processes, join_engine, make_engine
from vaekit.training.executor import ExecutorSettings, make_executor

FEATURES, HIDDEN, LATENT = 784, 400, 20
BATCHES = (128, 1024)
EPOCHS = 3


def make_step(dataset, *, binarize):
    model = VAE(
        prior=StandardNormal(LATENT),
        posterior=Amortized(MLP(FEATURES, [HIDDEN], 2 * LATENT), DiagonalGaussian(LATENT)),
        likelihood=Amortized(MLP(LATENT, [HIDDEN], FEATURES), Bernoulli(FEATURES)),
    )
    see = Preprocessing.fit(dataset, scale="unit", binarize=binarize)
    return Step(model, Bound(analytic=True), preprocessing=see)


def sent():
    """Bytes that this process has written, to files and to others."""
    lines = Path("/proc/self/io").read_text(encoding="utf-8").splitlines()
    return int(dict(line.split(": ") for line in lines)["wchar"])


class Watch:
    """Seconds of each epoch, and what was sent when it ended."""

    def __init__(self):
        self.clock, self.processor, self.sent = [], [], []

    def started(self, plan): ...
    def live(self, live): ...
    def ended(self, reason): ...
    def epoch_ended(self, record):
        self.clock.append(time.perf_counter())
        self.processor.append(time.process_time())
        self.sent.append(sent())


def train(dataset, *, batch, binarize, engine):
    """Seconds and bytes of a step, after one epoch that is not counted."""
    torch.manual_seed(0)
    rows = dataset.rows
    batches = Batches(
        rows, np.arange(len(rows)), batch_size=batch, seed=0, part=Processes(engine).part
    )
    config = TrainingConfig(
        epochs=EPOCHS, batch_size=batch, precision="32", device="cpu", threads=1
    )
    watch = Watch()
    step = make_step(dataset, binarize=binarize)
    fit(step, train=batches, config=config, callbacks=[watch], engine=engine)
    if not watch.sent:
        return None
    steps = len(batches) * (EPOCHS - 1)
    return {name: (values[-1] - values[0]) / steps for name, values in vars(watch).items()}


def timed(work, *, rounds, clock=time.perf_counter):
    """Median seconds of one call."""
    work()
    seconds = []
    for _ in range(rounds):
        began = clock()
        work()
        seconds.append(clock() - began)
    return median(seconds)


def worker(out, *, rows):
    """What one of the processes does; the first writes down what came out."""
    torch.set_num_threads(1)
    engine = join_engine(device="cpu")
    draw = np.random.default_rng(0)
    dataset = dataset_from_arrays(draw.integers(0, 256, (rows, FEATURES), dtype=np.uint8))
    found = {
        f"{binarize} {batch}": train(dataset, batch=batch, binarize=binarize, engine=engine)
        for batch in BATCHES
        for binarize in ("none", "dynamic")
    }
    parameters = make_step(dataset, binarize="none").parameters()
    found["parameters"] = sum(each.numel() for each in parameters if each.requires_grad)
    if engine.world_size > 1:
        numbers = torch.zeros(found["parameters"])

        def add():
            torch.distributed.all_reduce(numbers)

        found["sum"] = {
            "clock": timed(add, rounds=40),
            "processor": timed(add, rounds=40, clock=time.process_time),
        }
    if engine.global_rank == 0:
        Path(out).write_text(json.dumps(found), encoding="utf-8")
    Processes(engine).close()


def start(processes, *, rows):
    """Run the worker in so many processes; what the first of them found."""
    how = ["-m"] if processes == 1 else ["-m", "torch.distributed.run", "--standalone"]
    how += [] if processes == 1 else ["--nproc-per-node", str(processes), "-m"]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "found.json"
        what = ["benchmarks.scaling", "--worker", str(out), "--rows", str(rows)]
        threads = os.environ | {"OMP_NUM_THREADS": "1"}
        subprocess.run([sys.executable, *how, *what], check=True, env=threads)
        return json.loads(out.read_text(encoding="utf-8"))


def middle(runs):
    """Medians over runs, of whatever they hold."""
    if isinstance(runs[0], dict):
        return {key: middle([run[key] for run in runs]) for key in runs[0]}
    return median(runs)


def network(alone, both, *, clock):
    """Lines on the seconds of a step of two processes, by one clock."""
    count = alone["parameters"]
    small, large = (alone[f"none {batch}"][clock] for batch in BATCHES)
    row = (large - small) / (BATCHES[1] - BATCHES[0])
    fixed, adding = small - row * BATCHES[0], both["sum"][clock]
    yield f"{clock}: C, 6 M / (seconds a row), Gflop/s | | {6e-9 * count / row:.0f}"
    yield f"{clock}: a, what a step takes however small, ms | | {1e3 * fixed:.2f}"
    yield f"{clock}: W, 4 M / (seconds of a sum over two), MB/s | | {4e-6 * count / adding:.0f}"
    for batch in BATCHES:
        predicted = 1e3 * (fixed + row * batch / 2 + adding)
        measured = 1e3 * both[f"none {batch}"][clock]
        one = 1e3 * alone[f"none {batch}"][clock]
        what = f"{clock}: ms a step of two, B = {batch} (of one: {one:.2f})"
        yield f"{what} | {predicted:.2f} | {measured:.2f}"


def volume(alone, both):
    """Lines on the bytes that a process sends in a step."""
    for batch in BATCHES:
        sends, ring = both[f"none {batch}"]["sent"], 4 * alone["parameters"]
        yield f"bytes a step sends, 8 M (P - 1) / P, B = {batch} | {ring:,} | {sends:,.0f}"


def noise(alone, both):
    """Lines on the share of a step that draws noise: all of it is drawn by each process."""
    for batch in BATCHES:
        values = torch.empty(batch, FEATURES)
        drawing = timed(
            lambda values=values: torch.rand_like(values), rounds=40, clock=time.process_time
        )
        for found, who in ((alone, "one"), (both, "two")):
            bare, noisy = (found[f"{kind} {batch}"]["processor"] for kind in ("none", "dynamic"))
            share = 100 * (noisy - bare) / noisy
            predicted = 100 * drawing / (bare + drawing)
            what = f"processor: % of a step of {who} for dynamic binarization, B = {batch}"
            yield f"{what} | {predicted:.0f} | {share:.0f}"


def checkpoint(rows):
    """Lines on size and time of a checkpoint."""
    data = np.zeros((rows, FEATURES), np.uint8)
    data[::2] = 255
    dataset = dataset_from_arrays(data)
    step = make_step(dataset, binarize="none")
    settings = ExecutorSettings(
        config=TrainingConfig(),
        device="cpu",
        precision="32",
        processes=Processes(make_engine(device="cpu")),
        steps=1,
    )
    executor = make_executor(step, settings)
    executor(torch.from_numpy(dataset.rows[:8]))
    count, steps = sum(p.numel() for p in step.parameters()), rows // BATCHES[0]
    position = Position(history=torch.zeros(steps, 4))
    with tempfile.TemporaryDirectory() as folder:
        path, bare = Path(folder) / "last.pt", Path(folder) / "bytes"

        def save():
            save_checkpoint(path, step=step, executor=executor, position=position)

        def write():
            with bare.open("wb") as file:
                file.write(bytes(path.stat().st_size))
                file.flush()
                os.fsync(file.fileno())

        took, least = timed(save, rounds=9), timed(write, rounds=9)
        size = path.stat().st_size
    yield f"bytes of a checkpoint, 12 M + 16 (steps) | {12 * count + 16 * steps:,} | {size:,}"
    yield f"ms to write it, its bytes alone | {1e3 * least:.1f} | {1e3 * took:.1f}"


def first_look(rows):
    """Lines on the passes over a memory map before training."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.npy"
        draw = np.random.default_rng(0)
        np.save(path, draw.integers(0, 256, (rows, FEATURES), dtype=np.uint8))
        mapped = np.load(path, mmap_mode="r")
        once = timed(lambda: extremes(mapped), rounds=3)
        yield f"MB/s of one pass for least and greatest | | {1e-6 * mapped.nbytes / once:.0f}"
        for scale, passes in (("unit", 1), ("standard", 3)):

            def look(scale=scale):
                Preprocessing.fit(load_dataset(path), scale=scale)

            took = timed(look, rounds=3)
            what = f"s of the first look, scale = {scale}, passes: {passes}"
            yield f"{what} | {passes * once:.2f} | {took:.2f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=8192)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--worker")
    chosen = parser.parse_args()
    if chosen.worker:
        worker(chosen.worker, rows=chosen.rows)
        return
    torch.set_num_threads(1)
    runs: dict[int, list[Any]] = {1: [], 2: []}
    for _ in range(chosen.rounds):
        for processes, found in runs.items():
            found.append(start(processes, rows=chosen.rows))
    alone, both = (middle(found) for found in runs.values())
    print("| what | by the model | measured |")
    print("|---|---|---|")
    for lines in (
        volume(alone, both),
        network(alone, both, clock="clock"),
        network(alone, both, clock="processor"),
        noise(alone, both),
        checkpoint(chosen.rows),
        first_look(8 * chosen.rows),
    ):
        print("\n".join(f"| {line} |" for line in lines), flush=True)


if __name__ == "__main__":
    main()
