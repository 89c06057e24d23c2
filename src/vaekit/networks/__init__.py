"""Networks: tensor to tensor, flat in and flat out, with any leading dimensions."""

from vaekit.networks.images import ConvDecoder, ConvEncoder, ResNetDecoder, ResNetEncoder
from vaekit.networks.mlp import MLP, LabelledMLP, glorot

__all__ = [
    "MLP",
    "ConvDecoder",
    "ConvEncoder",
    "LabelledMLP",
    "ResNetDecoder",
    "ResNetEncoder",
    "glorot",
]
