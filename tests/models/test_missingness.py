"""A model of the gaps, against integrals over what is missing."""

import math

import numpy as np
import pytest
import torch
from oracle import LinearGaussian
from torch.distributions import Independent, MultivariateNormal, Normal

from vaekit.errors import ConfigError
from vaekit.inference import impute
from vaekit.models import MASKS, VAE, Columns, ColumnSpec, Missingness, complete
from vaekit.numerics import logmeanexp

REAL = [ColumnSpec("real")] * 3
MIXED = [
    ColumnSpec("real"),
    ColumnSpec("count", location=1.0, scale=0.7),
    ColumnSpec("categorical", levels=3),
    ColumnSpec("binary"),
]


def oracle():
    """A linear-Gaussian model in which the last of three cells is missing, and why."""
    made = LinearGaussian(rows=4, features=3, gaps=0.5, widen=1.5, seed=2)
    made.mask[:] = torch.tensor([True, True, False])
    missing = Missingness(REAL, kind="agnostic", has_missing=[False, True, True]).double()
    with torch.no_grad():
        missing.bias.copy_(torch.tensor([0.0, 0.01, 0.02]))
        missing.weight.copy_(torch.tensor([[0, 0, 0], [0.02, 0, 0.01], [0.0, 0.03, -0.06]]))
    parts = made.model
    model = VAE(
        prior=parts.prior,
        posterior=parts.posterior,
        likelihood=parts.likelihood,
        missingness=missing,
    )
    return made, model


def integrated(made, missing, row):
    """log p(x_o, s) and E[x_m | x_o, s] on a fine grid over the missing cell."""
    likelihood = made.model.likelihood
    weight, bias = likelihood.weight, likelihood.bias
    joint = MultivariateNormal(bias, weight @ weight.T + 0.36 * torch.eye(3, dtype=weight.dtype))
    grid = torch.linspace(-12, 12, 24001, dtype=torch.float64)
    rows = row.expand(len(grid), 3).clone()
    rows[:, 2] = grid
    known = torch.tensor([1.0, 1.0, 0.0], dtype=torch.float64)
    log_p = joint.log_prob(rows) + missing(rows).log_prob(known)
    log_mass = torch.logsumexp(log_p, 0)
    return log_mass + math.log(0.001), (torch.softmax(log_p, 0) * grid).sum()


@torch.no_grad()
def test_the_bound_is_that_of_cells_and_gaps_together():
    made, model = oracle()
    torch.manual_seed(0)
    trace = model(made.x, samples=40_000, mask=made.mask)
    found = logmeanexp(trace.log_px + trace.log_pz - trace.log_qz)
    for each, row in zip(found, made.x, strict=True):
        assert float(each) == pytest.approx(
            float(integrated(made, model.missingness, row)[0]), abs=0.02
        )


@torch.no_grad()
def test_what_is_filled_in_is_the_mean_given_that_it_is_missing():
    made, model = oracle()
    rows = np.where(made.mask.numpy(), made.x.numpy(), np.nan)
    found = impute(model, rows=rows, samples=20_000, draws=3000, interval=0.8)
    ignorant = VAE(prior=model.prior, posterior=model.posterior, likelihood=model.likelihood)
    moved = np.abs(found.filled - impute(ignorant, rows=rows, samples=20_000).filled).max()
    assert moved > 0.1  # the gaps tell something here
    for at, row in enumerate(made.x):
        mean = float(integrated(made, model.missingness, row)[1])
        assert found.filled[at, 2] == pytest.approx(mean, abs=0.04)
        assert found.draws[:, at, 2].mean() == pytest.approx(mean, abs=0.08)
        inside = (found.draws[:, at, 2] >= found.low[at, 2]) & (
            found.draws[:, at, 2] <= found.high[at, 2]
        )
        assert inside.mean() == pytest.approx(0.8, abs=0.04)


