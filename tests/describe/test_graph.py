"""The graph of a model is that of its modules: every part, every number, every way of sampling."""

import dataclasses
import json

import pytest
import torch
from matplotlib.figure import Figure
from torch import nn
from torch.distributions import Independent, Normal

from vaekit import registry
from vaekit.builders import build_model
from vaekit.config import LikelihoodConfig, ModelConfig, NetworkConfig, PosteriorConfig, PriorConfig
from vaekit.describe import LOG_PX, LOG_PZ, MEAN, graph
from vaekit.errors import ConfigError
from vaekit.models import VAE, Amortized, Bernoulli, Conditional, DiagonalGaussian, StandardNormal

IMAGE = (1, 8, 8)
NETWORKS = {
    "mlp": NetworkConfig(hidden=(16, 8)),
    "mlp with all": NetworkConfig(hidden=(16,), batch_norm=True, dropout=0.1),
    "linear": NetworkConfig(hidden=()),
    "conv": NetworkConfig(kind="conv"),
    "resnet": NetworkConfig(kind="resnet", hidden=(8, 8)),
}
POSTERIORS = {
    **{kind: PosteriorConfig(kind=kind) for kind in ("gaussian", "full-gaussian", "point")},
    **{
        f"{kind} {flow}": PosteriorConfig(kind=kind, flow=flow, flow_length=2)
        for kind in ("gaussian", "full-gaussian")
        for flow in ("planar", "radial", "autoregressive", "spline")
    },
}
PRIORS = {
    kind: PriorConfig(kind=kind, components=5) for kind in ("normal", "mixture", "vamp", "flow")
}
LIKELIHOODS = {
    "bernoulli": LikelihoodConfig(kind="continuous-bernoulli"),
    "logistic": LikelihoodConfig(kind="discretized-logistic"),
    "categorical": LikelihoodConfig(kind="categorical", levels=4),
    **{
        variance: LikelihoodConfig(kind="gaussian", variance=variance)
        for variance in ("unit", "shared", "per-feature")
    },
}
MODELS = {
    **{f"network {name}": ModelConfig(encoder=net, decoder=net) for name, net in NETWORKS.items()},
    **{f"posterior {name}": ModelConfig(posterior=q) for name, q in POSTERIORS.items()},
    **{f"prior {name}": ModelConfig(prior=p) for name, p in PRIORS.items()},
    **{f"likelihood {name}": ModelConfig(likelihood=p) for name, p in LIKELIHOODS.items()},
    "vamp and flow": ModelConfig(
        prior=PRIORS["vamp"], posterior=POSTERIORS["gaussian autoregressive"]
    ),
    "one dimension": ModelConfig(latent_dim=1, posterior=POSTERIORS["full-gaussian"]),
}


def build(config, shape=IMAGE):
    return build_model(config, shape=shape, support="unit")


def inputs(found, name):
    """Names of what a node is computed from."""
    return {edge.source for edge in found.edges if edge.target == name}


def reached(found, name):
    """Names of all that a node depends on."""
    seen, todo = set(), [name]
    while todo:
        new = inputs(found, todo.pop()) - seen
        seen |= new
        todo += new
    return seen


@pytest.mark.parametrize("name", MODELS)
def test_every_learned_number_is_counted_once(name):
    model = build(MODELS[name])
    found = graph(model, shape=IMAGE)
    learned = sum(each.numel() for each in model.parameters())
    assert sum(node.parameters for node in found.nodes) == learned


@pytest.mark.parametrize("name", MODELS)
def test_the_graph_is_a_graph_and_all_of_it_leads_to_the_objective(name):
    found = graph(build(MODELS[name]), shape=IMAGE, samples=3)
    place = {node.name: at for at, node in enumerate(found.nodes)}
    assert len(place) == len(found.nodes)
    pairs = [(edge.source, edge.target) for edge in found.edges]
    assert len(set(pairs)) == len(pairs)
    assert all(place[one] < place[other] for one, other in pairs)
    assert reached(found, "objective") == set(place) - {"objective"}
    assert "x" in inputs(found, LOG_PX)
    assert inputs(found, LOG_PZ) == {"p(z)", "z"}
    assert {LOG_PX, "p(x|z)", "objective"} & reached(found, "z") == set()


@pytest.mark.parametrize("name", MODELS)
def test_layers_put_out_what_the_heads_read(name):
    config = MODELS[name]
    model = build(config)
    found = graph(model, shape=IMAGE, samples=3)
    nodes = {node.name: node for node in found.nodes}
    for part, head, numbers in (
        ("encoder", model.posterior.head, MEAN),
        ("decoder", model.likelihood.head, "parameters of p"),
    ):
        last = [node for node in found.nodes if node.part == part and node.kind == "layer"][-1]
        assert torch.Size(last.shape).numel() == head.inputs
        assert nodes[numbers].shape == (head.inputs,)
    assert nodes["x"].shape == nodes["p(x|z)"].shape == (64,)
    assert nodes["z"].shape == (3, config.latent_dim)


