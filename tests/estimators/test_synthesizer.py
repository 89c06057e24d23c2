"""Made-up rows: types, given cells, and the density of the codes."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import LinearGaussian
from sklearn.base import clone

from vaekit.errors import ConfigError, DataError, VaekitWarning
from vaekit.estimators import VariationalAutoencoder
from vaekit.estimators.calibration import calibrate
from vaekit.estimators.density import fit_density
from vaekit.estimators.fitting import choose_settings
from vaekit.estimators.synthesizer import Synthesizer, encode_means, fit_mixture
from vaekit.estimators.tables import (
    ArrayFormat,
    TableScaler,
    decimal_places,
    round_cells,
    table_format,
)
from vaekit.models import ColumnSpec
from vaekit.tables import Column

SOME = {
    "height": 181.5,
    "children": 3,
    "grade": "mid",
    "mark": 4,
    "town": "Bonn",
    "smokes": True,
    "share": 0.25,
    "planet": "Earth",
}


def people(rows=120, *, seed=0):
    """A column of each kind, with gaps."""
    draw = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "id": [f"row {number}" for number in range(rows)],
            "height": draw.normal(170, 10, rows).round(1),
            "children": pd.array(draw.poisson(2.0, rows), dtype="Int64"),
            "grade": pd.Categorical(
                draw.choice(["low", "mid", "high"], rows), ["low", "mid", "high"], ordered=True
            ),
            "mark": draw.choice([3, 4, 5], rows),
            "town": draw.choice(["Aachen", "Bonn", "Celle"], rows),
            "smokes": draw.random(rows) < 0.3,
            "share": draw.random(rows),
            "planet": ["Earth"] * rows,
        }
    )
    frame.loc[3:9, ["height", "children", "grade", "town"]] = None
    return frame


def quick(**chosen):
    plain = {"hidden": (8,), "epochs": 3, "latent_dim": 2, "kinds": {"share": "bounded:0:1"}}
    return VariationalAutoencoder(**{"random_state": 0, **plain, **chosen})


@pytest.fixture(scope="module")
def fitted():
    return quick().fit(people())


def check_like_people(made):
    frame = people()
    kept = [name for name in frame if name != "id"]
    assert made.columns.equals(frame.columns)
    assert made[kept].dtypes.to_dict() == frame[kept].dtypes.to_dict()
    assert made["grade"].cat.categories.equals(frame["grade"].cat.categories)
    assert not made[kept].isna().any().any()
    assert made["id"].isna().all()
    assert (made["planet"] == "Earth").all()
    assert made["share"].between(0, 1).all()
    assert set(made["mark"]) <= {3, 4, 5}
    assert set(made["town"]) <= {"Aachen", "Bonn", "Celle"}
    assert (made["height"].round(1) == made["height"]).all()


@settings(deadline=None, max_examples=25)
@given(
    names=st.sets(st.sampled_from(sorted(SOME))),
    as_text=st.booleans(),
    n=st.integers(1, 30),
    seed=st.integers(0, 3),
)
def test_any_cells_can_be_given_and_stand(fitted, names, as_text, n, seed):
    asked = {name: str(SOME[name]) if as_text else SOME[name] for name in names}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", VaekitWarning)  # cells that hardly go together
        made = fitted.sample(n, given=asked, random_state=seed)
        again = fitted.sample(n, given=asked, random_state=seed)
    check_like_people(made)
    assert len(made) == n
    assert all((made[name] == SOME[name]).all() for name in names)
    pd.testing.assert_frame_equal(made, again)


def test_the_seed_of_training_is_that_of_rows(fitted):
    pd.testing.assert_frame_equal(fitted.sample(5), clone(quick()).fit(people()).sample(5))
    assert not fitted.sample(5).equals(fitted.sample(5, random_state=7))


def test_a_given_cell_moves_the_others():
    draw = np.random.default_rng(0)
    group = draw.random(400) < 0.5
    frame = pd.DataFrame(
        {
            "group": np.where(group, "tall", "short"),
            "size": np.where(group, 190.0, 160.0) + draw.normal(0, 3, 400),
        }
    )
    coder = VariationalAutoencoder(
        latent_dim=2, hidden=(16,), epochs=80, learning_rate=1e-2, random_state=0
    ).fit(frame)
    tall, short = (coder.sample(200, given={"group": name}) for name in ("tall", "short"))
    assert tall["size"].mean() == pytest.approx(190, abs=5)
    assert short["size"].mean() == pytest.approx(160, abs=5)
    back = coder.sample(200, given={"size": 191.0})
    assert (back["group"] == "tall").mean() > 0.95


def test_columns_of_an_array_have_numbers_for_names():
    rows = np.column_stack([np.arange(50.0), np.arange(50.0) / 4, np.full(50, 7.0)])
    fitted = quick(kinds=None).fit(rows)
    made = fitted.sample(6, given={"x1": 2.25})
    assert made.shape == (6, 3)
    assert (made[:, 1] == 2.25).all()
    assert (made[:, 2] == 7).all()
    assert (made[:, 0] == made[:, 0].round()).all()
    assert quick(kinds=None).fit(rows.astype(np.float32)).sample(2).dtype == np.float32


def test_rare_cells_are_told():
    """A posterior that misses far, and a cell that the prior hardly reaches either."""
    rows = np.random.default_rng(0).normal(size=(20, 5))
    form = ArrayFormat(rows)
    far = Synthesizer(
        format=form,
        scaler=TableScaler(
            columns=form.columns,
            places=np.arange(5),
            specs=(ColumnSpec("real"),) * 5,
            shift=np.zeros(5),
            scale=np.ones(5),
        ),
        model=LinearGaussian(gaps=0.4, shift=50.0, widen=0.01, seed=3).model,
        decimals=(None,) * 5,
        calibration=None,
    )
    with pytest.warns(VaekitWarning, match="effective number of codes"):
        drawn = far.draw(500, given={"x0": 30.0}, seed=0)
    assert 1 <= drawn.effective_samples < 20
    assert len(np.unique(drawn.rows[:, 1])) == 500


@pytest.mark.parametrize(
    ("asked", "error", "message"),
    [
        ({"heigth": 180}, ConfigError, 'did you mean "height"'),
        ({"height": "tall"}, DataError, "expects a number"),
        ({"height": float("nan")}, DataError, "expects a number"),
        ({"children": -1}, DataError, "whole numbers from 0 up"),
        ({"children": 1.5}, DataError, "whole numbers"),
        ({"mark": 9}, DataError, "it is one of 3, 4, 5"),
        ({"town": "Dresden"}, DataError, "one of Aachen, Bonn, Celle"),
        ({"town": None}, DataError, "never None"),
        ({"share": 1.5}, DataError, "limits 0 to 1"),
        ({"planet": "Mars"}, DataError, "one of Earth"),
        ({"id": "row 3"}, DataError, "identifier"),
    ],
)
def test_cells_that_cannot_be_given_are_refused(fitted, asked, error, message):
    with pytest.raises(error, match=message):
        fitted.sample(2, given=asked)


def test_codes_come_from_a_mixture_or_from_the_prior():
    prior = quick(codes="prior").fit(people())
    assert prior.synthesizer_.model is prior.model_
    mixed = quick().fit(people())
    assert mixed.synthesizer_.model.posterior is mixed.model_.posterior
    with pytest.raises(ConfigError, match="mixture or prior"):
        quick(codes="flow").fit(people())
    again = pickle.loads(pickle.dumps(mixed))  # a test of ours: joblib does so between processes
    pd.testing.assert_frame_equal(again.sample(3), mixed.sample(3))


def test_the_mixture_is_where_the_codes_are():
    draw = np.random.default_rng(0)
    cells = np.concatenate([draw.normal(-5, 0.3, (300, 2)), draw.normal(5, 0.3, (300, 2))])
    chosen = choose_settings(
        rows=600, latent_dim=1, hidden=(16,), samples=1, epochs=25, batch_size=64,
        learning_rate=1e-2,
    )  # fmt: skip
    columns = [Column(name=f"x{place}", kind="real") for place in range(2)]
    found = fit_density(cells, columns=columns, settings=chosen, seed=0)
    (model,), rows = found.models, found.scaler.transform(cells)
    density = fit_mixture(model, rows, seed=0)()
    codes = torch.from_numpy(encode_means(model, rows))
    drawn = density.sample((4000,))
    assert drawn.mean() == pytest.approx(float(codes.mean()), abs=0.15)
    assert drawn.std() == pytest.approx(float(codes.std()), abs=0.25)
    assert density.log_prob(codes).mean() > model.prior().log_prob(codes).mean()


def test_marks_are_ordinal_and_counts_are_counts():
    draw = np.random.default_rng(0)
    frame = pd.DataFrame({"mark": draw.choice([3, 4, 5], 50), "visits": draw.poisson(4, 50) * 2})
    kinds = [column.kind for column in table_format(frame, scores_as_ordinal=True).columns]
    assert kinds == ["ordinal", "count"]
    asked = table_format(frame, kinds={"mark": "count"}, scores_as_ordinal=True)
    assert [column.kind for column in asked.columns] == ["count", "count"]


def test_decimals_are_those_of_training():
    cells = np.array([[0.5, 3.0, 1 / 3], [0.25, 4.0, 2 / 3], [np.nan, 5.0, 1.0]])
    assert decimal_places(cells) == (2, 0, None)
    assert decimal_places(np.full((2, 1), np.nan)) == (None,)
    columns = [Column(name="a", kind="positive"), Column(name="b", kind="real")]
    made = round_cells(np.array([[0.001, 2.718], [np.nan, 2.0]]), decimals=(2, 1), columns=columns)
    assert np.array_equal(made, [[0.01, 2.7], [np.nan, 2.0]], equal_nan=True)


def test_columns_are_distributed_as_those_of_the_table():
    """A spike that no density of a count has, and a column whose tail is longer than any."""
    draw = np.random.default_rng(0)
    hours = np.where(draw.random(400) < 0.5, 40, draw.poisson(35, 400))
    frame = pd.DataFrame({"hours": hours, "pay": np.exp(2 * draw.normal(size=400))})
    made = quick(kinds=None).fit(frame).sample(2000)
    assert (made["hours"] == 40).mean() == pytest.approx((hours == 40).mean(), abs=0.05)
    assert made["pay"].median() == pytest.approx(frame["pay"].median(), rel=0.25)
    assert made["pay"].max() <= frame["pay"].max()
    assert set(made["hours"]) <= set(hours)


@settings(deadline=None, max_examples=50)
@given(
    numbers=st.lists(st.integers(-50, 50), min_size=2, max_size=40),
    value=st.integers(0, 39),
    spread=st.floats(0.1, 10),
)
def test_a_given_number_goes_to_the_model_and_back(numbers, value, spread):
    real = np.array(numbers, float)[:, None]
    drawn = spread * np.random.default_rng(0).normal(size=(500, 1))
    there = calibrate(drawn, cells=real, columns=[Column(name="x", kind="real", whole=True)])
    given_one = real[value % len(real)]
    back = there.to_table(there.to_model(given_one)[None], seed=0)
    # a number of the table comes back unless its share is below that of a draw
    assert np.abs(np.searchsorted(np.sort(real[:, 0]), [back[0, 0], given_one[0]]) @ [1, -1]) <= 1
    outside = np.array([99.0])
    assert there.to_model(outside) == outside
    order = np.sort(drawn, axis=0)
    assert (np.diff(there.to_table(order, seed=0), axis=0) >= 0).all()
