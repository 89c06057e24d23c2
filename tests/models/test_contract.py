"""One contract for each role. A new part is one new line in a list."""

import copy

import pytest
import torch
from safetensors.torch import load_model, save_model

from vaekit.distributions import sample_with_log_prob
from vaekit.models import (
    VAE,
    Amortized,
    AutoregressiveFlow,
    Bernoulli,
    Categorical,
    Columns,
    ColumnSpec,
    ContinuousBernoulli,
    DiagonalGaussian,
    DiscretizedLogistic,
    FlowPosterior,
    FlowPrior,
    FullGaussian,
    Gaussian,
    MixtureOfGaussians,
    PlanarFlow,
    Point,
    RadialFlow,
    SplineFlow,
    StandardNormal,
    VampPrior,
    row_log_prob,
)
from vaekit.networks import MLP

K, B, D, F = 3, 5, 2, 6

COLUMNS = [
    ColumnSpec("ordinal", levels=4),
    ColumnSpec("real", location=0.5, scale=0.3),
    ColumnSpec("categorical", levels=3),
    ColumnSpec("positive", location=-0.7, scale=0.4),
    ColumnSpec("binary"),
    ColumnSpec("count", location=0.8, scale=0.5),
]


def posterior_of(head):
    return Amortized(MLP(F, [8], head.inputs), head)


def likelihood_of(head):
    return Amortized(MLP(D, [8], head.inputs), head)


POSTERIORS = {
    "diagonal": lambda: DiagonalGaussian(D),
    "full": lambda: FullGaussian(D),
    "point": lambda: Point(D),
    "planar": lambda: FlowPosterior(DiagonalGaussian(D), PlanarFlow(D, length=1)),
    "autoregressive": lambda: FlowPosterior(
        DiagonalGaussian(D), AutoregressiveFlow(D, length=1, hidden=(8,))
    ),
    "spline": lambda: FlowPosterior(DiagonalGaussian(D), SplineFlow(D, length=1, hidden=(8,))),
    "planar on point": lambda: FlowPosterior(Point(D), PlanarFlow(D, length=1)),
    "radial on full": lambda: FlowPosterior(FullGaussian(D), RadialFlow(D, length=1)),
}

PRIORS = {
    "normal": lambda posterior: StandardNormal(D),
    "mixture": lambda posterior: MixtureOfGaussians(D, components=4),
    "vamp": lambda posterior: VampPrior(posterior, pseudo_inputs=torch.rand(4, F), unit=True),
    "flow": lambda posterior: FlowPrior(D, length=1, hidden=(8,)),
}

LIKELIHOODS = {
    "bernoulli": lambda: Bernoulli(F),
    "continuous bernoulli": lambda: ContinuousBernoulli(F),
    "gaussian unit": lambda: Gaussian(F, variance="unit"),
    "gaussian shared": lambda: Gaussian(F, variance="shared"),
    "gaussian per-feature": lambda: Gaussian(F, variance="per-feature"),
    "discretized logistic": lambda: DiscretizedLogistic(F, levels=16),
    "categorical": lambda: Categorical(F, levels=16),
    "columns": lambda: Columns(COLUMNS),
    "columns gaussian": lambda: Columns(
        [ColumnSpec("bounded", location=0.5, scale=0.3), *COLUMNS[1:]], tails="gaussian"
    ),
}


def each(table):
    return pytest.mark.parametrize("part", table.values(), ids=table.keys())


def vae(*, posterior=None, prior=None, likelihood=None):
    torch.manual_seed(1)
    q = posterior_of((posterior or POSTERIORS["diagonal"])())
    return VAE(
        prior=(prior or PRIORS["normal"])(q),
        posterior=q,
        likelihood=likelihood_of((likelihood or LIKELIHOODS["bernoulli"])()),
    )


def models():
    """One model for each part, and one of the first parts of all three lists."""
    yield pytest.param({}, id="plain")
    for role, table in (("posterior", POSTERIORS), ("prior", PRIORS), ("likelihood", LIKELIHOODS)):
        for name, part in list(table.items())[1:]:
            yield pytest.param({role: part}, id=f"{role}: {name}")


every_model = pytest.mark.parametrize("parts", list(models()))


@pytest.fixture
def x():
    return torch.randint(0, 16, (B, F)) / 15


@each(POSTERIORS)
def test_a_posterior_gives_samples_and_their_density(part, x):
    q = posterior_of(part())(x)
    z, log_q = sample_with_log_prob(q, (K,))
    assert (q.batch_shape, q.event_shape) == ((B,), (D,))
    assert (z.shape, log_q.shape, q.mean.shape) == ((K, B, D), (K, B), (B, D))
    assert z.dtype == log_q.dtype == torch.float32
    assert torch.isfinite(z).all()
    assert torch.isfinite(log_q).all()
    assert q.sample((K,)).shape == (K, B, D)
    assert not q.sample((K,)).requires_grad


@each(PRIORS)
def test_a_prior_scores_codes_and_gives_some(part, x):
    p = part(posterior_of(DiagonalGaussian(D)))()
    assert (p.batch_shape, p.event_shape) == ((), (D,))
    log_p = p.log_prob(torch.randn(K, B, D))
    assert (log_p.shape, log_p.dtype) == ((K, B), torch.float32)
    assert p.sample((7,)).shape == (7, D)
    assert torch.isfinite(p.log_prob(p.sample((7,)))).all()


