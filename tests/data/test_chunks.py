import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaekit.data.chunks import chunks, extremes


@settings(deadline=None, max_examples=50)
@given(count=st.integers(1, 40), width=st.integers(1, 5), values=st.integers(1, 60))
def test_pieces_put_together_are_the_rows(count, width, values):
    rows = np.arange(count * width).reshape(count, width)
    pieces = list(chunks(rows, values=values))
    assert np.array_equal(np.concatenate([piece for _, piece in pieces]), rows)
    assert all(piece.size <= max(values, width) for _, piece in pieces)
    assert [start for start, _ in pieces] == np.cumsum([0] + [len(p) for _, p in pieces])[
        :-1
    ].tolist()


def test_pieces_of_chosen_rows_only():
    rows = np.arange(10).reshape(5, 2)
    pieces = [piece for _, piece in chunks(rows, index=np.array([4, 1]), values=2)]
    assert np.concatenate(pieces).tolist() == [[8, 9], [2, 3]]


@pytest.mark.parametrize("kind", [np.uint8, np.float32, np.float64])
def test_extremes_equal_those_of_the_whole(kind):
    rows = np.random.default_rng(0).uniform(0, 200, (50, 3)).astype(kind)
    found = extremes(rows)
    assert np.array_equal(found.low, rows.min(axis=0))
    assert np.array_equal(found.high, rows.max(axis=0))
    assert found.missing == 0


def test_missing_values_are_counted_and_do_not_spread():
    rows = np.array([[np.nan, 1.0], [2.0, np.nan], [3.0, 0.0]])
    found = extremes(rows)
    assert found.missing == 2
    assert found.low.tolist() == [2.0, 0.0]
    assert found.high.tolist() == [3.0, 1.0]
