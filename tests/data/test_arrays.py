import numpy as np
import pytest

from vaekit.data import array_files as arrays
from vaekit.data.array_files import read_npy, read_npz
from vaekit.errors import DataError


@pytest.mark.parametrize(
    ("shape", "kind"), [((50, 4), "f4"), ((50, 8, 8), "u1"), ((50, 8, 8, 1), "u1")]
)
def test_npy_stays_a_memory_map(tmp_path, shape, kind):
    array = np.random.default_rng(0).integers(0, 200, shape).astype(kind)
    np.save(tmp_path / "a.npy", array)
    found = read_npy(tmp_path / "a.npy")
    assert isinstance(found.rows, np.memmap)
    assert found.rows.base is not None
    assert np.array_equal(found.rows, array.reshape(50, -1))


def test_npy_of_doubles_becomes_single_when_small_and_stays_on_the_disk_when_large(
    tmp_path, monkeypatch
):
    np.save(tmp_path / "a.npy", np.random.default_rng(0).normal(size=(50, 4)))
    assert read_npy(tmp_path / "a.npy").rows.dtype == np.float32
    monkeypatch.setattr("vaekit.data.contents.COPY_LIMIT", 100)
    large = read_npy(tmp_path / "a.npy").rows
    assert isinstance(large, np.memmap)
    assert large.dtype == np.float64


@pytest.mark.parametrize("limit", [2**28, 100])
def test_colour_is_turned_channel_by_channel_in_memory_or_once_in_the_cache(
    tmp_path, monkeypatch, limit, cache
):
    monkeypatch.setattr(arrays, "COPY_LIMIT", limit)
    pixels = np.random.default_rng(0).integers(0, 256, (20, 5, 6, 3), dtype=np.uint8)
    np.save(tmp_path / "a.npy", pixels)
    for _ in range(2):
        found = read_npy(tmp_path / "a.npy")
        assert found.shape == (3, 5, 6)
        assert np.array_equal(found.rows, pixels.transpose(0, 3, 1, 2).reshape(20, -1))
    assert cache.exists() is (limit == 100)
    assert not cache.exists() or len(list(cache.iterdir())) == 1


def test_python_objects_are_never_unpickled(tmp_path):
    np.save(tmp_path / "a.npy", np.array([{"a": 1}], object), allow_pickle=True)
    np.savez(tmp_path / "a.npz", x=np.array([{"a": 1}], object))
    with pytest.raises(DataError, match="Python objects"):
        read_npy(tmp_path / "a.npy")
    with pytest.raises(DataError, match="Python objects"):
        read_npz(tmp_path / "a.npz")


@pytest.mark.parametrize("name", ["a.npy", "a.npz"])
def test_a_file_that_is_cut_off(tmp_path, name):
    rows = np.random.default_rng(0).normal(size=(50, 4))
    np.save(tmp_path / name, rows) if name == "a.npy" else np.savez(tmp_path / name, x=rows)
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match="cut off"):
        (read_npy if name == "a.npy" else read_npz)(tmp_path / name)


@pytest.mark.parametrize(("rows", "labels"), [("x", "y"), ("data", "target"), ("Rows", "labels")])
def test_npz_under_the_usual_names(tmp_path, images, kinds, rows, labels):
    np.savez(tmp_path / "a.npz", **{rows: images, labels: kinds})
    found = read_npz(tmp_path / "a.npz")
    assert np.array_equal(found.rows, images.reshape(30, -1))
    assert found.labels.tolist() == kinds.tolist()


def test_npz_with_one_array_under_any_name(tmp_path):
    np.savez(tmp_path / "a.npz", whatever=np.eye(5))
    assert read_npz(tmp_path / "a.npz").shape == (5,)


def test_npz_without_known_names_lists_what_it_holds(tmp_path):
    np.savez(tmp_path / "a.npz", p=np.eye(5), q=np.eye(5))
    with pytest.raises(DataError, match=r"got p, q\. Save with np\.savez"):
        read_npz(tmp_path / "a.npz")


def test_npz_laid_out_like_that_of_keras_brings_its_own_test_rows(tmp_path, images, kinds):
    parts = {"x_train": images[:20], "y_train": kinds[:20]}
    np.savez(tmp_path / "a.npz", **parts, x_test=images[20:], y_test=kinds[20:])
    found = read_npz(tmp_path / "a.npz")
    assert found.sizes == (20, 0, 10)
    assert np.array_equal(found.rows, images.reshape(30, -1))
    assert found.labels.tolist() == kinds.tolist()


@pytest.mark.parametrize("keys", [("train", "val", "test"), ("train", "test")])
def test_npz_with_the_names_of_medmnist(tmp_path, images, kinds, keys):
    ends = {"train": (0, 15), "val": (15, 20), "test": (20, 30)}
    parts = {}
    for key in keys:
        start, stop = ends[key]
        parts[f"{key}_images"] = images[start:stop]
        parts[f"{key}_labels"] = kinds[start:stop].reshape(-1, 1)
    np.savez(tmp_path / "a.npz", **parts)
    found = read_npz(tmp_path / "a.npz")
    assert found.sizes == (15, 5 if "val" in keys else 0, 10)
    assert found.labels[-10:].tolist() == kinds[20:].tolist()


def test_one_hot_labels_are_positions(tmp_path, images):
    places = np.arange(30) % 4
    np.savez(tmp_path / "a.npz", x=images, y=np.eye(4)[places])
    found = read_npz(tmp_path / "a.npz")
    assert found.labels.tolist() == places.tolist()
    assert found.classes == ("0", "1", "2", "3")


def test_several_labels_in_a_row_are_refused(tmp_path, images):
    several = np.eye(4)[np.arange(30) % 4]
    several[3] = 1
    np.savez(tmp_path / "a.npz", x=images, y=several)
    with pytest.raises(DataError, match="one label for each row; got an array of shape"):
        read_npz(tmp_path / "a.npz")


def test_npz_with_labels_of_another_length(tmp_path, images, kinds):
    np.savez(tmp_path / "a.npz", x=images, y=kinds[:-2])
    with pytest.raises(DataError, match="each of the 30 rows; got 28 labels"):
        read_npz(tmp_path / "a.npz")
    parts = {"x_train": images[:20], "y_train": kinds[:19]}
    np.savez(tmp_path / "b.npz", **parts, x_test=images[20:], y_test=kinds[19:])
    with pytest.raises(DataError, match="20 rows of x_train; got 19 labels in y_train"):
        read_npz(tmp_path / "b.npz")


def test_npz_whose_test_rows_are_of_another_shape(tmp_path, images):
    np.savez(tmp_path / "a.npz", x_train=images, x_test=images[:, :3])
    with pytest.raises(DataError, match="rows of one shape"):
        read_npz(tmp_path / "a.npz")


def test_npy_without_rows(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((0, 4)))
    with pytest.raises(DataError, match="at least two rows; got none"):
        read_npy(tmp_path / "a.npy")


@pytest.mark.parametrize(("name", "other"), [("a.npy", "a.npz"), ("a.npz", "a.npy")])
def test_one_of_numpys_formats_under_the_name_of_the_other(tmp_path, name, other):
    np.savez(tmp_path / "a.npz", x=np.eye(4))
    np.save(tmp_path / "a.npy", np.eye(4))
    (tmp_path / other).replace(tmp_path / name)
    with pytest.raises(DataError, match="saved by NumPy"):
        (read_npy if name == "a.npy" else read_npz)(tmp_path / name)
