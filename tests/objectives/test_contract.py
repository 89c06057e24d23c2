"""What every objective keeps: one line in OBJECTIVES is all that a new one needs."""

import pytest
import torch

from vaekit import (
    MLP,
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
    logmeanexp,
)

OBJECTIVES = {
    "vae": lambda: Bound(),
    "sampled": lambda: Bound(analytic=False),
    "beta": lambda: Bound(beta=4.0),
    "iwae": lambda: Bound(reduce=logmeanexp),
    "em": lambda: Bound(entropy=0.0),
    "em-of-the-article": lambda: Sum(Bound(beta=0.0), MeanPenalty()),
    "autoencoder": lambda: Bound(beta=0.0),
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
    for name, term in terms._asdict().items():
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
    alone = trace._replace(
        x=x[:1],
        z=trace.z[:, :1],
        log_px=trace.log_px[:, :1],
        log_pz=trace.log_pz[:, :1],
        log_qz=trace.log_qz[:, :1],
        q=model.posterior(x[:1]),
    )
    torch.testing.assert_close(objective(trace).loss[:1], objective(alone).loss)


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
