"""What an imputer says that it is worth, beside simple imputers on the same cells."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.impute import KNNImputer, SimpleImputer

from vaekit.errors import DataError
from vaekit.estimators import ImputationReport, VAEImputer
from vaekit.estimators.imputer import OURS, compare, hold_back
from vaekit.tables import Column

REAL = tuple(Column(name=f"x{place}", kind="real") for place in range(3))


def table(rows=200, *, share=0.2):
    draw = np.random.default_rng(0)
    cells = draw.normal(size=(rows, 1)) + 0.3 * draw.normal(size=(rows, 3))
    return np.where(draw.random(cells.shape) < share, np.nan, cells)


def test_only_known_cells_are_held_back_and_as_many_as_asked_for():
    cells = table()
    held = hold_back(cells, columns=REAL[: cells.shape[1]], share=0.1, seed=0)
    known = (~np.isnan(cells)).sum(0)
    assert not np.isnan(cells[held]).any()
    assert held.sum(0) == pytest.approx(0.1 * known, abs=1)
    assert not np.array_equal(
        held, hold_back(cells, columns=REAL[: cells.shape[1]], share=0.1, seed=1)
    )


def test_a_column_keeps_two_values_that_differ():
    cells = np.column_stack([np.r_[1.0, np.zeros(19)], np.arange(20.0)])
    for seed in range(20):
        held = hold_back(cells, columns=REAL[: cells.shape[1]], share=0.9, seed=seed)
        left = np.where(held, np.nan, cells)
        assert all(len(np.unique(column[~np.isnan(column)])) > 1 for column in left.T)


def test_too_few_cells_are_refused():
    with pytest.raises(DataError, match="check=0"):
        hold_back(np.array([[1.0, np.nan], [2.0, 3.0]]), columns=REAL[:2], share=0.1, seed=0)


def test_errors_are_those_of_the_imputers_on_these_cells():
    cells = table()
    held = hold_back(cells, columns=REAL[: cells.shape[1]], share=0.1, seed=0)
    gaps = np.where(held, np.nan, cells)
    report = compare(np.where(held, 0.0, cells), cells=cells, held=held, columns=REAL)
    variance = np.nanvar(gaps, axis=0)
    for name, imputer in {"mean or mode": SimpleImputer()}.items():
        squares = (imputer.fit_transform(gaps) - cells) ** 2 / variance
        assert report.numbers[name] == pytest.approx(squares[held].mean())
    scaled = (gaps - np.nanmean(gaps, axis=0)) / np.sqrt(variance)
    truth = (cells - np.nanmean(gaps, axis=0)) / np.sqrt(variance)
    nearest = ((KNNImputer().fit_transform(scaled) - truth) ** 2)[held].mean()
    assert report.numbers["5 nearest neighbours"] == pytest.approx(nearest)
    assert report.cells == held.sum()
    assert report.levels == {}


def test_levels_are_counted_as_right_or_wrong():
    draw = np.random.default_rng(0)
    cells = (draw.random((100, 2)) < [0.8, 0.3]).astype(float)
    columns = [Column(name=name, kind="binary", levels=(0, 1)) for name in "ab"]
    held = hold_back(cells, columns=columns, share=0.2, seed=0)
    report = compare(np.where(held, 1 - cells, cells), cells=cells, held=held, columns=columns)
    assert report.levels[OURS] == 1.0
    assert report.levels["mean or mode"] < 0.5
    assert report.winner != OURS


def test_it_says_so_when_a_baseline_wins_and_only_then():
    lost = ImputationReport(numbers={OURS: 0.5, "iterative": 0.4}, levels={}, cells=10)
    assert lost.winner == "iterative"
    assert "iterative is better on numbers" in str(lost)
    won = ImputationReport(numbers={OURS: 0.4, "iterative": 0.4}, levels={}, cells=10)
    assert won.winner == OURS
    assert "better" not in str(won)


def test_the_imputer_judges_itself_and_then_learns_from_all():
    cells = table()
    settings = {"hidden": (4,), "epochs": 2, "imputation_samples": 10, "random_state": 0}
    judged = VAEImputer(check=0.1, **settings).fit(cells)
    assert set(judged.report_.numbers) == {
        OURS,
        "mean or mode",
        "5 nearest neighbours",
        "iterative",
    }
    plain = VAEImputer(**settings).fit(cells)
    assert plain.report_ is None
    assert np.array_equal(judged.transform(cells), plain.transform(cells))
    assert pickle.loads(pickle.dumps(judged)).report_ == judged.report_


def test_constants_are_not_compared_on():
    cells = np.column_stack([np.full(50, 3.0), table(50)])
    settings = {"hidden": (4,), "epochs": 2, "imputation_samples": 10, "random_state": 0}
    report = VAEImputer(check=0.2, **settings).fit(cells).report_
    assert np.isfinite(list(report.numbers.values())).all()


def test_a_mixed_frame_is_judged_on_numbers_and_levels():
    draw = np.random.default_rng(0)
    frame = pd.DataFrame({"a": draw.normal(size=80), "b": draw.choice(["x", "y", "z"], 80)})
    settings = {"hidden": (4,), "epochs": 2, "imputation_samples": 10, "random_state": 0}
    report = VAEImputer(check=0.2, **settings).fit(frame).report_
    assert report.numbers.keys() == report.levels.keys()
    assert len(str(report).splitlines()) >= 6
