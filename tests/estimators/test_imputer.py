"""The imputer: scikit-learn's contract, tables of all kinds, and gaps of all shapes."""

import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from vaekit.errors import ConfigError, DataError, VaekitWarning
from vaekit.estimators import GaussianImputer, ImputationReport, VAEImputer
from vaekit.estimators.fitting import choose_settings
from vaekit.estimators.imputer import compare_imputers, hold_out_cells
from vaekit.tables import Column


def quick(**settings):
    """An imputer that learns next to nothing in no time."""
    chosen = {"hidden": (4,), "epochs": 1, "imputation_samples": 5, "latent_dim": 2, "samples": 2}
    chosen["method"] = "vae"
    return VAEImputer(**{"random_state": 0, **chosen, **settings})


def taught():
    """An imputer that learns what there is to learn of four simple columns."""
    return quick(hidden=(16,), epochs=80, imputation_samples=100, samples=5, learning_rate=1e-2)


def correlated(rows=300, *, seed=0):
    """Four columns around one hidden number, without gaps."""
    draw = np.random.default_rng(seed)
    hidden = draw.normal(size=(rows, 1))
    return 10 + hidden * [1.0, -2.0, 0.5, 3.0] + 0.2 * draw.normal(size=(rows, 4))


def with_gaps(table, *, share=0.3, seed=1):
    return np.where(np.random.default_rng(seed).random(table.shape) < share, np.nan, table)


def mixed(rows=120, *, seed=0):
    """A frame with a column of every kind."""
    draw = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "id": [f"row {number}" for number in range(rows)],
            "height": draw.normal(170, 10, rows),
            "income": np.exp(draw.normal(8, 1, rows)),
            "children": pd.array(draw.integers(0, 6, rows), dtype="Int64"),
            "member": pd.array(draw.random(rows) < 0.5, dtype="boolean"),
            "town": draw.choice(["Aachen", "Bonn", "Celle"], rows),
            "grade": pd.Categorical(
                draw.choice(["low", "mid", "high"], rows), ["low", "mid", "high"], ordered=True
            ),
            "planet": ["Earth"] * rows,
            "share": draw.random(rows),
        },
        index=[f"i{number}" for number in range(rows)],
    )


def pierced(frame, *, seed=1):
    """The frame with gaps in all columns but the first."""
    gaps = np.random.default_rng(seed).random(frame.shape) < 0.3
    gaps[:, 0] = False
    return frame.mask(gaps)


KINDS = {"share": "bounded:0:1", "income": "positive"}


@parametrize_with_checks([quick()])
def test_scikit_learn_takes_it_for_one_of_its_own(estimator, check):
    check(estimator)


def test_defaults_follow_the_size_of_the_table():
    small, large = choose_settings(rows=20), choose_settings(rows=1_000_000)
    assert small.epochs > 100 * large.epochs
    assert large.batch_size > small.batch_size


@pytest.mark.filterwarnings("ignore:.*importance samples")
def test_it_finds_what_the_known_cells_tell():
    truth = correlated()
    rows = with_gaps(truth)
    gaps = np.isnan(rows)
    found = taught().fit_transform(rows)
    mean = SimpleImputer().fit_transform(rows)
    error, plain = (np.mean(((t - truth) / truth.std(0))[gaps] ** 2) for t in (found, mean))
    assert error < 0.3 * plain
    assert np.array_equal(found[~gaps], rows[~gaps])


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 2**31 - 1), st.sampled_from([np.float32, np.float64]))
def test_known_cells_stand_and_gaps_are_filled(seed, dtype):
    rows = with_gaps(correlated(20), share=0.5, seed=seed).astype(dtype)
    found = quick(keep_empty_features=True).fit_transform(rows)
    assert found.dtype == dtype
    assert np.array_equal(found[~np.isnan(rows)], rows[~np.isnan(rows)])
    assert np.isfinite(found).all()


def test_the_seed_decides_and_a_row_is_told_the_same_in_any_company():
    rows = with_gaps(correlated(60))
    first, again = quick().fit(rows), quick().fit(rows)
    assert np.array_equal(first.transform(rows), again.transform(rows))
    assert np.array_equal(first.transform(rows[7:9]), first.transform(rows)[7:9])
    assert not np.array_equal(first.transform(rows), quick(random_state=1).fit_transform(rows))
    restored = pickle.loads(pickle.dumps(first))
    assert np.array_equal(restored.transform(rows), first.transform(rows))


