"""The census table of UCI, with the kinds that the authors of HI-VAE gave its columns."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from vaekit.tables import infer_schema, read_table

GIVEN = os.environ.get("VAEKIT_DATA")  # as it was before any test changed it
KINDS = {"count": "count", "cat": "categorical", "pos": "positive", "ordinal": "ordinal"}
GAINS = ("x9", "x10")
"""Capital gain and loss: zero for most, which has no logarithm, so they are counts here."""


@pytest.fixture(scope="module")
def folder():
    if not GIVEN:
        pytest.skip("VAEKIT_DATA does not name a folder with the real data sets")
    found = Path(GIVEN) / "tables"
    if not (found / "Adult_data.csv").is_file():
        pytest.skip("there is no Adult_data.csv in the folder tables of VAEKIT_DATA")
    return found


@pytest.fixture(scope="module")
def table(folder):
    return read_table(folder / "Adult_data.csv")


@pytest.fixture(scope="module")
def types(folder):
    return pd.read_csv(folder / "Adult_data_types.csv")


@pytest.fixture(scope="module")
def kinds(types):
    return {
        f"x{place}": "count" if f"x{place}" in GAINS else KINDS[kind]
        for place, kind in enumerate(types["type"])
    }


def test_the_kinds_of_the_paper_hold_the_table(table, types, kinds):
    schema = infer_schema(table, kinds=kinds)
    assert len(schema.modelled) == 12
    levels = {f"x{place}": count for place, count in enumerate(types["nclass"])}
    for column in schema.columns:
        assert len(column.levels) == np.nan_to_num(levels[column.name])
        assert column.whole


def test_without_kinds_amounts_are_still_told_from_names(table):
    guessed = {column.name: column.kind for column in infer_schema(table).columns}
    assert guessed.pop("x8") == "binary"
    assert set(guessed.values()) == {"count"}


def test_the_table_comes_back(table, kinds):
    schema = infer_schema(table, kinds=kinds)
    values = schema.encode(table)
    assert np.isnan(values).sum(axis=0).tolist() == table.isna().sum().tolist()
    assert np.isnan(values).sum() == 3686
    assert_frame_equal(schema.decode(values, like=table), table, check_exact=True)
    filled = schema.decode(np.nan_to_num(values, nan=0.0), like=table)
    assert not filled.isna().any().any()
    assert filled.dtypes.tolist() == table.dtypes.tolist()
