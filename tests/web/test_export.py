"""The static site: its decoder gives what PyTorch gives, and its files what the server tells."""

import json
import math

import numpy as np
import pytest
import torch

from vaekit import MLP, VAE, Amortized, DiagonalGaussian, StandardNormal, inference
from vaekit.errors import ConfigError, WriteError
from vaekit.models import Bernoulli, Categorical, ContinuousBernoulli, DiscretizedLogistic, Gaussian
from vaekit.networks import ConvDecoder
from vaekit.web import check_export_folder, export_site
from vaekit.web.export import decoder_weights
from vaekit.web.server import PAGE_POLICY

D, F = 3, 12
RUNS = [(0, "digits"), (1, "cancer"), (2, "noisy")]


def sigmoid(x):
    return 0.5 * (1 + np.tanh(x / 2))


def softplus(x):
    return np.logaddexp(0, x)


ACTIVATIONS = {
    "relu": lambda x: np.maximum(x, 0),
    "tanh": np.tanh,
    "gelu": lambda x: x * 0.5 * (1 + np.vectorize(math.erf)(x / math.sqrt(2))),
    "softplus": lambda x: np.where(x > 20, x, softplus(np.minimum(x, 20))),
}


def continuous_bernoulli(x):
    small = np.abs(x) < 0.05
    safe = np.where(small, 1.0, x)
    return np.where(small, 0.5 + x / 12 - x**3 / 720, -1 / np.expm1(-safe) - 1 / safe)


def discretized_logistic(x, levels):
    place, raw = np.split(x, 2, -1)
    scale = np.exp((softplus(30 - softplus(15 - raw)) - 15) / 2)
    edges = (np.arange(1, levels) - 0.5) / (levels - 1)
    return sigmoid((place[..., None] - edges) / scale[..., None]).sum(-1) / (levels - 1)


def run_layers(told, numbers, z):
    """What a page computes: the layers one after another, then the mean."""
    x = z.astype(np.float64)
    for layer in told["layers"]:
        if layer["kind"] == "linear":
            size = layer["out"] * layer["in"]
            weight = numbers[layer["weight"] : layer["weight"] + size].reshape(layer["out"], -1)
            x = x @ weight.T + numbers[layer["bias"] : layer["bias"] + layer["out"]]
        else:
            x = ACTIVATIONS[layer["name"]](x)
    if told["mean"] == "discretized-logistic":
        return discretized_logistic(x, told["levels"])
    means = {
        "sigmoid": sigmoid,
        "identity": lambda x: x,
        "continuous-bernoulli": continuous_bernoulli,
    }
    return means[told["mean"]](x)


HEADS = {
    "bernoulli": lambda: Bernoulli(F),
    "gaussian": lambda: Gaussian(F, variance="per-feature"),
    "continuous bernoulli": lambda: ContinuousBernoulli(F),
    "discretized logistic": lambda: DiscretizedLogistic(F, levels=9),
}


def model(head, network):
    return VAE(
        prior=StandardNormal(D),
        posterior=Amortized(MLP(F, [], 2 * D), DiagonalGaussian(D)),
        likelihood=Amortized(network, head),
    ).eval()


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_decoder_in_numpy_is_that_of_pytorch(head, activation):
    torch.manual_seed(3)
    made = HEADS[head]()
    network = MLP(
        D, [20, 10], made.inputs, activation=activation, batch_norm=True, dropout=0.3
    )  # fmt: skip
    vae = model(made, network)
    for layer in network.layers:
        if isinstance(layer, torch.nn.BatchNorm1d):
            layer.running_mean.normal_()
            layer.running_var.uniform_(0.2, 3.0)
            torch.nn.init.normal_(layer.weight)
            torch.nn.init.normal_(layer.bias)
    z = np.random.default_rng(0).normal(size=(200, D)) * 3
    found = decoder_weights(vae)
    told = {"layers": found.layers, "mean": found.mean, "levels": found.levels}
    numbers = np.frombuffer(found.data(), "<f4").astype(np.float64)
    expected = inference.decode(vae, codes=z)
    assert np.abs(run_layers(told, numbers, z) - expected).max() < 1e-4
    assert expected.std() > 0.01


def test_a_mean_near_zero_logits_is_exact():
    head = ContinuousBernoulli(F)
    network = MLP(D, [], F)
    with torch.no_grad():
        network.layers[0].weight.mul_(1e-3)
        network.layers[0].bias.zero_()
    vae = model(head, network)
    found = decoder_weights(vae)
    z = np.random.default_rng(0).normal(size=(50, D)).astype(np.float32)
    numbers = np.frombuffer(found.data(), "<f4").astype(np.float64)
    told = {"layers": found.layers, "mean": found.mean}
    np.testing.assert_allclose(
        run_layers(told, numbers, z), inference.decode(vae, codes=z), atol=1e-6
    )


