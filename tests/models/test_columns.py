"""The likelihood of a table: each kind is a density, with the mean that it says, in raw units."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vaekit.errors import ConfigError
from vaekit.models import Columns, ColumnSpec, row_log_prob

KINDS = {
    "real": ColumnSpec("real", location=170.0, scale=10.0),
    "gaussian": ColumnSpec("real", location=-3.0, scale=0.01),
    "positive": ColumnSpec("positive", location=2.0, scale=0.5),
    "count": ColumnSpec("count", location=2.0, scale=0.8),
    "binary": ColumnSpec("binary", levels=2),
    "categorical": ColumnSpec("categorical", levels=5),
    "ordinal": ColumnSpec("ordinal", levels=5),
    "bounded": ColumnSpec("bounded", location=60.0, scale=20.0, low=0.0, high=100.0),
}
"""One of each; "gaussian" is a real column with other tails."""

TABLE = [column for name, column in KINDS.items() if name != "gaussian"] + [
    ColumnSpec("categorical", levels=2),
    ColumnSpec("categorical", levels=7),
    ColumnSpec("ordinal", levels=3),
    ColumnSpec("real", location=0.0, scale=1e-3),
]
"""Several of a kind, in no order, with other numbers of levels."""

each_kind = pytest.mark.parametrize("kind", KINDS)
wild = st.floats(-50, 50, width=32)


def head_of(kind):
    tails = "gaussian" if kind == "gaussian" else "student"
    return Columns([KINDS[kind]], tails=tails)


def support(kind):
    """Values of a column and how much of its measure each stands for, both (N,)."""
    column = KINDS[kind]
    if column.kind == "real":
        u = torch.linspace(-300, 300, 400001, dtype=torch.float64)
        return column.location + column.scale * u, torch.full_like(u, column.scale * 600 / 4e5)
    if column.kind == "positive":
        y = torch.linspace(-15, 20, 400001, dtype=torch.float64)
        return y.exp(), y.exp() * 35 / 4e5
    if column.kind == "bounded":
        x = torch.linspace(column.low, column.high, 100001, dtype=torch.float64)
        weight = torch.full_like(x, 100 / 1e5)
        weight[[0, -1]] /= 2
        return x, weight
    count = 200000 if column.kind == "count" else column.levels
    return torch.arange(count, dtype=torch.float64), torch.ones(count, dtype=torch.float64)


def some_numbers(head, rows=6):
    draw = torch.Generator().manual_seed(5)
    return 0.7 * torch.randn(rows, head.inputs, generator=draw, dtype=torch.float64)


@each_kind
def test_it_sums_or_integrates_to_one_with_the_mean_and_the_mode_that_it_says(kind):
    head = head_of(kind).double().requires_grad_(requires_grad=False)
    values, weight = support(kind)
    for numbers in some_numbers(head):
        p = head(numbers)
        density = p.base_dist.log_prob(values.unsqueeze(-1)).squeeze(-1).exp()
        mass = density * weight
        assert float(mass.sum()) == pytest.approx(1, abs=1e-4)
        spread = math.sqrt(float(mass @ values.square() - (mass @ values) ** 2))
        assert abs(float(mass @ values - p.mean)) < 2e-3 * spread
        assert float(p.log_prob(p.mode).exp()) >= float(density.max()) * (1 - 1e-6)


@each_kind
def test_samples_have_its_mean_and_its_spread(kind):
    head = head_of(kind)
    p = head(0.3 * some_numbers(head).float())
    samples = p.sample((40000,)).double()
    values, weight = support(kind)
    density = p.base_dist.log_prob(values.unsqueeze(-1).unsqueeze(-1).float()).exp().double()
    mass = (density[..., 0] * weight.unsqueeze(-1)).T
    mean = mass @ values
    spread = (mass @ values.square() - mean.square()).sqrt()
    error = (samples.mean(0)[:, 0] - mean) / (spread / 200)
    assert error.abs().max() < 4.5
    # heavy tails make the spread of samples itself uncertain
    torch.testing.assert_close(samples.std(0)[:, 0], spread, rtol=0.15, atol=0)


def test_at_the_start_a_column_is_its_marginal():
    head = Columns([*TABLE, KINDS["real"]])
    p = head(torch.zeros(head.inputs))
    torch.testing.assert_close(p.mean[0], torch.tensor(170.0))
    assert float(p.mode[1]) == pytest.approx(math.exp(2.0 - 0.25), rel=1e-3)
    for place, column in enumerate(TABLE):
        if column.levels:
            uniform = torch.full((column.levels,), 1 / column.levels)
            torch.testing.assert_close(p.probabilities(place), uniform)
    draws = p.sample((60000,))
    assert float(draws[:, 0].std()) == pytest.approx(10, rel=0.03)
    assert float(draws[:, 1].log().std()) == pytest.approx(0.5, rel=0.03)
    assert float(draws[:, 2].log1p().mean()) == pytest.approx(2.0, abs=0.1)
    assert float(draws[:, 2].log1p().std()) == pytest.approx(0.8, rel=0.15)


def test_log_densities_are_per_unit_of_the_raw_data():
    """In millimetres a density is a thousandth of what it is in metres."""
    metres = Columns([ColumnSpec("real", location=1.7, scale=0.1)])
    millimetres = Columns([ColumnSpec("real", location=1700.0, scale=100.0)])
    numbers = torch.tensor([0.4, -0.2])
    one = metres(numbers).log_prob(torch.tensor([1.85]))
    other = millimetres(numbers).log_prob(torch.tensor([1850.0]))
    torch.testing.assert_close(one - other, torch.tensor(math.log(1000)), atol=1e-4, rtol=0)


def test_a_table_is_its_columns_side_by_side():
    """Blocks change the order of the numbers alone."""
    head = Columns(TABLE)
    numbers = torch.randn(3, 4, head.inputs)
    p = head(numbers)
    x = p.sample()
    whole = p.base_dist.log_prob(x)
    assert whole.shape == (3, 4, len(TABLE))
    torch.testing.assert_close(whole.sum(-1), p.log_prob(x), rtol=1e-5, atol=1e-4)
    for place, column in enumerate(TABLE):
        if column.levels:
            chosen = p.probabilities(place).gather(-1, x[..., place : place + 1].long())
            torch.testing.assert_close(whole[..., place], chosen.log()[..., 0])
    parts = torch.split(numbers, head.sizes, -1)
    for block, part, place in zip(head.blocks, parts, p.base_dist.places, strict=True):
        expected = block(part).log_prob(x.index_select(-1, place))
        torch.testing.assert_close(whole.index_select(-1, place), expected)


def test_values_come_out_where_they_went_in():
    head = Columns(TABLE)
    values = torch.tensor([150.0, 9.0, 7.0, 1.0, 3.0, 2.0, 80.0, 1.0, 6.0, 2.0, 5e-4])
    p = head(torch.randn(head.inputs))
    before = p.base_dist.log_prob(values)
    for place in range(len(TABLE)):
        other = values.clone()
        other[place] = 0.0
        changed = (p.base_dist.log_prob(other) != before).nonzero().flatten()
        assert changed.tolist() == [place]


@settings(max_examples=60, deadline=None)
@given(st.lists(wild, min_size=2, max_size=2), st.sampled_from([-1e30, -7.0, 0.0, 2.0, 1e6, 1e38]))
def test_extreme_numbers_and_fills_stay_finite(pair, fill):
    head = Columns(TABLE)
    numbers = torch.tensor(pair).repeat(head.inputs)[: head.inputs].requires_grad_()
    p = head(numbers)
    log_p = p.base_dist.log_prob(torch.full((len(TABLE),), fill))
    assert torch.isfinite(log_p).all()
    log_p.sum().backward()
    assert torch.isfinite(numbers.grad).all()
    assert all(torch.isfinite(parameter.grad).all() for parameter in head.parameters())
    for values in (p.mean, p.mode, p.sample()):
        assert torch.isfinite(values).all()
    for place, column in enumerate(TABLE):
        if column.levels:
            assert float(p.probabilities(place).detach().sum()) == pytest.approx(1, abs=1e-5)


def test_a_masked_entry_touches_neither_the_value_nor_the_gradient():
    head = Columns(TABLE)
    x = head(torch.zeros(9, head.inputs)).sample()
    mask = torch.rand(9, len(TABLE)) < 0.5
    found = []
    for fill in (0.0, -1e30, 3.0, 1e38):
        numbers = torch.ones(9, head.inputs, requires_grad=True)
        log_p = row_log_prob(head(numbers), torch.where(mask, x, fill), mask)
        parameters = list(head.parameters())
        found.append((log_p, *torch.autograd.grad(log_p.sum(), [numbers, *parameters])))
    for other in found[1:]:
        assert all(torch.equal(a, b) for a, b in zip(found[0], other, strict=True))
    hidden = torch.zeros_like(mask)
    numbers = torch.ones(9, head.inputs, requires_grad=True)
    row_log_prob(head(numbers), x, hidden).sum().backward()
    assert not numbers.grad.any()


def test_degrees_of_freedom_follow_the_tails_of_the_data():
    head = Columns([ColumnSpec("real", scale=1.7), ColumnSpec("real")])
    torch.manual_seed(1)
    heavy = torch.distributions.StudentT(3.5).sample((4000, 1))
    x = torch.cat([heavy, torch.randn(4000, 1)], -1)
    raw = torch.zeros(2, requires_grad=True)
    optimizer = torch.optim.Adam([raw, *head.parameters()], lr=0.1)
    for _ in range(150):
        optimizer.zero_grad()
        (-head(torch.cat([torch.zeros(2), raw])).log_prob(x).mean()).backward()
        optimizer.step()
    heavy_df, light_df = head(torch.zeros(4)).base_dist.parts[0].df.tolist()
    assert 3 < heavy_df < 5
    assert light_df > 12


@pytest.mark.parametrize("odd", ["thresholds", "logits"])
def test_a_free_column_of_levels_learns_their_frequencies(odd):
    kind = "ordinal" if odd == "thresholds" else "categorical"
    head = Columns([ColumnSpec(kind, levels=4), ColumnSpec(kind, levels=3)])
    shares = [torch.tensor([0.1, 0.6, 0.05, 0.25]), torch.tensor([0.5, 0.2, 0.3])]
    x = torch.stack([share.multinomial(8000, replacement=True).float() for share in shares], -1)
    numbers = torch.zeros(head.inputs, requires_grad=odd == "logits")
    optimizer = torch.optim.Adam([numbers, *head.parameters()], lr=0.1)
    for _ in range(120):
        optimizer.zero_grad()
        (-head(numbers).log_prob(x).mean()).backward()
        optimizer.step()
    for place, levels in enumerate((4, 3)):
        expected = torch.bincount(x[:, place].long(), minlength=levels) / 8000
        found = head(numbers).probabilities(place)
        torch.testing.assert_close(found, expected, atol=5e-3, rtol=0)


def test_only_levels_have_probabilities():
    p = Columns(TABLE)(torch.zeros(Columns(TABLE).inputs))
    assert p.probabilities(3).shape == (2,)
    with pytest.raises(ConfigError, match="take its mean, or draw samples"):
        p.probabilities(0)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ([], "at least one column"),
        ([ColumnSpec("real"), ColumnSpec("text")], "column 1: kind is one of real.*got 'text'"),
        ([ColumnSpec("categorical", levels=1)], "at least 2 levels; got 1"),
        ([ColumnSpec("real", scale=0.0)], "positive scale is expected; got 0.0"),
        ([ColumnSpec("count", location=math.nan)], "finite location"),
        ([ColumnSpec("bounded", low=1.0, high=1.0)], "low below high"),
    ],
)
def test_columns_without_a_distribution_are_refused(columns, message):
    with pytest.raises(ConfigError, match=message):
        Columns(columns)


def test_unknown_tails_are_refused():
    with pytest.raises(ConfigError, match="student, gaussian; got 'cauchy'"):
        Columns(TABLE, tails="cauchy")


def test_the_mean_of_a_count_stays_near_what_was_seen():
    seen = ColumnSpec("count", location=0.7, scale=2.4, most=99_999.0)
    head = Columns([seen, ColumnSpec("count", location=0.7, scale=2.4)])
    means = head(torch.tensor([[50.0, 50.0, 0.0, 0.0]])).mean[0]
    assert means[0] <= 99_999
    assert means[1] > 1e10
    usual = head(torch.tensor([[0.0, 0.0, 0.0, 0.0]])).mean[0]
    assert usual[0] == pytest.approx(float(usual[1]), rel=1e-2)
