import math

import pytest
import torch

from vaekit.errors import ConfigError
from vaekit.models import Categorical, DiscretizedLogistic, Gaussian


def test_unit_variance_is_half_the_squared_error_and_a_constant():
    mean, x = torch.randn(5, 6), torch.randn(5, 6)
    head = Gaussian(6, variance="unit")
    expected = 0.5 * (x - mean).square().sum(-1) + 3 * math.log(2 * math.pi)
    torch.testing.assert_close(-head(mean).log_prob(x), expected)
    assert not list(head.parameters())
    assert not head.state_dict()


@pytest.mark.parametrize(("variance", "count"), [("shared", 1), ("per-feature", 6)])
def test_a_learned_variance_ends_at_the_mean_squared_error(variance, count):
    """Its maximum-likelihood value."""
    head = Gaussian(6, variance=variance)
    assert sum(p.numel() for p in head.parameters()) == count
    x = torch.randn(500, 6) * torch.linspace(0.3, 2, 6)
    optimizer = torch.optim.Adam(head.parameters(), lr=0.1)
    for _ in range(200):
        optimizer.zero_grad()
        (-head(torch.zeros(500, 6)).log_prob(x).mean()).backward()
        optimizer.step()
    expected = x.square().mean(0) if variance == "per-feature" else x.square().mean().expand(6)
    torch.testing.assert_close(head(torch.zeros(6)).variance, expected, rtol=2e-2, atol=0)


def test_an_unknown_variance_is_refused():
    with pytest.raises(ConfigError, match="unit, shared, per-feature; got 'full'"):
        Gaussian(6, variance="full")


def test_the_first_numbers_of_a_discretized_logistic_are_locations():
    p = DiscretizedLogistic(2)(torch.tensor([0.25, 0.75, -12.0, -12.0]))
    torch.testing.assert_close(p.mean, torch.tensor([0.25, 0.75]), atol=2e-3, rtol=0)


def test_the_first_numbers_of_a_categorical_are_those_of_the_lowest_level():
    numbers = torch.zeros(3, 2)
    numbers[0, 0] = 50
    numbers[2, 1] = 50
    p = Categorical(2, levels=3)(numbers.flatten())
    torch.testing.assert_close(p.mean, torch.tensor([0.0, 1.0]))
    assert p.log_prob(torch.tensor([0.0, 1.0])) == 0


def test_uniform_logits_cost_eight_bits_a_pixel():
    log_p = Categorical(6, levels=256)(torch.zeros(6 * 256)).log_prob(torch.rand(6))
    torch.testing.assert_close(-log_p / 6 / math.log(2), torch.tensor(8.0))
