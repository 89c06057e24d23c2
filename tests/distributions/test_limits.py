"""Means that stop where the data stop, against numerical integration."""

import numpy as np
import pytest
import torch
from scipy import integrate, stats

from vaekit.distributions import LogNormal, NegativeBinomial


def mean_up_to(variable, most):
    """E min(x, most), as the integral of the chance to lie above, over log x."""
    above = lambda y: variable.sf(np.exp(y)) * np.exp(y)  # noqa: E731
    return integrate.quad(above, -60, np.log(most), limit=400)[0]


@pytest.mark.parametrize("most", [5.0, 1e3, 1e5])
@pytest.mark.parametrize(("mean", "dispersion"), [(2.0, 5.0), (2.7e5, 0.0185), (300.0, 0.5)])
def test_the_mean_of_a_count_is_that_of_rates_up_to_the_limit(mean, dispersion, most):
    rate = stats.gamma(dispersion, scale=mean / dispersion)
    numbers = (torch.tensor([each]) for each in (mean, dispersion))
    found = NegativeBinomial(*numbers, most=torch.tensor([most])).mean
    assert float(found) == pytest.approx(mean_up_to(rate, most), rel=1e-5)


@pytest.mark.parametrize("most", [0.5, 30.0, 1e5])
@pytest.mark.parametrize(("loc", "scale"), [(0.0, 1.0), (2.0, 7.0), (60.0, 9.0), (-3.0, 0.2)])
def test_the_mean_of_a_positive_number_is_that_of_values_up_to_the_limit(loc, scale, most):
    value = stats.lognorm(scale, scale=np.exp(loc))
    numbers = (torch.tensor([each]) for each in (loc, scale))
    found = LogNormal(*numbers, most=torch.tensor([most])).mean
    assert float(found) == pytest.approx(mean_up_to(value, most), rel=1e-4)


@pytest.mark.parametrize("make", [NegativeBinomial, LogNormal])
def test_without_data_beyond_the_limit_is_none(make):
    numbers = (torch.tensor([2.0]), torch.tensor([1.5]))
    limited = make(*numbers, most=torch.tensor([torch.inf]))
    assert float(limited.mean) == pytest.approx(float(make(*numbers).mean), rel=1e-6)
    x = torch.tensor([0.5, 3.0, 1e6])
    assert torch.equal(limited.log_prob(x), make(*numbers).log_prob(x))


@pytest.mark.parametrize("make", [NegativeBinomial, LogNormal])
def test_the_mean_is_that_of_the_samples(make):
    torch.manual_seed(0)
    p = make(torch.tensor([2.0]), torch.tensor([1.5]), most=torch.tensor([8.0]))
    drawn = p.sample((40_000,))
    assert float(drawn.mean()) == pytest.approx(float(p.mean), rel=0.02)
