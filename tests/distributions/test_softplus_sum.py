"""A sum of softplus by products agrees with softplus in double precision."""

import pytest
import torch

from vaekit.distributions import BernoulliVector
from vaekit.distributions.softplus_sum import softplus_sum


def softplus(logits):
    """Summed in double precision; PyTorch's own leaves out what is below 2e-9."""
    return torch.logaddexp(logits.double(), torch.zeros((), dtype=torch.float64)).sum(-1)


@pytest.mark.parametrize("features", [1, 7, 126, 127, 253, 784, 5000])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 30.0])
def test_it_has_the_error_of_a_float32_sum(features, scale):
    logits = scale * torch.randn(20, features)
    exact = softplus(logits)
    torch.testing.assert_close(softplus_sum(logits).double(), exact, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(softplus_sum(logits.double()), exact, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("value", [0.0, 1e4, -1e4, 89.0, -120.0])
def test_many_equal_features_neither_overflow_nor_vanish(value):
    logits = torch.full((3, 1000), value)
    exact = softplus(logits)
    torch.testing.assert_close(softplus_sum(logits).double(), exact, rtol=1e-6, atol=1e-6)


def test_no_features_sum_to_nothing_and_nan_stays():
    assert torch.equal(softplus_sum(torch.zeros(2, 0)), torch.zeros(2))
    assert softplus_sum(torch.tensor([1.0, float("nan")])).isnan()


def test_half_precision_has_room_for_its_products():
    logits = torch.zeros(500, dtype=torch.float16)
    torch.testing.assert_close(softplus_sum(logits).item(), 500 * 0.6931, rtol=2e-3, atol=0)


def test_a_log_probability_is_the_same_with_and_without_gradients_and_leaves_its_inputs():
    logits, x = 4 * torch.randn(3, 5, 784), torch.rand(5, 784)
    before = logits.clone()
    p = BernoulliVector(logits)
    with torch.no_grad():
        without = p.log_prob(x)
    torch.testing.assert_close(without, p.log_prob(x), rtol=1e-6, atol=1e-4)
    assert torch.equal(logits, before)
