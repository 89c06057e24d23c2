"""Single imputation: 10, 20 and 50 % missing, completely at random and at random.

    python -m benchmarks.imputation [--tables iris,breast] [--shares .2,.5] [--reasons mcar,mar]
        [--masks 3] [--rows 1000] [--json FILE]

Every table is standardised with the mean and standard deviation of all its cells, a share of the
cells is hidden, and every imputer, with its defaults, fills the same missing cells. The error is
the mean squared error over the hidden cells. MAR: in all columns but the first, cells are missing
the more often the larger the first column is, which is never missing.

Tables marked "development" chose the defaults of VAEImputer (method "auto"); only the others are
reported. Files are read from the folders tables and outliers under VAEKIT_DATA.

LightGBM in chained equations (miceforest) is compared where VAEKIT_MICEFOREST names a Python
that has it.
"""

import argparse
import json
import os
import subprocess
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
from sklearn import datasets
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.experimental import enable_iterative_imputer  # noqa: F401 - scikit-learn asks for it
from sklearn.impute import IterativeImputer, KNNImputer, SimpleImputer

from vaekit.estimators import GaussianImputer, VAEImputer

DEVELOPMENT = ("relations", "diabetes", "wine", "banknote", "red-wine")
REPORT = ("breast", "iris", "digits", "Stamps", "WPBC", "vertebral", "fault", "Wilt")
MICE = """
import sys, numpy as np, pandas as pd, miceforest as mf
rows = pd.DataFrame(np.load(sys.argv[1])).add_prefix("x")
kernel = mf.ImputationKernel(rows, num_datasets=1, random_state=0)
kernel.mice(5, num_threads=1, verbose=False)
np.save(sys.argv[1], kernel.complete_data(0).to_numpy())
"""


def load(name, *, limit=None):
    """Rows of a table, standardised with all its cells."""
    folder = Path(os.environ.get("VAEKIT_DATA", "data"))
    if name == "relations":
        draw = np.random.default_rng(5)
        z = draw.normal(size=(1000, 3))
        rows = np.tanh(z @ draw.normal(size=(3, 12))) + 0.15 * (z @ draw.normal(size=(3, 12))) ** 2
        rows += 0.2 * draw.normal(size=rows.shape)
    elif name in ("breast", "iris", "digits", "diabetes", "wine"):
        loader = {"breast": "breast_cancer"}.get(name, name)
        rows = getattr(datasets, f"load_{loader}")().data
    elif name in ("banknote", "red-wine"):
        file = {"banknote": "banknote_authentication", "red-wine": "winequality-red"}[name]
        rows = np.loadtxt(folder / "tables" / f"{file}.csv", delimiter=",")[:, :-1]
    else:
        rows = np.load(folder / "outliers" / f"{name}.npz", allow_pickle=True)["X"].astype(float)
    rows = rows[np.random.default_rng(0).permutation(len(rows))[:limit]]
    rows = rows[:, rows.std(0) > 0]
    return (rows - rows.mean(0)) / rows.std(0)


def hide(rows, *, share, reason, seed):
    """Choose the cells to hide."""
    draw = np.random.default_rng(seed)
    if reason == "mcar":
        return draw.random(rows.shape) < share
    rank = rows[:, 0].argsort().argsort() / len(rows)
    hidden = draw.random(rows.shape) < np.clip(2 * share * rank, 0, 0.95)[:, None]
    hidden[:, 0] = False
    return hidden


def gaussian_and_trees(given):
    """Fill by the Gaussian, then two rounds of forests on the completed other columns."""
    return chain(GaussianImputer().fit_transform(given), given)


def chained_trees(given):
    """Fill by the mean, then four rounds of forests."""
    return chain(SimpleImputer().fit_transform(given), given, rounds=4)


def chain(filled, given, *, rounds=2):
    missing = np.isnan(given)
    for _ in range(rounds):
        for column in missing.sum(0).argsort():
            gaps, others = missing[:, column], np.delete(filled, column, axis=1)
            if gaps.any():
                forest = ExtraTreesRegressor(50, random_state=0)
                forest.fit(others[~gaps], given[~gaps, column])
                filled[gaps, column] = forest.predict(others[gaps])
    return filled


