"""The shorter way to tanh agrees with PyTorch's, and leaves its input alone."""

import pytest
import torch

from vaekit.networks.mlp import Tanh


@pytest.mark.parametrize("grad", [False, True])
def test_it_is_tanh_to_the_rounding_of_float32(grad):
    x = torch.cat([torch.linspace(-20, 20, 10001), torch.tensor([torch.inf, -torch.inf])])
    before = x.clone()
    with torch.set_grad_enabled(grad):
        found = Tanh()(x)
    torch.testing.assert_close(found, x.double().tanh().float(), rtol=0, atol=2e-7)
    assert torch.equal(x, before)


def test_bf16_is_rounded_once():
    x = torch.linspace(-4, 4, 1001).bfloat16()
    exact = x.double().tanh()
    assert (Tanh()(x).double() - exact).abs().max() <= 2.0**-9


def test_its_derivatives_are_those_of_tanh():
    x = torch.linspace(-3, 3, 61, requires_grad=True)
    y = Tanh()(x)
    (slope,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    torch.testing.assert_close(slope, 1 - torch.tanh(x) ** 2, rtol=1e-5, atol=1e-6)
    (second,) = torch.autograd.grad(slope.sum(), x)
    t = torch.tanh(x)
    torch.testing.assert_close(second, -2 * t * (1 - t**2), rtol=1e-4, atol=1e-6)


def test_several_networks_at_once():
    x = torch.randn(3, 5)
    torch.testing.assert_close(torch.func.vmap(Tanh())(x), torch.tanh(x))


def test_in_double_precision_it_is_exact():
    x = torch.randn(100, dtype=torch.float64)
    assert torch.equal(Tanh()(x), torch.tanh(x))
