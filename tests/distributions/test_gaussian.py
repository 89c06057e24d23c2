import pytest
import torch
from torch.distributions import Independent, Normal

from vaekit.distributions import GaussianVector

every_variance = pytest.mark.parametrize("size", [1, 7])


@every_variance
def test_it_agrees_with_independent_normals_and_so_do_its_gradients(size):
    mean = torch.randn(3, 5, 7, requires_grad=True)
    log_variance = torch.randn(size, requires_grad=True)
    x = torch.randn(5, 7)
    ours = GaussianVector(mean, log_variance).log_prob(x)
    reference = Independent(Normal(mean, (log_variance / 2).exp()), 1).log_prob(x)
    torch.testing.assert_close(ours, reference)
    weights = torch.randn(3, 5)
    for one, other in zip(
        *(
            torch.autograd.grad((weights * p).sum(), (mean, log_variance))
            for p in (ours, reference)
        ),
        strict=True,
    ):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)


@every_variance
def test_moments_and_samples(size):
    p = GaussianVector(torch.randn(5, 7), torch.randn(size))
    torch.testing.assert_close(p.base_dist.variance, p.variance)
    samples = p.sample((4000,))
    assert samples.shape == (4000, 5, 7)
    error = (samples.mean(0) - p.mean) / (p.variance / 4000).sqrt()
    assert error.abs().max() < 4.5
    torch.testing.assert_close(samples.var(0), p.variance, rtol=0.15, atol=0)


def test_samples_carry_gradients():
    mean, log_variance = torch.zeros(7, requires_grad=True), torch.zeros(1, requires_grad=True)
    GaussianVector(mean, log_variance).rsample((3,)).square().sum().backward()
    assert mean.grad.all()
    assert log_variance.grad > 0