@pytest.mark.parametrize(
    ("vae", "name"),
    [
        (lambda: model(Bernoulli(64), ConvDecoder(D, (1, 8, 8), groups=1)), "ConvDecoder"),
        (lambda: model(Categorical(F, levels=4), MLP(D, [], 4 * F)), "Categorical"),
    ],
)
def test_what_cannot_be_exported_is_said(vae, name):
    with pytest.raises(ConfigError, match=f"are an mlp, with one of .* bernoulli.*{name}"):
        decoder_weights(vae())


@pytest.fixture(scope="module")
def site(shown, page, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sites") / "site"
    export_site([shown["digits"], shown["cancer"], shown["noisy"]], folder, page=page)
    return folder


def numbers(folder, name):
    kind = {"f32": "<f4", "i32": "<i4", "u8": "u1"}[name.rpartition(".")[2]]
    return np.fromfile(folder / name, kind)


def test_a_site_has_the_page_and_says_where_its_runs_are(site, page):
    policy = f'<meta http-equiv="Content-Security-Policy" content="{PAGE_POLICY}">'
    written = (site / "index.html").read_text()
    assert policy in written
    assert written.replace(f"{policy}\n", "") == (page / "index.html").read_text()
    assert (site / "js" / "app.js").is_file()
    assert not list(site.rglob("*hidden*")) + list(site.rglob("notes.py"))
    told = json.loads((site / "site.json").read_text())
    assert told == {
        "mode": "static",
        "format": 1,
        "runs": ["run0/run.json", "run1/run.json", "run2/run.json"],
    }


@pytest.mark.parametrize(("at", "name"), RUNS)
def test_the_files_of_a_run_decode_and_paint_as_the_server_does(at, name, site, shown, server):
    folder, run = site / f"run{at}", shown[name]
    told = json.loads((folder / "run.json").read_text())
    decoder, z = told["decoder"], np.random.default_rng(1).normal(size=(9, run.latent_dim))
    values = numbers(folder, decoder["weights"]).astype(np.float64)
    assert len(values) == decoder["size"]
    made = run_layers(decoder, values, z)
    width = decoder["features"]
    gain, offset = (values[decoder[key] : decoder[key] + width] for key in ("gain", "offset"))
    painted = made * gain + offset
    expected = server.array(server.post(f"{at}/decode", codes=z.tolist()))
    if told["overview"]["kind"] == "table":
        deviation = 1 / run.run.preprocessing.scale.numpy()
        assert (np.abs(painted - expected) / deviation).max() < 1e-4
        return
    dots = np.round(np.clip(painted, 0, 1) * 255).reshape(9, *run.display.shape)
    assert np.abs(dots.transpose(0, 2, 3, 1) - expected).max() <= 1


@pytest.mark.parametrize(("at", "name"), RUNS)
def test_the_files_of_a_run_hold_what_the_server_tells(at, name, site, server):
    folder = site / f"run{at}"
    told, online = json.loads((folder / "run.json").read_text()), server.get(f"{at}").json()
    rows, width = online["rows"], online["latent_dim"]
    for plane in told["overview"]["planes"]:
        assert len(plane["extent"]) == 4
        plane["extent"] = None
    for plane in online["planes"]:
        plane["extent"] = None
    assert told["overview"] == online
    files = told["files"]
    for column, shape in (("codes", (rows, width)), ("spread", (rows, width)), ("labels", (rows,))):
        found = numbers(folder, files[column]).reshape(shape)
        assert np.array_equal(found, server.array(server.get(f"{at}/{column}")))
    painted = server.array(server.get(f"{at}/rows?count=2048"))
    assert np.array_equal(numbers(folder, files["rows"]).reshape(painted.shape), painted)
    assert told["reference"]["ready"]
    assert len(told["reference"]["values"]) == rows
    for plane in online["planes"]:
        points = numbers(folder, files["maps"][plane["id"]]["points"]).reshape(-1, 2)
        assert len(points) == plane["rows"]


def test_a_site_is_new(site, tmp_path):
    with pytest.raises(ConfigError, match="new or empty"):
        check_export_folder(site)
    with pytest.raises(ConfigError, match="there is no folder"):
        check_export_folder(tmp_path / "no" / "site")
    check_export_folder(tmp_path)


def test_a_site_that_cannot_be_made_leaves_nothing(shown, page, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("vaekit.web.explorer.Explorer.overview", full)
    with pytest.raises(WriteError, match="No space left"):
        export_site([shown["cancer"]], tmp_path / "site", page=page)
    assert list(tmp_path.iterdir()) == []
