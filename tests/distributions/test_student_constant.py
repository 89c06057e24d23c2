"""The constant of Student's t beside scipy's, from few degrees of freedom to very many."""

import numpy as np
import pytest
import torch
from scipy.special import gammaln, psi

from vaekit.distributions.student import constant_with_slope, student_constant

DF = np.array([2.001, 2.5, 3.0, 4.0, 10.0, 100.0, 1e4])


def expected():
    half = DF / 2
    constant = gammaln(half + 0.5) - gammaln(half) - 0.5 * np.log(np.pi * (DF - 2))
    return constant, 0.5 * (psi(half + 0.5) - psi(half) - 1 / (DF - 2))


def test_it_is_the_difference_of_log_gammas():
    constant, slope = constant_with_slope(torch.tensor(DF))
    np.testing.assert_allclose(constant, expected()[0], atol=1e-9)
    np.testing.assert_allclose(slope, expected()[1], rtol=1e-7)


def test_in_float32_many_degrees_of_freedom_lose_no_digits():
    df = torch.tensor(DF).float()[1:]
    np.testing.assert_allclose(student_constant(df), expected()[0][1:], atol=1e-6)
    plain = torch.lgamma((df + 1) / 2) - torch.lgamma(df / 2) - 0.5 * (np.pi * (df - 2)).log()
    assert abs(plain[-1] - expected()[0][-1]) > 1e-3  # what it replaces


def test_the_slope_is_what_autograd_finds():
    df = torch.tensor(DF, requires_grad=True)
    student_constant(df).sum().backward()
    torch.testing.assert_close(df.grad, constant_with_slope(df.detach())[1])


@pytest.mark.parametrize("shape", [(), (3,), (2, 1, 3)])
def test_any_shape(shape):
    constant, slope = constant_with_slope(torch.full(shape, 5.0))
    assert constant.shape == slope.shape == shape
