"""Penalties against values that are known exactly."""

import math

import pytest
import torch
from torch.distributions import Independent, Normal

from vaekit import MMD, Bound, MeanPenalty, Penalty, Sum, TotalCorrelation
from vaekit.errors import ConfigError
from vaekit.models import Trace, TraceGroup


def trace_of(mean, scale, **more):
    """One sample of q(z|x) = N(mean, scale^2) for each row, under a standard normal prior."""
    q = Independent(Normal(mean, scale), 1)
    prior = Independent(Normal(torch.zeros(mean.shape[1]), torch.ones(mean.shape[1])), 1)
    z = q.rsample((1,))
    group = TraceGroup(name="z", z=z, log_pz=prior.log_prob(z), log_qz=q.log_prob(z), q=q, p=prior)
    zero = torch.zeros(1, len(mean))
    return Trace(x=torch.zeros(len(mean), 3), log_px=zero, groups=(group,), **more)


def kernel(squares, dims):
    """Sum of inverse multiquadratic kernels, written out once more."""
    return sum(2 * dims * s / (2 * dims * s + squares) for s in (0.1, 0.2, 0.5, 1, 2, 5, 10))


def test_the_mmd_of_the_prior_itself_is_zero_in_the_mean():
    torch.manual_seed(0)
    found = [float(MMD()(trace_of(torch.zeros(200, 2), torch.ones(200, 2)))) for _ in range(50)]
    error = torch.tensor(found).std() / math.sqrt(50)
    assert abs(sum(found) / 50) < 4 * error


def test_the_mmd_of_a_point_is_that_of_the_definition():
    """All codes at one place c: k(c, c) - 2 E[k(c, y)] + E[k(y, y')], with y - y' ~ N(0, 2 I)."""
    torch.manual_seed(0)
    y = torch.randn(400_000, 2)
    c = torch.tensor([2.0, -1.0])
    expected = (
        kernel(torch.tensor(0.0), 2)
        - 2 * kernel((y - c).square().sum(-1), 2).mean()
        + kernel(2 * y.square().sum(-1), 2).mean()
    )
    found = [MMD()(trace_of(c.expand(300, 2), torch.full((300, 2), 1e-6))) for _ in range(20)]
    assert torch.stack(found).mean() == pytest.approx(float(expected), rel=0.02)


def test_the_mmd_weighs_and_needs_two_rows():
    codes = torch.randn(10, 2), torch.ones(10, 2)
    torch.manual_seed(1)
    trace = trace_of(*codes)
    torch.manual_seed(2)
    once = MMD()(trace)
    torch.manual_seed(2)
    assert float(MMD(3.0)(trace)) == pytest.approx(3 * float(once))
    with pytest.raises(ConfigError, match="at least two rows"):
        MMD()(trace_of(torch.zeros(1, 2), torch.ones(1, 2)))


@pytest.mark.parametrize("rho", [0.0, 0.6, 0.9])
def test_the_total_correlation_of_correlated_codes_is_that_of_a_gaussian(rho):
    """Of a Gaussian with correlation rho it is -log(1 - rho^2) / 2."""
    torch.manual_seed(0)
    width = 0.2  # of each posterior: their mixture over many rows is the Gaussian below
    covariance = torch.tensor([[1.0, rho], [rho, 1.0]]) - width**2 * torch.eye(2)
    mean = torch.randn(3000, 2) @ torch.linalg.cholesky(covariance).T
    found = TotalCorrelation()(trace_of(mean, torch.full((3000, 2), width)))
    assert float(found) == pytest.approx(-math.log(1 - rho**2) / 2, abs=0.08)


def test_the_estimate_of_the_paper_differs_by_its_constants():
    """log(N) more for each dimension but one: its estimates are up to a constant of the data."""
    trace = trace_of(torch.randn(50, 3), torch.ones(50, 3))
    batch, paper = TotalCorrelation()(trace), TotalCorrelation(rows=1000)(trace)
    assert float(paper - batch) == pytest.approx(2 * math.log(1000), rel=1e-5)


def test_a_penalty_of_the_model_is_weighed_by_its_name():
    own = torch.tensor([1.0, 2.0])
    trace = trace_of(torch.zeros(2, 1), torch.ones(2, 1), penalties={"commitment": own})
    found, plain = Sum(Bound(), Penalty("commitment", weight=0.25))(trace), Bound()(trace)
    torch.testing.assert_close(found.loss - plain.loss, 0.25 * own)
    with pytest.raises(ConfigError, match="no penalty 'contraction'; it has commitment"):
        Penalty("contraction")(trace)


def test_half_the_squared_mean():
    trace = trace_of(torch.tensor([[3.0, 4.0]]), torch.ones(1, 2))
    assert float(MeanPenalty(2.0)(trace).loss) == 25.0
