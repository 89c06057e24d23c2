"""The trace against probabilistic PCA, whose log p(x) and p(z|x) are known exactly."""

import pytest
import torch
from torch.distributions import Independent, MultivariateNormal, Normal

from vaekit.models import VAE, Conditional, StandardNormal, row_log_prob

NOISE = 0.5


class Exact(Conditional):
    """p(z|x) of x = W z + b + noise, from the features that are observed."""

    def __init__(self, weight, bias, observed):
        super().__init__()
        self.weight, self.bias, self.observed = weight[observed], bias[observed], observed

    def forward(self, context=None):
        precision = torch.eye(self.weight.shape[1]) + self.weight.T @ self.weight / NOISE**2
        pull = (context[:, self.observed] - self.bias) @ self.weight / NOISE**2
        mean = torch.linalg.solve(precision, pull.T).T
        return MultivariateNormal(mean, precision_matrix=precision)


class Linear(Conditional):
    """p(x|z) = N(W z + b, noise)."""

    def __init__(self, weight, bias):
        super().__init__()
        self.weight, self.bias = weight, bias

    def forward(self, context=None):
        return Independent(Normal(context @ self.weight.T + self.bias, torch.tensor(NOISE)), 1)


@pytest.fixture(autouse=True)
def double():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.fixture
def linear():
    weight, bias = torch.randn(6, 2), torch.randn(6)
    x = torch.randn(5, 2) @ weight.T + bias + NOISE * torch.randn(5, 6)
    return weight, bias, x


def log_evidence(weight, bias, x):
    covariance = weight @ weight.T + NOISE**2 * torch.eye(len(bias))
    return MultivariateNormal(bias, covariance).log_prob(x)


def model_of(weight, bias, observed):
    return VAE(
        prior=StandardNormal(2),
        posterior=Exact(weight, bias, observed),
        likelihood=Linear(weight, bias),
    )


def test_with_the_exact_posterior_every_sample_tells_log_p_of_x(linear):
    weight, bias, x = linear
    trace = model_of(weight, bias, slice(None))(x, samples=7)
    told = trace.log_px + trace.log_pz - trace.log_qz
    torch.testing.assert_close(told, log_evidence(weight, bias, x).expand(7, 5))


def test_with_a_mask_it_tells_log_p_of_what_is_observed(linear):
    weight, bias, x = linear
    observed = torch.tensor([True, False, True, True, False, False])
    hidden = torch.where(observed, x, 99.0)
    model = model_of(weight, bias, observed)
    trace = model(hidden, samples=7, mask=observed.expand(5, 6))
    told = trace.log_px + trace.log_pz - trace.log_qz
    expected = log_evidence(weight[observed], bias[observed], x[:, observed])
    torch.testing.assert_close(told, expected.expand(7, 5))


def test_a_trace_keeps_the_rows_the_codes_and_the_distributions(linear):
    weight, bias, x = linear
    trace = model_of(weight, bias, slice(None))(x, samples=3)
    assert trace.x is x
    assert trace.z.shape == (3, 5, 2)
    assert trace.q.batch_shape == (5,)
    torch.testing.assert_close(trace.q.log_prob(trace.z), trace.log_qz)
    torch.testing.assert_close(trace.prior.log_prob(trace.z), trace.log_pz)


def test_a_masked_entry_may_hold_a_value_without_a_density():
    p = Independent(Normal(torch.zeros(1, 3), torch.ones(3), validate_args=False), 1)
    x = torch.tensor([[0.0, float("nan"), 0.0]])
    mask = torch.tensor([[True, False, True]])
    torch.testing.assert_close(
        row_log_prob(p, x, mask), Normal(0.0, 1.0).log_prob(torch.zeros(1)) * 2
    )
