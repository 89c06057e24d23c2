import gzip

import numpy as np
import pytest

from vaekit.data.array_files import parse_idx, read_idx
from vaekit.errors import DataError


def test_the_published_example_of_the_format():
    """Two images of 2x2 bytes, written by hand."""
    header = bytes([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2])
    found = parse_idx(header + bytes(range(8)), where="x")
    assert found.tolist() == [[[0, 1], [2, 3]], [[4, 5], [6, 7]]]


@pytest.mark.parametrize(
    ("code", "kind"), [(8, "u1"), (9, "i1"), (11, ">i2"), (12, ">i4"), (13, ">f4"), (14, ">f8")]
)
def test_all_types(code, kind):
    values = np.array([1, 2, 100], kind)
    content = bytes([0, 0, code, 1, 0, 0, 0, 3]) + values.tobytes()
    assert parse_idx(content, where="x").tolist() == [1, 2, 100]


@pytest.mark.parametrize("change", [slice(None, -1), slice(None, 10), slice(None, 17)])
def test_a_file_that_is_cut_off(change):
    header = bytes([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2])
    with pytest.raises(DataError, match="cut off or damaged"):
        parse_idx((header + bytes(range(8)))[change], where="x")


def test_a_gzip_file_that_is_cut_off(tmp_path, images, write_idx):
    path = write_idx(tmp_path / "own-images-idx3-ubyte.gz", images)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match=r"own-images-idx3-ubyte\.gz: expected a whole gzip file"):
        read_idx(path)


def test_labels_beside_the_images_are_found_packed_or_not(tmp_path, images, kinds, write_idx):
    path = write_idx(tmp_path / "own-images-idx3-ubyte.gz", images)
    assert read_idx(path).labels is None
    write_idx(tmp_path / "own-labels-idx1-ubyte", kinds)
    assert read_idx(path).labels.tolist() == kinds.tolist()


def test_labels_of_another_length(tmp_path, images, kinds, write_idx):
    path = write_idx(tmp_path / "own-images-idx3-ubyte", images)
    write_idx(tmp_path / "own-labels-idx1-ubyte", kinds[:-1])
    with pytest.raises(DataError, match="each of the 30 rows; got 29 labels"):
        read_idx(path)


def test_the_file_of_labels_given_by_mistake(tmp_path, kinds, write_idx):
    path = write_idx(tmp_path / "own-labels-idx1-ubyte", kinds)
    with pytest.raises(DataError, match="Give the file with the images"):
        read_idx(path)


def test_a_page_of_an_error_in_place_of_the_file(tmp_path):
    path = tmp_path / "train-images-idx3-ubyte.gz"
    path.write_bytes(gzip.compress(b"<html>Not found</html>"))
    with pytest.raises(DataError, match="expected an idx file"):
        read_idx(path)
