"""A class held out as outliers, beside scikit-learn's detectors and simple distances.

    python -m benchmarks.outliers [--tables breast,wine,digits,iris] [--seeds 3] [--json FILE]

Of scikit-learn's own tables each class is the class of outliers in turn. Detectors are fitted to
70 % of the rows of the other classes, without labels, and score the other 30 % and all rows of
that class: the figure is the area under the ROC curve, averaged over the class and the seeds
(of the split
and of the detectors). VAEOutlierDetector runs with its defaults, the same for all tables.
PCA keeps 90 % of the variance and scores by the squared error of reconstruction; the neighbours
score by the mean distance to the 5 nearest rows of training; these two, LocalOutlierFactor and
OneClassSVM see standardised columns.

The tables banknote (either class), redwine (grades 3 and 4, or 7 and 8) and mnist (7 x 7 means of
pixels, of 1500 images, each of three digits) are read from the folder that
VAEKIT_DATA names. The defaults of VAEOutlierDetector were chosen on them and on synthetic tables:
their figures say nothing of other tables.
"""

import argparse
import json
import os
import time
from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score
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
    assert found.labels is not None
    rows = np.asarray(found.rows[:1500], float).reshape(-1, 7, 4, 7, 4).mean((2, 4))
    return rows.reshape(1500, 49), np.asarray(found.labels[:1500])


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
    inliers = np.random.default_rng(seed).permutation(np.flatnonzero(labels != outlier))
    count = round(0.7 * len(inliers))
    tested = np.concatenate([inliers[count:], np.flatnonzero(labels == outlier)])
    return rows[inliers[:count]], rows[tested], labels[tested] == outlier


def vae(train, test, seed):
    return -VAEOutlierDetector(random_state=seed).fit(train).score_samples(test)


def forest(train, test, seed):
    return -IsolationForest(random_state=seed).fit(train).score_samples(test)


def pca(train, test, seed):
    scaler = StandardScaler().fit(train)
    train, test = scaler.transform(train), scaler.transform(test)
    found = PCA(0.9, svd_solver="full").fit(train)
    return ((test - found.inverse_transform(found.transform(test))) ** 2).sum(1)


def neighbours(train, test, seed):
    scaler = StandardScaler().fit(train)
    found = NearestNeighbors(n_neighbors=5).fit(scaler.transform(train))
    return found.kneighbors(scaler.transform(test))[0].mean(1)


def factor(train, test, seed):
    found = make_pipeline(StandardScaler(), LocalOutlierFactor(novelty=True)).fit(train)
    return -found.score_samples(test)


def machine(train, test, seed):
    return -make_pipeline(StandardScaler(), OneClassSVM()).fit(train).score_samples(test)


DETECTORS = {
    "VAEOutlierDetector": vae,
    "IsolationForest": forest,
    "PCA error": pca,
    "5 nearest": neighbours,
    "LocalOutlierFactor": factor,
    "OneClassSVM": machine,
}


def run(table, seeds, detectors):
    """Areas and seconds of every detector: name to lists over classes of outliers and seeds."""
    classes = OUTLIERS.get(table, np.unique(load(table)[1]).tolist())
    areas: dict[str, list[float]] = {name: [] for name in detectors}
    seconds: dict[str, list[float]] = {name: [] for name in detectors}
    for outlier in classes:
        for seed in range(seeds):
            train, test, truth = split(table, outlier, seed)
            for name in detectors:
                began = time.perf_counter()
                areas[name].append(roc_auc_score(truth, DETECTORS[name](train, test, seed)))
                seconds[name].append(time.perf_counter() - began)
        said = (f"{name} {np.mean(each[-seeds:]):.3f}" for name, each in areas.items())
        print(f"{table}, outliers of class {outlier}: " + ", ".join(said), flush=True)
    return {"auroc": areas, "seconds": seconds}


def show(found):
    """Mean areas, and seconds of a fit with its scores."""
    print(f"\n{'AUROC':20}" + "".join(f"{table:>16}" for table in found))
    for name in next(iter(found.values()))["auroc"]:
        cells = (
            f"{np.mean(each['auroc'][name]):.3f} ({np.mean(each['seconds'][name]):.1f} s)"
            for each in found.values()
        )
        print(f"{name:20}" + "".join(f"{cell:>16}" for cell in cells))


def main():
    parser = argparse.ArgumentParser(description="Classes held out as outliers.")
    parser.add_argument("--tables", default=",".join(TABLES), help="commas between")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--detectors", default=",".join(DETECTORS), help="commas between")
    parser.add_argument("--json", type=Path, help="file for all figures")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    detectors = asked.detectors.split(",")
    found = {table: run(table, asked.seeds, detectors) for table in asked.tables.split(",")}
    show(found)
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