def test_training_leaves_the_generators_alone():
    import torch

    expected = torch.get_rng_state()
    np.random.seed(0)
    before = np.random.get_state()[1].copy()
    quick().fit(with_gaps(correlated(30)))
    assert torch.equal(torch.get_rng_state(), expected)
    assert np.array_equal(np.random.get_state()[1], before)


def test_a_row_without_a_known_cell_gets_what_is_usual():
    rows = with_gaps(correlated(200))
    rows[5] = np.nan
    found = quick(epochs=30, imputation_samples=500).fit_transform(rows)
    assert np.abs((found[5] - 10) / correlated().std(0)).max() < 1


def test_one_gap_and_none():
    rows = correlated(50)
    fitted = quick().fit(rows)
    assert np.array_equal(fitted.transform(rows), rows)
    rows[3, 2] = np.nan
    found = fitted.transform(rows)
    assert np.isfinite(found[3, 2])
    assert np.array_equal(np.delete(found.ravel(), 14), np.delete(rows.ravel(), 14))


def test_a_column_without_a_known_cell_goes_or_becomes_zero():
    rows = with_gaps(correlated(40))
    rows[:, 1] = np.nan
    with pytest.warns(VaekitWarning, match=r"left out: \[1\]"):
        dropping = quick().fit(rows)
    assert dropping.transform(rows).shape == (40, 3)
    assert dropping.get_feature_names_out().tolist() == ["x0", "x2", "x3"]
    with pytest.warns(VaekitWarning, match=r"kept: \[1\]"):
        keeping = quick(keep_empty_features=True).fit(rows)
    assert (keeping.transform(rows)[:, 1] == 0).all()


def test_constants_are_filled_with_their_value():
    rows = np.column_stack([with_gaps(np.full(30, 7.0)[:, None]), correlated(30)])
    assert (quick().fit_transform(rows)[:, 0] == 7).all()
    only = np.array([[7.0], [np.nan]])
    assert quick().fit_transform(only).tolist() == [[7.0], [7.0]]


def test_huge_and_tiny_units_and_dates_in_seconds_keep_their_digits():
    truth = correlated(200)
    rows = np.column_stack([truth * 1e30, truth * 1e-30, 1.7e9 + truth])
    gaps = np.random.default_rng(0).random(rows.shape) < 0.2
    found = quick(epochs=5).fit_transform(np.where(gaps, np.nan, rows))
    assert np.isfinite(found).all()
    low, high = np.nanmin(rows, 0), np.nanmax(rows, 0)
    assert (found >= low - 2 * (high - low)).all()
    assert (found <= high + 2 * (high - low)).all()
    assert np.unique(found[gaps[:, 9], 9]).size == gaps[:, 9].sum()


def test_infinite_cells_are_refused():
    with pytest.raises(ValueError, match="infinity"):
        quick().fit(np.array([[1.0, np.inf], [2.0, 3.0]]))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"latent_dim": 0}, "latent_dim"),
        ({"hidden": "deep"}, "hidden"),
        ({"hidden": (8, 0)}, "width of hidden"),
        ({"epochs": 1.5}, "epochs"),
        ({"batch_size": "some"}, "batch_size"),
        ({"learning_rate": 0.0}, "learning_rate"),
        ({"check": 1.0}, "check"),
        ({"kinds": {"x0": "count"}}, "DataFrame"),
    ],
)
def test_parameters_out_of_range_are_named(wrong, said):
    with pytest.raises(ConfigError, match=said):
        quick(**wrong).fit(correlated(10))


def test_a_frame_comes_back_as_it_went_in():
    frame = pierced(mixed())
    found = quick(kinds=KINDS).fit_transform(frame)
    assert found.columns.tolist() == frame.columns.tolist()
    assert found.index.tolist() == frame.index.tolist()
    assert found.dtypes.to_dict() == frame.dtypes.to_dict()
    assert not found.isna().any().any()
    known = frame.notna().to_numpy()
    assert found.astype(object).to_numpy()[known].tolist() == (
        frame.astype(object).to_numpy()[known].tolist()
    )
    assert found["share"].between(0, 1).all()
    assert set(found["town"]) <= {"Aachen", "Bonn", "Celle"}


