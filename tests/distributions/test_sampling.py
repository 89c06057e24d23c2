import torch
from torch.distributions import Independent, Normal

from vaekit.distributions import Bijection, PushForward, sample_with_log_prob


def test_an_ordinary_distribution_scores_its_samples():
    q = Independent(Normal(torch.randn(5, 2), torch.rand(5, 2) + 0.1), 1)
    torch.manual_seed(0)
    z, log_q = sample_with_log_prob(q, (3,))
    torch.testing.assert_close(log_q, q.log_prob(z))
    torch.manual_seed(0)
    assert torch.equal(z, q.rsample((3,)))


def test_the_gradient_of_a_gaussian_density_is_the_one_along_the_sample():
    loc = torch.randn(5, 2, dtype=torch.double, requires_grad=True)
    scale = (torch.rand(5, 2, dtype=torch.double) + 0.1).requires_grad_()
    q = Independent(Normal(loc, scale), 1)
    z, log_q = sample_with_log_prob(q, (3,))
    weight = torch.randn(3, 5, dtype=torch.double)
    for ours, theirs in zip(
        *(
            torch.autograd.grad(
                (weight * each).sum() + z.pow(3).sum(), [loc, scale], retain_graph=True
            )
            for each in (log_q, q.log_prob(z))
        ),
        strict=True,
    ):
        torch.testing.assert_close(ours, theirs)


def test_samples_carry_gradients():
    loc = torch.zeros(2, requires_grad=True)
    z, _ = sample_with_log_prob(Independent(Normal(loc, torch.ones(2)), 1), (3,))
    z.sum().backward()
    assert torch.equal(loc.grad, torch.full((2,), 3.0))


class Doubling(Bijection):
    """z = 2 u, whose inverse must not be needed."""

    def push(self, z):
        return 2 * z, torch.full(z.shape[:-1], z.shape[-1] * torch.tensor(2.0).log().item())

    def pull(self, z):
        raise AssertionError("sampling asked for the inverse")


def test_a_distribution_that_knows_its_samples_is_not_inverted():
    base = Independent(Normal(torch.ones(5, 2), torch.ones(5, 2)), 1)
    z, log_q = sample_with_log_prob(PushForward(base, Doubling()), (3,))
    expected = Independent(Normal(2 * torch.ones(5, 2), 2 * torch.ones(5, 2)), 1)
    torch.testing.assert_close(log_q, expected.log_prob(z))
