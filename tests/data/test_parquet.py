import sys
from decimal import Decimal

import numpy as np
import pytest

from vaekit.data import load_dataset
from vaekit.data.parquet import read_parquet
from vaekit.errors import DataError, MissingExtraError

pyarrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")


@pytest.fixture
def write(tmp_path):
    def run(row_group_size=7, **columns):
        path = tmp_path / "t.parquet"
        parquet.write_table(pyarrow.table(columns), path, row_group_size=row_group_size)
        return path

    return run


def test_rows_are_a_memory_map_in_the_cache_written_once(write, cache):
    rows = np.random.default_rng(0).normal(size=(50, 2))
    path = write(a=rows[:, 0], b=rows[:, 1])
    for _ in range(2):
        found = read_parquet(path)
        assert isinstance(found.rows, np.memmap)
        assert np.array_equal(found.rows, rows.astype(np.float32))
    assert len(list(cache.iterdir())) == 1


def test_a_changed_file_is_read_anew(write):
    assert read_parquet(write(a=[1, 2, 3])).rows[0] == 1
    assert read_parquet(write(a=[5, 6, 7, 8])).rows[0] == 5


def test_all_kinds_of_numbers(write):
    path = write(i=[1, 2], f=[0.5, 1.5], b=[True, False], d=[Decimal("1.5"), Decimal("2.5")])
    assert read_parquet(path).rows.tolist() == [[1, 0.5, 1, 1.5], [2, 1.5, 0, 2.5]]


@pytest.mark.parametrize("dictionary", [True, False])
def test_labels(write, dictionary):
    kinds = pyarrow.array(["red", "blue", "red"])
    path = write(a=[1, 2, 3], kind=kinds.dictionary_encode() if dictionary else kinds)
    found = read_parquet(path, label="kind")
    assert found.classes == ("blue", "red")
    assert found.labels.tolist() == [1, 0, 1]
    assert found.columns == ("a",)


def test_pixels(write):
    pixels = np.random.default_rng(0).integers(0, 256, (20, 64), dtype=np.uint8)
    columns = {f"pixel{at}": pixels[:, at] for at in range(64)}
    found = read_parquet(write(label=np.arange(20) % 2, **columns))
    assert found.shape == (1, 8, 8)
    assert found.rows.dtype == np.uint8
    assert np.array_equal(found.rows, pixels)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"a": [1.0, 2.0], "b": ["x", "y"]}, r"column 'b': expected numbers; got string"),
        ({"a": [1.0, None, 3.0]}, r"1 NaN .* row 2, column 'a'"),
        ({"a": [1, None, 3]}, r"1 NaN .* row 2, column 'a'"),
        ({"a": [1.0]}, "at least two rows; got only one"),
        ({"label": ["x", "y"]}, "got 2 rows of 0 such columns"),
        ({"a": [1, 2], "label": ["x", None]}, "row 2 has none"),
        ({"a": pyarrow.array([], "double")}, "got 0 rows"),
    ],
)
def test_bad_input_leaves_nothing_in_the_cache(write, cache, columns, message):
    with pytest.raises(DataError, match=message):
        load_dataset(write(**columns))
    assert not cache.exists() or list(cache.iterdir()) == []


def test_a_file_that_is_cut_off(write):
    path = write(a=np.arange(1000.0))
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(DataError, match="cut off or damaged"):
        read_parquet(path)


def test_a_missing_pyarrow_is_named_with_its_extra(write, monkeypatch):
    path = write(a=[1.0, 2.0])
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'vaekit\[tables\]'"):
        read_parquet(path)
