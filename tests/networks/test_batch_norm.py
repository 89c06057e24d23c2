"""Batch norm with several samples: statistics over samples and rows, and none of it afterwards."""

import pytest
import torch

from vaekit.builders import build_model, build_objective
from vaekit.data import Batches
from vaekit.evaluation import evaluate
from vaekit.networks import MLP
from vaekit.recipes import STUDIES
from vaekit.training.step import Step

MEMBERS = STUDIES["mnist-iwae"].members()
ROWS = (torch.rand(40, 784, generator=torch.Generator().manual_seed(0)) < 0.2).float()


def norms(module):
    return [each for each in module.modules() if isinstance(each, torch.nn.BatchNorm1d)]


@pytest.fixture(scope="module")
def steps():
    """One pass of every member in training mode, which is when the statistics move."""
    found = {}
    for name, config in MEMBERS.items():
        torch.manual_seed(0)
        model = build_model(config.model, shape=(1, 28, 28), support="binary")
        step = Step(model, build_objective(config.objective), samples=config.objective.samples)
        step.train()(ROWS).losses["model"].backward()
        found[name] = step
    return found


@pytest.mark.parametrize("name", MEMBERS)
def test_both_networks_have_statistics_that_move_and_gradients(steps, name):
    model = steps[name].model
    for part in (model.posterior, model.likelihood):
        assert len(norms(part)) == 2
        for norm in norms(part):
            assert norm.num_batches_tracked == 1
            assert norm.running_mean.abs().max() > 0
            assert norm.weight.grad.isfinite().all()


def test_statistics_are_over_samples_and_rows_alike():
    torch.manual_seed(0)
    network = MLP(3, [8], 4, batch_norm=True)
    codes = torch.randn(5, 6, 3)
    out = network(codes)
    hidden = network.layers[0](codes.reshape(30, 3))
    (norm,) = norms(network)
    torch.testing.assert_close(norm.running_mean, 0.1 * hidden.mean(0))
    assert out.shape == (5, 6, 4)


@pytest.mark.parametrize("name", ["vae-50", "iwae-50"])
def test_a_row_has_the_same_score_in_any_company(steps, name):
    model = steps[name].model.eval()
    with torch.no_grad():
        alone, together = model.posterior(ROWS[:1]), model.posterior(ROWS)
        torch.testing.assert_close(alone.mean[0], together.mean[0])
        codes = torch.randn(5, 40, 50)
        one, all_ = model.likelihood(codes[2, :1]), model.likelihood(codes)
        torch.testing.assert_close(one.log_prob(ROWS[:1])[0], all_.log_prob(ROWS)[2, 0])


def test_measuring_moves_no_statistics_and_gives_the_same_numbers_again(steps):
    model = steps["iwae-5"].model
    before = {name: value.clone() for name, value in model.state_dict().items()}
    batches = Batches(ROWS, list(range(40)), batch_size=10)
    first, second = (evaluate(model, batches, samples=7, seed=3) for _ in range(2))
    assert first == second
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])
