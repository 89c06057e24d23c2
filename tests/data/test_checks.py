import warnings

import numpy as np
import pandas as pd
import pytest

from vaekit.data import load_dataset
from vaekit.data.contents import Contents, array_contents, check_contents
from vaekit.errors import DataError, VaekitWarning


def table(rows, columns=()):
    rows = np.asarray(rows, np.float32)
    return Contents(rows=rows, shape=(rows.shape[1],), columns=columns)


@pytest.mark.parametrize(("count", "got"), [(0, "got none"), (1, "got only one")])
def test_at_least_two_rows(count, got):
    with pytest.raises(DataError, match=f"at least two rows; {got}"):
        check_contents(table(np.zeros((count, 3))), where="x")


def test_at_least_one_column():
    with pytest.raises(DataError, match="at least one column"):
        check_contents(table(np.zeros((5, 0))), where="x")


def test_nan_and_inf_are_counted_and_the_first_is_named():
    rows = np.random.default_rng(0).normal(size=(50, 3))
    rows[7, 1], rows[7, 2], rows[20, 0] = np.nan, np.inf, np.nan
    message = r"2 NaN .* 1 infinite of 150 values, the first in row 8, column 'b' .*imputation"
    with pytest.raises(DataError, match=message):
        check_contents(table(rows, ("a", "b", "c")), where="x")


def test_a_column_of_nothing_but_nan():
    with pytest.raises(DataError, match="got 2 NaN"):
        check_contents(table([[1, np.nan], [2, np.nan]]), where="x")


@pytest.mark.parametrize("value", [-0.1, 255.5, 1000.0])
def test_pixels_out_of_range(value):
    array = np.zeros((4, 3, 3))
    array[2, 1, 0] = value
    with pytest.raises(DataError, match=r"pixels in \[0, 1\] or in 0..255; got values from"):
        check_contents(array_contents(array, where="x"), where="x")


def test_constant_columns_of_a_table_are_a_warning_that_names_them():
    with pytest.warns(VaekitWarning, match=r"2 of 3 columns have one value only: 'a', 'c'\."):
        check_contents(table([[1, 2, 3], [1, 3, 3]], ("a", "b", "c")), where="x")


def test_many_constant_columns_are_counted():
    with pytest.warns(VaekitWarning, match="and 3 more"):
        check_contents(table(np.ones((4, 8))), where="x")


def test_constant_pixels_are_nothing_special():
    array = np.zeros((4, 3, 3), np.uint8)
    array[:, 1, 1] = [0, 1, 2, 3]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_contents(array_contents(array, where="x"), where="x")


@pytest.mark.parametrize("ending", ["npy", "csv", "parquet"])
def test_finite_numbers_beyond_float32_are_not_called_infinite(tmp_path, ending):
    rows = np.arange(40.0).reshape(20, 2)
    rows[3, 1] = 1e39
    path = tmp_path / f"a.{ending}"
    if ending == "npy":
        np.save(path, rows)
    else:
        frame = pd.DataFrame(rows, columns=["a", "b"])
        frame.to_csv(path, index=False) if ending == "csv" else frame.to_parquet(path)
    with pytest.raises(DataError, match=r"within the range of float32, up to 3\.4e38; got 1e\+39"):
        load_dataset(path)