def test_an_array_may_follow_a_frame():
    frame = pd.DataFrame(with_gaps(correlated(30)), columns=list("abcd"))
    fitted = quick().fit(frame)
    with pytest.warns(UserWarning, match="feature names"):
        found = fitted.transform(frame.to_numpy())
    assert np.array_equal(found.to_numpy(), fitted.transform(frame).to_numpy())


def test_a_table_with_other_columns_is_refused():
    frame = pierced(mixed())
    fitted = quick(kinds=KINDS).fit(frame)
    with pytest.raises(ValueError, match="feature names"):
        fitted.transform(frame.drop(columns="town"))


def test_an_unseen_level_tells_nothing_and_stays():
    frame = pierced(mixed())
    fitted = quick(kinds=KINDS).fit(frame)
    other = frame.copy()
    other.loc["i0", "town"] = "Dresden"
    with pytest.warns(VaekitWarning, match="Dresden"):
        found = fitted.transform(other)
    assert found.loc["i0", "town"] == "Dresden"
    assert not found.isna().any().any()


def test_an_empty_column_of_a_frame_goes_or_stays_empty():
    frame = pierced(mixed()).assign(nothing=np.nan)
    with pytest.warns(VaekitWarning, match="left out"):
        assert "nothing" not in quick(kinds=KINDS).fit_transform(frame).columns
    with pytest.warns(VaekitWarning, match="kept"):
        kept = quick(kinds=KINDS, keep_empty_features=True).fit_transform(frame)
    assert kept["nothing"].isna().all()


def test_draws_differ_where_cells_were_missing_and_nowhere_else():
    frame = pierced(mixed())
    first, second = quick(kinds=KINDS).fit(frame).complete(frame, multiple=2).draws
    gaps = frame["height"].isna()
    assert (first["height"] != second["height"])[gaps].all()
    assert (first["height"] == second["height"])[~gaps].all()
    assert first.dtypes.to_dict() == frame.dtypes.to_dict()
    with pytest.raises(ConfigError, match="-1"):
        quick().fit(correlated(9)).complete(correlated(9), multiple=-1)


def test_intervals_hold_the_share_that_they_promise():
    truth = correlated(400)
    rows = with_gaps(truth)
    fitted = taught().fit(rows)
    made = fitted.complete(rows, coverage=0.8)
    gaps = np.isnan(rows)
    inside = ((made.low <= truth) & (truth <= made.high))[gaps].mean()
    assert 0.6 < inside < 0.95
    assert np.array_equal(made.low[~gaps], rows[~gaps])
    assert made.effective_samples.min() >= 1
    assert np.array_equal(made.filled, fitted.transform(rows))


def test_intervals_of_a_frame_are_of_its_numbers():
    frame = pierced(mixed())
    made = quick(kinds=KINDS).fit(frame).complete(frame, coverage=0.9)
    low, high = made.low, made.high
    assert low.columns.tolist() == ["height", "income", "children", "share"]
    assert low.index.equals(frame.index)
    assert (low <= high).all().all()


def test_it_is_said_where_the_weights_collapse():
    rows = with_gaps(correlated(40))
    fitted = quick(imputation_samples=50).fit(rows)
    with pytest.warns(VaekitWarning, match="importance samples is below 5 of 50"):
        made = fitted.complete(np.vstack([rows, [[10.0, np.nan, 1e4, -1e4]]]))
    assert made.collapsed[-1]


def self_masked(rows=300):
    """Two columns that go together; the first goes missing where it is above 10."""
    truth = correlated(rows)[:, :2]
    table = truth.copy()
    table[truth[:, 0] > 10, 0] = np.nan
    return truth, table


