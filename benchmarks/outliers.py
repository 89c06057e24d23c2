"""Outlier detectors beside each other, on tables with outliers or on classes held out.

    python -m benchmarks.outliers [--protocol contaminated|novelty|classes] [--tables NAME,NAME]
                                  [--seeds 3] [--rows 1500] [--json FILE]

contaminated: fitted to a table with its outliers and asked for the scores of the same rows, as
    `vaekit outliers` does; novelty: fitted to 70 % of the inliers, asked for the other rows. Both
    read the tables of the folder outliers under VAEKIT_DATA (npz files with X, and y = 1 for an
    outlier); of a larger table a random sample of --rows rows is taken, another for each seed.
classes: of scikit-learn's own tables each class is the class of outliers in turn; fitted to 70 % of
    the rows of the other classes, asked for the other 30 % and all rows of that class. The tables
    banknote (either class), redwine (grades 3 and 4, or 7 and 8) and mnist (7 x 7 means of pixels,
    of 1500 images, each of three digits) are read from VAEKIT_DATA.

Figures are the area under the ROC curve, the average precision, the rank by area among the
detectors, and the seconds of the processor for a fit with its scores, in the mean over the seeds
(and classes). VAEOutlierDetector and LocalOutlierFactor are told which of both it
is (`novelty`), and run with the same defaults for all tables. PCA keeps 90 %
of the variance and scores by the squared error of reconstruction; the neighbours score by the mean
distance to the 5 nearest rows; both, LocalOutlierFactor and OneClassSVM see standardised columns.
ECOD and COPOD (Li et al. 2022 and 2020) are written out here: the sum over the columns of the
negative logarithm of the empirical tail probabilities. The VAE of PyOD runs where PYOD_PYTHON names
the Python that has pyod.

The defaults of VAEOutlierDetector for contaminated tables (share of trimmed rows, units, length of
training) were chosen on the twelve tables of the folder outliers with seed 0, those for novelty
earlier on banknote, redwine and mnist: figures on these say nothing of other tables.
"""

import argparse
import json
import os
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import torch
from scipy.stats import rankdata
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.neighbors import LocalOutlierFactor, NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import OneClassSVM

from vaekit.data.sources import mnist
from vaekit.estimators import VAEOutlierDetector


def read(name):
    """Numbers of a csv file, the last column apart."""
    path = Path(os.environ["VAEKIT_DATA"]) / "tables" / name
    numbers = np.loadtxt(path, delimiter=",")
    return numbers[:, :-1], numbers[:, -1].astype(int)


def load_red_wine():
    rows, grades = read("winequality-red.csv")
    return rows, np.select([grades < 5, grades > 6], [0, 1], 2)


def load_small_mnist():
    found = mnist()
    rows = np.asarray(found.rows[:1500], float).reshape(-1, 7, 4, 7, 4).mean((2, 4))
    return rows.reshape(1500, 49), np.asarray(found.labels)[:1500]


TABLES = {
    "breast": lambda: load_breast_cancer(return_X_y=True),
    "wine": lambda: load_wine(return_X_y=True),
    "digits": lambda: load_digits(return_X_y=True),
    "iris": lambda: load_iris(return_X_y=True),
}
TUNED_ON = {
    "banknote": lambda: read("banknote_authentication.csv"),
    "redwine": load_red_wine,
    "mnist": load_small_mnist,
}
OUTLIERS = {"redwine": [0, 1], "mnist": [0, 3, 8]}


def load(table):
    return {**TABLES, **TUNED_ON}[table]()


def split(table, outlier, seed):
    """Training rows, rows to score, and which of these are outliers."""
    rows, labels = load(table)
    return hold_out(rows, labels == outlier, seed)


def hold_out(rows, outlier, seed):
    """Most inliers to train on; the others and all outliers to score."""
    inliers = np.random.default_rng(seed).permutation(np.flatnonzero(~outlier))
    count = round(0.7 * len(inliers))
    tested = np.concatenate([inliers[count:], np.flatnonzero(outlier)])
    return rows[inliers[:count]], rows[tested], outlier[tested]


def sample(table, most, seed):
    """Rows of a table with outliers, and which are outliers."""
    with np.load(Path(os.environ["VAEKIT_DATA"]) / "outliers" / f"{table}.npz") as found:
        rows, outlier = found["X"].astype(float), found["y"].astype(bool)
    chosen = np.random.default_rng(seed).permutation(len(rows))[:most]
    return rows[chosen], outlier[chosen]


def trials(protocol, table, *, seeds, most):
    """Training rows, rows to score, which of these are outliers, and a seed."""
    if protocol == "classes":
        for outlier in OUTLIERS.get(table, np.unique(load(table)[1]).tolist()):
            for seed in range(seeds):
                yield *split(table, outlier, seed), seed
        return
    for seed in range(seeds):
        rows, outlier = sample(table, most, seed)
        if protocol == "novelty":
            yield *hold_out(rows, outlier, seed), seed
        else:
            yield rows, rows, outlier, seed


def vae(train, test, seed):
    novelty = train is not test
    return -VAEOutlierDetector(novelty=novelty, random_state=seed).fit(train).score_samples(test)


def forest(train, test, seed):
    return -IsolationForest(random_state=seed).fit(train).score_samples(test)


def pca(train, test, seed):
    scaler = StandardScaler().fit(train)
    train, test = scaler.transform(train), scaler.transform(test)
    found = PCA(0.9, svd_solver="full").fit(train)
    return ((test - found.inverse_transform(found.transform(test))) ** 2).sum(1)


