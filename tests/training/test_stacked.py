"""Several trainings as one: what each learns is what it learns alone."""

import copy

import numpy as np
import pytest
import torch

from vaekit import MLP, VAE, Amortized, Bernoulli, Bound, DiagonalGaussian, StandardNormal, Step
from vaekit.config import ObjectiveConfig, TrainingConfig
from vaekit.data import Batches, StackedBatches
from vaekit.errors import ConfigError
from vaekit.models import VampPrior
from vaekit.numerics import fixed_noise, logmeanexp
from vaekit.training import Stacked, fit

MODELS, ROWS, F, D = 3, 20, 6, 2
CONFIG = TrainingConfig(epochs=5, batch_size=8, learning_rate=1e-2, precision="32", device="cpu")


def tables():
    draw = np.random.default_rng(0)
    return [draw.random((ROWS + m, F)).astype(np.float32) for m in range(MODELS)]


def build(seed, *, hidden=4, samples=3, reduce=logmeanexp):
    torch.manual_seed(seed)
    model = VAE(
        prior=StandardNormal(D),
        posterior=Amortized(MLP(F, [hidden], 2 * D), DiagonalGaussian(D)),
        likelihood=Amortized(MLP(D, [hidden], F), Bernoulli(F)),
    )
    return Step(model, Bound(reduce=reduce), samples=samples)


def batches(rows, seed):
    return Batches(rows, np.arange(len(rows)), batch_size=8, seed=seed, drop_last=True)


def generators():
    return [torch.Generator().manual_seed(100 + m) for m in range(MODELS)]


@pytest.mark.parametrize("recorded", [False, True])
@pytest.mark.parametrize(("schedule", "reduce"), [("constant", logmeanexp), ("linear", None)])
def test_each_unit_ends_where_it_ends_alone(monkeypatch, schedule, reduce, recorded):
    monkeypatch.setattr("vaekit.training.executor.WORTH_RECORDING", 1)
    objective = ObjectiveConfig(schedule=schedule, warmup=3)
    alone = [build(m, reduce=reduce) for m in range(MODELS)]
    stacked = copy.deepcopy(alone)
    start = copy.deepcopy(alone)
    records = []
    for m, (step, rows) in enumerate(zip(alone, tables(), strict=True)):
        with fixed_noise(100 + m):
            done = fit(step, train=batches(rows, m), config=CONFIG, objective=objective)
            records.append([record["train"]["loss"] for record in done])
    unit = Stacked(stacked, generators=generators())
    train = StackedBatches([batches(rows, m) for m, rows in enumerate(tables())])
    done = fit(unit, train=train, config=CONFIG, objective=objective, uniform=recorded)
    unit.give_back()
    for one, other, first in zip(alone, stacked, start, strict=True):
        for a, b, before in zip(
            one.parameters(), other.parameters(), first.parameters(), strict=True
        ):
            torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)
            assert (a - before).abs().max() > 1e-3  # it moved far more than that
    means = [record["train"]["loss"] for record in done]
    np.testing.assert_allclose(means, np.mean(records, 0), rtol=1e-5)


def test_a_pass_has_the_gradients_of_the_units():
    steps = [build(m) for m in range(MODELS)]
    rows = torch.from_numpy(np.stack([table[:8] for table in tables()]))
    unit = Stacked(steps, generators=generators())
    for again in range(2):  # with other noise
        unit.zero_grad()
        loss, sums = unit(rows)
        loss.backward()
        total = torch.zeros(4)
        for m, step in enumerate(steps):
            if not again:
                continue
            with fixed_noise(100 + m):
                step(rows[m])  # the noise of the first pass
                own, own_sums = step(rows[m])
            own.backward()
            total += own_sums
            for stacked, parameter in zip(unit.stack, step.parameters(), strict=True):
                torch.testing.assert_close(stacked.grad[m], parameter.grad, rtol=1e-4, atol=1e-6)
        if again:
            torch.testing.assert_close(sums, total)


def test_a_pass_without_gradients_is_that_of_the_units():
    steps = [build(m) for m in range(MODELS)]
    rows = torch.from_numpy(np.stack([table[:8] for table in tables()]))
    unit = Stacked(steps, generators=generators()).eval()
    with torch.no_grad():
        loss, _ = unit(rows)
        total = 0.0
        for m, step in enumerate(steps):
            with fixed_noise(100 + m):
                total += step(rows[m])[0]
    torch.testing.assert_close(loss, total)


def test_one_unit_does_not_move_another():
    rows = torch.from_numpy(np.stack([table[:8] for table in tables()]))
    found = []
    for other in (0.0, 1.0):
        unit = Stacked([build(m) for m in range(MODELS)], generators=generators())
        changed = rows.clone()
        changed[1] = other
        unit(changed)[0].backward()
        found.append([p.grad.clone() for p in unit.stack])
    for first, second in zip(*found, strict=True):
        torch.testing.assert_close(first[0], second[0])
        torch.testing.assert_close(first[2], second[2])
    assert any(not torch.allclose(a[1], b[1]) for a, b in zip(*found, strict=True))


def test_units_of_different_shapes_are_refused():
    with pytest.raises(ConfigError, match="one after another"):
        Stacked([build(0), build(1, hidden=5)], generators=generators()[:2])


def test_batches_of_different_sizes_are_refused():
    rows = tables()[0]
    short = Batches(rows, np.arange(4), batch_size=8, drop_last=True)
    with pytest.raises(ConfigError, match="same numbers of rows"):
        StackedBatches([batches(rows, 0), short])


def test_every_table_keeps_its_own_order():
    both = StackedBatches([batches(rows, m) for m, rows in enumerate(tables())])
    for m, rows in enumerate(tables()):
        expected = list(batches(rows, m).epoch(1))
        found = [batch[m] for batch in both.epoch(1)]
        for a, b in zip(expected, found, strict=False):
            torch.testing.assert_close(a, b)
        assert len(found) == len(both) == 2


def test_a_module_with_two_names_is_lent_and_put_back():
    """A VampPrior holds the posterior that the model holds too."""
    units = []
    for m in range(MODELS):
        torch.manual_seed(m)
        posterior = Amortized(MLP(F, [4], 2 * D), DiagonalGaussian(D))
        model = VAE(
            prior=VampPrior(posterior, pseudo_inputs=torch.rand(2, F)),
            posterior=posterior,
            likelihood=Amortized(MLP(D, [4], F), Bernoulli(F)),
        )
        units.append(Step(model, Bound()))
    before = [dict(unit.named_parameters()) for unit in units]
    rows = torch.rand(MODELS, 5, F)
    loss, _ = Stacked(units, generators=generators())(rows)
    for unit, known in zip(units, before, strict=True):
        assert all(unit.get_parameter(name) is own for name, own in known.items())
    alone = []
    for m, unit in enumerate(units):
        with fixed_noise(100 + m):
            alone.append(unit(rows[m])[0])
    torch.testing.assert_close(loss, torch.stack(alone).sum())
