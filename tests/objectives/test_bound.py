"""Bounds against a model whose log p(x) is known, and against each other."""

import math

import pytest
import torch
from oracle import LinearGaussian
from torch.distributions import Independent, Normal

from vaekit import (
    MLP,
    VAE,
    Amortized,
    Bernoulli,
    Bound,
    DiagonalGaussian,
    FullGaussian,
    MeanPenalty,
    StandardNormal,
    Sum,
    logmeanexp,
)
from vaekit.errors import ConfigError
from vaekit.objectives import kl_per_dim, rate_weight, set_rate_weight


@pytest.fixture
def model():
    return VAE(
        prior=StandardNormal(3),
        posterior=Amortized(MLP(8, [16], 6), DiagonalGaussian(3)),
        likelihood=Amortized(MLP(3, [16], 8), Bernoulli(8)),
    )


@pytest.fixture
def x():
    return (torch.rand(10, 8) < 0.5).float()


@pytest.mark.parametrize("samples", [1, 7])
@pytest.mark.parametrize("reduce", [torch.mean, logmeanexp])
def test_with_the_exact_posterior_every_bound_is_log_px(samples, reduce):
    exact = LinearGaussian()
    terms = Bound(reduce=reduce)(exact.model(exact.x, samples=samples))
    torch.testing.assert_close(terms.bound, exact.log_px, atol=1e-9, rtol=0)
    torch.testing.assert_close(terms.loss, -exact.log_px, atol=1e-9, rtol=0)
    torch.testing.assert_close(terms.distortion + terms.rate, -exact.log_px, atol=1e-9, rtol=0)


def test_with_another_posterior_the_bound_lies_below_and_more_samples_lift_it():
    off = LinearGaussian(rows=2000, shift=0.4, widen=1.5)
    gaps = [
        Bound(reduce=logmeanexp)(off.model(off.x, samples=k)).bound - off.log_px
        for k in (1, 4, 16, 64)
    ]
    means = [gap.mean().item() for gap in gaps]
    assert means == sorted(means)
    assert means[0] < -1.0
    assert -0.3 < means[-1] < 3 * gaps[-1].std().item() / 2000**0.5


def test_closed_form_rate_is_the_mean_of_the_sampled_one(model, x):
    closed = Bound()(model(x, samples=4000))
    sampled = Bound(analytic=False)(model(x, samples=4000))
    torch.testing.assert_close(closed.rate, sampled.rate, atol=0.15, rtol=0)
    torch.testing.assert_close(closed.rate, kl_per_dim(model.posterior(x), model.prior()).sum(-1))


@pytest.mark.parametrize("analytic", [True, False])
def test_every_weight_acts_on_what_it_names(model, x, analytic):
    trace = model(x, samples=5)
    plain = Bound(analytic=analytic)(trace)
    torch.testing.assert_close(plain.loss, plain.distortion + plain.rate)
    beta = Bound(beta=4.0, analytic=analytic)(trace)
    torch.testing.assert_close(beta.loss, plain.distortion + 4.0 * plain.rate)
    torch.testing.assert_close(beta.bound, plain.bound)
    torch.testing.assert_close(Bound(beta=0.0, analytic=analytic)(trace).loss, plain.distortion)


def test_without_entropy_only_the_cross_entropy_with_the_prior_is_left(model, x):
    trace = model(x, samples=1)
    q = model.posterior(x)
    cross = 0.5 * (q.mean**2 + q.variance + math.log(2 * math.pi)).sum(-1)
    loss = Bound(entropy=0.0)(trace).loss
    torch.testing.assert_close(loss, -trace.log_px[0] + cross)
    sampled = Bound(entropy=0.0, analytic=False)(trace).loss
    torch.testing.assert_close(sampled, -(trace.log_px + trace.log_pz)[0])


def test_the_articles_em_has_half_the_squared_mean(model, x):
    trace = model(x)
    loss = Sum(Bound(beta=0.0), MeanPenalty())(trace).loss
    torch.testing.assert_close(
        loss, -trace.log_px[0] + 0.5 * model.posterior(x).mean.square().sum(-1)
    )


def test_free_bits_hold_the_rate_of_each_dimension_up(model, x):
    trace = model(x)
    floor = kl_per_dim(trace.q, trace.prior).mean(0).detach()
    held = Bound(free_bits=float(floor.max()) + 1.0)(trace)
    torch.testing.assert_close(held.loss, held.distortion + 3 * (floor.max() + 1.0).expand(10))
    held.loss.sum().backward()
    q_network = model.posterior.network
    free = Bound(free_bits=1e-9)(model(x))
    assert all(p.grad is not None for p in q_network.parameters())
    torch.testing.assert_close(free.loss.mean(), (free.distortion + free.rate).mean())


