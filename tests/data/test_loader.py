import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vaekit.data import batches as loader
from vaekit.data.batches import Batches, Part
from vaekit.data.index import RepeatedIndex
from vaekit.errors import ConfigError, DataError


def numbered(count=23, width=3, kind=np.float32):
    """Rows that say which row they are."""
    return np.repeat(np.arange(count), width).reshape(count, width).astype(kind)


def visited(batches, number=0, start=0):
    return torch.cat([batch[:, 0] for batch in batches.epoch(number, start=start)]).int().tolist()


@settings(deadline=None, max_examples=50)
@given(
    count=st.integers(1, 60),
    size=st.integers(1, 25),
    seed=st.one_of(st.none(), st.integers(0, 9)),
    resident=st.booleans(),
)
def test_every_row_of_the_split_comes_exactly_once_an_epoch(count, size, seed, resident):
    index = np.arange(60)[::-1][:count]
    batches = Batches(
        numbered(60), index, batch_size=size, seed=seed, resident_limit_mb=2048 if resident else 0
    )
    assert batches.resident is resident
    assert sorted(visited(batches)) == sorted(index)
    assert len(list(batches.epoch())) == len(batches)
    assert batches.rows == count


def test_without_a_seed_in_order():
    assert visited(Batches(numbered(), np.array([4, 1, 9]), batch_size=2)) == [4, 1, 9]


def test_seeds_and_epochs_differ_and_repeat():
    def order(seed, epoch):
        return visited(Batches(numbered(), np.arange(23), batch_size=5, seed=seed), epoch)

    assert order(0, 0) == order(0, 0)
    assert len({tuple(order(seed, epoch)) for seed in (0, 1) for epoch in (0, 1)}) == 4


@pytest.mark.parametrize("piece", [1, 60, 130, 10**6])
@pytest.mark.parametrize("last", [23, 20])
def test_batches_are_the_same_however_many_are_gathered_at_a_time(monkeypatch, piece, last):
    order = np.random.default_rng((7, 3)).permutation(last)
    monkeypatch.setattr(loader, "PIECE", piece)  # a batch has 60 bytes
    batches = Batches(numbered(), np.arange(last), batch_size=5, seed=7)
    for start in range(len(batches)):
        found = [batch[:, 0].int().tolist() for batch in batches.epoch(3, start=start)]
        assert found == [order[at : at + 5].tolist() for at in range(5 * start, last, 5)]


@pytest.mark.parametrize("limit", [2048, 0])
def test_an_epoch_goes_on_where_it_was_left(limit):
    batches = Batches(numbered(), np.arange(23), batch_size=5, seed=7, resident_limit_mb=limit)
    assert visited(batches, 3)[10:] == visited(batches, 3, start=2)
    assert visited(batches, 3, start=len(batches) - 1) == visited(batches, 3)[20:]


@pytest.mark.parametrize("kind", [np.uint8, np.float32])
@pytest.mark.parametrize("seed", [None, 5])
def test_memory_map_and_resident_rows_give_the_same_batches(tmp_path, kind, seed):
    np.save(tmp_path / "rows.npy", numbered(kind=kind))
    mapped = np.load(tmp_path / "rows.npy", mmap_mode="r")
    index = np.array([3, 2, 20, 11, 5, 6, 0])
    both = [Batches(rows, index, batch_size=3, seed=seed) for rows in (mapped, np.array(mapped))]
    assert [batches.resident for batches in both] == [False, True]
    for one, other in zip(both[0].epoch(2), both[1].epoch(2), strict=True):
        assert one.dtype == other.dtype == (torch.uint8 if kind == np.uint8 else torch.float32)
        assert torch.equal(one, other)


def test_a_batch_of_a_memory_map_is_a_copy(tmp_path):
    np.save(tmp_path / "rows.npy", numbered())
    mapped = np.load(tmp_path / "rows.npy", mmap_mode="r")
    (batch,) = Batches(mapped, np.arange(23), batch_size=23).epoch()
    batch.zero_()  # in the pages of the file this would end the process
    assert mapped[5, 0] == 5


@pytest.mark.parametrize("limit", [2048, 0])
@pytest.mark.parametrize("size", [5, 7])
def test_rows_by_rule_come_once_an_epoch_over_all_processes_and_go_on_anywhere(
    limit, size, monkeypatch
):
    monkeypatch.setattr("vaekit.data.batches.AHEAD", 16)
    index = RepeatedIndex(np.array([0, 1, 4]), length=5, rows=121)

    def batches(part):
        return Batches(
            numbered(121), index, batch_size=size, seed=3, resident_limit_mb=limit, part=part
        )

    alone = batches(None)
    whole = visited(alone, 1)
    assert sorted(whole) == np.asarray(index).tolist()
    assert whole != visited(alone, 2)
    assert whole[2 * size :] == visited(alone, 1, start=2)
    halves = [list(batches(Part(number, 2)).epoch(1)) for number in (0, 1)]
    shares = [
        torch.cat([half[: last - first] for half, (first, last) in zip(each, spans, strict=True)])
        for each, spans in (
            (both, [Part(number, 2).span(alone.size(step)) for number in (0, 1)])
            for step, both in enumerate(zip(*halves, strict=True))
        )
    ]
    assert torch.cat(shares)[:, 0].int().tolist() == whole


@pytest.mark.parametrize("limit", [2048, 0])
@pytest.mark.parametrize("kind", ["f8", "i8", ">f4", "bool"])
def test_other_types_of_a_memory_map_are_cast_as_they_are_read(limit, kind):
    rows = numbered(kind=kind)
    batches = Batches(rows, np.arange(23), batch_size=23, resident_limit_mb=limit)
    (batch,) = batches.epoch()
    assert batch.dtype == torch.float32
    assert np.array_equal(batch.numpy(), rows.astype(np.float32))


@pytest.mark.parametrize(("count", "length", "rows"), [(10, 2, 8), (8, 2, 8), (3, 1, 3), (4, 1, 4)])
def test_a_short_last_batch_is_dropped_unless_it_is_the_only_one(count, length, rows):
    batches = Batches(numbered(), np.arange(count), batch_size=4, seed=0, drop_last=True)
    sizes = [len(batch) for batch in batches.epoch()]
    assert (len(batches), batches.rows, sum(sizes)) == (length, rows, rows)


def test_nothing_to_visit():
    with pytest.raises(DataError, match="at least one row in the split"):
        Batches(numbered(), np.arange(0), batch_size=4)


def test_a_batch_has_rows():
    with pytest.raises(ConfigError, match="at least 1; got 0"):
        Batches(numbered(), np.arange(4), batch_size=0)
