"""Columns that float32 cannot hold are read, scaled and written without loss."""

import numpy as np
import pandas as pd
import pytest
import torch

import vaekit
from vaekit.data import Preprocessing, load_dataset
from vaekit.errors import VaekitWarning

START = 1_700_000_000


@pytest.fixture
def frame():
    draw = np.random.default_rng(0)
    seconds = START + np.arange(300)
    return pd.DataFrame({"time": seconds, "x": draw.normal(size=300)})


def save(frame, path):
    match path.suffix:
        case ".csv":
            frame.to_csv(path, index=False)
        case ".parquet":
            frame.to_parquet(path)
        case ".npy":
            np.save(path, frame.to_numpy())
        case ".npz":
            np.savez(path, frame.to_numpy())


@pytest.mark.parametrize("kind", [".csv", ".parquet", ".npy", ".npz"])
@pytest.mark.parametrize("dtype", ["int64", "float64"])
def test_seconds_since_1970_stay_apart(frame, tmp_path, kind, dtype):
    path = tmp_path / f"rows{kind}"
    save(frame.astype({"time": dtype}), path)
    dataset = load_dataset(str(path))
    np.testing.assert_array_equal(dataset.rows[:, 0], frame["time"])
    fitted = Preprocessing.fit(dataset)
    seen = fitted(torch.from_numpy(np.array(dataset.rows)))
    assert seen.dtype == torch.float32
    assert len(seen[:, 0].unique()) == 300
    train = seen[dataset.split.train, 0]
    assert float(train.mean()) == pytest.approx(0, abs=1e-5)
    assert float(train.std(correction=0)) == pytest.approx(1, abs=1e-5)
    back = fitted.inverse(seen)[:, 0]
    np.testing.assert_allclose(back, frame["time"], atol=1e-3, rtol=0)


@pytest.mark.parametrize("values", [np.arange(2000, 2300), np.linspace(0, 1, 300)])
def test_other_columns_are_float32_as_before(values, tmp_path):
    path = tmp_path / "rows.csv"
    pd.DataFrame({"a": values, "b": values[::-1]}).to_csv(path, index=False)
    dataset = load_dataset(str(path))
    assert dataset.rows.dtype == np.float32
    assert Preprocessing.fit(dataset).shift.dtype == torch.float32


def test_a_parquet_file_without_statistics_is_looked_through(frame, tmp_path):
    path = tmp_path / "rows.parquet"
    frame.to_parquet(path, write_statistics=False)
    np.testing.assert_array_equal(load_dataset(str(path)).rows[:, 0], frame["time"])


def test_a_run_keeps_them_apart(frame, tmp_path):
    frame["y"] = (frame["time"] - START) / 100
    frame.to_csv(tmp_path / "rows.csv", index=False)
    vaekit.train(data=str(tmp_path / "rows.csv"), out=tmp_path / "run", epochs=30)
    model = vaekit.load(tmp_path / "run")
    assert model.preprocessing.shift.dtype == torch.float64
    found = model.reconstruct(frame)["time"]
    assert np.corrcoef(found - START, frame["time"] - START)[0, 1] > 0.9


def test_one_huge_cell_that_merges_a_column_is_named(tmp_path):
    values = np.random.default_rng(0).normal(size=(300, 2))
    values[7, 1] = 1e12
    np.save(tmp_path / "rows.npy", values)
    dataset = load_dataset(tmp_path / "rows.npy", validation=0, test=0)
    with pytest.warns(VaekitWarning, match=r"distinct values of 1 \(300 distinct values become"):
        Preprocessing.fit(dataset)


def test_a_few_rows_far_apart_are_encoded_like_all(frame, tmp_path):
    """Of rows of another range float32 loses what matters to the model."""
    frame.to_csv(tmp_path / "rows.csv", index=False)
    model = vaekit.train(data=str(tmp_path / "rows.csv"), out=tmp_path / "run", epochs=1)
    codes = model.encode(frame)
    two = pd.concat([frame.iloc[[7, 8]], frame.iloc[[9]].assign(time=START + 10**8)])
    np.testing.assert_allclose(model.encode(two)[:2], codes[7:9], atol=1e-5)
