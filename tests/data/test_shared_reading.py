"""A first look that several processes share finds what one alone finds; here they are threads."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier

import numpy as np
import pytest
import torch

from vaekit.data import Preprocessing, share_reading
from vaekit.data.chunks import extremes
from vaekit.data.contents import Contents
from vaekit.data.preprocessing import fit_statistics, mean_and_deviation
from vaekit.data.shards import ShardedRows
from vaekit.data.sources import load_dataset
from vaekit.errors import DataError, VaekitWarning


@pytest.fixture(autouse=True)
def without_a_lock(monkeypatch):
    """Before Python 3.12 one thread that computes a cached property keeps the others waiting."""
    monkeypatch.setattr(Contents, "extremes", property(lambda self: extremes(self.rows)))


class Meeting:
    """What the threads share."""

    def __init__(self, count):
        self.found, self.barrier = [None] * count, Barrier(count, timeout=5)


class Thread:
    """One of the processes, as a data set sees it."""

    def __init__(self, number, meeting):
        self.part, self._meeting, self.order = (number, len(meeting.found)), meeting, []

    def gather(self, numbers):
        self._meeting.found[self.part[0]] = numbers
        self._meeting.barrier.wait()
        found = np.stack(self._meeting.found)
        self._meeting.barrier.wait()
        return found

    @contextmanager
    def first_alone(self):
        if self.part[0]:
            self._meeting.barrier.wait()
        yield
        if not self.part[0]:
            self._meeting.barrier.wait()


def together(count, work):
    """What each of so many threads makes of some work."""
    meeting = Meeting(count)

    def one(number):
        with share_reading(Thread(number, meeting)):
            try:
                return work()
            except DataError as error:
                return error

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def shards(folder, rows, counts=(5, 11, 3, 8, 13)):
    """The rows in files of odd lengths."""
    folder.mkdir()
    for place, part in enumerate(np.split(rows, np.cumsum(counts)[:-1])):
        np.save(folder / f"{place}.npy", part)
    return folder


ROWS = (100 + 50 * np.random.default_rng(0).standard_normal((40, 3))).astype(np.float32)


@pytest.mark.parametrize("count", [2, 3, 5])
@pytest.mark.parametrize("kind", ["file", "shards"])
@pytest.mark.parametrize("scale", ["auto", "unit", "standard", "none"])
def test_scale_and_support_are_those_that_one_alone_finds(tmp_path, count, kind, scale):
    path = shards(tmp_path / "rows", ROWS) if kind == "shards" else tmp_path / "rows.npy"
    if kind == "file":
        np.save(path, ROWS)

    def look():
        return fit_statistics(load_dataset(path), scale=scale)

    alone = look()
    for found in together(count, look):
        assert found[2:] == alone[2:]
        np.testing.assert_allclose(found.shift, alone.shift, rtol=1e-12)
        np.testing.assert_allclose(found.scale, alone.scale, rtol=1e-12)


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("binarize", ["none", "threshold", "dynamic"])
def test_the_mean_of_what_the_model_sees_needs_no_noise(tmp_path, count, binarize):
    rows = np.random.default_rng(1).random((40, 3)).astype(np.float32)
    path = shards(tmp_path / "rows", rows)

    def look():
        data = load_dataset(path)
        return Preprocessing.fit(data, binarize=binarize).mean(data)

    seen = load_dataset(path).split.train
    expected = (rows[seen] >= 0.5 if binarize == "threshold" else rows[seen]).mean(0)
    before = torch.get_rng_state()
    for found in together(count, look):
        np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert torch.equal(torch.get_rng_state(), before)


def as_parquet(folder):
    """The same rows as tables."""
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    for path in folder.glob("*.npy"):
        columns = dict(zip("abc", np.load(path).T, strict=True))
        parquet.write_table(pyarrow.table(columns), path.with_suffix(".parquet"))
        path.unlink()
    return folder


@pytest.mark.parametrize("count", [2, 4])
@pytest.mark.parametrize("kind", ["npy", "parquet"])
def test_each_opens_shards_of_its_own_alone(tmp_path, count, kind):
    path = shards(tmp_path / "rows", ROWS)
    if kind == "parquet":
        path = as_parquet(path)

    def look():
        data = load_dataset(path)
        fit_statistics(data, scale="standard")
        assert isinstance(data.rows, ShardedRows)
        return set(data.rows._open)

    opened = together(count, look)
    assert sum(map(len, opened)) == len(set.union(*opened)) == 5


@pytest.mark.parametrize("count", [2, 50])
def test_more_processes_than_rows_and_types_that_stay(count):
    rows = np.arange(12, dtype=np.uint8).reshape(4, 3)
    index = np.array([0, 2, 3])
    for found in together(count, lambda: extremes(rows, index=index)):
        assert found.low.dtype == found.high.dtype == np.uint8
        assert (found.low.tolist(), found.high.tolist()) == ([0, 1, 2], [9, 10, 11])
    mean, deviation = mean_and_deviation(rows, index=index)
    for found in together(count, lambda: mean_and_deviation(rows, index=index)):
        np.testing.assert_allclose(found, (mean, deviation))


def test_whether_values_are_only_two_depends_on_all(tmp_path):
    rows = np.zeros((40, 3), np.float32)
    rows[::2] = 1
    np.save(tmp_path / "two.npy", rows)
    rows[-1] = 0.5
    np.save(tmp_path / "three.npy", rows)
    for name, support in (("two", "binary"), ("three", "unit")):
        path = tmp_path / f"{name}.npy"
        found = together(3, lambda path=path: fit_statistics(load_dataset(path), scale="auto"))
        assert [each.support for each in found] == [support] * 3


def test_all_refuse_what_one_of_them_sees(tmp_path):
    rows = ROWS.copy()
    rows[-1, 1], rows[30, 2], rows[20, 0] = np.nan, np.nan, np.inf
    np.save(tmp_path / "rows.npy", rows)
    with pytest.raises(DataError) as alone:
        load_dataset(tmp_path / "rows.npy")
    found = together(3, lambda: load_dataset(tmp_path / "rows.npy"))
    assert [str(error) for error in found] == [str(alone.value)] * 3
    assert "got 2 NaN (missing) and 1 infinite" in str(found[0])
    assert "the first in row 21, column '0'" in str(found[0])


def test_one_warning_of_a_constant_column(tmp_path):
    rows = ROWS.copy()
    rows[:, 1] = 7
    np.save(tmp_path / "rows.npy", rows)
    with pytest.warns(VaekitWarning, match="1 of 3 columns have one value only") as told:
        together(3, lambda: load_dataset(tmp_path / "rows.npy"))
    assert len(told) == 1
