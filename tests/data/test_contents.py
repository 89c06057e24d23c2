import numpy as np
import pytest

from vaekit.data.contents import array_contents, table_contents
from vaekit.errors import DataError


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((5, 4, 6), (1, 4, 6)),
        ((5, 4, 6, 1), (1, 4, 6)),
        ((5, 4, 6, 3), (3, 4, 6)),
        ((5, 3, 4, 6), (3, 4, 6)),
        ((5, 1, 4, 6), (1, 4, 6)),
        ((5, 7), (7,)),
    ],
)
def test_shapes(shape, expected):
    found = array_contents(np.zeros(shape, np.float32), where="x")
    assert found.shape == expected
    assert found.rows.shape == (5, np.prod(expected))


def test_colour_is_stored_channel_by_channel():
    pixels = np.arange(2 * 2 * 2 * 3, dtype=np.uint8).reshape(2, 2, 2, 3)
    rows = array_contents(pixels, where="x").rows
    assert rows[0].tolist() == [0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11]


def test_an_alpha_channel_is_refused():
    with pytest.raises(DataError, match="1 or 3 channels; got"):
        array_contents(np.zeros((5, 8, 8, 4)), where="x")


@pytest.mark.parametrize("bad", [np.zeros(5), np.zeros((5, 2), complex), np.array([["a"], ["b"]])])
def test_what_is_not_rows_of_numbers_is_refused(bad):
    with pytest.raises(DataError, match="expected numbers as"):
        array_contents(bad, where="x")


def test_no_rows():
    with pytest.raises(DataError, match="at least two rows; got none"):
        array_contents(np.zeros((0, 4)), where="x")


@pytest.mark.parametrize(
    ("kind", "shape", "expected"),
    [
        ("u1", (4, 3, 3), "u1"),
        ("i8", (4, 3, 3), "u1"),
        ("f8", (4, 3, 3), "f4"),
        ("bool", (4, 3, 3), "u1"),
        ("i8", (4, 3), "f4"),
        ("u1", (4, 3), "f4"),
        (">f4", (4, 3), "f4"),
    ],
)
def test_rows_are_bytes_for_pixels_and_single_floats_otherwise(kind, shape, expected):
    assert array_contents(np.ones(shape, kind), where="x").rows.dtype == np.dtype(expected)


@pytest.mark.parametrize(("highest", "expected"), [(1, 1.0), (2, 255.0), (255, 255.0)])
def test_range_of_pixels(highest, expected):
    array = np.zeros((3, 2, 2), np.uint8)
    array[1, 1, 1] = highest
    assert array_contents(array, where="x").value_range == (0.0, expected)


def test_tables_have_no_range():
    assert array_contents(np.ones((3, 2)), where="x").value_range is None


def test_square_rows_of_bytes_and_columns_named_pixel_are_images():
    pixels = tuple(f"pixel{number}" for number in range(1, 65))
    assert table_contents(np.zeros((2, 64), np.uint8)).shape == (1, 8, 8)
    assert table_contents(np.full((2, 64), 200.0), columns=pixels).rows.dtype == np.uint8
    assert table_contents(np.full((2, 64), 0.5), columns=pixels).rows.dtype == np.float32
    assert table_contents(np.zeros((2, 64))).shape == (64,)
    assert table_contents(np.zeros((2, 49), np.uint8)).shape == (49,)


def test_labels_of_another_length():
    contents = array_contents(np.zeros((4, 2)), where="x")
    with pytest.raises(DataError, match="each of the 4 rows; got 3 labels"):
        contents.with_labels([0, 1, 0], where="x")
