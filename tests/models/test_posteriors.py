import pytest
import torch
from scipy import stats

from vaekit.models import DiagonalGaussian, FullGaussian, Point


@pytest.mark.parametrize("dim", [1, 2, 5])
def test_the_full_gaussian_has_the_cholesky_factor_that_it_read(dim):
    head = FullGaussian(dim)
    numbers = torch.randn(3, head.inputs)
    q = head(numbers)
    raw, below = numbers[:, dim : 2 * dim], numbers[:, 2 * dim :]
    for row in range(3):
        factor = torch.diag((raw[row] / 2).exp())
        entries = iter(below[row])
        for i in range(dim):
            for j in range(i):
                factor[i, j] = next(entries)
        torch.testing.assert_close(q.scale_tril[row], factor, rtol=1e-4, atol=1e-5)
        z = torch.randn(dim)
        expected = stats.multivariate_normal.logpdf(z, numbers[row, :dim], factor @ factor.T)
        assert q.log_prob(z)[row].item() == pytest.approx(expected, rel=1e-3, abs=1e-3)


def test_without_off_diagonal_numbers_the_full_gaussian_is_the_diagonal_one():
    numbers = torch.randn(5, 6)
    full = FullGaussian(3)(torch.cat([numbers, torch.zeros(5, 3)], -1))
    diagonal = DiagonalGaussian(3)(numbers)
    z = torch.randn(4, 5, 3)
    torch.testing.assert_close(full.log_prob(z), diagonal.log_prob(z))


def test_log_variances_are_bounded():
    q = DiagonalGaussian(1)(torch.tensor([[0.0, -1e4], [0.0, 0.0], [0.0, 1e4]]))
    expected = torch.tensor([-15.0, 0.0, 15.0]).exp()
    torch.testing.assert_close(q.variance[:, 0], expected, rtol=1e-4, atol=0)


def test_a_point_has_no_noise():
    mean = torch.randn(5, 2)
    q = Point(2)(mean)
    assert torch.equal(q.rsample((3,)), mean.expand(3, 5, 2))
    assert not q.log_prob(mean).any()
