"""A table of mixed columns with the masks of the HI-VAE paper: error by type of column.

    python -m benchmarks.adult [--shares 20,50] [--rows N] [--json FILE]

The census table of UCI (32,561 x 12) as the authors of HI-VAE coded it, with their types of
columns and the cells that they hide (20 or 50 %), read from the folder tables under VAEKIT_DATA.
VAEImputer runs with its defaults on the types that they give, but capital gain and loss, which
they call positive, hold zeros and are counts here. The others are the column mean or mode, and
scikit-learn's iterative imputer, to which levels are numbers that are rounded afterwards.

Errors as in the paper, the mean over the columns of a type: of numbers the root of the mean
squared error over the range of the column, of categories the share that is wrong, of ordinal
columns the mean absolute displacement over the number of levels.

Source: Nazabal, Olmos, Ghahramani and Valera 2020, arXiv:1807.03653, section 4.
"""

import argparse
import json
import os
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.experimental import enable_iterative_imputer  # noqa: F401 - scikit-learn asks for it
from sklearn.impute import IterativeImputer, SimpleImputer

from vaekit.estimators import VAEImputer

KINDS = {"count": "count", "cat": "categorical", "pos": "positive", "ordinal": "ordinal"}
SHOWN = {
    "count": "counts",
    "positive": "positive",
    "categorical": "categories",
    "ordinal": "ordinal",
}
GAINS = ("x9", "x10")


def load(rows):
    """The table, and what its columns are."""
    folder = Path(os.environ.get("VAEKIT_DATA", "data"), "tables")
    table = pd.read_csv(folder / "Adult_data.csv", header=None)
    table.columns = [f"x{place}" for place in range(table.shape[1])]
    types = pd.read_csv(folder / "Adult_data_types.csv")["type"]
    kinds = {name: KINDS[kind] for name, kind in zip(table.columns, types, strict=True)}
    return table[:rows], kinds | dict.fromkeys(GAINS, "count")


def hidden_cells(table, share):
    """(N, C) true at the cells that the authors hide, where there is one to be known."""
    folder = Path(os.environ.get("VAEKIT_DATA", "data"), "tables")
    places = np.loadtxt(folder / f"Adult_Missing{share}_1.csv", delimiter=",", dtype=int) - 1
    places = places[places[:, 0] < len(table)]
    hidden = np.zeros(table.shape, bool)
    hidden[tuple(places.T)] = True
    return hidden & table.notna().to_numpy()


def simple(gaps, kinds):
    """Column mean or mode, and the iterative imputer; levels rounded into their range."""
    levelled = np.array([kinds[name] in ("categorical", "ordinal") for name in gaps.columns])
    mean = SimpleImputer().fit_transform(gaps)
    mode = SimpleImputer(strategy="most_frequent").fit_transform(gaps)
    yield "mean or mode", lambda: np.where(levelled, mode, mean)

    def iterative():
        found = IterativeImputer(random_state=0).fit_transform(gaps)
        low, high = gaps.min().to_numpy(), gaps.max().to_numpy()
        return np.where(levelled, np.clip(np.rint(found), low, high), found)

    yield "iterative", iterative


def errors(filled, table, hidden, kinds):
    """Type of column to mean error."""
    found: dict[str, list[float]] = {}
    for place, (name, kind) in enumerate(kinds.items()):
        at = hidden[:, place]
        truth, made = table[name].to_numpy()[at], filled[at, place]
        known = table[name].dropna()
        if kind == "categorical":
            error = np.mean(made != truth)
        elif kind == "ordinal":
            error = np.mean(np.abs(made - truth)) / known.nunique()
        else:
            error = np.sqrt(np.mean((made - truth) ** 2)) / (known.max() - known.min())
        found.setdefault(kind, []).append(float(error))
    return {kind: float(np.mean(each)) for kind, each in found.items()}


def run(share, rows):
    """Errors by imputer and type."""
    table, kinds = load(rows)
    hidden = hidden_cells(table, share)
    gaps = table.mask(hidden)
    imputer = VAEImputer(kinds=kinds, method="vae", random_state=0)
    contenders = {"VAEImputer": lambda: imputer.fit_transform(gaps).to_numpy(float)}
    contenders |= dict(simple(gaps, kinds))
    found = {}
    for name, fill in contenders.items():
        began = time.perf_counter()
        found[name] = errors(fill(), table, hidden, kinds)
        found[name]["seconds"] = time.perf_counter() - began
        print(f"{share} % hidden, {name}: {found[name]}", flush=True)
    return found


def show(found):
    for share, each in found.items():
        print(f"\n{share + ' % hidden':16}" + "".join(f"{what:>12}" for what in SHOWN.values()))
        for name, error in each.items():
            print(f"{name:16}" + "".join(f"{error[kind]:12.4f}" for kind in SHOWN))


def main():
    parser = argparse.ArgumentParser(description="A mixed table, error by type of column.")
    parser.add_argument("--shares", default="20,50", help="commas between")
    parser.add_argument("--rows", type=int, help="only the first so many")
    parser.add_argument("--json", type=Path, help="file for all figures")
    asked = parser.parse_args()
    # scikit-learn's iterative imputer says that ten rounds did not make it converge
    warnings.filterwarnings("ignore", category=UserWarning, module="sklearn")
    found = {share: run(share, asked.rows) for share in asked.shares.split(",")}
    show(found)
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
