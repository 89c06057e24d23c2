"""The classifier from few labels: scikit-learn's contract, labels in all forms, new rows."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from vaekit.errors import ConfigError, DataError
from vaekit.estimators import SemiSupervisedVAEClassifier, balanced_labels

MODELS = ["M1", "M2", "M1+M2"]
NOT_KNOWN = "its classes are called -1 and 1, and -1 means not known here"
COUNTS = "whole numbers are counts in a frame, real in an array"


def skipped(estimator):
    """Checks that it does not pass, with the reason."""
    found = {"check_classifiers_classes": NOT_KNOWN}
    if estimator.model == "M1":
        found["check_classifier_data_not_an_array"] = COUNTS
    return found


def quick(**settings):
    """A classifier that learns little in no time."""
    chosen = {
        "model": "M1+M2",
        "hidden": (16,),
        "epochs": 40,
        "latent_dim": 2,
        "learning_rate": 1e-2,
    }
    return SemiSupervisedVAEClassifier(**{"random_state": 0, **chosen, **settings})


def blobs(rows=200, *, classes=2, seed=0):
    """Groups around the corners of a square, and which each row is of."""
    draw = np.random.default_rng(seed)
    group = np.arange(rows) % classes
    corners = np.array([[0, 0], [8, 8], [0, 8], [8, 0]])
    return corners[group] + draw.normal(size=(rows, 2)), group


@parametrize_with_checks([quick(model="M1")], expected_failed_checks=skipped)
def test_it_passes_the_checks_of_scikit_learn(estimator, check):
    check(estimator)


@pytest.mark.slow
@parametrize_with_checks(
    [quick(model=model) for model in MODELS[1:]], expected_failed_checks=skipped
)
def test_every_model_passes_the_checks_of_scikit_learn(estimator, check):
    check(estimator)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.slow
def test_two_labels_of_each_class_are_enough_where_classes_lie_apart(model):
    rows, group = blobs(classes=3)
    few = balanced_labels(group, count=6, seed=0)
    learner = quick(model=model, epochs=80).fit(rows, few)
    tested, truth = blobs(classes=3, seed=1)
    assert learner.score(tested, truth) > 0.9
    told = learner.predict_proba(tested)
    assert told.shape == (200, 3)
    np.testing.assert_allclose(told.sum(1), 1, rtol=1e-6)
    assert np.array_equal(learner.predict_proba(tested[3:4])[0], told[3])
    again = clone(learner).fit(rows, few)
    assert np.array_equal(again.predict_proba(tested), told)


@pytest.mark.parametrize(
    "unknown",
    [
        lambda y, known: np.where(known, y, -1),
        lambda y, known: np.where(known, y, np.nan),
        lambda y, known: np.where(known, y.astype(object), None),
        lambda y, known: np.where(known, y.astype(object), -1),
        lambda y, known: pd.array(np.where(known, y.astype(object), None), dtype="Int64"),
        lambda y, known: pd.Series(np.where(known, y.astype(object), None)),
    ],
)
def test_unknown_labels_come_in_many_forms(unknown):
    rows, group = blobs(40)
    known = np.arange(40) < 8
    expected = quick(epochs=2).fit(rows, np.where(known, group, -1)).predict_proba(rows)
    learner = quick(epochs=2).fit(rows, unknown(group, known))
    assert learner.classes_.tolist() == [0, 1]
    assert np.array_equal(learner.predict_proba(rows), expected)


@pytest.mark.parametrize("missing", [None, np.nan, -1])
def test_labels_may_be_words(missing):
    rows, group = blobs(40)
    words = [("here", "there")[g] if place < 8 else missing for place, g in enumerate(group)]
    learner = quick(epochs=2).fit(rows, words)
    assert learner.classes_.tolist() == ["here", "there"]
    assert set(learner.predict(rows)) <= {"here", "there"}


def test_a_frame_of_anything_with_gaps_goes_in_and_comes_out():
    rows, group = blobs(60)
    frame = pd.DataFrame({"x": rows[:, 0], "y": rows[:, 1], "side": np.where(group, "r", "l")})
    frame["planet"] = "Earth"
    frame.loc[::7, "x"] = None
    frame.loc[::5, "side"] = None
    learner = quick(model="M2").fit(frame, np.where(np.arange(60) < 10, group, -1))
    assert learner.likelihood_ == "columns"
    assert learner.predict(frame).shape == (60,)
    for made in (learner.sample(3, label=1), learner.relabel(frame[:3], label=0)):
        assert made.columns.equals(frame.columns)
        assert set(made["side"]) <= {"l", "r"}
        assert (made["planet"] == "Earth").all()


@pytest.mark.parametrize("model", ["M2", "M1+M2"])
def test_rows_are_drawn_of_the_class_that_was_asked_for(model):
    rows, group = blobs()
    learner = quick(model=model, epochs=60).fit(rows, balanced_labels(group, count=20, seed=0))
    for label in (0, 1):
        drawn = learner.sample(200, label=label)
        assert np.abs(drawn.mean(0) - 8 * label).max() < 2
        assert np.abs(learner.relabel(rows, label=label).mean(0) - 8 * label).max() < 2
    assert learner.sample(400)[:, 0].std() > 2
    assert np.array_equal(learner.sample(5), learner.sample(5))
    assert not np.array_equal(learner.sample(5), learner.sample(5, random_state=1))


def test_pixels_have_bernoulli_distributions_and_tables_their_columns():
    pixels, digit = load_digits(return_X_y=True)
    pixels, digit = pixels[:200] / 16, balanced_labels(digit[:200], count=50, seed=0)
    learner = quick(model="M2", epochs=2).fit(pixels, digit)
    assert learner.likelihood_ == "bernoulli"
    drawn = learner.sample(4, label=3)
    assert drawn.shape == (4, 64)
    assert ((drawn >= 0) & (drawn <= 1)).all()
    with pytest.raises(DataError, match="pixels"):
        learner.predict(np.full((1, 64), np.nan))
    frame = pd.DataFrame(pixels)
    assert quick(epochs=1).fit(frame, digit).likelihood_ == "columns"
    assert quick(epochs=1, likelihood="columns").fit(pixels, digit).likelihood_ == "columns"
    with pytest.raises(DataError, match="0 to 1"):
        quick(likelihood="bernoulli").fit(2 * pixels, digit)


def test_it_works_where_classifiers_work():
    rows, group = blobs(60)
    pipe = make_pipeline(MinMaxScaler(), quick(epochs=3))
    found = GridSearchCV(pipe, {"semisupervisedvaeclassifier__alpha": [0.1, 1.0]}, cv=2)
    assert found.fit(rows, group).predict(rows).shape == (60,)


@pytest.mark.parametrize("model", MODELS)
def test_one_class_and_constants_are_no_trouble(model):
    rows, _ = blobs(20)
    learner = quick(model=model, epochs=2).fit(rows, np.where(np.arange(20) < 3, 7, -1))
    assert (learner.predict(rows) == 7).all()
    learner = quick(model=model).fit(np.ones((6, 2)), [0, 0, 1, -1, -1, -1])
    assert learner.predict_proba(np.ones((1, 2))).round(2).tolist() == [[0.6, 0.4]]
    assert learner.sample(2).tolist() == [[1, 1]] * 2


def test_balanced_labels_are_as_many_of_each_class():
    _, group = blobs(100, classes=4)
    kept = balanced_labels(group, count=20, seed=0)
    assert np.bincount(kept[kept >= 0]).tolist() == [5] * 4
    assert (kept[kept >= 0] == group[kept >= 0]).all()
    assert not np.array_equal(kept, balanced_labels(group, count=20, seed=1))
    words = balanced_labels(np.array(["a", "b"])[group % 2], count=4, seed=0)
    assert sorted(word for word in words if word is not None) == ["a", "a", "b", "b"]
    assert balanced_labels(group.astype(np.uint8), count=4, seed=0).min() == -1


@pytest.mark.parametrize(
    ("settings", "labels", "said"),
    [
        ({"model": "M3"}, [0, 1, -1, -1], "M1, M2, M1.M2"),
        ({"alpha": -1.0}, [0, 1, -1, -1], "alpha"),
        ({"likelihood": "normal"}, [0, 1, -1, -1], "likelihood"),
        ({}, [-1, -1, -1, -1], "some labels"),
        ({}, [0.5, 1.5, np.nan, np.nan], "continuous"),
        ({}, None, "requires y"),
    ],
)
def test_what_cannot_be_is_refused(settings, labels, said):
    with pytest.raises(ValueError, match=said):
        quick(**settings).fit(np.eye(4), labels)


def test_m1_knows_no_label_and_nobody_an_unknown_one():
    rows, group = blobs(20)
    with pytest.raises(ConfigError, match="M1"):
        quick(model="M1", epochs=1).fit(rows, group).sample(2, label=1)
    learner = quick(epochs=1).fit(rows, group)
    with pytest.raises(ConfigError, match="label"):
        learner.relabel(rows, label=3)
    with pytest.raises(ConfigError, match="n = 0"):
        learner.sample(0)
    with pytest.raises(DataError, match="12 rows"):
        balanced_labels(group, count=24, seed=0)
    with pytest.raises(DataError, match="2 classes"):
        balanced_labels(group, count=1, seed=0)
