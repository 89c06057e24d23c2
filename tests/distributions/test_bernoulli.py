import itertools

import pytest
import torch
from torch.distributions import Bernoulli, Independent

from vaekit.distributions import BernoulliVector
from vaekit.distributions.bernoulli import bernoulli_log_prob
from vaekit.numerics import fusing


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


def plain(x, logits):
    return (x * logits).sum(-1) - torch.nn.functional.softplus(logits).sum(-1)


SHAPES = [((5, 7), (5, 7)), ((3, 5, 7), (5, 7)), ((2, 3, 5, 7), (5, 7)), ((9, 250), (9, 250))]
BLOCKS = [1 << 18, 16, 70]
"""All at once; a row at a time; some samples at a time."""


@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize(("of_logits", "of_rows"), SHAPES)
def test_the_gradient_by_hand_is_that_of_the_formula(monkeypatch, of_logits, of_rows, block):
    monkeypatch.setattr("vaekit.distributions.bernoulli._BLOCK", block)
    logits = (5 * torch.randn(of_logits, dtype=torch.double)).requires_grad_()
    x = torch.rand(of_rows, dtype=torch.double)
    torch.testing.assert_close(bernoulli_log_prob(x, logits), plain(x, logits))
    ours, theirs = (
        torch.autograd.grad((f(x, logits) * torch.arange(of_logits[-2])).sum(), logits)[0]
        for f in (bernoulli_log_prob, plain)
    )
    torch.testing.assert_close(ours, theirs)


def test_first_and_second_derivatives_are_those_of_finite_differences():
    logits = (2 * torch.randn(2, 3, 4, dtype=torch.double)).requires_grad_()
    x = torch.rand(3, 4, dtype=torch.double)
    assert torch.autograd.gradcheck(lambda each: bernoulli_log_prob(x, each), logits)
    assert torch.autograd.gradgradcheck(lambda each: bernoulli_log_prob(x, each), logits)


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("size", [1.0, 30.0, 1e4])
def test_in_float32_it_is_right_to_rounding_whatever_the_size_of_the_logits(kind, size):
    """Logits in bf16 are exact numbers: only what is computed of them rounds, in float32."""
    logits = (size * torch.randn(4, 6, 784)).to(kind).requires_grad_()
    x = torch.rand(6, 784)
    log_p = bernoulli_log_prob(x, logits)
    assert log_p.dtype == torch.float32
    exact = plain(x.double(), logits.detach().double())
    torch.testing.assert_close(log_p.double(), exact, rtol=1e-5, atol=1e-3)
    log_p.sum().backward()
    assert logits.grad.dtype == kind
    gradient = x - logits.detach().float().sigmoid()
    torch.testing.assert_close(logits.grad.float(), gradient.to(kind).float())


def test_a_gradient_may_be_taken_twice_and_that_of_the_rows_too():
    logits, x = torch.randn(3, 4, requires_grad=True), torch.rand(3, 4, requires_grad=True)
    log_p = bernoulli_log_prob(x.detach(), logits).sum()
    first, again = (torch.autograd.grad(log_p, logits, retain_graph=True)[0] for _ in range(2))
    torch.testing.assert_close(first, again)
    (of_rows,) = torch.autograd.grad(bernoulli_log_prob(x, logits).sum(), x)
    torch.testing.assert_close(of_rows, logits.detach())


@pytest.mark.parametrize("block", BLOCKS)
def test_it_is_one_of_many_under_vmap(monkeypatch, block):
    monkeypatch.setattr("vaekit.distributions.bernoulli._BLOCK", block)
    logits, x = torch.randn(6, 2, 3, 8), torch.rand(6, 3, 8)
    each = torch.func.grad(lambda row, numbers: bernoulli_log_prob(row, numbers).sum(), argnums=1)
    together = torch.func.vmap(each)(x, logits)
    torch.testing.assert_close(together, x.unsqueeze(1) - logits.sigmoid())
    shared = torch.func.vmap(each, in_dims=(None, 0))(x[0], logits)
    torch.testing.assert_close(shared, x[0] - logits.sigmoid())


def test_no_rows_and_rows_wider_than_the_logits():
    assert bernoulli_log_prob(torch.zeros(0, 7), torch.zeros(3, 0, 7)).shape == (3, 0)
    x, logits = torch.rand(4, 5, 7), torch.randn(7)
    torch.testing.assert_close(bernoulli_log_prob(x, logits), plain(x, logits))


def test_moments_of_logits_in_bf16_are_float32():
    p = BernoulliVector(torch.randn(4, 6).bfloat16())
    assert p.mean.dtype == p.variance.dtype == p.entropy().dtype == torch.float32
    assert p.base_dist.log_prob(torch.ones(4, 6)).dtype == torch.float32


def test_for_a_compiler_many_samples_are_one_piece():
    logits = torch.randn(40, 10, 784)
    value = torch.rand(10, 784)
    with fusing():
        whole = bernoulli_log_prob(value, logits)
    torch.testing.assert_close(whole, bernoulli_log_prob(value, logits))
