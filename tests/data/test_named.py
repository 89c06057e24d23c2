import numpy as np
import pytest

from vaekit.data import Preprocessing, load_dataset
from vaekit.data.sources import read_idx_folder
from vaekit.errors import DataError


@pytest.fixture
def folder(tmp_path, images, kinds, write_idx):
    place = tmp_path / "own"
    place.mkdir()
    for part, rows in (("train", slice(0, 20)), ("t10k", slice(20, 30))):
        write_idx(place / f"{part}-images-idx3-ubyte.gz", images[rows])
        write_idx(place / f"{part}-labels-idx1-ubyte", kinds[rows])
    return place


def test_four_files_become_training_and_test_rows(folder, images, kinds):
    data = load_dataset(str(folder), validation=0.2)
    assert np.array_equal(data.rows, images.reshape(30, -1))
    assert np.array_equal(data.labels, kinds)
    assert data.split.test.tolist() == list(range(20, 30))
    assert len(data.split.validation) == 4


def test_a_missing_file_is_named(folder):
    (folder / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(DataError, match=r"t10k-labels-idx1-ubyte\.gz; it is not there"):
        read_idx_folder(folder)


def test_labels_of_another_length_are_named(folder, kinds, write_idx):
    write_idx(folder / "train-labels-idx1-ubyte", kinds[:19])
    with pytest.raises(DataError, match=r"each of the 20 images .* got 19 labels"):
        read_idx_folder(folder)


def test_labels_that_are_not_the_classes(folder):
    with pytest.raises(DataError, match="expected labels 0 to 1; got others"):
        read_idx_folder(folder, classes=("no", "yes"))


@pytest.mark.parametrize(
    ("name", "mean", "first"),
    [("mnist", 0.1307, "5"), ("fashion-mnist", 0.2860, "Ankle boot")],
)
def test_the_mnist_family(real_data, name, mean, first):
    data = load_dataset(name, validation=0)
    assert data.rows.shape == (70000, 784)
    assert data.rows.dtype == np.uint8
    assert (len(data.split.train), len(data.split.test)) == (60000, 10000)
    # The mean that every tutorial normalises with.
    assert data.rows[data.split.train].mean() / 255 == pytest.approx(mean, abs=1e-4)
    assert data.classes[data.labels[0]] == first


def test_the_fixed_binarization(real_data):
    data = load_dataset("binarized-mnist", validation=0.5)
    assert [len(data.split[name]) for name in ("train", "validation", "test")] == [
        50000,
        10000,
        10000,
    ]
    assert data.rows[:5000].max() == 1
    assert Preprocessing.fit(data).support == "binary"


def test_a_damaged_file_of_bits(tmp_path, monkeypatch):
    place = tmp_path / "data" / "binarized-mnist"
    place.mkdir(parents=True)
    np.savez(place / "binarized_mnist_larochelle.npz", train=np.zeros((2, 98), np.uint8))
    monkeypatch.setenv("VAEKIT_DATA", str(tmp_path / "data"))
    with pytest.raises(DataError, match="train, valid and test"):
        load_dataset("binarized-mnist")
