import pytest
import torch

from vaekit.distributions import NegativeBinomial


def written_out(x, mean, dispersion):
    """The formula as it stands, in float64."""
    x, m, r = (v.double() for v in (x, mean, dispersion))
    choose = torch.lgamma(x + r) - torch.lgamma(x + 1) - torch.lgamma(r)
    return choose + r * torch.log(r / (r + m)) + torch.xlogy(x, m / (r + m))


@pytest.mark.parametrize("dispersion", [0.02, 0.5, 3.9, 40.0, 1000.0])
@pytest.mark.parametrize("mean", [0.01, 1.0, 30.0, 1e3, 1e6])
def test_it_is_the_formula_also_for_large_counts(mean, dispersion):
    m, r = torch.tensor([mean]), torch.tensor([dispersion])
    x = torch.cat([torch.arange(20.0), mean * torch.tensor([0.1, 0.9, 1.0, 1.1, 3.0])]).round()
    found = NegativeBinomial(m, r).log_prob(x).double()
    torch.testing.assert_close(found, written_out(x, m, r), rtol=3e-6, atol=1e-3)


def test_the_gradient_is_that_of_the_formula():
    x = torch.tensor([0.0, 1.0, 7.0, 300.0, 1e5])
    numbers = [torch.full((5,), v, requires_grad=True) for v in (20.5, 2.5)]
    ours = torch.autograd.grad(NegativeBinomial(*numbers).log_prob(x).sum(), numbers)
    expected = torch.autograd.grad(written_out(x, *numbers).sum(), numbers)
    for found, other in zip(ours, expected, strict=True):
        torch.testing.assert_close(found, other, rtol=1e-4, atol=1e-4)


def test_a_rate_beyond_what_can_be_drawn_is_itself_the_draw():
    p = NegativeBinomial(torch.tensor([5e10]), torch.tensor([100.0]))
    drawn = p.sample((4000,))
    assert float(drawn.mean()) == pytest.approx(5e10, rel=0.01)
    assert float(drawn.std()) == pytest.approx(5e9, rel=0.06)
