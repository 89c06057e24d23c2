"""Imputation of one table under five masks: one after another, and as one batched model.

    python -m benchmarks.masks [--masks 5] [--epochs 12,28] [--rounds 2] [--full]

scikit-learn's breast cancer, 569 x 30, standardised, half of the cells hidden by each mask. The
imputers are VAEImputer with its defaults, but for the number of importance samples in training:
20, the default, and 1. The same rows, steps, seeds and noise either way. The time of a step is
the difference of two trainings of as many epochs as ``--epochs`` says, so what both do once
(imports, reading, recording the step) is apart: it is given as the start. Beside them are the
matrix products of a step alone, one model at a time: what no batching can take away.

Seconds are those of the processor. The errors are of the longer training, which is short beside
the default of 375 epochs; ``--full`` trains once to the end instead (some minutes).
"""

import argparse
import time
import warnings

import numpy as np
import torch

from benchmarks.imputation import load
from benchmarks.small_tables import products
from benchmarks.timing import take_turns
from vaekit.errors import VaekitWarning
from vaekit.estimators import VAEImputer, fit_imputers
from vaekit.estimators.fitting import choose_settings
from vaekit.numerics import compute_settings

GOAL = 3.0


def hidden(rows, masks):
    """Tables with half of their cells hidden, and where."""
    where = [np.random.default_rng(seed).random(rows.shape) < 0.5 for seed in range(masks)]
    return [np.where(mask, np.nan, rows) for mask in where], where


def imputers(masks, *, samples, epochs):
    return [VAEImputer(samples=samples, epochs=epochs, random_state=m) for m in range(masks)]


def apart(made, tables):
    for imputer, table in zip(made, tables, strict=True):
        imputer.fit(table)


def seconds(fit, tables, *, samples, epochs, kept):
    """Processor seconds of a training; the imputers are kept for their errors."""
    made = imputers(len(tables), samples=samples, epochs=epochs)
    began = time.process_time()
    fit(made, tables)
    took = time.process_time() - began
    kept[fit.__name__, samples] = made
    return took


def error(made, tables, where, rows):
    """Mean squared error over the hidden cells of all masks."""
    filled = [i.transform(t) for i, t in zip(made, tables, strict=True)]
    return np.mean([np.mean((f - rows)[w] ** 2) for f, w in zip(filled, where, strict=True)])


def measure(samples, *, masks, epochs, rounds):
    rows = load("breast")
    tables, where = hidden(rows, masks)
    settings = choose_settings(rows=len(rows), samples=samples)
    steps = (epochs[1] - epochs[0]) * (len(rows) // settings.batch_size) * masks
    kept, starts = {}, {}

    def contender(fit):
        def work():
            short, long = (
                seconds(fit, tables, samples=samples, epochs=each, kept=kept) for each in epochs
            )
            slope = (long - short) / (epochs[1] - epochs[0])
            starts[fit] = short - epochs[0] * slope
            return (long - short) / steps

        return work

    floor = products(settings, steps=40)

    def products_alone():
        with compute_settings(device="cpu"):
            return floor()

    found = take_turns(
        {
            "one after another": contender(apart),
            "as one": contender(fit_imputers),
            "products alone": products_alone,
        },
        rounds=rounds,
    )
    print(f"\nK = {samples}, time for a step of one of {masks} models\n")
    print(found.table(base="one after another", unit="us", scale=1e6) + "\n")
    ratio, most = (
        found.ratio(name, to="one after another") for name in ("as one", "products alone")
    )
    errors = [error(kept[name, samples], tables, where, rows) for name in ("apart", "fit_imputers")]
    print(
        f"start: {starts[apart]:.1f} s one after another, {starts[fit_imputers]:.1f} s as one; "
        f"mean squared error after {epochs[1]} epochs {errors[0]:.4f} and {errors[1]:.4f}"
    )
    print(
        f"goal: {GOAL:.0f} times as fast as one after another; K = {samples}: {ratio:.2f} times, "
        f"products alone would be {most:.2f}: {'met' if ratio >= GOAL else 'missed'}",
        flush=True,
    )


def train_in_full(samples, *, masks):
    """One training with the default number of epochs, either way."""
    rows = load("breast")
    tables, where = hidden(rows, masks)
    kept = {}
    for fit in (apart, fit_imputers):
        took = seconds(fit, tables, samples=samples, epochs="auto", kept=kept)
        found = error(kept[fit.__name__, samples], tables, where, rows)
        print(f"K = {samples}, {fit.__name__}: {took:.1f} s, error {found:.4f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description="Several masks at once.")
    parser.add_argument("--masks", type=int, default=5)
    parser.add_argument("--epochs", default="12,28", help="of the two trainings of a round")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--samples", default="20,1", help="K, commas between")
    parser.add_argument("--full", action="store_true", help="train to the end, once")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore", VaekitWarning)  # so short a training has few samples that count
    for samples in map(int, asked.samples.split(",")):
        if asked.full:
            train_in_full(samples, masks=asked.masks)
        else:
            short, long = map(int, asked.epochs.split(","))
            measure(samples, masks=asked.masks, epochs=(short, long), rounds=asked.rounds)


if __name__ == "__main__":
    main()
