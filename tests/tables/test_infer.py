"""What a column is taken for, and what it can be called instead."""

import decimal

import numpy as np
import pandas as pd
import pytest

from vaekit.errors import ConfigError, DataError, VaekitWarning
from vaekit.tables import infer_schema

RNG = np.random.default_rng(0)
N = 200

GUESSES = {
    "real": [
        RNG.normal(size=N),
        -RNG.integers(0, 9, N),
        RNG.uniform(0, 1, N),  # a share: nothing says that it has limits
        RNG.gamma(50.0, 1.0, N) + 0.5,  # above 0, hardly skewed
        np.concatenate([[0.0], RNG.lognormal(size=N)]),  # a zero has no logarithm
        -RNG.lognormal(size=N),
        [0.1, 0.2, 0.3, 0.4],
        pd.array([0.5, None, 1.5, 2.5], dtype="Float64"),
        [float(2**60), 1.0, 3.0],
    ],
    "positive": [RNG.lognormal(size=N), RNG.lognormal(size=N).astype(np.float32) * 1e-30],
    "count": [
        RNG.poisson(30, N),
        RNG.integers(0, 4, N),
        RNG.poisson(3, N).astype(float),
        [0, 1, 2],
        list(range(2, 50)),
        pd.array([1, None, 3, 7], dtype="Int64"),
        pd.Series([1, None, 3, 8], dtype=object),
        RNG.permutation(np.arange(1, 20)),  # 1 to 19: too few to be sure that they name the rows
    ],
    "binary": [
        [True, False, True],
        pd.array([True, None, False], dtype="boolean"),
        [1, 2, 1, 1],
        [0.25, 7.5, np.nan],
        ["yes", "no", "no"],
        pd.Categorical(["a", "b"], ordered=True),
        pd.Series([True, None, False], dtype=object),
    ],
    "categorical": [
        ["a", "b", "c", "a"],
        pd.Categorical(["a", "b", "c"]),
        pd.Categorical([str(number) for number in range(50)]),
        pd.Series([1, "b", 2.5], dtype=object),
        pd.array(["a", "b", None, "c"], dtype="string"),
        [f"{number // 2} Street" for number in range(100)],
    ],
    "ordinal": [pd.Categorical(["S", "L", "M"], ["S", "M", "L"], ordered=True)],
    "identifier": [
        [f"person {number}" for number in range(50)],
        RNG.permutation(50),
        np.arange(1, 51),
        np.arange(50.0),
    ],
    "constant": [
        [3.5, 3.5, np.nan],
        ["a", "a"],
        [True, True],
        [None, None],
        pd.Categorical(["a", "a"], ["a", "b", "c"]),
    ],
}


@pytest.mark.parametrize(
    ("kind", "cells"), [(kind, cells) for kind, columns in GUESSES.items() for cells in columns]
)
def test_guess(kind, cells):
    (column,) = infer_schema(pd.DataFrame({"a": cells})).columns
    assert column.kind == kind


@pytest.mark.parametrize(
    "name", ["id", "ID", "Index", "uuid", "user_id", "userId", "user ID", "a.id"]
)
def test_whole_numbers_that_differ_name_rows_if_their_column_says_so(name):
    assert infer_schema(pd.DataFrame({name: [507, 12, 33]})).columns[0].kind == "identifier"


@pytest.mark.parametrize(
    ("name", "cells"),
    [("id", [1, 1, 2]), ("id", [0.5, 1.5, 2.5]), ("paid", [5, 1, 7]), ("id", [5, None, 7])],
)
def test_but_not_others(name, cells):
    assert infer_schema(pd.DataFrame({name: cells})).columns[0].kind != "identifier"


def test_levels_are_in_their_order():
    table = pd.DataFrame(
        {
            "text": ["b", "a", "c"],
            "size": pd.Categorical(["S", "L", "S"], ["S", "M", "L"], ordered=True),
            "number": [9, 10, 1],
        }
    )
    columns = infer_schema(table, kinds={"number": "categorical"}).columns
    assert [column.levels for column in columns] == [("a", "b", "c"), ("S", "M", "L"), (1, 9, 10)]


def test_limits_come_from_the_data_or_from_the_user():
    table = pd.DataFrame({"a": [3.0, np.nan, 7.5], "b": [3.0, 7.5, 7.5]})
    a, b = infer_schema(table, kinds={"a": "bounded", "b": "bounded:0:10"}).columns
    assert (a.low, a.high, b.low, b.high) == (3.0, 7.5, 0.0, 10.0)


def test_an_order_is_taken_as_given_with_levels_that_do_not_occur():
    table = pd.DataFrame({"grade": ["C", "A", None], "stars": [1.0, 4.5, 4.5]})
    kinds = {"grade": "ordinal:C:B:A", "stars": "ordinal:1:4.5:5"}
    grade, stars = infer_schema(table, kinds=kinds).columns
    assert grade.levels == ("C", "B", "A")
    assert stars.levels == (1, 4.5, 5)
    assert infer_schema(table, kinds=kinds).encode(table)[:2].tolist() == [[0, 0], [2, 1]]