@pytest.mark.parametrize(
    "wrong",
    [{"reduce": logmeanexp}, {"analytic": False}, {"entropy": 0.0}],
)
def test_free_bits_without_a_closed_form_are_refused(wrong):
    with pytest.raises(ConfigError, match="closed-form"):
        Bound(free_bits=0.5, **wrong)


def test_free_bits_need_a_diagonal_posterior(x):
    full = VAE(
        prior=StandardNormal(2),
        posterior=Amortized(MLP(8, [], FullGaussian(2).inputs), FullGaussian(2)),
        likelihood=Amortized(MLP(2, [], 8), Bernoulli(8)),
    )
    with pytest.raises(ConfigError, match="diagonal"):
        Bound(free_bits=0.5)(full(x))


def test_the_weight_of_the_rate_is_a_buffer_and_leaves_the_bound_alone(model, x):
    objective = Sum(Bound(beta=2.0), MeanPenalty(0.5))
    trace = model(x)
    full = objective(trace)
    set_rate_weight(objective, weight=0.25)
    quarter = objective(trace)
    torch.testing.assert_close(full.loss - quarter.loss, 1.5 * full.rate)
    torch.testing.assert_close(full.bound, quarter.bound)
    assert not objective.state_dict()


@pytest.mark.parametrize("schedule", ["constant", "linear", "cyclical"])
def test_schedules_stay_between_zero_and_one(schedule):
    weights = [rate_weight(e / 7, schedule=schedule, warmup=4) for e in range(100)]
    assert min(weights) >= 0.0
    assert max(weights) == 1.0


def test_any_reduction_is_used(model, x):
    trace = model(x, samples=6)
    log_w = trace.log_px + trace.log_pz - trace.log_qz
    largest = Bound(reduce=lambda log_w: log_w.amax(0))(trace)
    torch.testing.assert_close(largest.loss, -log_w.amax(0))
    torch.testing.assert_close(largest.bound, log_w.amax(0))
    renyi = Bound(reduce=lambda log_w: logmeanexp(0.5 * log_w) / 0.5)(trace)
    torch.testing.assert_close(renyi.loss, -2 * logmeanexp(0.5 * log_w))


@pytest.mark.parametrize(
    "wrong", [torch.logsumexp, lambda log_w: log_w, lambda log_w: log_w.mean(), lambda log_w: 1.0]
)
def test_a_reduction_that_is_none_is_refused(model, x, wrong):
    with pytest.raises(ConfigError, match=r"log-weights \(K, B\)"):
        Bound(reduce=wrong)(model(x, samples=6))


def two_groups(model, x):
    """The trace of a model of two levels, the second of which depends on the first."""
    (first,) = model(x, samples=3).groups
    q = Independent(Normal(first.z + 1.0, 0.5), 1)
    p = Independent(Normal(0.5 * first.z, 1.0), 1)
    z = q.rsample()
    second = first._replace(name="z2", z=z, log_pz=p.log_prob(z), log_qz=q.log_prob(z), q=q, p=p)
    return model(x, samples=3)._replace(groups=(first, second))


def test_the_rate_of_a_ladder_is_the_sum_of_those_of_its_levels(model, x):
    trace = two_groups(model, x)
    terms = Bound()(trace)
    first, second = terms.extra["rate/z"], terms.extra["rate/z2"]
    torch.testing.assert_close(terms.rate, first + second)
    torch.testing.assert_close(first, kl_per_dim(trace.groups[0].q, trace.groups[0].p).sum(-1))
    gap = 0.5 * trace.groups[0].z + 1.0
    exact = 0.5 * (0.25 + gap.square() - 1 - math.log(0.25)).sum(-1).mean(0)
    torch.testing.assert_close(second, exact)
    torch.testing.assert_close(terms.bound, -(terms.distortion + terms.rate))
    assert trace.z.shape == (3, 10, 6)
    sampled = Bound(reduce=logmeanexp)(trace)
    log_w = trace.log_px + trace.log_pz - trace.log_qz
    torch.testing.assert_close(sampled.bound, logmeanexp(log_w))


def test_what_is_of_one_group_says_so(model, x):
    with pytest.raises(ConfigError, match="one group of latent variables; the model has 2: z, z2"):
        MeanPenalty()(two_groups(model, x))
