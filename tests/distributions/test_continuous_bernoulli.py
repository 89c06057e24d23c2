import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from vaekit.distributions import ContinuousBernoulli

LOGITS = st.floats(-300, 300)


@given(logit=LOGITS)
def test_it_is_a_density_with_the_mean_it_says(logit):
    p = ContinuousBernoulli(torch.tensor(logit, dtype=torch.float64))
    x = torch.linspace(0, 1, 100_001, dtype=torch.float64)
    density = p.log_prob(x).exp()
    assert torch.trapezoid(density, x).item() == pytest.approx(1, abs=1e-6)
    assert torch.trapezoid(density * x, x).item() == pytest.approx(p.mean.item(), abs=1e-6)


@given(logit=LOGITS)
def test_single_precision_is_as_good_as_double(logit):
    x = torch.tensor([0.0, 0.3, 1.0])
    single = torch.tensor(logit, requires_grad=True)
    double = single.detach().double().requires_grad_()
    torch.testing.assert_close(
        ContinuousBernoulli(single).log_prob(x).double(),
        ContinuousBernoulli(double).log_prob(x.double()),
        rtol=1e-5,
        atol=1e-6,
    )
    for each in (single, double):
        ContinuousBernoulli(each).log_prob(x.to(each.dtype)).sum().backward()
    torch.testing.assert_close(single.grad.double(), double.grad, rtol=1e-5, atol=1e-5)


@given(logit=LOGITS)
def test_the_gradient_is_the_value_minus_the_mean(logit):
    """As in every exponential family."""
    logits = torch.tensor(logit, dtype=torch.float64, requires_grad=True)
    p = ContinuousBernoulli(logits)
    p.log_prob(torch.tensor(0.25, dtype=torch.float64)).backward()
    torch.testing.assert_close(logits.grad, 0.25 - p.mean.detach(), rtol=1e-6, atol=1e-8)


def test_its_gradient_and_the_gradient_of_that_are_right():
    logits = torch.tensor([-30.0, -1.0, -0.09, 0.0, 0.11, 2.0, 30.0], dtype=torch.float64)

    def log_p(logits):
        return ContinuousBernoulli(logits).log_prob(torch.tensor(0.3, dtype=torch.float64))

    assert torch.autograd.gradcheck(log_p, logits.requires_grad_())
    assert torch.autograd.gradgradcheck(log_p, logits)


def test_it_agrees_with_torch_where_torch_is_right():
    logits = torch.linspace(-12, 12, 97, dtype=torch.float64)
    reference = torch.distributions.ContinuousBernoulli(logits=logits)
    x = torch.rand(97, dtype=torch.float64)
    ours = ContinuousBernoulli(logits)
    torch.testing.assert_close(ours.log_prob(x), reference.log_prob(x), rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(ours.mean, reference.mean, rtol=1e-4, atol=1e-6)


def test_torch_stops_being_a_density_at_large_logits():
    """The reason for this class: a black pixel is worth log |l|, which torch caps at log 16."""
    logits, x = torch.tensor(-1000.0), torch.tensor(0.0)
    exact = math.log(1000)
    torch_says = torch.distributions.ContinuousBernoulli(logits=logits).log_prob(x).item()
    assert abs(torch_says - exact) > 4
    assert ContinuousBernoulli(logits).log_prob(x).item() == pytest.approx(exact)


@pytest.mark.parametrize("logit", [-40.0, -3.0, 0.0, 1e-5, 0.7, 25.0])
def test_samples_follow_the_distribution_function(logit):
    samples = ContinuousBernoulli(torch.tensor(logit)).sample((3000,)).double().numpy()

    def function(x):
        return np.expm1(logit * x) / np.expm1(logit) if logit else x

    assert stats.kstest(samples, function).pvalue > 1e-4
