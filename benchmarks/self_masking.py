"""Large values that are missing, beside the published figures of not-MIWAE.

    python -m benchmarks.self_masking [--tables wine,banknote] [--seeds 3] [--json FILE]

Every table is standardised with the mean and standard deviation of all its cells; in the first
half of its columns each cell above the mean of its column is hidden. The figure is the root of the
mean squared error over the hidden cells, mean and standard deviation over seeds of training.
VAEImputer runs with its defaults and each model of missingness; the mean and the
iterative imputer are scikit-learn's. Banknote and red wine are read from the folder tables under
VAEKIT_DATA (files of the UCI repository), without their class.

Source of the published figures: Ipsen, Mattei and Frellsen 2021, arXiv:2006.12871, table 1.
"""

import argparse
import json
import time
import warnings
from pathlib import Path
from typing import Literal

import numpy as np
from sklearn.experimental import enable_iterative_imputer  # noqa: F401 - scikit-learn asks for it
from sklearn.impute import IterativeImputer, SimpleImputer

from benchmarks.imputation import load
from vaekit.estimators import VAEImputer
from vaekit.models import Mask

PUBLISHED = {
    "wine": {
        "self-masking-known": 1.07,
        "self-masking": 1.08,
        "agnostic": 1.30,
        "ignorable": 1.62,
        "iterative": 1.68,
        "missForest": 1.64,
        "mean": 1.83,
    },
    "banknote": {
        "self-masking-known": 0.74,
        "self-masking": 1.88,
        "agnostic": 0.80,
        "ignorable": 1.19,
        "iterative": 1.41,
        "missForest": 1.28,
        "mean": 1.73,
    },
}
REASONS: tuple[Literal["ignorable"] | Mask, ...] = (
    "self-masking-known",
    "self-masking",
    "agnostic",
    "ignorable",
)


def hide(rows):
    """The table without the large values of its first half of columns."""
    half = rows.shape[1] // 2
    hidden = rows > rows.mean(0)
    hidden[:, half:] = False
    return hidden


def imputers(seed):
    """Name to imputer."""
    ours = {reason: VAEImputer(missingness=reason, random_state=seed) for reason in REASONS}
    return ours | {"iterative": IterativeImputer(random_state=seed), "mean": SimpleImputer()}


def run(table, seeds):
    """Errors of every imputer over the seeds."""
    rows = load(table)
    hidden = hide(rows)
    errors: dict[str, list[float]] = {}
    for seed in range(seeds):
        for name, imputer in imputers(seed).items():
            began = time.perf_counter()
            filled = imputer.fit_transform(np.where(hidden, np.nan, rows))
            error = float(np.sqrt(np.mean((filled - rows)[hidden] ** 2)))
            errors.setdefault(name, []).append(error)
            seconds = time.perf_counter() - began
            print(f"{table}, seed {seed}: {name} {error:.3f} ({seconds:.0f} s)", flush=True)
    return errors


def show(found):
    print(f"\n{'RMSE':20}" + "".join(f"{table:>16} {'published':>10}" for table in found))
    for name in [*next(iter(found.values())), "missForest"]:
        line = f"{name:20}"
        for table, errors in found.items():
            each = errors.get(name)
            ours = "-" if each is None else f"{np.mean(each):.2f} ± {np.std(each):.2f}"
            line += f"{ours:>16} {PUBLISHED[table][name]:10.2f}"
        print(line)


def main():
    parser = argparse.ArgumentParser(description="Large values that are missing.")
    parser.add_argument("--tables", default="wine,banknote", help="commas between")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--json", type=Path, help="file for all figures")
    asked = parser.parse_args()
    # scikit-learn's iterative imputer says that ten rounds did not make it converge
    warnings.filterwarnings("ignore", category=UserWarning, module="sklearn")
    found = {table: run(table, asked.seeds) for table in asked.tables.split(",")}
    show(found)
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
