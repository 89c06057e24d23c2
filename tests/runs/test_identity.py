"""The identity of the rows that a run was trained on."""

import hashlib
import json
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from vaekit.data import load_dataset
from vaekit.data.shards import ShardedRows
from vaekit.errors import DataError
from vaekit.runs import RunFolder, check_identity, identify, run

ROWS = 20_003


@pytest.fixture
def dataset():
    """More rows than earlier versions hashed, with labels."""
    digits = load_dataset("digits")
    rows = np.random.default_rng(0).random((ROWS, digits.rows.shape[1]), np.float32)
    return replace(digits, rows=rows, labels=np.arange(ROWS) % 10)


@pytest.fixture
def folder(tmp_path, dataset):
    found = RunFolder(tmp_path)
    found.write_json(found.data, identify(dataset))
    return found


def sampled(count):
    return np.linspace(0, count - 1, 10_000).astype(np.int64)


def test_the_hash_is_that_of_all_rows_and_labels(dataset, monkeypatch):
    monkeypatch.setattr(run, "_HASHED_BYTES", 1000)  # some rows at a time
    expected = hashlib.sha256(dataset.rows.tobytes() + dataset.labels.tobytes()).hexdigest()
    assert identify(dataset)["sha256"] == expected


def test_rows_in_shards_have_the_hash_of_the_same_rows_in_one_array(dataset, monkeypatch):
    monkeypatch.setattr(run, "_HASHED_BYTES", 10_000)
    parts = np.array_split(dataset.rows, 3)
    rows = ShardedRows(
        [partial(np.asarray, part) for part in parts],
        counts=[len(part) for part in parts],
        features=dataset.rows.shape[1],
        dtype=dataset.rows.dtype,
    )
    assert identify(replace(dataset, rows=rows)) == identify(dataset)


@pytest.mark.parametrize("what", ["rows", "labels"])
def test_a_change_of_any_row_is_seen(folder, dataset, what):
    between = np.setdiff1d(np.arange(ROWS), sampled(ROWS))[7]
    check_identity(folder, dataset)
    getattr(dataset, what)[between] += 1
    with pytest.raises(DataError, match="their values or their order differ"):
        check_identity(folder, dataset)


def test_a_sample_that_earlier_versions_hashed_is_compared(folder, dataset):
    known = json.loads(folder.data.read_text())
    some = sampled(ROWS)
    found = hashlib.sha256(dataset.rows[some].tobytes() + dataset.labels[some].tobytes())
    known["sha256"] = found.hexdigest()
    del known["hashed_rows"]
    folder.data.write_text(json.dumps(known))
    check_identity(folder, dataset)
    dataset.rows[some[5]] += 1
    with pytest.raises(DataError, match="their values or their order differ"):
        check_identity(folder, dataset)
