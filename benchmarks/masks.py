"""Imputation of one table under five masks: one after another, and as one batched model.

    python -m benchmarks.masks [--masks 5] [--rounds 5] [--steps 60] [--epochs 20] [--full]

scikit-learn's breast cancer, 569 x 30, standardised, half of the cells hidden by each mask. The
models are those of VAEImputer with its defaults, but for the number of importance samples in
training: 20, the default, and 1. The same rows, steps, seeds and noise each time. Contenders, by
seconds of the processor for a step of one model:

    one after another            the step recorded, as VAEImputer.fit does on so small a table
    one after another, compiled  what it does in trainings of 5000 steps or more
    as one                       fit_imputers, whose 5 x 3000 steps are compiled
    as one, recorded             the same without
    products alone               the matrix products of a step, one model at a time: what no
                                 batching can take away

The errors are of a training of ``--epochs`` either way, short beside the default of 375;
``--full`` trains to the end instead, once (some minutes).
"""

import argparse
import time
import warnings

import numpy as np
import torch

from benchmarks.goals import at_least
from benchmarks.imputation import load
from benchmarks.small_tables import products, vaekit
from benchmarks.timing import take_turns
from vaekit.errors import VaekitWarning
from vaekit.estimators import VAEImputer, fit_imputers
from vaekit.estimators.fitting import choose_settings
from vaekit.numerics import keep_freed_memory

GOAL = 3.0


def hidden(rows, masks):
    """Tables with half of their cells hidden, and where."""
    where = [np.random.default_rng(seed).random(rows.shape) < 0.5 for seed in range(masks)]
    return [np.where(mask, np.nan, rows) for mask in where], where


def imputers(masks, *, samples, epochs):
    settings = {"samples": samples, "epochs": epochs, "method": "vae"}
    return [VAEImputer(random_state=m, **settings) for m in range(masks)]


def apart(made, tables):
    for imputer, table in zip(made, tables, strict=True):
        imputer.fit(table)


def together(made, tables):
    fit_imputers(made, tables)


def train(fit, tables, *, samples, epochs):
    """Fitted imputers, and the processor seconds that it took."""
    made = imputers(len(tables), samples=samples, epochs=epochs)
    began = time.process_time()
    fit(made, tables)
    return made, time.process_time() - began


def error(made, tables, where, rows):
    """Mean squared error over the hidden cells of all masks."""
    filled = [i.transform(t) for i, t in zip(made, tables, strict=True)]
    return np.mean([np.mean((f - rows)[w] ** 2) for f, w in zip(filled, where, strict=True)])


def measure(samples, *, masks, rounds, steps):
    """Times of a step, in turn."""
    rows = load("breast")
    tables, _ = hidden(rows, masks)
    settings = choose_settings(rows=len(rows), samples=samples)
    keep_freed_memory()
    found = take_turns(
        {
            name: vaekit(settings, steps=steps, tables=given, way=way)
            for name, given, way in (
                ("one after another", tables[:1], "recorded"),
                ("one after another, compiled", tables[:1], "compiled"),
                ("as one, recorded", tables, "recorded"),
                ("as one", tables, "compiled"),
            )
        }
        | {
            "products alone": products(settings, steps=steps),
        },
        rounds=rounds,
    )
    print(f"\nK = {samples}, time for a step of one of {masks} models\n")
    print(found.table(base="one after another", unit="us", scale=1e6) + "\n")
    for own, to in (
        ("as one", "one after another"),
        ("as one, recorded", "one after another"),
        ("as one", "one after another, compiled"),
        ("products alone", "one after another"),
    ):
        print(f"{own}: {found.ratio(own, to=to):.2f} times as fast as {to}")
    ratio = found.ratio("as one", to="one after another")
    print(at_least(f"all masks as one, K = {samples}", ratio, least=GOAL, unit="times"))


def compare(samples, *, masks, epochs):
    """The errors of both ways, and their seconds."""
    rows = load("breast")
    tables, where = hidden(rows, masks)
    for fit in (apart, together):
        made, took = train(fit, tables, samples=samples, epochs=epochs)
        found = error(made, tables, where, rows)
        print(
            f"K = {samples}, epochs {epochs}, {fit.__name__}: {took:.1f} s, error {found:.4f}",
            flush=True,
        )


def main():
    parser = argparse.ArgumentParser(description="Several masks at once.")
    parser.add_argument("--masks", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=60, help="in a round")
    parser.add_argument("--epochs", type=int, default=20, help="of the trainings for the errors")
    parser.add_argument("--samples", default="20,1", help="K, commas between")
    parser.add_argument("--full", action="store_true", help="train to the end, once")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore", VaekitWarning)  # so short a training has few samples that count
    for samples in map(int, asked.samples.split(",")):
        if not asked.full:
            measure(samples, masks=asked.masks, rounds=asked.rounds, steps=asked.steps)
        epochs = "auto" if asked.full else asked.epochs
        compare(samples, masks=asked.masks, epochs=epochs)


if __name__ == "__main__":
    main()
