"""Initial weights reach every layer of every kind of network."""

import math

import pytest
from torch import nn

from vaekit.builders import build_decoder, build_encoder
from vaekit.config import NetworkConfig

LAYERS = (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)


def layers_of(network):
    return [module for module in network.modules() if isinstance(module, LAYERS)]


@pytest.mark.parametrize("kind", ["mlp", "conv", "resnet"])
@pytest.mark.parametrize("side", ["encoder", "decoder"])
def test_glorot_weights_fill_their_range_and_biases_are_zero(kind, side):
    config = NetworkConfig(kind=kind, hidden=(16, 16), init="xavier")
    if side == "encoder":
        network = build_encoder(config, shape=(1, 8, 8), outputs=64)
    else:
        network = build_decoder(config, latent_dim=64, shape=(1, 8, 8), outputs=64)
    found = layers_of(network)
    assert found
    for layer in found:
        fan_in, fan_out = nn.init._calculate_fan_in_and_fan_out(layer.weight)
        bound = math.sqrt(6 / (fan_in + fan_out))
        assert 0.7 * bound < layer.weight.abs().max() <= bound
        assert not layer.bias.any()


def test_pytorch_s_own_weights_are_left_alone():
    network = build_encoder(NetworkConfig(kind="conv"), shape=(1, 8, 8), outputs=4)
    assert all(layer.bias.any() for layer in layers_of(network))
