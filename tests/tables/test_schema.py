"""A table goes to numbers and comes back as it was."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from vaekit.errors import DataError, VaekitWarning
from vaekit.tables import Column, Schema, infer_schema

WORDS = st.text("abcxyz äß", min_size=1, max_size=4).filter(str.strip)
GAPS = {"Int64": pd.NA, "boolean": pd.NA, "string": pd.NA, "object": None, "float64": np.nan}
"""Types that can hold a gap, and what stands there."""

CELLS = {
    "int8": st.integers(-128, 127),
    "uint16": st.integers(0, 4),
    "int64": st.integers(-(2**53) + 1, 2**53 - 1),
    "Int64": st.integers(0, 50),
    "float32": st.floats(width=32, allow_nan=False, allow_infinity=False),
    "float64": st.floats(allow_nan=False, allow_infinity=False),
    "Float64": st.floats(0, 3),
    "bool": st.booleans(),
    "boolean": st.booleans(),
    "string": WORDS,
    "object": WORDS | st.integers(-9, 9),
}


@st.composite
def categories(draw, count):
    """A category of texts or numbers, with or without an order, not all of its levels used."""
    levels = draw(st.lists(WORDS, min_size=1, max_size=5, unique=True) | st.just([5, 2, 9]))
    cells = draw(st.lists(st.sampled_from(levels), min_size=count, max_size=count))
    return pd.Categorical(cells, categories=levels, ordered=draw(st.booleans()))


@st.composite
def frames(draw, gaps):
    """A random table: some columns of some types, under some index."""
    count = draw(st.integers(1, 30))
    dtypes = draw(st.lists(st.sampled_from([*CELLS, "category"]), min_size=1, max_size=5))
    columns = {}
    for place, dtype in enumerate(dtypes):
        name = draw(st.sampled_from([place, f"c {place}", f"{place}_id"]))
        if dtype == "category":
            columns[name] = draw(categories(count))
            continue
        cells = draw(st.lists(CELLS[dtype], min_size=count, max_size=count))
        blank = draw(st.lists(st.booleans(), min_size=count, max_size=count))
        if gaps and dtype in GAPS:
            cells = [
                GAPS[dtype] if empty else cell for cell, empty in zip(cells, blank, strict=True)
            ]
        columns[name] = pd.array(cells, dtype=dtype)
    index = draw(
        st.sampled_from([range(count), range(count, 0, -1), [f"r{i}" for i in range(count)]])
    )
    return pd.DataFrame(columns, index=pd.Index(index, name=draw(st.sampled_from([None, "who"]))))


def stirred(frame, schema):
    """The same table with the rows of its modelled columns in another order."""
    mixed = frame.copy()
    for column, name in zip(schema.columns, frame.columns, strict=True):
        if column.modelled:
            mixed[name] = frame[name].iloc[::-1].set_axis(frame.index)
    return mixed


@pytest.mark.filterwarnings("ignore::vaekit.errors.VaekitWarning")
@settings(max_examples=50, deadline=None)
@given(frames(gaps=False))
def test_a_table_without_gaps_comes_back_exactly(frame):
    schema = infer_schema(frame)
    values = schema.encode(frame)
    assert values.shape == (len(frame), len(schema.modelled))
    assert np.isfinite(values).all()
    assert_frame_equal(schema.decode(values, like=stirred(frame, schema)), frame, check_exact=True)


@pytest.mark.filterwarnings("ignore::vaekit.errors.VaekitWarning")
@settings(max_examples=50, deadline=None)
@given(frames(gaps=True))
def test_gaps_that_are_not_filled_stay_as_they_were(frame):
    schema = infer_schema(frame)
    values = schema.encode(frame)
    gaps = [frame.iloc[:, at].isna() for at, c in enumerate(schema.columns) if c.modelled]
    assert np.isnan(values).T.tolist() == [gap.tolist() for gap in gaps]
    back = schema.decode(values, like=frame)
    kept = [name for c, name in zip(schema.columns, frame.columns, strict=True) if c.modelled]
    assert_frame_equal(back[kept], frame[kept], check_exact=True)


@pytest.mark.filterwarnings("ignore::vaekit.errors.VaekitWarning")
@settings(max_examples=25, deadline=None)
@given(frames(gaps=True))
def test_a_schema_survives_json(frame):
    schema = infer_schema(frame, missing=("?", -999, float("inf")))
    text = json.dumps(schema.describe(), allow_nan=False)
    again = Schema.from_description(json.loads(text))
    assert again == schema
    assert repr(again) == repr(schema)  # which tells 1 from 1.0 and True


@pytest.fixture
def people():
    return pd.DataFrame(
        {
            "who_id": [11, 12, 13, 14],
            "age": pd.array([31, None, 40, 25], dtype="Int64"),
            "rooms": [2.0, np.nan, 3.0, 5.0],
            "score": [10.0, 90.0, 50.0, 20.0],
            "sex": ["f", "m", None, "f"],
            "size": pd.Categorical(["S", "L", None, "M"], ["S", "M", "L"], ordered=True),
            "planet": ["Earth", "Earth", None, "Earth"],
        },
        index=list("wxyz"),
    )


@pytest.fixture
def schema(people):
    return infer_schema(people, kinds={"score": "bounded:0:100"})


def test_identifiers_and_constants_are_not_modelled(people, schema):
    assert [c.name for c in schema.modelled] == ["age", "rooms", "score", "sex", "size"]
    values = schema.encode(people)
    assert values[:, 3].tolist()[:2] == [0, 1]
    assert values[[0, 1, 3], 4].tolist() == [0, 2, 1]


def test_filled_gaps_take_the_type_of_their_column(people, schema):
    filled = np.where(np.isnan(schema.encode(people)), 1.6, schema.encode(people))
    back = schema.decode(filled, like=people)
    assert back.dtypes.tolist() == people.dtypes.tolist()
    assert back.index.tolist() == list("wxyz")
    assert back.loc["x", "age"] == 2
    assert back.loc["x", "rooms"] == 2.0
    assert back.loc["y", "sex"] == "m"
    assert back.loc["y", "size"] == "L"
    assert back.loc["y", "planet"] == "Earth"
    assert not back.isna().any().any()


def test_a_column_of_whole_numbers_stays_one_when_a_later_table_had_gaps(people):
    whole = pd.DataFrame({"n": [1, 2, 3, 4]})
    later = pd.DataFrame({"n": [5.0, np.nan]})
    schema = infer_schema(whole)
    assert schema.decode(np.array([[5.0], [7.2]]), like=later)["n"].tolist() == [5, 7]
    assert schema.decode(np.array([[5.0], [7.2]]), like=later)["n"].dtype == "int64"
    assert schema.decode(schema.encode(later), like=later)["n"].dtype == "float64"


def test_what_a_model_gives_is_kept_within_what_there_can_be(people, schema):
    wild = np.array([[-3.0, 1.4, 200.0, 7.0, -2.0]] * 4)
    row = schema.decode(wild, like=people).iloc[0]
    assert row.drop("planet").tolist() == [11, 0, 1.0, 100.0, "m", "S"]


def test_whole_numbers_stay_within_their_type():
    table = pd.DataFrame({"a": np.array([-100, 3, 100], np.int8)})
    back = infer_schema(table).decode(np.array([[1e9], [-np.inf], [2.5]]), like=table)
    assert back["a"].tolist() == [127, -128, 2]
    assert back["a"].dtype == "int8"


def test_columns_in_another_order_are_found_by_name(people, schema):
    turned = people[people.columns[::-1]]
    values = schema.encode(turned)
    np.testing.assert_array_equal(values, schema.encode(people))
    assert_frame_equal(
        schema.decode(values, like=turned).drop(columns="planet"), turned.drop(columns="planet")
    )


def test_a_level_that_was_not_there_counts_as_missing(people, schema):
    later = people.assign(sex=["f", "x", "q", "m"])
    with pytest.warns(VaekitWarning, match=r"'sex': 'q', 'x' \(2 rows\) is not among its levels"):
        values = schema.encode(later)
    assert values[:, 3].tolist()[::3] == [0, 1]
    assert np.isnan(values[1:3, 3]).all()
    assert schema.decode(values, like=later)["sex"].tolist() == ["f", "x", "q", "m"]


def test_numbers_outside_of_limits_are_moved_and_told(people, schema):
    with pytest.warns(VaekitWarning, match=r"'score': 101 is outside 0 to 100 \(1 such rows\)"):
        values = schema.encode(people.assign(score=[101.0, 1, 2, 3]))
    assert values[:, 2].tolist() == [100, 1, 2, 3]


def test_numbers_that_the_kind_cannot_hold_count_as_missing(people, schema):
    with pytest.warns(VaekitWarning, match=r"'rooms': count expects whole .* row 2 has -1"):
        values = schema.encode(people.assign(rooms=[1.0, -1.0, 2.0, 3.0]))
    assert np.isnan(values).sum(0).max() == 1
    with pytest.raises(DataError, match="'rooms': count expects numbers; got 'many'"):
        schema.encode(people.assign(rooms="many"))


def test_other_columns_are_refused(people, schema):
    with pytest.raises(DataError, match="a column 'age'; there is none; did you mean \"aged\""):
        schema.encode(people.rename(columns={"age": "aged"}))
    with pytest.raises(DataError, match="got 'more' besides"):
        schema.encode(people.assign(more=1))


def test_values_of_another_shape_are_refused(people, schema):
    with pytest.raises(DataError, match=r"expected values of shape \(4, 5\).*got \(3, 5\)"):
        schema.decode(np.zeros((3, 5)), like=people)


def test_markers_are_gaps_in_texts_and_in_numbers():
    table = pd.DataFrame(
        {
            "a": [1, -999, 3, 4],
            "b": ["x", " ?", "y", "z"],
            "c": [2.5, -999.0, 1.5, -2.5],
            "d": pd.Series([7, "?", 8, 9], dtype=object),
            "e": pd.Categorical(["u", "?", "v", "w"]),
        }
    )
    schema = infer_schema(table, missing=("?", "-999"))
    assert [c.kind for c in schema.columns] == [
        "count",
        "categorical",
        "real",
        "count",
        "categorical",
    ]
    values = schema.encode(table)
    assert np.isnan(values).tolist() == [[False] * 5, [True] * 5, [False] * 5, [False] * 5]
    assert_frame_equal(schema.decode(values, like=table), table)
    values[1] = [2.2, 2, 0.25, 7, 2]
    filled = schema.decode(values, like=table)
    assert filled.iloc[1].tolist() == [2, "z", 0.25, 7, "w"]
    assert filled.dtypes.tolist() == table.dtypes.tolist()


def test_arrays_are_tables():
    array = np.array([[0.5, 3], [np.nan, 0], [-1.5, 8]])
    schema = infer_schema(array)
    assert [column.name for column in schema.columns] == ["x0", "x1"]
    back = schema.decode(schema.encode(array), like=array)
    np.testing.assert_array_equal(back.to_numpy(), array)


@pytest.mark.parametrize(
    ("description", "message"),
    [
        ({}, "KeyError"),
        ({"columns": [{"name": "a", "levels": []}], "missing": []}, "TypeError"),
        ({"columns": [{"name": "a", "kind": "odd", "levels": []}], "missing": []}, "got 'odd'"),
    ],
)
def test_something_else_than_a_description_is_refused(description, message):
    with pytest.raises(DataError, match=message):
        Schema.from_description(description)


def test_a_category_that_came_as_text_is_made_a_category_again():
    schema = Schema(
        columns=(Column(name="a", kind="ordinal", levels=("S", "L"), dtype="category"),)
    )
    like = pd.DataFrame({"a": ["S", None, "XL"]})
    back = schema.decode(np.array([[0.0], [1.0], [np.nan]]), like=like)["a"]
    assert back.tolist() == ["S", "L", "XL"]
    assert back.cat.categories.tolist() == ["S", "L", "XL"]
    assert back.cat.ordered
