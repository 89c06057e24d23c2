"""MNIST from few labels, beside the published errors and classifiers of the labelled rows alone.

    python -m benchmarks.semi_supervised [--labels 100,1000] [--draws 3] [--json FILE]
        [--models M1,M2,M1+M2,spreading] [--rows validation] [--data digits]

Of the 60,000 training images all are used, and a few with their labels: as many of each
digit, drawn anew for each draw. The figure is the share of the 10,000 test images that is
misclassified, in %, mean and standard deviation over the draws. With ``--rows validation`` 10,000
of the training images take the place of the test images and are not trained on: all settings
here were chosen so.

M1 does not use labels and is trained once for all draws. Its codes are classified by label
spreading over their nearest neighbours; "spreading" does the same with pixels, without a model.
M1+M2 samples the codes at each step. The schedule is ours and short: see SCHEDULE.

With ``--data digits`` the rows are the 8x8 digits of scikit-learn, a third held out, and the models
SemiSupervisedVAEClassifier with its defaults.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

from vaekit import load_dataset
from vaekit.estimators import SemiSupervisedVAEClassifier, balanced_labels
from vaekit.estimators.fitting import TableSettings
from vaekit.estimators.label_models import (
    encode_rows,
    fit_features,
    fit_label_spreading,
    fit_labelled,
)
from vaekit.models.labelled import code_parts, pixel_parts

PUBLISHED = {
    "M1": {100: "11.82 (.25)", 600: "5.72", 1000: "4.24 (.07)", 3000: "3.49"},
    "M2": {100: "11.97 (1.71)", 600: "4.94", 1000: "3.60 (.56)", 3000: "3.92"},
    "M1+M2": {100: "3.33 (.14)", 600: "2.59", 1000: "2.40 (.02)", 3000: "2.18"},
}
"""Kingma, Rezende, Mohamed and Welling 2014, table 1; M1 there with a transductive SVM."""

SCHEDULE = {
    "M1": TableSettings(
        latent_dim=50,
        hidden=(600, 600),
        samples=1,
        epochs=30,
        batch_size=200,
        learning_rate=1e-3,
    ),
    "M2": TableSettings(
        latent_dim=20,
        hidden=(300,),
        samples=1,
        epochs=8,
        batch_size=200,
        learning_rate=3e-3,
    ),
    "M1+M2": TableSettings(
        latent_dim=10,
        hidden=(300,),
        samples=1,
        epochs=20,
        batch_size=200,
        learning_rate=3e-3,
    ),
}
"""How each is built and trained; the learning rate falls to 0 along a cosine."""

ALPHA = {"M2": 49.0, "M1+M2": 1.0}
BASELINES = {
    "logistic regression": lambda: LogisticRegression(max_iter=1000),
    "1 nearest neighbour": lambda: KNeighborsClassifier(1),
    "SVC": lambda: SVC(C=10),
}
"""Of the pixels of the labelled rows alone."""


def read(rows, data):
    """Pixels to learn from with their digits, and pixels to be tested on with theirs."""
    if data == "digits":
        pixels, digits = load_digits(return_X_y=True)
        pixels = (pixels / 16).astype(np.float32)
        order = np.random.default_rng(0).permutation(len(pixels))
        test, train = np.split(order, [len(order) // 3])
        return pixels[train], digits[train], pixels[test], digits[test]
    found = load_dataset("mnist", validation=0.0)
    pixels, digits = found.rows.astype(np.float32) / 255, found.labels
    assert digits is not None
    train, test = np.asarray(found.split.train), np.asarray(found.split.test)
    if rows == "validation":
        order = np.random.default_rng(0).permutation(np.sort(train))
        train, test = order[10_000:], order[:10_000]
    return pixels[train], digits[train], pixels[test], digits[test]


def wrong(told, truth):
    """Share of wrong answers in %."""
    return 100 * float(np.mean(told != truth))


class Learned:
    """M1 of the training rows, learned when it is first needed."""

    def __init__(self, train, test):
        self.train, self.test, self.found = train, test, None

    def codes(self):
        """Means and standard deviations of the codes of training rows and of test rows."""
        if self.found is None:
            began = time.perf_counter()
            model = fit_features(
                self.train,
                parts=pixel_parts(self.train.shape[1]),
                settings=SCHEDULE["M1"],
                seed=0,
                precision="auto",
            )
            self.found = encode_rows(model, self.train), encode_rows(model, self.test)
            print(f"M1 learned in {time.perf_counter() - began:.0f} s", flush=True)
        return self.found


def m1(learned, labels, seed):
    (mean, _), (test, _) = learned.codes()
    return fit_label_spreading(mean, labels, seed=seed).predict(test)


def labelled(seen, labels, seed, *, name, parts, test, sampled):
    """Digits of test rows as the classifier of a labelled model tells them."""
    model = fit_labelled(
        seen,
        labels,
        parts=parts,
        settings=SCHEDULE[name],
        label_prior=[1.0] * 10,
        alpha=ALPHA[name],
        sampled=sampled,
        seed=seed,
        precision="auto",
    )
    with torch.no_grad():
        return model.log_qy(torch.from_numpy(test)).argmax(1).numpy()


def m2(learned, labels, seed):
    parts = pixel_parts(learned.train.shape[1])
    options = {"name": "M2", "parts": parts, "test": learned.test, "sampled": False}
    return labelled(learned.train, labels, seed, **options)


def m1_m2(learned, labels, seed):
    codes, (test, _) = learned.codes()
    options = {"parts": code_parts(test.shape[1]), "test": test, "sampled": True}
    return labelled(np.concatenate(codes, 1), labels, seed, name="M1+M2", **options)


def spreading(learned, labels, seed):
    return fit_label_spreading(learned.train, labels, seed=seed).predict(learned.test)


def small(name):
    """How the classifier with its defaults learns and tells."""

    def tell(learned, labels, seed):
        learner = SemiSupervisedVAEClassifier(model=name, random_state=seed)
        return learner.fit(learned.train, labels).predict(learned.test)

    return tell


MODELS = {"M1": m1, "M2": m2, "M1+M2": m1_m2, "spreading": spreading}
SMALL = {name: small(name) for name in ("M1", "M2", "M1+M2")} | {"spreading": spreading}


def run(counts, draws, models, rows, data):
    """Errors in %: name to count to a list over draws."""
    train, digits, test, truth = read(rows, data)
    tellers = SMALL if data == "digits" else MODELS
    learned = Learned(train, test)
    found: dict[str, dict[int, list[Any]]] = {
        name: {count: [] for count in counts} for name in [*BASELINES, *models]
    }
    for draw in range(draws):
        for count in counts:
            labels = balanced_labels(digits, count=count, seed=draw).astype(np.int64)
            known = labels >= 0
            for name in found:
                began = time.perf_counter()
                if name in BASELINES:
                    told = BASELINES[name]().fit(train[known], labels[known]).predict(test)
                else:
                    told = tellers[name](learned, labels, draw)
                found[name][count].append(wrong(told, truth))
                said = f"draw {draw}, {count} labels, {name}: {found[name][count][-1]:.2f} %"
                print(f"{said} ({time.perf_counter() - began:.0f} s)", flush=True)
    return found


def show(found, published):
    """A table of means and standard deviations, with the published figures."""
    counts = list(next(iter(found.values())))
    print(f"\n{'test error in %':22}" + "".join(f"{f'{count} labels':>28}" for count in counts))
    for name, errors in found.items():
        cells = ""
        for count in counts:
            ours = f"{np.mean(errors[count]):.2f} ({np.std(errors[count]):.2f})"
            theirs = published.get(name, {}).get(count, "")
            cells += f"{ours + (f' / {theirs}' if theirs else ''):>28}"
        print(f"{name:22}{cells}")
    print("ours (standard deviation over draws) / published (the same)")


def main():
    parser = argparse.ArgumentParser(description="MNIST from few labels.")
    parser.add_argument("--labels", default="100,1000", help="commas between")
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--models", default=",".join(MODELS), help="commas between")
    parser.add_argument("--rows", choices=("test", "validation"), default="test")
    parser.add_argument("--data", choices=("mnist", "digits"), default="mnist")
    parser.add_argument("--json", type=Path, help="file for all figures")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    counts = [int(count) for count in asked.labels.split(",")]
    found = run(counts, asked.draws, asked.models.split(","), asked.rows, asked.data)
    show(found, PUBLISHED if asked.data == "mnist" else {})
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