def test_texts_without_an_order_are_ordered_with_a_warning():
    table = pd.DataFrame({"size": ["low", "mid", "high"]})
    with pytest.warns(VaekitWarning, match="give it: size=ordinal:high:low:mid"):
        assert infer_schema(table, kinds={"size": "ordinal"}).columns[0].levels[0] == "high"


@pytest.mark.parametrize(
    ("levels", "rows", "kind"),
    [(250, 400, "identifier"), (130, 1000, "identifier"), (130, 4000, "categorical")],
)
def test_free_text_and_names_are_left_alone(levels, rows, kind):
    texts = [f"text {number % levels}" for number in range(rows)]
    assert infer_schema(pd.DataFrame({"x": texts})).columns[0].kind == kind


LEAP_YEAR_DAYS = pd.date_range("2024-01-01", periods=300)
DRAW = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (LEAP_YEAR_DAYS.strftime("%Y%m%d").astype(int), "real"),
        (DRAW.integers(1995, 2024, 300), "real"),
        (1_700_000_000 + DRAW.integers(0, 86_400, 300), "real"),
        (1_700_000_000_000 + DRAW.integers(0, 86_400_000, 300), "real"),
        (np.rint(DRAW.normal(98.6, 0.7, 300)).astype(int), "real"),
        (DRAW.integers(18, 80, 300), "count"),
        (DRAW.poisson(2, 300), "count"),
        (DRAW.poisson(400, 300), "count"),
        (DRAW.negative_binomial(1, 0.01, 300), "count"),
        (np.rint(DRAW.normal(100, 15, 300)).astype(int), "count"),
    ],
    ids=["dates", "years", "s", "ms", "fahrenheit", "ages", "few", "Poisson", "wide", "quotient"],
)
def test_whole_numbers_far_from_0_are_no_counts(cells, kind):
    (column,) = infer_schema(pd.DataFrame({"x": np.asarray(cells)})).columns
    assert (column.kind, column.whole) == (kind, True)


@pytest.mark.parametrize(
    ("cells", "kind", "message"),
    [
        ([5.0, 0.0, 2.0], "positive", "'a': positive expects numbers above 0; row 2 has 0"),
        ([5.0, 1.0, -2.0], "count", "'a': count expects whole numbers from 0 up; row 3 has -2"),
        ([5.0, 1.5, 2.5], "count", r"row 2 has 1.5 \(2 such rows\)"),
        ([5.0, 11.0], "bounded:0:10", "within its limits; row 2 has 11"),
        ([5.0, 5.0], "bounded", "two different values"),
        ([5, 6, 7], "binary", r"exactly two different values; got 3 \(5, 6, 7\). Say categorical"),
        ([5, 5], "categorical", "two or more different values; got 1"),
        ([5, 6], "constant", "one value; got 5 and 6"),
        (["x", "1"], "real", "real expects numbers; got '1'. Make it numbers"),
        ([True, False], "count", "count expects numbers; got False"),
        (pd.Categorical([1, 2, 3]), "count", "got a pandas category"),
        (["C", "D"], "ordinal:A:B:C", "only the levels A, B, C; got 'D'"),
        ([1, 2, 7], "ordinal:1:2:3", "only the levels 1, 2, 3; got 7"),
    ],
)
def test_a_kind_that_cannot_hold_the_data_is_refused(cells, kind, message):
    with pytest.raises(DataError, match=message):
        infer_schema(pd.DataFrame({"a": cells}), kinds={"a": kind})


def test_a_column_that_is_not_there_names_the_nearest():
    with pytest.raises(ConfigError, match="no column 'incme'; did you mean \"income\""):
        infer_schema(pd.DataFrame({"income": [1, 2]}), kinds={"incme": "count"})


DAYS = pd.date_range("2024-03-20", periods=30, freq="D")
ARROW = pytest.importorskip("pyarrow")


def arrow(cells, kind):
    return pd.array(list(cells), dtype=pd.ArrowDtype(kind))


