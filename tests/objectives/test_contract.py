"""What every objective keeps: one line in OBJECTIVES is all that a new one needs."""

import pytest
import torch

from vaekit import (
    MLP,
    MMD,
    VAE,
    Amortized,
    Bernoulli,
    Bound,
    DiagonalGaussian,
    FullGaussian,
    MeanPenalty,
    MixtureOfGaussians,
    StandardNormal,
    Sum,
    TotalCorrelation,
    logmeanexp,
)
from vaekit.errors import ConfigError

OBJECTIVES = {
    "vae": lambda: Bound(),
    "sampled": lambda: Bound(analytic=False),
    "beta": lambda: Bound(beta=4.0),
    "iwae": lambda: Bound(reduce=logmeanexp),
    "em": lambda: Bound(entropy=0.0),
    "em-of-the-article": lambda: Sum(Bound(beta=0.0), MeanPenalty()),
    "autoencoder": lambda: Bound(beta=0.0),
    "largest-weight": lambda: Bound(reduce=lambda log_w: log_w.amax(0)),
}
BATCH_OBJECTIVES = {
    "mmd": lambda: MMD(10.0),
    "total-correlation": lambda: TotalCorrelation(5.0),
    "total-correlation-of-the-paper": lambda: TotalCorrelation(5.0, rows=1000),
}
NEEDS_CLOSED_FORM = {"free-bits": lambda: Bound(free_bits=0.1)}

MODELS = {
    "diagonal": (DiagonalGaussian, StandardNormal),
    "full": (FullGaussian, StandardNormal),
    "mixture": (DiagonalGaussian, lambda dim: MixtureOfGaussians(dim, components=3)),
}


def build(name):
    head, prior = MODELS[name]
    q = head(3)
    return VAE(
        prior=prior(3),
        posterior=Amortized(MLP(8, [16], q.inputs), q),
        likelihood=Amortized(MLP(3, [16], 8), Bernoulli(8)),
    )


CASES = [(model, objective) for model in MODELS for objective in OBJECTIVES]
CASES += [("diagonal", objective) for objective in NEEDS_CLOSED_FORM]


@pytest.fixture(params=CASES, ids="-".join)
def case(request):
    model, objective = request.param
    x = (torch.rand(6, 8) < 0.5).float()
    return build(model), (OBJECTIVES | NEEDS_CLOSED_FORM)[objective](), x


@pytest.mark.parametrize("samples", [1, 4])
def test_terms_are_finite_nats_for_each_row(case, samples):
    model, objective, x = case
    terms = objective(model(x, samples=samples))
    named = terms._asdict()
    for name, term in (named | dict(named.pop("extra"))).items():
        assert term.shape == (6,), name
        assert term.dtype == torch.float32, name
        assert torch.isfinite(term).all(), name


def test_the_reported_parts_do_not_depend_on_the_weights(case):
    """Distortion, rate and bound are those of the plain bound, however training is weighted."""
    model, objective, x = case
    torch.manual_seed(1)
    found = objective(model(x, samples=4000))
    torch.manual_seed(1)
    plain = Bound()(model(x, samples=4000))
    torch.testing.assert_close(found.distortion, plain.distortion)
    torch.testing.assert_close(found.rate, plain.rate, atol=0.1, rtol=0)
    assert (found.bound > plain.bound - 0.1).all()


def test_a_gradient_reaches_encoder_and_decoder(case):
    model, objective, x = case
    objective(model(x, samples=2)).loss.mean().backward()
    for part in (model.posterior, model.likelihood):
        assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in part.parameters())


@pytest.mark.parametrize("name", OBJECTIVES)
def test_rows_do_not_see_each_other(name):
    """All but free bits, which are of the mean over the batch by definition."""
    model, objective = build("diagonal"), OBJECTIVES[name]()
    x = (torch.rand(6, 8) < 0.5).float()
    torch.manual_seed(2)
    trace = model(x, samples=3)
    (group,) = trace.groups
    first = group._replace(
        z=group.z[:, :1],
        log_pz=group.log_pz[:, :1],
        log_qz=group.log_qz[:, :1],
        q=model.posterior(x[:1]),
    )
    alone = trace._replace(x=x[:1], log_px=trace.log_px[:, :1], groups=(first,))
    torch.testing.assert_close(objective(trace).loss[:1], objective(alone).loss)


@pytest.mark.slow
def test_it_compiles_in_one_graph(case):
    model, objective, x = case
    torch.compiler.reset()

    def loss(rows):
        return objective(model(rows, samples=2)).loss.mean()

    compiled = torch.compile(loss, fullgraph=True, backend="aot_eager")
    torch.manual_seed(3)
    expected = loss(x)
    torch.manual_seed(3)
    torch.testing.assert_close(compiled(x), expected)


@pytest.mark.parametrize("name", BATCH_OBJECTIVES)
def test_a_batch_objective_adds_one_number_of_nats_to_every_row(name):
    model, objective = build("diagonal"), BATCH_OBJECTIVES[name]()
    x = (torch.rand(6, 8) < 0.5).float()
    trace = model(x, samples=2)
    torch.manual_seed(3)
    penalty = objective(trace)
    assert penalty.shape == ()
    assert torch.isfinite(penalty)
    torch.manual_seed(3)
    terms, plain = Sum(Bound(), objective)(trace), Bound()(trace)
    torch.testing.assert_close(terms.loss, plain.loss + penalty)
    for name in ("distortion", "rate", "bound"):
        assert torch.equal(getattr(terms, name), getattr(plain, name))
    penalty.backward()
    assert all(p.grad is not None for p in model.posterior.parameters())


@pytest.mark.parametrize("name", BATCH_OBJECTIVES)
def test_a_batch_objective_cannot_tell_the_bound(name):
    with pytest.raises(ConfigError, match="put a Bound before it"):
        Sum(BATCH_OBJECTIVES[name](), Bound())
