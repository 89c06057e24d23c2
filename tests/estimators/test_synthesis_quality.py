"""Measures of likeness, each against a case that is known."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import r2_score

from vaekit.errors import DataError
from vaekit.estimators import evaluate_synthesis
from vaekit.estimators.synthesis_quality import (
    associations,
    check_privacy,
    classifier_two_sample_auc,
    marginal_distances,
    prediction_scores,
    ranks,
)

NUMBERS = np.array([False, False])


def test_distances_of_columns():
    steps = np.arange(100.0)[:, None]
    one = np.column_stack([steps, np.repeat([0, 1], 50)])
    two = np.column_stack([steps + 25, np.repeat([0, 1, 1, 1], 25)])
    found = marginal_distances(one, two, levelled=np.array([False, True]))
    assert found == pytest.approx([0.25, 0.25])
    assert (marginal_distances(one, one, levelled=np.array([False, True])) == 0).all()
    gaps = np.full((100, 2), np.nan)
    assert (marginal_distances(one, gaps, levelled=NUMBERS) == 1).all()


def test_associations_are_those_of_the_books():
    draw = np.random.default_rng(0)
    x, y = draw.normal(size=(2, 300))
    y += x
    group = np.digitize(x + draw.normal(size=300), [-0.5, 0.5]).astype(float)
    other = (draw.random(300) < 0.2 + 0.3 * group).astype(float)
    rows = np.column_stack([x, y, group, other])
    found = associations(rows, levelled=np.array([False, False, True, True]))
    assert found[0] == pytest.approx(np.corrcoef(x, y)[0, 1])
    means = np.array([x[group == g].mean() for g in group])
    assert found[1] == pytest.approx(np.sqrt(means.var() / x.var()))
    counts = pd.crosstab(group, other).to_numpy()
    expected = np.outer(counts.sum(1), counts.sum(0)) / 300
    assert found[5] == pytest.approx(np.sqrt(((counts - expected) ** 2 / expected).sum() / 300))
    assert associations(rows[:, :2] * [1, -1], levelled=NUMBERS)[0] == pytest.approx(-found[0])


def test_a_column_that_does_not_vary_goes_with_nothing():
    rows = np.column_stack([np.ones(9), np.arange(9.0)])
    for levels in (True, False):
        assert associations(rows, levelled=np.array([levels, False])) == [0]
    rows[:, 0] = np.nan
    assert associations(rows, levelled=NUMBERS) == [0]


def test_prediction_is_the_share_of_variance():
    draw = np.random.default_rng(0)
    rows = draw.normal(size=(400, 1)) + 0.1 * draw.normal(size=(400, 2))
    rows = np.column_stack([rows, rows[:, 0] > 0])
    kinds, targets = np.array([False, False, True]), np.arange(3)
    apart = np.stack([draw.permutation(column) for column in rows[:200].T], axis=1)
    good, bad = (
        prediction_scores(each, test=rows[200:], levelled=kinds, targets=targets, seed=0)
        for each in (rows[:200], apart)
    )
    assert (good > 0.8).all()
    assert (bad < 0.1).all()
    with_gaps = np.where(draw.random(rows.shape) < 0.2, np.nan, rows)
    some = prediction_scores(with_gaps, test=with_gaps, levelled=kinds, targets=targets, seed=0)
    assert (some > 0.5).all()


def test_a_guess_of_the_mean_explains_nothing():
    rows = np.column_stack([np.zeros(20), np.arange(20.0)])
    found = prediction_scores(rows, test=rows, levelled=NUMBERS, targets=np.array([1]), seed=0)
    assert found == pytest.approx([r2_score(rows[:, 1], np.full(20, 9.5))], abs=0.1)


def test_forests_tell_what_can_be_told():
    draw = np.random.default_rng(0)
    one, two = draw.normal(size=(2, 150, 2))
    assert classifier_two_sample_auc(one, two, seed=0) == pytest.approx(0.5, abs=0.12)
    assert classifier_two_sample_auc(one, two + 3, seed=0) > 0.95
    with_gaps = np.where(draw.random(one.shape) < 0.5, np.nan, one)
    assert classifier_two_sample_auc(with_gaps, two, seed=0) == pytest.approx(0.5, abs=0.15)


def test_ranks_keep_order_and_gaps():
    among = np.array([[1.0, 0], [2, 1], [4, 1]])
    cells = np.array([[3.0, 1], [np.nan, 0], [9, np.nan]])
    found = ranks(cells, among=among, levelled=np.array([False, True]))
    assert np.array_equal(found, [[2 / 3, 1], [np.nan, 0], [1, np.nan]], equal_nan=True)


def test_copies_are_found_and_new_rows_are_not_copies():
    draw = np.random.default_rng(0)
    train, held, new = (
        np.column_stack([draw.normal(size=(n, 2)), draw.integers(0, 3, n)]) for n in (400, 200, 200)
    )
    kinds = np.array([False, False, True])
    copied = check_privacy(train[:100], train=train, held_out=held, levelled=kinds)
    assert (copied.nearer, copied.nearest, copied.copies) == (1.0, 1.0, 100)
    honest = check_privacy(new, train=train, held_out=held, levelled=kinds)
    assert honest.nearer == pytest.approx(0.5, abs=0.08)
    assert honest.nearest < 0.12
    assert (honest.copies, honest.held_out_copies) == (0, 0)
    half = check_privacy(
        np.concatenate([train[:100], new[:100]]), train=train, held_out=held, levelled=kinds
    )
    assert half.nearer == pytest.approx(0.75, abs=0.06)
    assert "no guarantee" in str(half)


def test_coarse_rows_are_not_held_for_copied():
    rows = np.random.default_rng(0).integers(0, 2, (300, 2)).astype(float)
    found = check_privacy(
        rows[:100], train=rows[100:200], held_out=rows[200:], levelled=np.array([True, True])
    )
    assert (found.nearer, found.nearest) == (0.5, 0.0)
    assert found.held_out_copies == 100


def table(rows, *, seed):
    draw = np.random.default_rng(seed)
    x = draw.normal(size=rows)
    frame = pd.DataFrame({"x": x, "y": x + 0.3 * draw.normal(size=rows)})
    frame["big"] = np.where(x > 0, "yes", "no")
    frame["one"] = 1
    frame.loc[::10, "y"] = np.nan
    return frame


def test_a_report_orders_good_and_bad_rows():
    train, held_out, new = (table(200, seed=seed) for seed in range(3))
    bad = new.assign(x=new["x"].sample(frac=1, random_state=0).to_numpy(), y=3.0)
    good, poor = (evaluate_synthesis(made, train=train, held_out=held_out) for made in (new, bad))
    ours, theirs = good.fidelity["synthetic"], poor.fidelity["synthetic"]
    assert set(ours.marginals) == {"x", "y", "big"}
    assert ours.marginal < theirs.marginal
    assert ours.associations < theirs.associations
    assert ours.prediction > theirs.prediction
    assert ours.two_sample_auc < theirs.two_sample_auc
    floor = good.fidelity["independent columns"]
    assert floor.prediction < ours.prediction - 0.3
    assert floor.associations > ours.associations
    assert "the worst is y" in str(poor)
    assert good == evaluate_synthesis(new, train=train, held_out=held_out)


def test_a_report_needs_rows():
    rows = table(30, seed=0)
    with pytest.raises(DataError, match="10 held-out rows"):
        evaluate_synthesis(rows, train=rows, held_out=rows[:9])
    with pytest.raises(DataError, match="varies"):
        evaluate_synthesis(rows[["one"]], train=rows[["one"]], held_out=rows[["one"]])