def lightgbm(given):
    """Fill by miceforest, in the Python that VAEKIT_MICEFOREST names."""
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder, "rows.npy"))
        np.save(path, given)
        subprocess.run([os.environ["VAEKIT_MICEFOREST"], "-c", MICE, path], check=True)
        return np.load(path)


def imputers(seed):
    """Name to a function from a table with gaps to one without."""
    found = {
        "VAEImputer": VAEImputer(random_state=seed).fit_transform,
        "Gaussian + trees": gaussian_and_trees,
        "Gaussian by EM": GaussianImputer().fit_transform,
        "chained trees": chained_trees,
        "iterative": IterativeImputer(random_state=seed).fit_transform,
        "5 nearest": KNNImputer().fit_transform,
        "mean": SimpleImputer().fit_transform,
    }
    return found | ({"LightGBM MICE": lightgbm} if "VAEKIT_MICEFOREST" in os.environ else {})


def run(name, *, share, reason, masks, limit):
    """Errors and seconds of processor of every imputer: name to lists over the masks."""
    rows = load(name, limit=limit)
    errors: dict[str, list[float]] = {}
    seconds: dict[str, list[float]] = {}
    for seed in range(masks):
        hidden = hide(rows, share=share, reason=reason, seed=seed)
        given = np.where(hidden, np.nan, rows)
        for imputer_name, fill in imputers(seed).items():
            began = time.process_time()
            filled = fill(given.copy())
            seconds.setdefault(imputer_name, []).append(time.process_time() - began)
            error = float(np.mean((filled - rows)[hidden] ** 2))
            errors.setdefault(imputer_name, []).append(error)
    said = ", ".join(
        f"{n} {np.mean(e):.3f} ({np.mean(seconds[n]):.1f} s)" for n, e in errors.items()
    )
    print(f"{name} {rows.shape} {reason} {share:.0%}: {said}", flush=True)
    return {"mse": errors, "seconds": seconds}


def show(found):
    """Mean error, mean rank with its spread over tables and masks, and seconds at each share."""
    for setting in sorted({key[1:] for key in found}):
        runs = [each for key, each in found.items() if key[1:] == setting]
        names = list(runs[0]["mse"])
        table = np.array([[each["mse"][name] for name in names] for each in runs])
        ranks = table.argsort(1).argsort(1) + 1
        print(f"\n{setting[1]} {setting[0]:.0%}: {len(runs)} tables")
        for at, name in enumerate(names):
            spent = np.mean([each["seconds"][name] for each in runs])
            print(
                f"{name:18} {table[:, at].mean():7.3f}  rank {ranks[:, at].mean():.2f} ± "
                f"{ranks[:, at].std():.2f}  {spent:6.1f} s"
            )


def main():
    parser = argparse.ArgumentParser(description="Single imputation beside other imputers.")
    parser.add_argument("--tables", default=",".join(REPORT), help="commas between")
    parser.add_argument("--shares", default=".1,.2,.5", help="of the cells to hide")
    parser.add_argument("--reasons", default="mcar,mar", help="mcar, mar")
    parser.add_argument("--masks", type=int, default=3)
    parser.add_argument("--rows", type=int, default=1000, help="at most, drawn at random")
    parser.add_argument("--json", type=Path, help="file for all figures")
    asked = parser.parse_args()
    warnings.filterwarnings("ignore")  # that the iterative imputer has not converged
    found = {
        (name, share, reason): run(
            name, share=share, reason=reason, masks=asked.masks, limit=asked.rows
        )
        for name in asked.tables.split(",")
        for share in map(float, asked.shares.split(","))
        for reason in asked.reasons.split(",")
    }
    show(found)
    if asked.json:
        figures = {" ".join(map(str, key)): each for key, each in found.items()}
        asked.json.write_text(json.dumps(figures, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
