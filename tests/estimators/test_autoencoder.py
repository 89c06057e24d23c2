"""The autoencoder as a transformer: scikit-learn's contract, codes, rows and samples."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from vaekit.errors import ConfigError, DataError
from vaekit.estimators import VariationalAutoencoder


def quick(**settings):
    """An autoencoder that learns next to nothing in no time."""
    chosen = {"hidden": (4,), "epochs": 2, "latent_dim": 2, "scoring_samples": 10}
    return VariationalAutoencoder(**{"random_state": 0, **chosen, **settings})


def correlated(rows=200, *, seed=0):
    """Four columns around one hidden number."""
    draw = np.random.default_rng(seed)
    hidden = draw.normal(size=(rows, 1))
    return 10 + hidden * [1.0, -2.0, 0.5, 3.0] + 0.2 * draw.normal(size=(rows, 4))


def mixed(rows=40, *, seed=0):
    draw = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "id": [f"row {number}" for number in range(rows)],
            "height": draw.normal(170, 10, rows),
            "children": pd.array(draw.integers(0, 6, rows), dtype="Int64"),
            "grade": pd.Categorical(
                draw.choice(["low", "mid", "high"], rows), ["low", "mid", "high"], ordered=True
            ),
            "planet": ["Earth"] * rows,
        }
    )


@parametrize_with_checks([quick()])
def test_scikit_learn_takes_it_for_one_of_its_own(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def taught():
    return quick(hidden=(16,), epochs=150, learning_rate=1e-2).fit(correlated())


def test_codes_hold_what_rows_are(taught):
    rows = correlated(100, seed=1)
    back = taught.inverse_transform(taught.transform(rows))
    assert np.mean(((back - rows) / rows.std(0)) ** 2) < 0.2
    rows[:, 0] = np.nan
    back = taught.inverse_transform(taught.transform(rows))
    assert np.isfinite(back).all()


def test_samples_look_like_the_rows(taught):
    drawn = taught.sample(500)
    assert np.abs(drawn.mean(0) - 10).max() < 0.8
    found, expected = np.corrcoef(drawn.T), np.corrcoef(correlated().T)
    assert np.abs(found - expected).max() < 0.3
    assert np.array_equal(drawn, taught.sample(500))
    assert not np.array_equal(drawn, taught.sample(500, random_state=1))


def test_the_score_is_the_mean_density_and_prefers_rows_of_its_kind(taught):
    rows = correlated(20, seed=1)
    assert taught.score(rows) == taught.score_samples(rows).mean()
    assert taught.score(rows) > taught.score(rows[:, ::-1])
    assert taught.score_samples(rows[3:4])[0] == taught.score_samples(rows)[3]


def test_the_seed_decides_and_the_precision_is_kept():
    rows = correlated(40).astype(np.float32)
    codes = quick().fit_transform(rows)
    assert codes.dtype == np.float32
    assert np.array_equal(codes, quick().fit_transform(rows))
    assert not np.array_equal(codes, quick(random_state=1).fit_transform(rows))


def test_a_frame_comes_back_with_its_types_and_levels():
    frame = mixed()
    frame.loc[3, ["height", "grade"]] = None
    fitted = quick().fit(frame)
    for made in (fitted.inverse_transform(fitted.transform(frame)), fitted.sample(5)):
        assert made.columns.equals(frame.columns)
        kept = ["height", "children", "grade", "planet"]
        assert made[kept].dtypes.to_dict() == frame[kept].dtypes.to_dict()
        assert not made[kept].isna().any().any()
        assert made["id"].isna().all()
        assert (made["planet"] == "Earth").all()


def test_it_works_where_transformers_work():
    rows = correlated(40)
    named = clone(quick()).set_output(transform="pandas").fit_transform(rows)
    assert named.columns.tolist() == ["z1", "z2"]
    pipe = make_pipeline(quick(), LinearRegression())
    assert len(cross_val_score(pipe, rows, rows[:, 0], cv=2)) == 2
    assert len(cross_val_score(quick(), rows, cv=2)) == 2


def test_a_table_of_constants_has_codes_of_zero():
    fitted = quick().fit(np.full((5, 2), 7.0))
    assert (fitted.transform(np.full((3, 2), 7.0)) == 0).all()
    assert fitted.inverse_transform(np.zeros((3, 2))).tolist() == [[7, 7]] * 3
    assert fitted.sample(2).tolist() == [[7, 7]] * 2


def test_what_cannot_be_is_refused():
    with pytest.raises(ConfigError, match="latent_dim"):
        quick(latent_dim=0).fit(correlated(10))
    fitted = quick().fit(correlated(10))
    with pytest.raises(DataError, match="codes"):
        fitted.inverse_transform(np.zeros((2, 3)))
    with pytest.raises(ConfigError, match="n = 0"):
        fitted.sample(0)
