import warnings

import numpy as np
import pytest
import torch

from vaekit.data import Batches, Preprocessing, dataset_from_arrays, load_dataset
from vaekit.data.index import RepeatedIndex
from vaekit.errors import DataError
from vaekit.registry import SOURCES

DOWNLOADED = {"mnist", "fashion-mnist", "binarized-mnist"}


@pytest.mark.parametrize("name", sorted(SOURCES.names()))
def test_every_named_source_keeps_the_contract(name, request):
    """Checked rows of a known type, three splits, labels that name classes, and batches."""
    if name in DOWNLOADED:
        request.getfixturevalue("real_data")
    data = load_dataset(name, limit=50)
    assert data.name == data.source == name
    assert data.rows.dtype in (np.uint8, np.float32)
    assert [len(data.split[part]) for part in ("train", "validation", "test")] == [50, 50, 50]
    if data.labels is not None:
        assert set(np.unique(data.labels)) == set(range(len(data.classes)))
    pre = Preprocessing.fit(data)
    (batch,) = Batches(data.rows, data.split.train, batch_size=50, seed=0).epoch()
    x = pre(batch)
    assert (x.shape, x.dtype) == ((50, data.features), torch.float32)
    assert torch.isfinite(x).all()
    assert torch.allclose(pre.inverse(x), batch.float(), rtol=1e-4, atol=1e-3)
    assert data.describe()["missing"] == 0
    assert name in SOURCES
    assert SOURCES.get(name).help


@pytest.mark.parametrize(
    ("wrong", "near"), [("mnits", "mnist"), ("fashion_mnist", "fashion-mnist"), ("digit", "digits")]
)
def test_a_misspelt_name_gets_the_nearest(wrong, near):
    with pytest.raises(DataError, match=f"Did you mean.* {near}"):
        load_dataset(wrong)


def test_a_missing_path_lists_the_names_and_what_lies_beside_it(tmp_path):
    (tmp_path / "rows.csv").write_text("1,2\n")
    with pytest.raises(DataError, match=r"Did you mean .*rows\.csv.*Known sources: digits"):
        load_dataset(tmp_path / "row.csv")


@pytest.mark.parametrize("option", [{"label": "x"}, {"image_size": 8}])
def test_named_sources_take_no_options_of_files(option):
    with pytest.raises(DataError, match="is for your own files"):
        load_dataset("digits", **option)


def test_a_large_array_stays_on_the_disk(tmp_path):
    np.save(tmp_path / "rows.npy", np.random.default_rng(0).random((200, 6), np.float32))
    data = load_dataset(tmp_path / "rows.npy")
    assert isinstance(data.rows, np.memmap)
    assert data.rows.filename.name == "rows.npy"


def test_reading_leaves_nothing_behind(tmp_path, cache):
    (tmp_path / "t.csv").write_text("a,b\n1,2\nx,3\n")
    with pytest.raises(DataError):
        load_dataset(tmp_path / "t.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]
    assert not cache.exists()


@pytest.mark.parametrize("columns", [4, 5])
def test_real_tables(real_data, columns):
    file = {4: "banknote_authentication.csv", 5: "winequality-red.csv"}[columns]
    data = load_dataset(real_data / "tables" / file, label="-1")
    expected = {4: (1372, 4, 2), 5: (1599, 11, 6)}[columns]
    assert (*data.rows.shape, len(data.classes)) == expected
    assert Preprocessing.fit(data).scaling == "standard"


def test_a_real_table_with_missing_cells_is_sent_to_imputation(real_data):
    with pytest.raises(DataError, match=r"3686 are missing, .* job for imputation"):
        load_dataset(real_data / "tables" / "Adult_data.csv")


def test_arrays_in_memory():
    rows = np.random.default_rng(0).normal(size=(40, 3))
    data = dataset_from_arrays(rows, labels=["a", "b"] * 20, columns=("x", "y", "z"), name="own")
    assert (data.name, data.classes, data.columns) == ("own", ("a", "b"), ("x", "y", "z"))
    assert data.rows.dtype == np.float32
    with pytest.raises(DataError, match="each of the 40 rows; got 3"):
        dataset_from_arrays(rows, labels=[1, 2, 3])


def test_the_seed_of_the_split_is_free_of_the_global_one():
    np.random.seed(1)
    one = load_dataset("swiss-roll", seed=5).split.test
    np.random.seed(2)
    assert np.array_equal(one, load_dataset("swiss-roll", seed=5).split.test)


def test_named_sources_warn_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name in set(SOURCES.names()) - DOWNLOADED:
            load_dataset(name)


def test_very_many_rows_of_a_memory_map_are_split_by_rule_whatever_the_process(
    tmp_path, monkeypatch
):
    np.save(tmp_path / "rows.npy", np.random.default_rng(0).random((200, 6), np.float32))
    stored = load_dataset(tmp_path / "rows.npy")
    monkeypatch.setattr("vaekit.data.sources.STORED_ROWS", 199)
    data = load_dataset(tmp_path / "rows.npy")
    assert isinstance(data.split.train, RepeatedIndex)
    assert data.split.of("train").tolist() == stored.split.of("train").tolist()
    see, expected = (Preprocessing.fit(each, scale="standard") for each in (data, stored))
    assert torch.equal(see.shift, expected.shift)
    few = load_dataset(tmp_path / "rows.npy", limit=20)
    assert (len(few.split.train), len(few.split.test)) == (20, 20)
