"""Synthetic rows beside real ones and beside independent columns.

    python -m benchmarks.synthesis [--tables breast,wine,adult] [--seeds 3] [--json FILE]

A fifth of the rows (5000 at most) is held out, VariationalAutoencoder is trained on the others
with its defaults, the same for all tables, and as many rows are synthesized: by default; without
the quantile mapping ("as drawn"); and without it, with codes from the prior instead of the mixture
that is fitted to those of training. The figures are those of ``evaluate_synthesis``: mean and
standard deviation over the seeds, of the split, the training and the draws. Red wine and Adult are
read from the folder tables under VAEKIT_DATA (files of the UCI repository, Adult with the columns
of HI-VAE).

The mixture, the share of cells that are hidden in training, ordinal marks and the quantile
mapping were decided on a first split of these three tables, by these figures; no number in them
was tuned further.
"""

import argparse
import dataclasses
import json
import os
import time
from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import load_breast_cancer

from vaekit.estimators import VariationalAutoencoder, evaluate_synthesis
from vaekit.tables import read_table

CATEGORICAL = ("x1", "x4", "x5", "x6", "x7", "x8")
KINDS = {
    "breast": {"target": "categorical"},
    "wine": {},
    "adult": dict.fromkeys(CATEGORICAL, "categorical") | {"x3": "ordinal", "x2": "positive"},
}
FILES = {"wine": "winequality-red.csv", "adult": "Adult_data.csv"}


def load(name):
    if name == "breast":
        return load_breast_cancer(as_frame=True).frame
    return read_table(Path(os.environ.get("VAEKIT_DATA", "data"), "tables") / FILES[name])


def split(frame, seed):
    order = np.random.default_rng(seed).permutation(len(frame))
    count = min(len(frame) // 5, 5000)
    return frame.iloc[order[count:]], frame.iloc[order[:count]]


def figures(report, source="synthetic"):
    found = report.fidelity[source]
    return {
        "columns": found.marginal,
        "pairs": found.associations,
        "prediction": found.prediction,
        "two-sample AUC": found.two_sample_auc,
    }


def measure(name, seed):
    """Source of rows to its figures."""
    train, held_out = split(load(name), seed)
    began = time.perf_counter()
    coder = VariationalAutoencoder(kinds=KINDS[name], random_state=seed).fit(train)
    seconds = time.perf_counter() - began
    count = min(len(train), 5000)
    plain = dataclasses.replace(coder.synthesizer_, calibration=None)
    made = {
        "default": coder.synthesizer_,
        "as drawn": plain,
        "and prior": dataclasses.replace(plain, model=coder.model_),
    }
    found = {}
    for codes, synthesizer in made.items():
        rows = synthesizer.write(synthesizer.draw(count, given={}, seed=seed))
        report = evaluate_synthesis(
            rows, train=train, held_out=held_out, kinds=KINDS[name], seed=seed
        )
        found[codes] = figures(report) | {
            "nearer": report.privacy.nearer,
            "nearest": report.privacy.nearest,
            "copies": report.privacy.copies,
            "seconds": seconds,
        }
    print(f"{name}, seed {seed}: {seconds:.0f} s", flush=True)
    return found | {each: figures(report, each) for each in ("real rows", "independent columns")}


def show(name, found):
    print(f"\n{name:14}" + "".join(f"{figure:>17}" for figure in found[0]["default"]))
    for source in found[0]:
        each = {figure: [one[source][figure] for one in found] for figure in found[0][source]}
        cells = (f"{np.mean(values):.3f} ± {np.std(values):.3f}" for values in each.values())
        print(f"{source:14}" + "".join(f"{cell:>17}" for cell in cells), flush=True)


def main():
    parser = argparse.ArgumentParser(description="Synthetic rows beside real ones.")
    parser.add_argument("--tables", default="breast,wine,adult", help="commas between")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--json", type=Path, help="file for all figures")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    everything = {}
    for name in asked.tables.split(","):
        everything[name] = [measure(name, seed) for seed in range(asked.seeds)]
        show(name, everything[name])
    if asked.json:
        asked.json.write_text(json.dumps(everything, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
