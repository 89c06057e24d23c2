"""Rows with missing values, against a model whose log p(x) of what is observed is known exactly."""

import numpy as np
import pytest
import torch
from oracle import LinearGaussian

from vaekit import (
    MLP,
    VAE,
    Amortized,
    Batches,
    Bound,
    Columns,
    ColumnSpec,
    DiagonalGaussian,
    StandardNormal,
    Step,
    TableInputs,
    fit,
    logmeanexp,
)
from vaekit.config import TrainingConfig


@pytest.fixture
def gappy():
    oracle = LinearGaussian(gaps=0.4, widen=1.3)
    rows = torch.where(oracle.mask, oracle.x, torch.nan)
    assert rows.isnan().any()
    return oracle, rows


def test_with_the_exact_posterior_each_sample_tells_log_p_of_what_is_observed():
    oracle = LinearGaussian(gaps=0.4)
    trace = oracle.model(oracle.x, samples=5, mask=oracle.mask)
    told = trace.log_px + trace.log_pz - trace.log_qz
    torch.testing.assert_close(told, oracle.log_px.expand(5, -1))


def test_the_importance_weighted_bound_finds_log_p_of_what_is_observed(gappy):
    oracle, rows = gappy
    step = Step(oracle.model, Bound(reduce=logmeanexp), samples=20000, has_missing=True)
    losses, sums = step(rows)
    loss = losses["model"]
    assert float(loss) == pytest.approx(-float(oracle.log_px.mean()), abs=5e-3)
    assert float(sums["bound"]) == pytest.approx(float(oracle.log_px.sum()), abs=5e-2)


def test_the_plain_bound_stays_below_it(gappy):
    oracle, rows = gappy
    step = Step(oracle.model, Bound(analytic=False), samples=500, has_missing=True)
    assert float(step(rows).losses["model"]) > -float(oracle.log_px.mean())


def test_without_gaps_the_step_is_the_same():
    oracle = LinearGaussian()
    losses = []
    for missing in (False, True):
        torch.manual_seed(0)
        losses.append(Step(oracle.model, Bound(), has_missing=missing)(oracle.x).losses["model"])
    torch.testing.assert_close(*losses)


def test_gaps_are_filled_before_the_preprocessing():
    """NaN times anything is NaN, so a gap has to be closed first."""
    seen = []

    class Twice(torch.nn.Module):
        def forward(self, rows):
            seen.append(rows)
            return 2 * rows

    oracle = LinearGaussian(gaps=0.4)
    rows = torch.where(oracle.mask, oracle.x, torch.nan)
    losses, _ = Step(oracle.model, Bound(), preprocessing=Twice(), has_missing=True)(rows)
    assert torch.equal(seen[0], torch.where(oracle.mask, oracle.x, 0.0))
    assert torch.isfinite(losses["model"])


@pytest.mark.slow
def test_a_mixed_table_with_gaps_is_learned():
    """Three columns that hang together; after a few epochs they tell of each other."""
    rng = np.random.default_rng(0)
    group = rng.integers(0, 2, 1200)
    rows = np.stack([5 + 10 * group + rng.normal(size=1200), group, rng.poisson(2 + 20 * group)], 1)
    rows = rows.astype(np.float32)
    rows[rng.random(rows.shape) < 0.2] = np.nan
    columns = [
        ColumnSpec("real", location=10.0, scale=5.1),
        ColumnSpec("binary"),
        ColumnSpec("count", location=2.0, scale=1.1),
    ]
    see, head = TableInputs(columns), Columns(columns)
    model = VAE(
        prior=StandardNormal(2),
        posterior=Amortized(
            torch.nn.Sequential(see, MLP(see.out_features, [32], 4)),
            DiagonalGaussian(2),
            sees_mask=True,
        ),
        likelihood=Amortized(MLP(2, [32], head.inputs), head),
    )
    step = Step(model, Bound(), has_missing=True)
    batches = Batches(rows, np.arange(1200), batch_size=50, seed=0)
    records = fit(step, train=batches, config=TrainingConfig(epochs=25, learning_rate=5e-3))
    first, last = (record["train"]["loss"] for record in (records[0], records[-1]))
    assert last < first - 1.0
    x = torch.tensor([[15.0, 0.0, 0.0], [5.0, 0.0, 0.0]])
    mask = torch.tensor([[True, False, False]] * 2)
    with torch.no_grad():
        trace = model(x, samples=200, mask=mask)
        chance = model.likelihood(trace.z).probabilities(1)[..., 1].mean(0)
    assert chance[0] > 0.8
    assert chance[1] < 0.2
