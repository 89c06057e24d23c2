"""One contract for every network. A new network is one new line in the list."""

import pytest
import torch

from vaekit.networks import MLP, ConvDecoder, ConvEncoder, ResNetDecoder, ResNetEncoder

NETWORKS = {
    "linear": lambda: MLP(6, [], 4),
    "mlp": lambda: MLP(6, [8, 5], 4),
    "mlp tanh xavier": lambda: MLP(6, [8], 4, activation="tanh", init="xavier"),
    "mlp gelu dropout": lambda: MLP(6, [8], 4, activation="gelu", dropout=0.5),
    "mlp softplus norm": lambda: MLP(6, [8], 4, activation="softplus", batch_norm=True),
    "conv encoder": lambda: ConvEncoder((3, 9, 12), 4),
    "conv decoder": lambda: ConvDecoder(3, (3, 6, 7), groups=2),
    "resnet encoder": lambda: ResNetEncoder((3, 9, 14), 4, channels=(4, 8)),
    "resnet decoder": lambda: ResNetDecoder(3, (3, 9, 14), groups=2, channels=(8, 4)),
}

every_network = pytest.mark.parametrize("build", NETWORKS.values(), ids=NETWORKS.keys())


@every_network
@pytest.mark.parametrize("leading", [(5,), (3, 5)])
def test_flat_in_and_flat_out_with_any_leading_dimensions(build, leading):
    network = build()
    out = network(torch.randn(*leading, network.in_features))
    assert out.shape == (*leading, network.out_features)
    assert out.dtype == torch.float32
    assert torch.isfinite(out).all()


@every_network
def test_leading_dimensions_are_just_more_rows(build):
    network = build().eval()
    x = torch.randn(3, 5, network.in_features)
    torch.testing.assert_close(network(x).reshape(15, -1), network(x.reshape(15, -1)))


@every_network
def test_a_gradient_reaches_every_parameter(build):
    network = build()
    network(torch.randn(64, network.in_features)).square().sum().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.any(), name


@every_network
def test_one_row_at_evaluation_does_not_depend_on_the_others(build):
    network = build().eval()
    x = torch.randn(5, network.in_features)
    torch.testing.assert_close(network(x)[:1], network(x[:1]), rtol=1e-4, atol=1e-5)


@every_network
@pytest.mark.slow
def test_the_network_compiles_in_one_graph(build):
    torch.compiler.reset()
    network = build().eval()
    x = torch.randn(3, 5, network.in_features)
    compiled = torch.compile(network, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(x), network(x))
