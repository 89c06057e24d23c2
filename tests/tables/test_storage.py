import sys

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from vaekit.errors import DataError, MissingExtraError
from vaekit.tables import infer_schema, read_table, write_table

TABLE = pd.DataFrame(
    {
        "n": pd.array([1, None, 3], dtype="Int64"),
        "x": [0.1, 1e-300, np.nan],
        "name": ["a, b", 'say "c"', None],
        "sure": [True, False, True],
    }
)


@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.csv.gz", "t.parquet", "new/T.CSV"])
def test_what_is_written_is_read(name, tmp_path):
    write_table(TABLE, tmp_path / name)
    assert_frame_equal(read_table(tmp_path / name), TABLE, check_exact=True)


def test_the_same_table_gives_the_same_bytes(tmp_path):
    for name in ("a.csv.gz", "b.csv.gz"):
        write_table(TABLE, tmp_path / name)
    assert (tmp_path / "a.csv.gz").read_bytes() == (tmp_path / "b.csv.gz").read_bytes()


def test_arrays_are_written_with_names(tmp_path):
    write_table(np.eye(2), tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_text() == "x0,x1\n1.0,0.0\n0.0,1.0\n"


@pytest.mark.parametrize(
    ("text", "names", "count"),
    [
        ("a,b\n1,2\n3,4\n", ["a", "b"], 2),
        ("\ufeffa;b\r\n1;2\r\n", ["a", "b"], 1),
        ("1,2\n3,4\n", ["x0", "x1"], 2),
        ("39, State-gov\n50, ?\n", ["x0", "x1"], 2),
        ("red,?\nblue,5\n", ["x0", "x1"], 2),
        ('"a, b",c\n1,2\n', ["a, b", "c"], 1),
        ("a\tb c\n1\t2\n", ["a", "b c"], 1),
        (",a\n0,5\n1,6\n", ["Unnamed: 0", "a"], 2),
    ],
)
def test_header_and_separator_are_found(text, names, count, tmp_path):
    (tmp_path / "t.csv").write_text(text, encoding="utf-8")
    table = read_table(tmp_path / "t.csv")
    assert table.columns.tolist() == names
    assert len(table) == count


@pytest.mark.parametrize("name", ["t.csv", "t.parquet"])
def test_markers_become_gaps_also_where_they_are_numbers(name, tmp_path):
    table = pd.DataFrame({"a": [1, -999, 3], "b": ["x", "?", "-"], "c": [0.5, 1.5, -999.0]})
    write_table(table, tmp_path / name)
    found = read_table(tmp_path / name, missing=("?", "-", -999))
    assert found.isna().to_numpy().tolist() == [
        [False] * 3,
        [True, True, False],
        [False, True, True],
    ]
    assert found["a"].dtype == "Int64"
    assert found["c"].dtype == "float64"
    assert read_table(tmp_path / name, missing=())["b"].tolist() == ["x", "?", "-"]


def test_gaps_of_whole_numbers_are_written_as_they_were(tmp_path):
    text = "age,rooms\n31,2\n,3\n40,\n25,5\n"
    (tmp_path / "t.csv").write_text(text)
    table = read_table(tmp_path / "t.csv")
    schema = infer_schema(table)
    values = schema.encode(table)
    write_table(schema.decode(values, like=table), tmp_path / "same.csv")
    assert (tmp_path / "same.csv").read_text() == text
    write_table(schema.decode(np.nan_to_num(values, nan=3.3), like=table), tmp_path / "full.csv")
    assert (tmp_path / "full.csv").read_text() == "age,rooms\n31,2\n3,3\n40,3\n25,5\n"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.xlsx", b"", r"expected a name that ends in \.csv"),
        ("t.csv", b"", "the file is empty"),
        ("t.csv", b"a,b\n", "got 0 rows of 2 columns"),
        ("t.csv", b"a,b\n\x00,2\n", "expected text; the file is binary"),
        ("t.csv.gz", b"no gzip", "expected a whole gzip file"),
        ("t.parquet", b"no parquet", "cannot be read as a table"),
    ],
)
def test_files_that_are_no_tables_are_refused(name, content, message, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        read_table(tmp_path / name)
    assert name in str(caught.value)


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(DataError, match="No such file"):
        read_table(tmp_path / "none.csv")


def test_pyarrow_that_is_missing_is_named(tmp_path, monkeypatch):
    write_table(TABLE, tmp_path / "t.parquet")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"pyarrow: pip install 'vaekit\[tables\]'"):
        read_table(tmp_path / "t.parquet")