@pytest.mark.parametrize("name", POSTERIORS)
def test_noise_enters_where_a_sample_is_drawn(name):
    posterior = POSTERIORS[name]
    found = graph(build(ModelConfig(posterior=posterior)), shape=IMAGE)
    nodes = {node.name: node for node in found.nodes}
    drawn = [node.name for node in found.nodes if node.kind == "sample"]
    if posterior.kind == "point":
        assert (drawn, "noise" in nodes, inputs(found, "z")) == ([], False, {MEAN})
        assert nodes["z"].title == "z = μ"
    elif posterior.flow == "none":
        assert (drawn, inputs(found, "z")) == (["z"], {MEAN, "noise"})
    else:
        assert (drawn, inputs(found, "u")) == (["u"], {MEAN, "noise"})
        assert (inputs(found, "flow"), inputs(found, "z")) == ({MEAN, "u"}, {"flow"})
        assert posterior.flow in nodes["flow"].title
        assert nodes["flow"].notes == ("2 steps",)


def test_layers_of_an_mlp_are_told_by_shape_and_size():
    net = NetworkConfig(hidden=(16, 8), activation="tanh", dropout=0.25)
    found = graph(build(ModelConfig(encoder=net)), shape=IMAGE)
    layers = [node for node in found.nodes if node.part == "encoder" and node.kind == "layer"]
    assert [(node.title, node.notes, node.shape, node.parameters) for node in layers] == [
        ("Linear", ("Tanh", "dropout 0.25"), (16,), 64 * 16 + 16),
        ("Linear", ("Tanh", "dropout 0.25"), (8,), 16 * 8 + 8),
        ("Linear", (), (4,), 8 * 4 + 4),
    ]


def test_layers_of_image_networks_keep_the_shape_of_images():
    found = graph(build(MODELS["network conv"], (1, 28, 28)), shape=(1, 28, 28))
    shapes = [node.shape for node in found.nodes if node.part == "encoder"]
    assert shapes[:4] == [(784,), (32, 26, 26), (64, 24, 24), (64, 12, 12)]
    found = graph(build(MODELS["network resnet"]), shape=IMAGE)
    titles = [node.title for node in found.nodes if node.part == "encoder"]
    assert titles[1:3] == ["Conv 3\N{MULTIPLICATION SIGN}3 by 2", "Residual block"]


def test_only_what_the_objective_is_made_of_leads_to_it():
    found = graph(build(ModelConfig()), shape=IMAGE, terms=(LOG_PX, MEAN), loss=("mine",))
    assert inputs(found, "objective") == {LOG_PX, MEAN}
    assert found.nodes[-1].notes == ("mine",)


def test_a_graph_is_plain_data():
    found = graph(build(ModelConfig()), shape=IMAGE)
    values = json.loads(json.dumps(dataclasses.asdict(found)))
    assert values["nodes"][0]["name"] == "x"
    assert values["edges"][0] == {"source": "x", "target": "encoder 1"}


def test_a_graph_plots_itself_on_axes_that_are_there():
    found = graph(build(ModelConfig()), shape=IMAGE)
    axes = Figure().subplots()
    found.plot(axes)
    texts = [text.get_text() for text in axes.texts]
    assert {node.title for node in found.nodes} <= set(texts)


def test_looking_leaves_the_model_as_it_was():
    model = build(ModelConfig(encoder=NETWORKS["mlp with all"]))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    noise = torch.get_rng_state()
    graph(model, shape=IMAGE)
    assert torch.equal(torch.get_rng_state(), noise)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert not any(module._forward_hooks for module in model.modules())
    assert all(each.grad is None for each in model.parameters())


class Learned(Conditional):
    """A posterior of one's own, without a network."""

    def __init__(self):
        super().__init__()
        self.map = nn.Linear(64, 2)

    def forward(self, context=None):
        return Independent(Normal(self.map(context), 1.0), 1)


def test_a_model_of_ones_own_is_drawn_as_far_as_it_is_known():
    likelihood = Amortized(nn.Linear(2, 64), Bernoulli(64))
    own = VAE(prior=StandardNormal(2), posterior=Learned(), likelihood=likelihood)
    found = graph(own, shape=IMAGE)
    titles = {node.name: node.title for node in found.nodes}
    assert titles["encoder 1"] == "Linear"
    assert titles["z"] == "z = a draw of q(z|x)"
    learned = sum(each.numel() for each in own.parameters())
    assert sum(node.parameters for node in found.nodes) == learned


def test_a_layer_used_twice_is_seen_twice_and_counted_once():
    layer = nn.Linear(2, 2)
    twice = nn.Sequential(layer, layer, nn.Linear(2, 64))
    posterior = Amortized(nn.Linear(64, 4), DiagonalGaussian(2))
    model = VAE(
        prior=StandardNormal(2), posterior=posterior, likelihood=Amortized(twice, Bernoulli(64))
    )
    found = graph(model, shape=IMAGE)
    sizes = [node.parameters for node in found.nodes if node.name.startswith("decoder")]
    assert sizes == [6, 0, 192]


def test_wrong_numbers_of_samples_are_refused():
    with pytest.raises(ConfigError, match="at least 1 sample of z, got 0"):
        graph(build(ModelConfig()), shape=IMAGE, samples=0)


def test_every_kind_of_part_is_tried():
    tables = {"posterior": registry.POSTERIORS, "prior": registry.PRIORS}
    for part, table in {**tables, "encoder": registry.NETWORKS}.items():
        tried = {getattr(model, part).kind for model in MODELS.values()}
        assert {entry.name for entry in table.built_in()} <= tried
    flows = {entry.name for entry in registry.FLOWS.built_in()}
    assert flows <= {each.flow for each in POSTERIORS.values()}
