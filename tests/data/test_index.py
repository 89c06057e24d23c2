import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaekit.data.index import RepeatedIndex


@given(
    length=st.integers(1, 12),
    rows=st.integers(0, 60),
    chosen=st.sets(st.integers(0, 11), min_size=1),
)
def test_a_rule_reads_as_the_array_of_its_positions(length, rows, chosen):
    pattern = np.array(sorted({place % length for place in chosen}))
    index = RepeatedIndex(pattern, length=length, rows=rows)
    expected = np.array([row for row in range(rows) if row % length in pattern], np.int64)
    assert len(index) == len(expected)
    assert np.array_equal(np.asarray(index), expected)
    assert np.array_equal(index[1:7:2], expected[1:7:2])
    assert np.array_equal(index[-3:], expected[-3:])
    if len(expected):
        assert index[0] == expected[0]
        again = np.array([len(expected) - 1, 0])
        assert np.array_equal(index[again], expected[again])


def test_an_array_reads_it_as_numbers_and_as_positions():
    index = RepeatedIndex(np.array([1, 2]), length=4, rows=8)
    assert np.asarray(index, np.float32).dtype == np.float32
    assert np.arange(80).reshape(8, 10)[index].shape == (4, 10)


@pytest.mark.parametrize("rows", [10**9, 10**12])
def test_any_number_of_rows_takes_no_memory(rows):
    index = RepeatedIndex(np.arange(0, 10_007, 2), length=10_007, rows=rows)
    assert 0.49 * rows < len(index) < 0.51 * rows
    assert index[len(index) - 1] < rows
