"""Networks: tensor to tensor, flat in and flat out, with any leading dimensions."""

from vaekit.networks.conv import ConvDecoder, ConvEncoder
from vaekit.networks.init import glorot
from vaekit.networks.labelled import LabelledMLP
from vaekit.networks.mlp import MLP
from vaekit.networks.resnet import ResNetDecoder, ResNetEncoder

__all__ = [
    "MLP",
    "ConvDecoder",
    "ConvEncoder",
    "LabelledMLP",
    "ResNetDecoder",
    "ResNetEncoder",
    "glorot",
]
