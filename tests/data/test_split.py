import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaekit.data.dataset import split_by_rule, split_rows
from vaekit.errors import DataError

shares = st.floats(0, 0.95)


@settings(deadline=None, max_examples=50)
@given(count=st.integers(2, 300), validation=shares, test=shares, seed=st.integers(0, 2**32 - 1))
def test_every_row_is_in_exactly_one_split(count, validation, test, seed):
    split = split_rows(count, validation=validation, test=test, seed=seed)
    together = np.concatenate([split.train, split.validation, split.test])
    assert np.array_equal(np.sort(together), np.arange(count))
    assert len(split.train) >= 1


def test_test_share_is_of_all_rows_and_validation_share_of_the_rest():
    split = split_rows(1000, test=0.2, validation=0.25)
    assert (len(split.train), len(split.validation), len(split.test)) == (600, 200, 200)


def test_seed_decides():
    same = [split_rows(200, seed=seed).test.tolist() for seed in (3, 3, 4)]
    assert same[0] == same[1] != same[2]


def test_own_test_rows_stay_and_validation_is_drawn_from_the_training_rows():
    split = split_rows(120, sizes=(100, 0, 20), validation=0.1, test=0.5)
    assert split.test.tolist() == list(range(100, 120))
    assert len(split.validation) == 10
    assert split.validation.max() < 100


def test_own_validation_rows_stay():
    split = split_rows(60, sizes=(30, 20, 10), validation=0.5)
    assert split.train.tolist() == list(range(30))
    assert split.validation.tolist() == list(range(30, 50))


def test_no_validation_keeps_the_published_training_set_whole():
    split = split_rows(120, sizes=(100, 0, 20), validation=0)
    assert split.train.tolist() == list(range(100))
    assert len(split.validation) == 0


def test_limit_holds_for_each_split_and_does_not_take_the_first_rows_of_a_sorted_file():
    whole, few = split_rows(1000), split_rows(1000, limit=20)
    for name in ("train", "validation", "test"):
        assert len(few[name]) == 20
        assert set(few[name]) <= set(whole[name])
    assert few.train.max() > 500


def test_limit_of_own_test_rows_is_their_beginning():
    assert split_rows(120, sizes=(100, 0, 20), limit=5).test.tolist() == list(range(100, 105))


def test_positions_ascend():
    split = split_rows(500, limit=100)
    assert all((np.diff(split[name]) > 0).all() for name in ("train", "validation", "test"))


def test_a_table_of_two_rows_trains_on_both():
    assert split_rows(2).train.tolist() == [0, 1]


@pytest.mark.parametrize("shares", [{"test": 1.0}, {"validation": -0.1}])
def test_impossible_shares(shares):
    with pytest.raises(DataError, match="share of at least 0 and below 1"):
        split_rows(10, **shares)


@settings(deadline=None, max_examples=20)
@given(count=st.integers(2, 40_000), validation=shares, test=shares, seed=st.integers(0, 2**32 - 1))
def test_by_rule_too_every_row_is_in_exactly_one_split(count, validation, test, seed):
    split = split_by_rule(count, validation=validation, test=test, seed=seed)
    together = np.concatenate([split.of(name) for name in ("train", "validation", "test")])
    assert np.array_equal(np.sort(together), np.arange(count))
    assert all(np.all(np.diff(split.of(name)) > 0) for name in ("train", "validation", "test"))


def test_by_rule_shares_hold_in_every_part_and_for_every_turn():
    split = split_by_rule(10**6, validation=0, test=0.1)
    test = split.of("test")
    assert len(test) == pytest.approx(10**5, rel=1e-3)
    quarters = np.bincount(test // 250_000, minlength=4)
    assert quarters == pytest.approx(25_000, rel=0.01)
    turns = np.bincount(test % 100, minlength=100)  # of a hundred sensors, say
    assert turns == pytest.approx(1000, rel=0.1)


def test_by_rule_the_seed_decides_and_a_limit_draws_from_all_rows():
    one, same, other = (split_by_rule(50_000, seed=seed, limit=1000) for seed in (3, 3, 4))
    assert one.of("train").tolist() == same.of("train").tolist() != other.of("train").tolist()
    assert len(one.train) == len(one.test) == 1000
    assert np.isin(one.of("test"), split_by_rule(50_000, seed=3).of("test")).all()
    assert np.bincount(one.of("train") // 10_000, minlength=5).min() > 150
