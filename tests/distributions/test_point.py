import torch

from vaekit.distributions import Point


def test_every_sample_is_the_point_and_its_log_density_is_zero():
    loc = torch.randn(5, 2, requires_grad=True)
    q = Point(loc)
    z = q.rsample((3,))
    assert torch.equal(z, loc.expand(3, 5, 2))
    assert torch.equal(q.log_prob(z), torch.zeros(3, 5))
    assert torch.equal(q.entropy(), torch.zeros(5))
    assert torch.equal(q.mean, loc)
    assert torch.equal(q.variance, torch.zeros(5, 2))
    z.sum().backward()
    assert torch.equal(loc.grad, torch.full((5, 2), 3.0))


def test_a_plain_sample_carries_no_gradient():
    assert not Point(torch.zeros(2, requires_grad=True)).sample((3,)).requires_grad
