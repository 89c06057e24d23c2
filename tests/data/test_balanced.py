"""Batches of two kinds of rows: all of the many once, the few again and again."""

import numpy as np
import pytest
import torch

from vaekit.data import BalancedBatches
from vaekit.errors import ConfigError, DataError

ROWS = np.arange(30, dtype=np.float32).reshape(15, 2)
MANY, FEW = np.arange(4, 15), np.arange(4)


def batches(**settings):
    chosen = {"many": MANY, "few": FEW, "batch_size": 5, "few_size": 3, "seed": 0, **settings}
    return BalancedBatches(ROWS, **chosen)


def test_an_epoch_visits_the_many_once_and_the_few_as_often_as_it_takes():
    made = batches()
    epoch = torch.stack(list(made.epoch(3)))
    assert len(made) == len(epoch) == 5
    assert made.rows == 25
    many = (epoch[:, 3:, 0].flatten() / 2).tolist()
    assert len(set(many)) == len(many) == 10
    assert set(many) <= set(MANY.tolist())
    few = (epoch[:, :3, 0].flatten() / 2).tolist()
    assert set(few) == set(FEW.tolist())


def test_the_few_come_equally_often():
    made = batches()
    few = torch.cat([batch[:3, 0] for number in range(4) for batch in made.epoch(number)]) / 2
    assert torch.bincount(few.long()).tolist() == [15, 15, 15, 15]


def test_an_epoch_can_be_started_again_in_its_middle():
    made = batches()
    whole = list(made.epoch(2))
    for again, before in zip(made.epoch(2, start=3), whole[3:], strict=True):
        assert torch.equal(again, before)
    assert not torch.equal(torch.cat(list(made.epoch(1))), torch.cat(whole))


def test_a_batch_needs_both():
    with pytest.raises(ConfigError, match="few"):
        batches(few_size=5)
    with pytest.raises(DataError, match="row"):
        batches(few=np.arange(0))
