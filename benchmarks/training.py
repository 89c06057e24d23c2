"""Seconds of a training epoch, beside other tools and beside the matrix products alone.

    python -m benchmarks.training [--rounds 3] [--rows 60000] [--threads 1] [--without NAME ...]

MNIST as grey values in [0, 1], 784-400-20-400-784 with ReLU, batches of 128, Adam at 1e-3, every
row once an epoch in a new order, no rows held out by anyone. The contenders take turns, an epoch
each, after a round that does not count.

vaekit trains with a progress bar, metrics.jsonl and a checkpoint after the epoch, all of which
counts; its step is compiled in the first epoch, which does not. The bare loops write and show
nothing. pytorch/examples reads its loss in every step, as it
does. Pythae shows its bar; PYTHAE_PYTHON names the Python that has it. The products are those of
the step alone, forward and backward, on operands that lie ready.
"""

import argparse
import os
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import torch

from benchmarks.goals import at_least, at_most
from benchmarks.harness import vaekit_train
from benchmarks.peers.bare import bare_loop, elbo_loss
from benchmarks.peers.products import products
from benchmarks.peers.pytorch_examples import pytorch_examples
from benchmarks.timing import take_turns
from vaekit.config import (
    Config,
    DataConfig,
    LikelihoodConfig,
    ModelConfig,
    NetworkConfig,
    TrainingConfig,
)
from vaekit.data.sources import mnist

BATCH = 128
OURS, OURS_32 = "vaekit train", "vaekit train, precision 32"
BARE, BARE_16 = "bare loop, float32", "bare loop, bf16 by autocast"
COMPILED = "bare loop, bf16 by autocast, torch.compile"
FLOOR, FLOOR_32 = "products alone, bf16", "products alone, float32"
EXAMPLES, PYTHAE = "pytorch/examples", "Pythae"


def config(precision, *, rows, threads):
    network = NetworkConfig(hidden=(400,), activation="relu")
    return Config(
        name="benchmark",
        data=DataConfig(source="mnist", validation=0.0, limit=rows),
        model=ModelConfig(
            latent_dim=20,
            encoder=network,
            decoder=network,
            likelihood=LikelihoodConfig(kind="bernoulli"),
        ),
        training=TrainingConfig(
            batch_size=BATCH, device="cpu", precision=precision, threads=threads
        ),
    )


def pythae(python, rows, *, threads):
    """Another process, because Pythae lives in an environment of its own."""
    script = Path(__file__).parent / "peers" / "pythae_training.py"

    def epoch():
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "rows.npy"
            np.save(path, rows)
            command = [python, str(script), str(path), str(BATCH), str(threads)]
            done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder)
        return float(done.stdout.split("seconds")[-1])

    return epoch


def contenders(rows, *, threads):
    loop = {"batch": BATCH, "loss": elbo_loss, "hidden": [400], "latent": 20}
    ours = {"rows": len(rows), "threads": threads}
    layers = [(784, 400), (400, 40), (20, 400), (400, 784)]
    work = {"layers": layers, "rows": [BATCH] * 4, "steps": len(rows) // BATCH}
    found = {
        OURS: vaekit_train(config("auto", **ours)),
        OURS_32: vaekit_train(config("32", **ours)),
        BARE: bare_loop(rows, **loop),
        BARE_16: bare_loop(rows, **loop, bf16=True),
        COMPILED: bare_loop(rows, **loop, bf16=True, compiled=True),
        EXAMPLES: pytorch_examples(rows, batch=BATCH),
        FLOOR: products(**work, kind=torch.bfloat16),
        FLOOR_32: products(**work, kind=torch.float32),
    }
    if "PYTHAE_PYTHON" in os.environ:
        found[PYTHAE] = pythae(os.environ["PYTHAE_PYTHON"], rows, threads=threads)
    return found


def tell_goals(timings):
    def ratio(name, to):
        there = name in timings.seconds and to in timings.seconds
        return timings.ratio(name, to=to) if there else None

    for text, name, to, least in (
        ("vaekit train, bf16 products, against the bare float32 loop", OURS, BARE, 1.8),
        ("vaekit train, precision 32, against the bare float32 loop", OURS_32, BARE, 0.95),
        ("vaekit train against Pythae", OURS, PYTHAE, 3.5),
        ("vaekit train against pytorch/examples", OURS, EXAMPLES, 12),
    ):
        if (found := ratio(name, to)) is None:
            print(f"- {text}: not measured")
        else:
            print(at_least(text, found, least=least, unit="times"))
    if (found := ratio(FLOOR, OURS)) is not None:
        text = "vaekit train over the bf16 products of its steps alone"
        print(at_most(text, found, most=2.2, unit="times"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=60000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--without", nargs="*", default=[], help="contenders to leave out")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    rows = np.ascontiguousarray(mnist().rows[: options.rows])
    taking = contenders(rows, threads=options.threads)
    taking = {name: run for name, run in taking.items() if name not in options.without}
    timings = take_turns(taking, rounds=options.rounds, tell=lambda text: print(text, flush=True))
    print(f"\n{len(rows)} rows an epoch, {options.rounds} rounds, {options.threads} threads\n")
    print(timings.table(base=BARE))
    if "PYTHAE_PYTHON" not in os.environ:
        print("\nPythae: not measured: set PYTHAE_PYTHON to a Python that has it")
    print()
    tell_goals(timings)


if __name__ == "__main__":
    main()
