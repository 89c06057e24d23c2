"""What an encoder sees of a row with gaps, and that it sees nothing else."""

import math

import pytest
import torch

from vaekit.errors import ConfigError
from vaekit.models import (
    VAE,
    Amortized,
    Columns,
    ColumnSpec,
    DiagonalGaussian,
    StandardNormal,
    TableInputs,
)
from vaekit.networks import MLP

COLUMNS = [
    ColumnSpec("categorical", levels=3),
    ColumnSpec("real", location=10.0, scale=2.0),
    ColumnSpec("binary", levels=2),
    ColumnSpec("positive", location=0.0, scale=1.0),
    ColumnSpec("ordinal", levels=2),
    ColumnSpec("count", location=math.log(4), scale=0.5),
    ColumnSpec("bounded", location=50.0, scale=25.0, low=0.0, high=100.0),
]
F = len(COLUMNS)


def table_model(columns=COLUMNS):
    see, head = TableInputs(columns), Columns(columns)
    network = torch.nn.Sequential(see, MLP(see.out_features, [8], 4))
    return VAE(
        prior=StandardNormal(2),
        posterior=Amortized(network, DiagonalGaussian(2), sees_mask=True),
        likelihood=Amortized(MLP(2, [8], head.inputs), head),
    )


def test_every_kind_has_its_form():
    x = torch.tensor([2.0, 14.0, 0.0, math.e, 0.0, 3.0, 100.0])
    seen = TableInputs(COLUMNS)(torch.cat([x, torch.ones(F)]))
    numbers, levels, mask = seen.split([5, 5, F])
    torch.testing.assert_close(numbers, torch.tensor([2.0, -1.0, 1.0, 0.0, 2.0]))
    assert levels.tolist() == [0, 0, 1, 1, 0]
    assert mask.tolist() == [1] * F


def test_its_sizes_are_those_that_it_says():
    see = TableInputs(COLUMNS)
    assert (see.in_features, see.out_features) == (2 * F, 5 + 5 + F)
    assert see(torch.zeros(3, 4, 2 * F)).shape == (3, 4, see.out_features)
    with pytest.raises(ConfigError, match=f"TableInputs reads {2 * F} numbers"):
        see(torch.zeros(3, F))


@pytest.mark.parametrize("columns", [COLUMNS[:1], COLUMNS[1:2]], ids=["levels", "numbers"])
def test_a_table_may_be_of_one_sort_alone(columns):
    assert torch.isfinite(table_model(columns)(torch.ones(4, 1)).log_px).all()


@pytest.mark.parametrize("fill", [-1e30, -1.0, 2.0, 1e38, math.nan])
def test_a_gap_is_zero_whatever_fills_it(fill):
    seen = TableInputs(COLUMNS)(torch.cat([torch.full((F,), fill), torch.zeros(F)]))
    assert not seen.any()


def test_an_outlier_stays_near():
    x = torch.full((F,), 1e30)
    seen = TableInputs(COLUMNS)(torch.cat([x, torch.ones(F)]))
    assert float(seen.abs().max()) == 10


def test_nothing_depends_on_what_fills_the_gaps():
    """Not the codes, not the densities, not the gradient of any weight."""
    model = table_model()
    x = model.likelihood(torch.randn(6, 2)).sample()
    mask = torch.rand(6, F) < 0.5
    found = []
    for fill in (0.0, -1e30, 3.0, 1e38):
        torch.manual_seed(7)
        trace = model(torch.where(mask, x, fill), samples=4, mask=mask)
        bound = trace.log_px + trace.log_pz - trace.log_qz
        found.append((trace.z, bound, *torch.autograd.grad(bound.mean(), model.parameters())))
    assert torch.isfinite(found[0][1]).all()
    for other in found[1:]:
        assert all(torch.equal(a, b) for a, b in zip(found[0], other, strict=True))


def test_without_a_mask_all_is_observed():
    model = table_model()
    x = model.likelihood(torch.randn(6, 2)).sample()
    traces = []
    for mask in (None, torch.ones(6, F, dtype=torch.bool)):
        torch.manual_seed(7)
        traces.append(model(x, mask=mask))
    assert torch.equal(traces[0].z, traces[1].z)
    torch.testing.assert_close(traces[0].log_px, traces[1].log_px)


def test_a_posterior_sees_rows_alone_unless_it_asks():
    assert not Amortized(MLP(3, [], 4), DiagonalGaussian(2)).sees_mask
    assert not StandardNormal(2).sees_mask


def test_a_plain_network_that_sees_the_mask_sees_no_fill_either():
    columns = [ColumnSpec("real"), ColumnSpec("real"), ColumnSpec("real")]
    model = table_model(columns)
    model.posterior = Amortized(MLP(6, [8], 4), DiagonalGaussian(2), sees_mask=True)
    x, mask = torch.randn(5, 3), torch.rand(5, 3) < 0.5
    means = [model(torch.where(mask, x, fill), mask=mask).q.mean for fill in (0.0, 99.0)]
    assert torch.equal(*means)