@each(PRIORS)
def test_a_prior_is_a_density(part, x):
    """Its integral over the plane is 1."""
    p = part(posterior_of(DiagonalGaussian(D)))()
    axis = torch.linspace(-12, 12, 401)
    grid = torch.cartesian_prod(axis, axis)
    cell = float(axis[1] - axis[0]) ** 2
    assert p.log_prob(grid).exp().sum().item() * cell == pytest.approx(1, abs=2e-3)


@each(LIKELIHOODS)
def test_a_likelihood_scores_rows_for_each_code(part, x):
    p = likelihood_of(part())(torch.randn(K, B, D))
    log_p = row_log_prob(p, x)
    assert (p.batch_shape, p.event_shape) == ((K, B), (F,))
    assert (log_p.shape, log_p.dtype) == ((K, B), torch.float32)
    assert torch.isfinite(log_p).all()
    assert p.mean.shape == p.sample().shape == (K, B, F)
    assert torch.isfinite(p.mean).all()
    assert p.sample((4,)).shape == (4, K, B, F)
    assert p.base_dist.batch_shape == (K, B, F)
    torch.testing.assert_close(p.base_dist.log_prob(x).sum(-1), log_p)


@each(LIKELIHOODS)
def test_the_mean_of_a_likelihood_is_the_mean_of_its_samples(part, x):
    p = likelihood_of(part())(torch.randn(2, D))
    samples = p.sample((4000,))
    error = (samples.mean(0) - p.mean).abs() / (samples.std(0) / 4000**0.5)
    assert error.max() < 4.5


@each(LIKELIHOODS)
def test_what_a_mask_hides_does_not_matter(part, x):
    p = likelihood_of(part())(torch.randn(K, B, D))
    mask = torch.rand(B, F) < 0.5
    one, other = (torch.where(mask, x, fill) for fill in (0.0, 1.0))
    torch.testing.assert_close(row_log_prob(p, one, mask), row_log_prob(p, other, mask))
    torch.testing.assert_close(row_log_prob(p, x, torch.ones_like(mask)), row_log_prob(p, x))
    assert (row_log_prob(p, x, torch.zeros_like(mask)) == 0).all()


@each(LIKELIHOODS)
def test_numbers_as_wild_as_a_bad_step_makes_them_stay_finite(part, x):
    head = part()
    numbers = (1e3 * torch.randn(B, head.inputs)).requires_grad_()
    p = head(numbers)
    log_p = p.log_prob(x)
    log_p.sum().backward()
    assert torch.isfinite(log_p).all()
    assert torch.isfinite(numbers.grad).all()
    assert torch.isfinite(p.mean).all()


@each(POSTERIORS)
def test_wild_numbers_give_a_finite_posterior(part, x):
    head = part()
    numbers = (1e3 * torch.randn(B, head.inputs)).requires_grad_()
    z, log_q = sample_with_log_prob(head(numbers), (K,))
    (z.square().sum() + log_q.sum()).backward()
    assert torch.isfinite(z).all()
    assert torch.isfinite(log_q).all()
    assert torch.isfinite(numbers.grad).all()


@pytest.mark.parametrize("table", [POSTERIORS, LIKELIHOODS], ids=["posteriors", "likelihoods"])
def test_a_head_says_how_many_numbers_it_reads(table):
    for part in table.values():
        head = part()
        assert head(torch.zeros(B, head.inputs)).batch_shape == (B,)
        with pytest.raises(ValueError, match=f"{type(head).__name__} reads {head.inputs} numbers"):
            head(torch.zeros(B, head.inputs + 1))
        with pytest.raises(ValueError, match="got nothing"):
            head()


@every_model
def test_a_gradient_reaches_every_parameter(parts, x):
    model = vae(**parts)
    trace = model(x, samples=K)
    (trace.log_px + trace.log_pz - trace.log_qz).mean().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.any(), name
        assert torch.isfinite(parameter.grad).all(), name


@every_model
def test_save_and_load_gives_the_same_model(parts, x, tmp_path):
    model = vae(**parts)
    save_model(model, tmp_path / "model.safetensors")
    other = copy.deepcopy(model)
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.add_(1)
    load_model(other, tmp_path / "model.safetensors")
    model.eval(), other.eval()
    traces = []
    for one in (model, other):
        torch.manual_seed(2)
        traces.append(one(x, samples=K))
    for name in ("z", "log_px", "log_pz", "log_qz"):
        assert torch.equal(getattr(traces[0], name), getattr(traces[1], name))


# The compiler makes a context object for a custom gradient in the way torch itself deprecates.
@pytest.mark.filterwarnings("ignore:.*should not be instantiated:DeprecationWarning")
@every_model
@pytest.mark.slow
def test_the_model_compiles_in_one_graph(parts, x):
    torch.compiler.reset()
    model = vae(**parts)
    mask = torch.ones_like(x, dtype=torch.bool)

    def numbers(x, mask):
        trace = model(x, samples=K, mask=mask)
        return trace.z, trace.log_px + trace.log_pz - trace.log_qz

    compiled = torch.compile(numbers, fullgraph=True, backend="aot_eager")
    torch.manual_seed(3)
    z, bound = compiled(x, mask)
    torch.manual_seed(3)
    expected_z, expected = numbers(x, mask)
    torch.testing.assert_close(z, expected_z)
    torch.testing.assert_close(bound, expected)
    bound.mean().backward()
