import itertools

import torch
from torch.distributions import Bernoulli, Independent

from vaekit.distributions import BernoulliVector


def test_it_agrees_with_independent_bernoullis_and_so_do_its_gradients():
    logits = (4 * torch.randn(3, 5, 7)).requires_grad_()
    x = torch.randint(0, 2, (5, 7)).float()
    ours = BernoulliVector(logits).log_prob(x)
    reference = Independent(Bernoulli(logits=logits), 1).log_prob(x)
    torch.testing.assert_close(ours, reference)
    gradients = [torch.autograd.grad(each.sum(), logits)[0] for each in (ours, reference)]
    torch.testing.assert_close(*gradients)


def test_the_probabilities_of_all_vectors_sum_to_one():
    p = BernoulliVector(3 * torch.randn(6))
    every = torch.tensor(list(itertools.product([0.0, 1.0], repeat=6)))
    torch.testing.assert_close(p.log_prob(every).exp().sum(), torch.tensor(1.0))


def test_a_grey_value_gives_the_cross_entropy():
    p = BernoulliVector(torch.tensor([1.0]))
    x = torch.tensor([0.3])
    expected = 0.3 * torch.sigmoid(p.logits).log() + 0.7 * torch.sigmoid(-p.logits).log()
    torch.testing.assert_close(p.log_prob(x), expected[0])


def test_huge_logits_stay_finite():
    logits = torch.tensor([1e4, -1e4], requires_grad=True)
    log_p = BernoulliVector(logits).log_prob(torch.tensor([0.0, 1.0]))
    log_p.backward()
    assert log_p == -2e4
    torch.testing.assert_close(logits.grad, torch.tensor([-1.0, 1.0]))


def test_moments_and_entropy():
    logits = torch.randn(4, 6)
    ours, reference = BernoulliVector(logits), Independent(Bernoulli(logits=logits), 1)
    for name in ("mean", "variance"):
        torch.testing.assert_close(getattr(ours, name), getattr(reference, name))
    torch.testing.assert_close(ours.entropy(), reference.entropy())
    samples = ours.sample((4000,))
    assert set(samples.unique().tolist()) == {0.0, 1.0}
    torch.testing.assert_close(samples.mean(0), ours.mean, atol=0.05, rtol=0)