@pytest.mark.parametrize(
    ("kind", "cells"),
    [
        ("datetime", DAYS),
        ("datetime", DAYS.tz_localize("Europe/Berlin")),  # over a change to summer time
        ("datetime", pd.date_range("2020-01-01", periods=30, freq="7h")),
        ("datetime", pd.date_range("2020-01-01", periods=30, freq="7h", tz="America/Lima")),
        ("datetime", [day.date() for day in DAYS]),
        ("datetime", pd.period_range("2020", periods=30, freq="M")),
        ("datetime", arrow(DAYS, ARROW.timestamp("us"))),
        ("datetime", arrow((day.date() for day in DAYS), ARROW.date32())),
        ("real", pd.to_timedelta(np.arange(30), unit="h")),
        ("real", [decimal.Decimal("1.50") * number for number in range(30)]),
        ("real", arrow((decimal.Decimal("1.5") * n for n in range(30)), ARROW.decimal128(9, 2))),
        ("ordinal", pd.cut(np.arange(30), 4)),
        ("categorical", pd.cut(np.arange(30), 4, ordered=False, labels=list("abcd"))),
        ("categorical", pd.Categorical([*DAYS[:3]] * 10)),
        ("categorical", arrow("abc" * 10, ARROW.dictionary(ARROW.int32(), ARROW.string()))),
    ],
)
def test_types_come_back_with_cells_filled(kind, cells):
    table = pd.DataFrame({"a": cells, "b": np.linspace(0, 1, 30)})
    schema = infer_schema(table)
    assert schema.columns[0].kind == kind
    values = schema.encode(table)
    assert values.shape == (30, 2)
    pd.testing.assert_frame_equal(schema.decode(values, like=table), table)
    holes = table.copy()
    holes["a"] = holes["a"].where(np.arange(30) % 2 > 0)
    gaps = np.where(np.isnan(schema.encode(holes)), values + (kind == "datetime"), np.nan)
    found = schema.decode(gaps, like=holes)["a"]
    offset = pd.Timedelta(seconds=1 if kind == "datetime" and not schema.columns[0].whole else 0)
    for got, known in zip(found[::2], table["a"][::2], strict=True):
        assert got == (known + offset if offset else known)
        assert type(got) is type(known)


def test_filled_days_are_days_and_times_have_their_zone():
    table = pd.DataFrame({"day": DAYS.tz_localize("Europe/Berlin"), "b": np.linspace(0, 1, 30)})
    schema = infer_schema(table)
    noise = np.random.default_rng(0).uniform(-40_000, 40_000, (30, 1))
    values = schema.encode(table) + noise * [1, 0]
    assert schema.decode(values, like=table)["day"].tolist() == table["day"].tolist()


def test_datetime_expects_times():
    with pytest.raises(DataError, match="'a': datetime expects dates or times; got int64"):
        infer_schema(pd.DataFrame({"a": [20200101, 20200301, 7]}), kinds={"a": "datetime"})


@pytest.mark.parametrize(
    "cells", [[2**53 + 1, 1, 2], pd.array([2**60 + 1, None, 5], dtype="Int64"), [2**70, 3, 3]]
)
def test_whole_numbers_that_floats_do_not_hold_pass_through(cells):
    table = pd.DataFrame({"a": cells, "b": [0.1, 0.2, 0.5]})
    schema = infer_schema(table)
    assert schema.columns[0].kind == "identifier"
    pd.testing.assert_frame_equal(schema.decode(schema.encode(table), like=table), table)
    with pytest.raises(DataError, match=r"below 2\^53.*declare the column an identifier"):
        infer_schema(table, kinds={"a": "real"})


def test_masked_cells_of_an_array_are_missing():
    table = np.ma.masked_equal(np.array([[1, 999], [2, 3], [4, 5]]), 999)
    assert np.isnan(infer_schema(table).encode(table)).tolist() == [
        [False, True],
        [False, False],
        [False, False],
    ]


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ([1 + 2j, 0j, 1j], "complex128"),
        ([[1], [2]], r"got list \(\[1\]\)"),
        ([{"b"}, None], "got set"),
        ([b"x", b"y"], "got bytes"),
        ([1.0, np.inf, 2.0], "row 2 has inf.*name 'inf' as a missing value"),
    ],
)
def test_what_no_model_can_hold_is_refused(cells, message):
    with pytest.raises(DataError, match=message):
        infer_schema(pd.DataFrame({"a": cells}))


def test_infinity_can_be_a_marker():
    table = pd.DataFrame({"a": [1.5, np.inf, 2.5, -3.0]})
    schema = infer_schema(table, missing=(float("inf"),))
    assert np.isnan(schema.encode(table)[:, 0]).tolist() == [False, True, False, False]


def test_a_marker_is_found_although_single_precision_rounds_it():
    table = pd.DataFrame({"a": np.array([0.5, 1e20, -999.99, -3.0], np.float32)})
    values = infer_schema(table, missing=(1e20, "-999.99")).encode(table)
    assert np.isnan(values[:, 0]).tolist() == [False, True, True, False]


def test_numbers_written_as_text_are_told():
    table = pd.DataFrame({"age": ["31", "40", "55", "?"]})
    with pytest.warns(VaekitWarning, match="'age': its numbers are written as text"):
        infer_schema(table, missing=("?",))
    assert infer_schema(table, kinds={"age": "categorical"}).columns[0].kind == "categorical"


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (pd.DataFrame(), "got 0 rows of 0 columns"),
        (pd.DataFrame({"a": []}), "got 0 rows of 1 columns"),
        (np.zeros(3), r"an array of shape \(3,\)"),
        ([[1, 2]], "list"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "'a' is there 2 times"),
        (pd.DataFrame([[1, 2]], columns=["1", 1]), "'1' is there 2 times"),
    ],
)
def test_what_is_no_table_is_refused(table, message):
    with pytest.raises(DataError, match=message):
        infer_schema(table)
