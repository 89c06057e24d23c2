"""Small numerical pieces against what they stand for."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from vaekit.numerics import (
    LOG_VARIANCE_LIMIT,
    bound_log_variance,
    compute_settings,
    fixed_noise,
    logmeanexp,
    masked_sum,
    nth_seed,
    seed_everything,
)

finite = st.floats(-1e6, 1e6)


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=20))
def test_logmeanexp_is_the_logarithm_of_a_mean_of_exponentials(values):
    expected = math.log(sum(math.exp(value) for value in values) / len(values))
    found = logmeanexp(torch.tensor(values, dtype=torch.float64))
    assert float(found) == pytest.approx(expected, abs=1e-9)


@given(st.lists(finite, min_size=1, max_size=10), finite)
def test_a_shift_goes_through_it(values, shift):
    values = torch.tensor(values, dtype=torch.float64)
    assert float(logmeanexp(values + shift)) == pytest.approx(
        float(logmeanexp(values)) + shift, rel=1e-9, abs=1e-6
    )


@given(finite, finite)
def test_a_bounded_log_variance_keeps_its_order_and_its_bounds(one, other):
    low, high = sorted((one, other))
    bounded = bound_log_variance(torch.tensor([low, high], dtype=torch.float64))
    assert bounded.abs().max() <= LOG_VARIANCE_LIMIT
    assert bounded[0] <= bounded[1]


@given(st.floats(-10, 10))
def test_within_ten_units_it_hardly_changes(raw):
    assert float(bound_log_variance(torch.tensor(raw))) == pytest.approx(raw, abs=0.01)


def test_its_gradient_never_vanishes_where_training_can_be():
    raw = torch.linspace(-40, 40, 81, dtype=torch.float64, requires_grad=True)
    bound_log_variance(raw).sum().backward()
    assert (raw.grad > 0).all()


def test_what_is_masked_does_not_count_whatever_it_is():
    values = torch.tensor([[1.0, float("nan")], [float("inf"), 2.0]])
    mask = torch.tensor([[True, False], [False, True]])
    assert masked_sum(values, mask).tolist() == [1.0, 2.0]
    assert masked_sum(torch.ones(3, 4)).tolist() == [4.0, 4.0, 4.0]


def test_fixed_noise_repeats_and_puts_the_generator_back_even_after_an_error():
    seed_everything(3)
    before = torch.get_rng_state()
    with fixed_noise(1):
        first = torch.randn(4)

    def fail():
        with fixed_noise(1):
            assert torch.equal(torch.randn(4), first)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert torch.equal(torch.get_rng_state(), before)


def test_faster_products_are_products_in_float32():
    """Whatever the processor does with the setting, the error stays that of float32."""
    a, b = torch.randn(300, 400), torch.randn(400, 200)
    exact = a.double() @ b.double()
    with compute_settings(device="cpu"):
        found = a @ b
    assert float((found.double() - exact).abs().max() / exact.abs().max()) < 1e-6


def test_small_products_are_left_to_the_library_that_begins_faster():
    before = torch.get_float32_matmul_precision()
    with compute_settings(device="cpu", large_products=False):
        assert torch.get_float32_matmul_precision() == before


def test_pieces_of_work_have_seeds_of_their_own_that_torch_takes():
    seeds = [nth_seed(seed, number=number) for seed in (0, 1, 2**32 - 1) for number in range(200)]
    assert len({*seeds}) == len(seeds)
    for seed in seeds:
        with fixed_noise(seed):
            pass