@pytest.mark.parametrize("kind", MASKS)
def test_it_gives_a_probability_for_every_cell_and_learns_from_each_column_with_gaps(kind):
    missing = Missingness(MIXED, kind=kind, has_missing=[True, True, True, False])
    rows = torch.tensor([[0.3, 2.0, 1.0, 1.0], [-1.0, 0.0, 2.0, 0.0]])
    p = missing(rows)
    known = torch.ones(2, 4)
    both = p.base_dist.log_prob(known).exp() + p.base_dist.log_prob(1 - known).exp()
    assert torch.allclose(both, torch.ones(2, 4))
    assert torch.equal(p.base_dist.log_prob(known)[:, 3].exp(), torch.ones(2))
    p.log_prob(known).sum().backward()
    assert missing.bias.grad[:3].abs().min() > 0
    assert missing.bias.grad[3] == 0
    assert missing.weight.grad.isfinite().all()


def test_a_column_that_masks_itself_looks_at_no_other():
    missing = Missingness(MIXED, kind="self-masking", has_missing=[True] * 4)
    torch.nn.init.normal_(missing.weight)
    rows = torch.tensor([[0.3, 2.0, 1.0, 1.0]])
    for column in range(4):
        moved = rows.clone()
        moved[0, column] = 0.0
        changed = missing(moved).base_dist.logits != missing(rows).base_dist.logits
        assert changed[0].tolist() == [place == column for place in range(4)]


def test_the_known_end_is_kept_whatever_the_weights_are():
    ends = ["high", "low", "high"]
    missing = Missingness(
        REAL, kind="self-masking-known", has_missing=[True] * 3, missing_when=ends
    ).double()
    torch.nn.init.normal_(missing.weight)
    slopes = missing.slopes().diag()
    assert (slopes.sign() == torch.tensor([-1.0, 1.0, -1.0])).all()


def test_the_gradient_of_levels_and_counts_is_that_of_the_evidence():
    """A single binary cell, missing: log p(s) = log sum_x p(x) p(s|x) in closed form."""
    missing = Missingness([ColumnSpec("binary")], kind="self-masking", has_missing=[True])
    with torch.no_grad():
        missing.weight.fill_(0.03)
        missing.bias.fill_(0.01)
    head, logit = Columns([ColumnSpec("binary")]), torch.tensor([0.4], requires_grad=True)
    torch.manual_seed(0)
    p = head(logit.expand(200_000, 1, 1))
    whole, score = complete(p, torch.zeros(1, 1), torch.zeros(1, 1, dtype=torch.bool))
    logmeanexp(missing(whole).log_prob(torch.zeros(1)) + score).sum().backward()
    estimated = float(logit.grad)
    exact = torch.tensor([0.4], requires_grad=True)
    gone = missing(torch.tensor([[0.0], [1.0]])).log_prob(torch.zeros(1)).exp()
    torch.stack([1 - exact.sigmoid(), exact.sigmoid()])[:, 0].mul(gone).sum().log().backward()
    assert estimated == pytest.approx(float(exact.grad), rel=0.05)


def test_gradients_flow_through_drawn_numbers():
    loc = torch.zeros(3, requires_grad=True)
    p = Independent(Normal(loc.expand(5, 2, 3), 1.0), 1)
    mask = torch.tensor([[True, False, True], [True, True, True]])
    whole, score = complete(p, torch.full((2, 3), 7.0), mask)
    assert (whole[:, mask] == 7.0).all()
    assert torch.equal(score, torch.zeros(5, 2))
    whole.sum().backward()
    assert loc.grad.tolist() == [0.0, 5.0, 0.0]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"kind": "mcar", "has_missing": [True] * 3}, "mcar"),
        ({"kind": "agnostic", "has_missing": [True]}, "3 columns"),
    ],
)
def test_what_makes_no_sense_is_refused(settings, said):
    with pytest.raises(ConfigError, match=said):
        Missingness(REAL, **settings)
