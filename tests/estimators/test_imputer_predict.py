"""Any column from any others, by one fit."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LinearRegression

from vaekit.errors import ConfigError
from vaekit.estimators import GaussianImputer, VAEImputer

IMPUTERS = [
    GaussianImputer(),
    VAEImputer(epochs=30, hidden=(16,), random_state=0),
    VAEImputer(method="vae", epochs=40, hidden=(16,), learning_rate=1e-2, random_state=0),
]


@pytest.fixture(scope="module")
def flowers():
    iris = load_iris(as_frame=True)
    frame = iris.data.copy()
    frame["kind"] = iris.target_names[iris.target]
    return frame.sample(150, random_state=0).reset_index(drop=True)


@pytest.mark.filterwarnings("ignore:.*importance samples")
@pytest.mark.parametrize("imputer", IMPUTERS)
def test_levels_and_numbers_of_new_rows(imputer, flowers):
    train, test = flowers[:110], flowers[110:]
    imputer.fit(train)
    kinds = imputer.predict_column(test.drop(columns="kind"), column="kind")
    assert (kinds == test["kind"]).mean() > 0.7
    assert kinds.index.equals(test.index)
    shares = imputer.predict_column_proba(test, column="kind")
    assert list(shares.columns) == ["setosa", "versicolor", "virginica"]
    assert shares.sum(axis=1).to_numpy() == pytest.approx(1)
    assert (shares.idxmax(axis=1) == kinds).mean() > 0.9
    width = imputer.predict_column(test, column="petal width (cm)")
    assert np.corrcoef(width, test["petal width (cm)"])[0, 1] > 0.85
    for wrong, said in (("petal", "no column"), ("petal width (cm)", "holds numbers")):
        with pytest.raises(ConfigError, match=said):
            imputer.predict_column_proba(test, column=wrong)


def test_the_gaussian_of_complete_rows_is_linear_regression():
    draw = np.random.default_rng(0)
    rows = draw.normal(size=(200, 3)) @ draw.normal(size=(3, 3))
    found = GaussianImputer(ridge=1e-9, tol=1e-9).fit(rows).predict_column(rows, column=2)
    oracle = LinearRegression().fit(rows[:, :2], rows[:, 2]).predict(rows[:, :2])
    assert found == pytest.approx(oracle, abs=1e-4)


def test_an_array_and_its_empty_columns():
    rows = np.column_stack([np.arange(20.0), np.full(20, np.nan), 2 * np.arange(20.0)])
    with pytest.warns(UserWarning, match="without a known cell"):
        imputer = GaussianImputer(ridge=1e-6).fit(rows)
    assert imputer.predict_column(rows, column=2) == pytest.approx(rows[:, 2], abs=0.1)
    with pytest.raises(ConfigError, match="no column"):
        imputer.predict_column(rows, column=1)


def test_what_the_column_holds_is_not_used(flowers):
    imputer = GaussianImputer().fit(flowers)
    other = flowers.assign(kind="setosa")
    pd.testing.assert_series_equal(
        imputer.predict_column(flowers, column="kind"), imputer.predict_column(other, column="kind")
    )


def test_a_delta_moves_imputed_numbers_alone_and_within_their_range():
    draw = np.random.default_rng(0)
    frame = pd.DataFrame({"a": draw.normal(size=80), "n": draw.poisson(2, 80).astype(float)})
    frame["b"] = frame["a"] + 0.1 * draw.normal(size=80)
    frame.loc[:9, ["a", "n"]] = np.nan
    imputer = GaussianImputer(kinds={"n": "count"}, random_state=0).fit(frame)
    plain = imputer.complete(frame, multiple=2, coverage=0.9)
    moved = imputer.complete(frame, multiple=2, coverage=0.9, delta={"a": -0.5, "n": -1000})
    for before, after in (
        (plain.filled, moved.filled),
        (plain.draws[1], moved.draws[1]),
        (plain.low, moved.low),
    ):
        assert after["a"][:10].to_numpy() == pytest.approx(before["a"][:10] - 0.5, abs=1e-5)
        assert (after["n"][:10] == 0).all()
        assert after[10:].equals(before[10:])
    with pytest.raises(ConfigError, match="no column of numbers"):
        imputer.complete(frame, delta={"c": 1.0})