@pytest.mark.parametrize("reason", ["self-masking", "self-masking-known"])
@pytest.mark.slow
def test_gaps_that_hide_large_numbers_are_filled_with_large_numbers(reason):
    truth, table = self_masked()
    chosen = {"hidden": (), "epochs": 100, "imputation_samples": 200, "learning_rate": 1e-2}
    hidden = np.isnan(table[:, 0])
    naive = quick(latent_dim=1, samples=10, **chosen)
    aware = quick(latent_dim=1, samples=10, missingness=reason, **chosen)
    bias = [(made.fit_transform(table) - truth)[hidden, 0].mean() for made in (naive, aware)]
    assert bias[0] < -0.25  # what is known of the column is its lower half
    assert abs(bias[1]) < 0.6 * abs(bias[0])


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"missingness": "selfmasking"}, "one of ignorable, self-masking"),
        ({"missing_when": "above"}, "high or low"),
        ({"missing_when": {"x9": "low"}}, "x9"),
    ],
)
def test_reasons_that_nobody_can_model_are_refused(settings, said):
    with pytest.raises(ConfigError, match=said):
        quick(**settings).fit(with_gaps(correlated(20)))


def test_a_model_of_gaps_takes_columns_of_every_kind_and_tables_without_gaps():
    frame = pierced(mixed())
    ends = {"income": "high", "children": "low"}
    aware = quick(kinds=KINDS, missingness="self-masking-known", missing_when=ends).fit(frame)
    filled = aware.transform(frame)
    assert filled.dtypes.to_dict() == frame.dtypes.to_dict()
    assert not filled.drop(columns="id").isna().any().any()
    whole = quick(kinds=KINDS, missingness="agnostic").fit(mixed())
    assert whole.model_.missingness is None
    assert not whole.transform(frame).drop(columns="id").isna().any().any()


def test_it_works_where_transformers_work():
    rows, target = with_gaps(correlated(40)), correlated(40)[:, 0]
    pipe = make_pipeline(quick(), LinearRegression())
    search = GridSearchCV(pipe, {"vaeimputer__latent_dim": [1, 2]}, cv=2).fit(rows, target)
    assert search.best_params_["vaeimputer__latent_dim"] in (1, 2)
    frame = pierced(mixed())
    both = ColumnTransformer([("all", quick(kinds=KINDS), frame.columns.tolist())])
    both.set_output(transform="pandas")
    assert both.fit_transform(frame).columns[1] == "all__height"
    named = clone(quick()).set_output(transform="pandas").fit_transform(rows)
    assert named.columns.tolist() == ["x0", "x1", "x2", "x3"]


def test_progress_is_shown_on_stderr(capsys):
    quick(verbose=True).fit(correlated(20))
    shown = capsys.readouterr()
    assert "epoch 1/1" in shown.err
    assert shown.out == ""


def test_a_table_that_a_kind_cannot_hold_is_refused():
    with pytest.raises(DataError, match="town"):
        quick(kinds={"town": "count"}).fit(mixed())


REAL = tuple(Column(name=f"x{place}", kind="real") for place in range(3))


def noisy_table(rows=200, *, share=0.2):
    draw = np.random.default_rng(0)
    cells = draw.normal(size=(rows, 1)) + 0.3 * draw.normal(size=(rows, 3))
    return np.where(draw.random(cells.shape) < share, np.nan, cells)


def test_only_known_cells_are_held_back_and_as_many_as_asked_for():
    cells = noisy_table()
    held = hold_out_cells(cells, columns=REAL[: cells.shape[1]], share=0.1, seed=0)
    known = (~np.isnan(cells)).sum(0)
    assert not np.isnan(cells[held]).any()
    assert held.sum(0) == pytest.approx(0.1 * known, abs=1)
    assert not np.array_equal(
        held, hold_out_cells(cells, columns=REAL[: cells.shape[1]], share=0.1, seed=1)
    )


def test_a_column_keeps_two_values_that_differ():
    cells = np.column_stack([np.r_[1.0, np.zeros(19)], np.arange(20.0)])
    for seed in range(20):
        held = hold_out_cells(cells, columns=REAL[: cells.shape[1]], share=0.9, seed=seed)
        left = np.where(held, np.nan, cells)
        assert all(len(np.unique(column[~np.isnan(column)])) > 1 for column in left.T)


def test_too_few_cells_are_refused():
    with pytest.raises(DataError, match="check=0"):
        hold_out_cells(np.array([[1.0, np.nan], [2.0, 3.0]]), columns=REAL[:2], share=0.1, seed=0)


