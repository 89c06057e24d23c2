"""Student's t of whole rows, against the distributions that it is made of."""

import pytest
import torch
from torch.distributions import Independent, Normal

from vaekit.distributions import (
    LocationScale,
    Student,
    StudentColumns,
    log_density,
    sample_with_log_prob,
)
from vaekit.models.columns import bound_between

BOUNDS = (-5.0, 2.0)
K, B, F = 3, 4, 5


def double(*shape):
    return torch.randn(*shape, dtype=torch.float64)


@pytest.fixture(params=[1.0, 10.0])  # the second reaches the bounds of the scale
def parts(request):
    torch.manual_seed(0)
    numbers = (request.param * double(K, B, 2 * F)).requires_grad_()
    df = (2.5 + 6 * torch.rand(F, dtype=torch.float64)).requires_grad_()
    return numbers, df, double(F), 0.1 + double(F).abs(), 3 * double(B, F), double(B, F) > 0


def columns(numbers, df, location, scale):
    return StudentColumns(numbers, df, location=location, scale=scale, bounds=BOUNDS)


def test_rows_are_sums_of_the_known_cells(parts):
    numbers, df, location, scale, x, mask = parts
    loc, raw = numbers.chunk(2, -1)
    each = LocationScale(Student(loc, bound_between(raw, bounds=BOUNDS).exp(), df), location, scale)
    made = columns(numbers, df, location, scale)
    expected = torch.where(mask, each.log_prob(x), 0.0)
    # bound_between leaves out what is below exp(-20)
    tolerance = {"rtol": 1e-7, "atol": 1e-7}
    torch.testing.assert_close(made.row_log_prob(x, mask), expected.sum(-1), **tolerance)
    torch.testing.assert_close(made.row_log_prob(x), each.log_prob(x).sum(-1), **tolerance)
    torch.testing.assert_close(made.log_prob(x), each.log_prob(x), **tolerance)
    torch.testing.assert_close(made.mean, each.mean)


def test_the_derivative_by_hand_is_that_of_differences(parts):
    numbers, df, location, scale, x, mask = parts
    assert torch.autograd.gradcheck(
        lambda n, d: columns(n, d, location, scale).row_log_prob(x, mask), (numbers, df)
    )


def test_hidden_cells_get_no_gradient(parts):
    numbers, df, location, scale, x, mask = parts
    total = columns(numbers, df, location, scale).row_log_prob(x, mask).sum()
    (grad,) = torch.autograd.grad(total, numbers)
    assert (grad.abs().sum(0) > 0).equal(torch.cat([mask, mask], -1))


def test_models_side_by_side_are_the_models_one_by_one():
    torch.manual_seed(0)
    numbers, df = double(2, K, B, 2 * F), 3 + double(2, F).abs()
    x, unit = double(B, F), torch.ones(F, dtype=torch.float64)

    def total(numbers, df):
        return columns(numbers, df, unit, unit).row_log_prob(x, x > 0).sum()

    def slopes(total):
        free = [numbers.clone().requires_grad_(), df.clone().requires_grad_()]
        return torch.autograd.grad(total(*free), free)

    together = slopes(lambda n, d: torch.vmap(total)(n, d).sum())
    apart = slopes(lambda n, d: sum(total(n[m], d[m]) for m in range(2)))
    for a, b in zip(together, apart, strict=True):
        torch.testing.assert_close(a, b)


def test_a_diagonal_gaussian_is_drawn_and_weighed_as_torch_does():
    loc, scale = double(B, F).requires_grad_(), (0.1 + double(B, F).abs()).requires_grad_()
    q = Independent(Normal(loc, scale), 1)
    torch.manual_seed(0)
    z = q.rsample((K,))
    torch.manual_seed(0)
    ours, log_q = sample_with_log_prob(q, (K,))
    torch.testing.assert_close(ours, z)
    torch.testing.assert_close(log_q, q.log_prob(z))
    torch.testing.assert_close(log_density(q, z), q.log_prob(z))
    for mine, torchs in [(log_q, q.log_prob(z)), (log_density(q, ours), q.log_prob(z))]:
        found, expected = (
            torch.autograd.grad(each.sum(), [loc, scale], retain_graph=True, allow_unused=True)
            for each in (mine, torchs)
        )
        torch.testing.assert_close(found[1], expected[1])
        torch.testing.assert_close(
            torch.zeros_like(loc) if found[0] is None else found[0], expected[0]
        )
