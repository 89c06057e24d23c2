"""Networks by name."""

from functools import partial
from math import prod

from torch import nn

from vaekit.config import NetworkConfig
from vaekit.errors import ConfigError
from vaekit.networks import (
    MLP,
    ConvDecoder,
    ConvEncoder,
    ResNetDecoder,
    ResNetEncoder,
    glorot,
)

__all__ = ["build_decoder", "build_encoder"]


def build_encoder(config: NetworkConfig, *, shape: tuple[int, ...], outputs: int) -> nn.Module:
    """Network from a row to the numbers that a posterior reads.

    Args:
        config: kind and sizes.
        shape: (C, H, W) of an image, (F,) of a table row.
        outputs: how many numbers.

    Returns:
        (..., F) to (..., outputs).
    """
    if config.kind == "mlp":
        return _mlp(config, prod(shape), outputs)
    _need_image(config, shape)
    conv = config.kind == "conv"
    build = ConvEncoder if conv else partial(ResNetEncoder, channels=config.hidden)
    return _started(build(shape, outputs), config)


def build_decoder(
    config: NetworkConfig, *, latent_dim: int, shape: tuple[int, ...], outputs: int
) -> nn.Module:
    """Network from a code to the numbers that a likelihood reads.

    Args:
        config: kind and sizes.
        latent_dim: D.
        shape: (C, H, W) of an image, (F,) of a table row.
        outputs: how many numbers, a multiple of F.

    Returns:
        (..., D) to (..., outputs).
    """
    if config.kind == "mlp":
        return _mlp(config, latent_dim, outputs)
    _need_image(config, shape)
    groups = outputs // prod(shape)
    conv = config.kind == "conv"
    build = ConvDecoder if conv else partial(ResNetDecoder, channels=config.hidden)
    return _started(build(latent_dim, shape, groups=groups), config)


def _started(network: nn.Module, config: NetworkConfig) -> nn.Module:
    """The network with the initial weights that are asked for."""
    return network.apply(glorot) if config.init == "xavier" else network


def _mlp(config: NetworkConfig, inputs: int, outputs: int) -> nn.Module:
    return MLP(
        inputs,
        config.hidden,
        outputs,
        activation=config.activation,
        batch_norm=config.batch_norm,
        dropout=config.dropout,
        init=config.init,
    )


def _need_image(config: NetworkConfig, shape: tuple[int, ...]) -> None:
    if len(shape) != 3:
        raise ConfigError(
            f"a {config.kind} network needs images, and a row of this data has {shape[0]} "
            "features without a shape; take kind = mlp"
        )
