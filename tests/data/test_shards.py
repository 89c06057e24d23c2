import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vaekit.data import Batches, Part, load_dataset
from vaekit.data.parquet import read_shards
from vaekit.data.shards import ShardedRows
from vaekit.errors import DataError


def write(folder, counts, *, width=3, kind=np.float32):
    """Shards whose rows say which row of all they are."""
    folder.mkdir(exist_ok=True)
    ends = np.cumsum(counts)
    for place, (count, end) in enumerate(zip(counts, ends, strict=True)):
        rows = np.repeat(np.arange(end - count, end), width).reshape(count, width)
        np.save(folder / f"part-{place:03d}.npy", rows.astype(kind))
    return folder


def visits(rows, index, *, of, seed=0, size=8, epoch=0, start=0):
    """For each process the rows of each of its steps, and the batches."""
    found = [
        Batches(rows, index, batch_size=size, seed=seed, part=Part(number, of))
        for number in range(of)
    ]
    steps = [
        [
            batch[: np.diff(each.span(step))[0], 0].int().tolist()
            for step, batch in enumerate(each.epoch(epoch, start=start), start=start)
        ]
        for each in found
    ]
    return steps, found


def test_shards_read_as_one_array(tmp_path):
    rows = read_shards(write(tmp_path / "rows", [5, 1, 7])).rows
    whole = np.repeat(np.arange(13), 3).reshape(13, 3)
    assert isinstance(rows, ShardedRows)
    assert rows.shape == whole.shape
    wanted = np.array([12, 0, 5, 5, 4])
    assert np.array_equal(rows[wanted], whole[wanted])
    assert np.array_equal(rows[3:9], whole[3:9])
    assert np.array_equal(rows[6], whole[6])
    assert np.array_equal(np.asarray(rows), whole)


