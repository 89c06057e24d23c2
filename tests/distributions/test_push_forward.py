import math

import torch
from torch.distributions import Independent, LogNormal, Normal

from vaekit.distributions import Bijection, Inverse, PushForward


class Exponential(Bijection):
    """z = exp(u), for which torch knows the answer: the log-normal distribution."""

    def push(self, z):
        return z.exp(), z.sum(-1)

    def pull(self, z):
        return z.log(), -z.log().sum(-1)


def normal():
    return Independent(Normal(torch.zeros(5, 2), torch.full((5, 2), 0.5)), 1)


def test_the_exponential_of_a_normal_is_log_normal():
    q = PushForward(normal(), Exponential())
    reference = Independent(LogNormal(torch.zeros(5, 2), torch.full((5, 2), 0.5)), 1)
    z, log_q = q.rsample_and_log_prob((3,))
    torch.testing.assert_close(log_q, reference.log_prob(z))
    torch.testing.assert_close(q.log_prob(z), reference.log_prob(z))
    assert (q.batch_shape, q.event_shape) == ((5,), (2,))


def test_the_mean_is_the_image_of_the_mean_and_not_the_expectation():
    q = PushForward(normal(), Exponential())
    torch.testing.assert_close(q.mean, torch.ones(5, 2))
    expectation = math.exp(0.5**2 / 2)
    assert abs(q.rsample((20_000,)).mean() - expectation) < 0.02


def test_there_and_back_is_where_it_was():
    q = PushForward(PushForward(normal(), Exponential()), Inverse(Exponential()))
    z, log_q = q.rsample_and_log_prob((3,))
    torch.testing.assert_close(log_q, normal().log_prob(z))
    torch.testing.assert_close(q.log_prob(z), normal().log_prob(z))
