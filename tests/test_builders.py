"""Every combination that config can name becomes a model that trains, or an error that helps."""

import itertools

import pytest
import torch

from vaekit.builders import build_model, build_objective
from vaekit.config import ModelConfig, ObjectiveConfig
from vaekit.errors import ConfigError, VaekitWarning
from vaekit.training import Step

SMALL = {"hidden": [12]}


def config(**sections):
    return ModelConfig.model_validate(
        {"latent_dim": 3, "encoder": SMALL, "decoder": SMALL} | sections
    )


POSTERIORS = [
    {"kind": kind, "flow": flow, "flow_length": 2}
    for kind, flow in itertools.product(
        ("gaussian", "full-gaussian"), ("none", "planar", "radial", "autoregressive", "spline")
    )
] + [{"kind": "point"}]


def train_once(model, x, **objective):
    step = Step(model, build_objective(ObjectiveConfig(**objective)), samples=2)
    losses, sums = step(x)
    loss = losses["model"]
    loss.backward()
    assert torch.isfinite(loss)
    assert all(torch.isfinite(total) for total in sums.values())
    assert all(p.grad is not None for p in model.parameters())


@pytest.mark.parametrize("posterior", POSTERIORS, ids=lambda p: "-".join(map(str, p.values())))
@pytest.mark.parametrize("prior", ["normal", "mixture", "vamp", "flow"])
def test_every_posterior_goes_with_every_prior_or_says_why_not(posterior, prior):
    wanted = config(posterior=posterior, prior={"kind": prior, "components": 4, "flow_length": 1})

    def build():
        rows = torch.rand(4, 6).round()
        return build_model(wanted, shape=(6,), support="binary", rows=rows)

    known_everywhere = posterior["kind"] != "point" and posterior["flow"] not in (
        "planar",
        "radial",
    )
    if prior == "vamp" and not known_everywhere:
        with pytest.raises(ConfigError, match="known everywhere"):
            build()
    else:
        train_once(build(), torch.rand(5, 6).round())


@pytest.mark.parametrize(
    ("kind", "support"),
    [
        ("bernoulli", "binary"),
        ("continuous-bernoulli", "unit"),
        ("gaussian", "unit"),
        ("gaussian", "real"),
        ("discretized-logistic", "unit"),
        ("categorical", "unit"),
    ],
)
@pytest.mark.parametrize("reduce", ["mean", "logmeanexp"])
def test_every_likelihood_goes_with_every_reduction(kind, support, reduce):
    built = build_model(config(likelihood={"kind": kind, "levels": 4}), shape=(6,), support=support)
    train_once(built, (torch.rand(5, 6) * 3).round() / 3, reduce=reduce)


@pytest.mark.parametrize("variance", ["unit", "shared", "per-feature"])
def test_variances(variance):
    likelihood = {"kind": "gaussian", "variance": variance}
    built = build_model(config(likelihood=likelihood), shape=(6,), support="real")
    train_once(built, torch.randn(5, 6))


@pytest.mark.parametrize("kind", ["conv", "resnet"])
@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 9, 12)])
def test_image_networks(kind, shape):
    network = {"kind": kind, "hidden": [8, 8]}
    built = build_model(config(encoder=network, decoder=network), shape=shape, support="binary")
    features = shape[0] * shape[1] * shape[2]
    train_once(built, torch.rand(4, features).round())


@pytest.mark.parametrize("kind", ["conv", "resnet"])
def test_image_networks_refuse_tables(kind):
    with pytest.raises(ConfigError, match="kind = mlp"):
        build_model(config(encoder={"kind": kind}), shape=(6,), support="real")


@pytest.mark.parametrize(
    ("support", "head"),
    [("binary", "Bernoulli"), ("unit", "ContinuousBernoulli"), ("real", "Gaussian")],
)
def test_auto_takes_the_likelihood_that_fits_the_values(support, head):
    built = build_model(config(), shape=(6,), support=support)
    assert type(built.likelihood.head).__name__ == head


def test_a_likelihood_that_does_not_fit_is_refused_with_the_way_out():
    with pytest.raises(ConfigError, match=r"gaussian, or data\.scale = unit"):
        build_model(config(likelihood={"kind": "bernoulli"}), shape=(6,), support="real")
    with pytest.warns(VaekitWarning, match=r"data\.binarize = dynamic"):
        build_model(config(likelihood={"kind": "bernoulli"}), shape=(6,), support="unit")


def test_a_point_has_no_density_for_a_flow():
    with pytest.raises(ConfigError, match="gaussian"):
        build_model(
            config(posterior={"kind": "point", "flow": "planar"}), shape=(6,), support="real"
        )


def test_a_vamp_prior_needs_as_many_rows_as_components():
    with pytest.raises(ConfigError, match=r"model\.prior\.components"):
        build_model(
            config(prior={"kind": "vamp", "components": 9}),
            shape=(6,),
            support="real",
            rows=torch.zeros(4, 6),
        )


def test_objectives_by_name():
    article = build_objective(ObjectiveConfig(beta=0.0, mean_penalty=1.0))
    assert [type(part).__name__ for part in article.parts] == ["Bound", "MeanPenalty"]
    assert build_objective(ObjectiveConfig(reduce="logmeanexp", samples=5)).importance_weighted
    with pytest.raises(ConfigError, match="free bits"):
        build_objective(ObjectiveConfig(reduce="logmeanexp", free_bits=0.1))