def test_errors_are_those_of_the_imputers_on_these_cells():
    cells = noisy_table()
    held = hold_out_cells(cells, columns=REAL[: cells.shape[1]], share=0.1, seed=0)
    gaps = np.where(held, np.nan, cells)
    report = compare_imputers(np.where(held, 0.0, cells), cells=cells, held_out=held, columns=REAL)
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
    held = hold_out_cells(cells, columns=columns, share=0.2, seed=0)
    report = compare_imputers(
        np.where(held, 1 - cells, cells), cells=cells, held_out=held, columns=columns
    )
    assert report.levels["VAEImputer"] == 1.0
    assert report.levels["mean or mode"] < 0.5
    assert report.winner != "VAEImputer"


def test_it_says_so_when_a_baseline_wins_and_only_then():
    lost = ImputationReport(numbers={"VAEImputer": 0.5, "iterative": 0.4}, levels={}, cells=40)
    assert lost.winner == "iterative"
    assert "iterative is better on numbers" in str(lost)
    won = ImputationReport(numbers={"VAEImputer": 0.4, "iterative": 0.4}, levels={}, cells=40)
    assert won.winner == "VAEImputer"
    assert "better" not in str(won)


def test_the_imputer_judges_itself_and_then_learns_from_all():
    cells = noisy_table()
    settings = {"hidden": (4,), "epochs": 2, "imputation_samples": 10, "random_state": 0}
    settings["method"] = "vae"
    judged = VAEImputer(check=0.1, **settings).fit(cells)
    assert set(judged.report_.numbers) == {
        "VAEImputer",
        "mean or mode",
        "5 nearest neighbours",
        "iterative",
        "Gaussian by EM",
        "chained forests",
    }
    plain = VAEImputer(**settings).fit(cells)
    assert plain.report_ is None
    assert np.array_equal(judged.transform(cells), plain.transform(cells))
    assert pickle.loads(pickle.dumps(judged)).report_ == judged.report_


def test_constants_are_not_compared_on():
    cells = np.column_stack([np.full(50, 3.0), noisy_table(50)])
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


def bent(rows=300, *, seed=0):
    """Columns on a curve, with a fifth of the cells missing."""
    draw = np.random.default_rng(seed)
    place = draw.uniform(-2, 2, size=(rows, 1))
    truth = np.hstack([place, place**2, np.sin(2 * place), -place])
    truth += 0.1 * draw.normal(size=truth.shape)
    truth = (truth - truth.mean(0)) / truth.std(0)
    return truth, np.where(draw.random(truth.shape) < 0.2, np.nan, truth)


def combined(**settings):
    return VAEImputer(
        **{"hidden": (8,), "epochs": 3, "latent_dim": 2, "random_state": 0, **settings}
    )


def test_forests_are_chosen_on_held_out_cells_where_relations_bend():
    truth, rows = bent()
    fitted = combined().fit(rows)
    ensemble = fitted.ensemble_
    assert any(name.endswith("trees") for name in ensemble.members)
    assert ensemble.errors["weighted mean"] <= 1.02 * min(ensemble.errors.values())
    assert sum(ensemble.weights.values()) == pytest.approx(1)
    gaps = np.isnan(rows)
    gaussian = GaussianImputer().fit_transform(rows)
    errors = [((made - truth)[gaps] ** 2).mean() for made in (fitted.transform(rows), gaussian)]
    assert errors[0] < 0.7 * errors[1]


def test_a_network_without_a_gain_is_not_used():
    unrelated = np.random.default_rng(0).normal(size=(600, 3))
    fitted = combined(epochs=1).fit(with_gaps(unrelated))
    assert fitted.model_ is None
    assert "network" in fitted.ensemble_.errors


def test_a_combined_fill_depends_on_the_seed_alone():
    _, rows = bent(120)
    first, again = combined().fit(rows), combined().fit(rows)
    whole = first.transform(rows)
    assert np.array_equal(whole, again.transform(rows))
    assert first.transform(rows[5:8]) == pytest.approx(whole[5:8], abs=1e-5)
    restored = pickle.loads(pickle.dumps(first))
    assert np.array_equal(restored.transform(rows), whole)


def test_few_cells_get_the_gaussian_alone_and_no_training():
    rows = with_gaps(correlated(8))
    fitted = VAEImputer(random_state=0).fit(rows)
    assert fitted.ensemble_.members == ("gaussian",)
    assert fitted.transform(rows) == pytest.approx(GaussianImputer().fit_transform(rows))


