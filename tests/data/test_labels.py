import numpy as np
import pytest

from vaekit.data.contents import arrange_labels, encode_labels, find_label_column
from vaekit.errors import DataError


@pytest.mark.parametrize(
    ("values", "classes", "positions"),
    [
        (["b", "a", "b"], ("a", "b"), [1, 0, 1]),
        ([10, 9, 2, 9], ("2", "9", "10"), [2, 1, 0, 1]),
        (["10", "9"], ("9", "10"), [1, 0]),
        ([1.0, 0.0], ("0", "1"), [1, 0]),
        ([True, False], ("False", "True"), [1, 0]),
        (np.array([[3], [1]]), ("1", "3"), [1, 0]),
    ],
)
def test_labels_become_positions_in_sorted_names(values, classes, positions):
    labels, names = encode_labels(values, where="x")
    assert names == classes
    assert labels.tolist() == positions
    assert labels.dtype == np.int64


def test_the_same_number_written_twice_is_one_class():
    labels, names = arrange_labels(["1", "1.0", "0"], np.array([0, 1, 2]), where="x")
    assert names == ("0", "1")
    assert labels.tolist() == [1, 1, 0]


@pytest.mark.parametrize("gap", ["", " ", "nan", "?"])
def test_a_missing_label_is_refused_with_its_row(gap):
    with pytest.raises(DataError, match="row 3 has none"):
        encode_labels(["a", "b", gap], where="x")


def test_fractions_are_not_classes():
    with pytest.raises(DataError, match=r"name classes .* got 0\.25"):
        encode_labels([0.25, 1.0], where="x")


def test_one_label_a_row():
    with pytest.raises(DataError, match=r"one label for each row; got .* \(3, 10\)"):
        encode_labels(np.full((3, 10), 0.1), where="x")


@pytest.mark.parametrize(
    ("label", "place"), [("kind", 2), ("0", 0), ("-1", 2), (None, None), ("b", 1)]
)
def test_a_label_column_is_found_by_name_or_position(label, place):
    assert find_label_column(label, names=("a", "b", "kind"), where="x") == place


def test_a_column_named_label_is_found_alone_and_a_name_goes_before_a_position():
    assert find_label_column(None, names=("x", "Label"), where="x") == 1
    assert find_label_column("1", names=("1", "0"), where="x") == 0


@pytest.mark.parametrize("label", ["kidn", "3", "-4"])
def test_an_unknown_label_column_names_the_known_ones(label):
    with pytest.raises(DataError, match=r"no label column .*\(a, b, kind\)"):
        find_label_column(label, names=("a", "b", "kind"), where="x")


def test_a_misspelt_label_column_gets_the_nearest_name():
    with pytest.raises(DataError, match="Did you mean 'kind'"):
        find_label_column("kidn", names=("a", "b", "kind"), where="x")