@settings(deadline=None, max_examples=25)
@given(
    counts=st.lists(st.integers(1, 30), min_size=3, max_size=9),
    of=st.integers(1, 3),
    size=st.integers(1, 12),
    seed=st.one_of(st.none(), st.integers(0, 5)),
    chosen=st.randoms(use_true_random=False),
)
def test_every_row_comes_once_an_epoch_and_all_take_the_same_steps(
    tmp_path_factory, counts, of, size, seed, chosen
):
    rows = read_shards(write(tmp_path_factory.mktemp("shards"), counts)).rows
    firsts = np.cumsum([0, *counts[:-1]])  # every process needs a row, however few are chosen
    firsts = firsts if of > 1 else firsts[-1:]
    index = np.array(sorted({*firsts, *(row for row in range(len(rows)) if chosen.random() < 0.7)}))
    steps, found = visits(rows, index, of=of, seed=seed, size=size)
    assert {len(each) for each in steps} == {-(-len(index) // size)}
    assert sorted(row for each in steps for step in each for row in step) == index.tolist()
    assert found[0].rows == len(index)
    for step, parts in enumerate(zip(*steps, strict=True)):
        assert {each.size(step) for each in found} == {sum(map(len, parts))}
        ends = np.cumsum([len(part) for part in parts])
        assert [each.span(step)[1] for each in found] == ends.tolist()


def test_a_process_reads_no_row_of_another_s_shards(tmp_path):
    folder = write(tmp_path / "rows", [9, 4, 11, 6, 7])
    shards = []
    for number in (0, 1):
        rows = read_shards(folder).rows
        batches = Batches(rows, np.arange(37), batch_size=5, seed=1, part=Part(number, 2))
        for epoch in range(3):
            list(batches.epoch(epoch))
        shards.append(set(rows._open))
    assert shards[0] | shards[1] == set(range(5))
    assert not shards[0] & shards[1]


def test_epochs_differ_and_go_on_at_any_step(tmp_path):
    rows = read_shards(write(tmp_path / "rows", [31] * 9)).rows
    index = np.arange(0, 279, 2)
    first, _ = visits(rows, index, of=2, epoch=0)
    second, _ = visits(rows, index, of=2, epoch=1)
    assert first != second
    assert first == visits(rows, index, of=2, epoch=0)[0]
    for start in (1, 7):
        later, _ = visits(rows, index, of=2, epoch=1, start=start)
        assert later == [each[start:] for each in second]


def test_rows_of_four_shards_are_shuffled_together(tmp_path):
    rows = read_shards(write(tmp_path / "rows", [50] * 8)).rows
    (steps,), _ = visits(rows, np.arange(400), of=1, size=200)
    shards = [np.unique(np.array(step) // 50) for step in steps]
    assert [len(each) for each in shards] == [4, 4]
    assert not set(shards[0]) & set(shards[1])
    assert np.abs(np.diff(steps[0])).mean() > 20


def test_fewer_shards_than_processes_are_refused(tmp_path):
    rows = read_shards(write(tmp_path / "rows", [5, 5])).rows
    with pytest.raises(DataError, match="3 processes and 2 shards"):
        visits(rows, np.arange(10), of=3)


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (np.zeros((4, 2), np.float32), r"expected rows like those of part-000.npy"),
        (np.zeros((4, 3), np.uint8), r"expected rows like those of part-000.npy"),
        (np.zeros((0, 3), np.float32), "expected rows; got an array of shape"),
    ],
)
def test_a_shard_unlike_the_first_is_named(tmp_path, other, message):
    folder = write(tmp_path / "rows", [5, 5])
    np.save(folder / "part-007.npy", other)
    with pytest.raises(DataError, match=message) as caught:
        load_dataset(folder)
    assert "part-007.npy" in str(caught.value)


def test_shards_that_would_have_to_be_converted_are_refused(tmp_path):
    with pytest.raises(DataError, match="uint8 or float32"):
        load_dataset(write(tmp_path / "rows", [5, 5], kind=np.float64))


def test_a_damaged_shard_is_named(tmp_path):
    folder = write(tmp_path / "rows", [5, 5])
    (folder / "part-001.npy").write_bytes(b"no array")
    with pytest.raises(DataError, match=r"part-001.npy: expected arrays"):
        load_dataset(folder)


def test_a_folder_of_shards_is_a_data_set(tmp_path):
    folder = write(tmp_path / "pictures", [21, 40], width=64, kind=np.uint8)
    data = load_dataset(folder)
    assert (data.name, data.shape, len(data.rows)) == ("pictures", (1, 8, 8), 61)
    assert data.describe()["range"] == [0, 60]
    assert len(data.split.train) + len(data.split.validation) + len(data.split.test) == 61
    (batch,) = Batches(data.rows, data.split.test, batch_size=100).epoch()
    assert batch.dtype == torch.uint8
    assert batch[:, 0].tolist() == data.split.of("test").tolist()
    (batch,) = Batches(data.rows, np.array([60, 3, 25]), batch_size=100).epoch()
    assert batch[:, 0].tolist() == [60, 3, 25]


def test_parquet_in_parts(tmp_path, cache):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    folder = tmp_path / "table"
    folder.mkdir()
    parts = [([1.0, 2.0], ["b", "a"]), ([3.0, 4.0, 5.0], ["c", "c", "b"])]
    for place, (values, kinds) in enumerate(parts):
        columns = {"x": values, "y": [-each for each in values], "kind": kinds}
        parquet.write_table(pyarrow.table(columns), folder / f"part-{place}.parquet")
    data = load_dataset(folder, label="kind")
    assert np.asarray(data.rows).tolist() == [[x, -x] for x in (1, 2, 3, 4, 5)]
    assert (data.columns, data.classes) == (("x", "y"), ("a", "b", "c"))
    assert data.labels.tolist() == [1, 0, 2, 2, 1]
    assert len(list(cache.glob("part-*/rows.npy"))) == 2
    other = pyarrow.table({"x": [0.0, 1.0], "kind": ["a", "b"]})
    parquet.write_table(other, folder / "part-9.parquet")
    with pytest.raises(DataError, match=r"part-9.parquet: expected rows like those of part-0"):
        load_dataset(folder, label="kind")