@pytest.mark.parametrize("share", [0.2, 0.4])
def test_combined_intervals_cover_what_they_promise_in_a_small_table(share):
    inside = []
    for seed in range(4):
        truth, _ = bent(150, seed=seed)
        gaps = np.random.default_rng(seed).random(truth.shape) < share
        rows = np.where(gaps, np.nan, truth)
        made = combined(epochs=1).fit(rows).complete(rows, coverage=0.9)
        inside.append(((made.low <= truth) & (truth <= made.high))[gaps].mean())
    assert 0.86 < np.mean(inside) < 0.96


def test_a_combined_mixed_frame_keeps_types_and_draws_levels():
    frame = pierced(mixed())
    made = combined(kinds=KINDS).fit(frame).complete(frame, multiple=2, coverage=0.9)
    assert made.filled.dtypes.to_dict() == frame.dtypes.to_dict()
    assert not made.filled.drop(columns="id").isna().any().any()
    assert set(made.draws[0]["town"]) <= {"Aachen", "Bonn", "Celle"}
    assert (made.low <= made.high).all().all()
    assert made.filled["share"].between(0, 1).all()


def test_an_imputer_that_explodes_on_numbers_is_not_recommended_for_levels():
    report = ImputationReport(
        numbers={"VAEImputer": 0.5, "mean or mode": 1.0, "iterative": 5e6},
        levels={"VAEImputer": 0.3, "mean or mode": 0.5, "iterative": 0.2},
        cells=40,
    )
    assert "iterative is better" not in str(report)
    assert "use VAEImputer for levels" in str(report)


def test_a_handful_of_cells_recommends_nothing():
    few = ImputationReport(numbers={"VAEImputer": 0.5, "iterative": 0.4}, levels={}, cells=3)
    assert "too few cells" in str(few)
    assert "better" not in str(few)


def test_filled_cells_have_the_decimals_of_their_column_and_stay_plausible():
    draw = np.random.default_rng(0)
    price = np.round(np.exp(draw.normal(3, 0.5, 80)), 2)
    table = pd.DataFrame({"price": price, "gross": np.round(price * 1.19, 2)})
    table["second"] = 1_700_000_000 + np.arange(80) * 700
    holes = table.astype({"second": "Int64"}).mask(draw.random((80, 3)) < 0.2)
    filled = GaussianImputer().fit_transform(holes)
    for name in ("price", "gross"):
        assert np.array_equal(filled[name], filled[name].round(2))
    assert filled["second"].dtype == "Int64"
    assert filled["second"].between(1_699_900_000, 1_700_156_000).all()


def test_an_impossible_value_is_kept_with_a_warning_and_the_others_are_filled():
    table = mixed(60)
    imputer = quick().fit(table)
    name = next(c.name for c in imputer.format_.columns if c.kind == "count")
    new = table.head(6).copy()
    new.loc[new.index[1], name] = -1
    with pytest.warns(VaekitWarning, match="row 2 has -1"):
        filled = imputer.transform(new)
    assert filled[name].iloc[1] == -1
    assert not filled.drop(columns="id", errors="ignore").isna().any(axis=None)


@pytest.mark.parametrize("dtype", [np.int64, np.float32])
def test_masked_cells_of_an_array_are_missing(dtype):
    table = np.arange(80).reshape(40, 2).astype(dtype)
    masked = np.ma.masked_array(table.copy(), mask=np.zeros(table.shape, bool))
    masked[3, 1] = 999
    masked.mask[3, 1] = True
    filled = GaussianImputer().fit_transform(masked)
    assert filled[3, 1] == pytest.approx(7, abs=1)
    assert filled.max() == 79


def test_imputed_values_far_from_all_known_ones_are_told():
    draw = np.random.default_rng(0)
    days = np.where(draw.random(60) < 0.2, np.nan, 20_240_101.0 + draw.integers(0, 30, 60))
    frame = pd.DataFrame({"day": days, "x": draw.normal(size=60)})
    imputer = quick(kinds={"day": "count"}, check=0.1)
    with pytest.warns(VaekitWarning, match="over a hundred times that of the mean, in the columns"):
        imputer.fit(frame)
    assert imputer.report_.implausible == ("day",)
    with pytest.warns(VaekitWarning, match="over ten standard deviations from the mean"):
        completed = imputer.complete(frame)
    assert completed.implausible == ("day",)