def neighbours(train, test, seed):
    scaler = StandardScaler().fit(train)
    found = NearestNeighbors(n_neighbors=6).fit(scaler.transform(train))
    itself = int(train is test)  # a training row is no neighbour of its own
    return found.kneighbors(scaler.transform(test))[0][:, itself : itself + 5].mean(1)


def factor(train, test, seed):
    scaler = StandardScaler().fit(train)
    if train is test:
        return -LocalOutlierFactor().fit(scaler.transform(train)).negative_outlier_factor_
    found = LocalOutlierFactor(novelty=True).fit(scaler.transform(train))
    return -found.score_samples(scaler.transform(test))


def machine(train, test, seed):
    return -make_pipeline(StandardScaler(), OneClassSVM()).fit(train).score_samples(test)


def tails(train, test):
    """Negative logarithms of the lower and upper tail probabilities, and which tail is longer."""
    count = len(train)
    ordered = np.sort(train, axis=0)
    pairs = list(zip(ordered.T, test.T, strict=True))
    low = np.transpose([np.searchsorted(known, cells, "right") for known, cells in pairs])
    high = np.transpose([count - np.searchsorted(known, cells, "left") for known, cells in pairs])
    low, high = (-np.log(np.maximum(found, 1) / count) for found in (low, high))
    skewness = ((train - train.mean(0)) ** 3).mean(0)
    return low, high, np.where(skewness < 0, low, high)


def ecod(train, test, seed):
    return np.max([found.sum(1) for found in tails(train, test)], axis=0)


def copod(train, test, seed):
    low, high, longer = tails(train, test)
    return np.maximum(longer, (low + high) / 2).sum(1)


def pyod(train, test, seed):
    """PyOD's VAE with its defaults, in a process of its own."""
    script = (
        "import sys, numpy as np, torch; from pyod.models.vae import VAE; "
        "from sklearn.preprocessing import StandardScaler; torch.manual_seed(int(sys.argv[2])); "
        "torch.set_num_threads(1); d = np.load(sys.argv[1]); s = StandardScaler().fit(d['train']); "
        "m = VAE(random_state=int(sys.argv[2]), verbose=0).fit(s.transform(d['train'])); "
        "np.save(sys.argv[1] + '.npy', m.decision_function(s.transform(d['test'])))"
    )
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/rows.npz"
        np.savez(path, train=train, test=test)
        called = [os.environ["PYOD_PYTHON"], "-c", script, path, str(seed)]
        subprocess.run(called, check=True, capture_output=True)
        return np.load(f"{path}.npy")


DETECTORS = {
    "VAEOutlierDetector": vae,
    "IsolationForest": forest,
    "5 nearest": neighbours,
    "LocalOutlierFactor": factor,
    "OneClassSVM": machine,
    "PCA error": pca,
    "ECOD": ecod,
    "COPOD": copod,
}
if "PYOD_PYTHON" in os.environ:
    DETECTORS["PyOD VAE"] = pyod


def seconds():
    """Of the processor, those of ended child processes too."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def run(protocol, table, *, seeds, most, detectors):
    """Figures of every detector: name to rows of area, precision and seconds."""
    found: dict[str, list[list[float]]] = {name: [] for name in detectors}
    for train, test, truth, seed in trials(protocol, table, seeds=seeds, most=most):
        for name in detectors:
            began = seconds()
            score = DETECTORS[name](train, test, seed)
            took = seconds() - began
            area, precision = roc_auc_score(truth, score), average_precision_score(truth, score)
            found[name].append([area, precision, took])
    means = {name: np.mean(each, axis=0) for name, each in found.items()}
    said = (f"{name} {area:.3f} {took:.1f} s" for name, (area, _, took) in means.items())
    print(f"{table}: " + ", ".join(said), flush=True)
    return {name: each.tolist() for name, each in means.items()}


def show(found):
    """Areas by table, and means over the tables."""
    names = list(next(iter(found.values())))
    figures = np.array([[each[name] for name in names] for each in found.values()])
    ranks = np.array([rankdata(-row) for row in figures[:, :, 0]])
    print("\n| AUROC | " + " | ".join(names) + " |")
    print("|---" * (len(names) + 1) + "|")
    for table, row in zip(found, figures, strict=True):
        print(f"| {table} | " + " | ".join(f"{area:.3f}" for area in row[:, 0]) + " |")
    for label, row in (
        ("mean AUROC", figures[:, :, 0].mean(0)),
        ("mean average precision", figures[:, :, 1].mean(0)),
        ("mean rank", ranks.mean(0)),
        ("seconds of the processor", figures[:, :, 2].mean(0)),
    ):
        print(f"| {label} | " + " | ".join(f"{value:.3f}" for value in row) + " |")


def main():
    parser = argparse.ArgumentParser(description="Outlier detectors beside each other.")
    parser.add_argument(
        "--protocol", default="contaminated", choices=["contaminated", "novelty", "classes"]
    )
    parser.add_argument("--tables", help="commas between; all of the protocol when absent")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=1500, help="most rows of a table")
    parser.add_argument("--detectors", default=",".join(DETECTORS), help="commas between")
    parser.add_argument("--json", type=Path, help="file for all figures")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    if asked.tables:
        tables = asked.tables.split(",")
    elif asked.protocol == "classes":
        tables = list(TABLES)
    else:
        folder = Path(os.environ["VAEKIT_DATA"]) / "outliers"
        tables = sorted(path.stem for path in folder.glob("*.npz"))
    chosen = {"seeds": asked.seeds, "most": asked.rows, "detectors": asked.detectors.split(",")}
    found = {table: run(asked.protocol, table, **chosen) for table in tables}
    show(found)
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
