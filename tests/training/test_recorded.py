"""A recorded pass: the same numbers, noise and weights as without."""

import copy

import numpy as np
import pytest
import torch

from vaekit import Bound, Step
from vaekit.config import ObjectiveConfig, TrainingConfig
from vaekit.data import Batches
from vaekit.estimators.fitting import build_table_model, choose_settings
from vaekit.models import ColumnSpec
from vaekit.numerics import fixed_noise, logmeanexp
from vaekit.training import Recorded, fit

SPECS = [
    ColumnSpec("real", location=3.0, scale=2.0),
    ColumnSpec("positive"),
    ColumnSpec("count", most=9),
    ColumnSpec("binary"),
    ColumnSpec("categorical", levels=3),
    ColumnSpec("categorical", levels=4),
    ColumnSpec("ordinal", levels=3),
    ColumnSpec("bounded", low=-9.0, high=9.0),
]


def table(rows=30):
    draw = np.random.default_rng(0)
    made = draw.integers(0, 2, (rows, len(SPECS))).astype(np.float32)
    made[:, 1] += 1
    return np.where(draw.random(made.shape) < 0.3, np.nan, made).astype(np.float32)


def build(samples=4):
    torch.manual_seed(0)
    settings = choose_settings(rows=30, latent_dim=2, hidden=(4,))
    model = build_table_model(SPECS, settings=settings)
    return Step(model, Bound(reduce=logmeanexp), samples=samples, gaps=True)


@pytest.mark.parametrize("schedule", ["constant", "linear"])
def test_training_ends_where_it_ends_without(schedule):
    plain, recorded = build(), Recorded(build())
    for unit in (plain, recorded):
        batches = Batches(table(), np.arange(30), batch_size=8, seed=0)  # the last one is shorter
        with fixed_noise(1):
            fit(
                unit,
                train=batches,
                config=TrainingConfig(epochs=4, learning_rate=1e-2, precision="32", device="cpu"),
                objective=ObjectiveConfig(schedule=schedule, warmup=3),
            )
    start = build()
    for a, b, first in zip(
        plain.parameters(), recorded.unit.parameters(), start.parameters(), strict=True
    ):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)
        assert (a - first).abs().max() > 1e-4  # it moved far more than that


def test_evaluation_is_that_of_the_unit():
    step = build()
    recorded = Recorded(copy.deepcopy(step)).eval()
    rows = torch.from_numpy(table())
    with torch.no_grad():
        for unit in (step, recorded):
            torch.manual_seed(2)
            found = unit(rows)[1]
    torch.manual_seed(2)
    torch.testing.assert_close(found, step(rows)[1])
