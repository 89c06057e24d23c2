"""Convolutional and residual networks for images."""

import itertools
import math
from collections.abc import Sequence

from torch import Tensor, nn

from vaekit.errors import ConfigError

__all__ = ["ConvDecoder", "ConvEncoder", "ResNetDecoder", "ResNetEncoder"]


class ConvEncoder(nn.Module):
    """Two 3x3 convolutions, a max-pool, and a dense layer.

    3x3 convolution to 32 channels, ReLU, 3x3 convolution to 64, ReLU, 2x2 max-pool, dropout
    0.25, dense 128, ReLU, dropout 0.5, and a linear layer. No padding, as in the originals.

    Args:
        shape: (channels, H, W) of an image, at least 6x6.
        out_features: outputs for an image.

    Attributes:
        in_features: channels * H * W.
        out_features: outputs for an image.

    Raises:
        ConfigError: the shape is not that of an image, or too small.

    Example:
        >>> import torch
        >>> ConvEncoder((1, 28, 28), 4)(torch.zeros(5, 784)).shape
        torch.Size([5, 4])
    """

    def __init__(self, shape: Sequence[int], out_features: int) -> None:
        super().__init__()
        self.shape = _image_shape(shape, network="conv")
        channels, height, width = self.shape
        self.in_features = math.prod(self.shape)
        self.out_features = out_features
        pooled = 64 * ((height - 4) // 2) * ((width - 4) // 2)
        self.layers = nn.Sequential(
            nn.Conv2d(channels, 32, 3),
            nn.ReLU(),
            nn.Conv2d(32, 64, 3),
            # Pooling before the ReLU gives the same result with a quarter of its work.
            nn.MaxPool2d(2),
            nn.ReLU(),
            nn.Dropout(0.25),
            nn.Flatten(),
            nn.Linear(pooled, 128),
            nn.ReLU(),
            nn.Dropout(0.5),
            nn.Linear(128, out_features),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map flat images (..., in_features) to (..., out_features)."""
        out: Tensor = self.layers(x.reshape(-1, *self.shape))
        return out.reshape(*x.shape[:-1], self.out_features)


class ConvDecoder(nn.Module):
    """Two dense layers, then 1x1 transposed convolutions on a map of one pixel.

    Dense 128, ReLU, dense 128, ReLU, 1x1 transposed convolution to 256 channels, ReLU, and one
    to one to the output channels.

    Args:
        in_features: size of a code.
        shape: (channels, H, W) of an image.
        groups: parameters for each pixel and channel.

    Attributes:
        in_features: size of a code.
        out_features: groups * channels * H * W, group by group.

    Raises:
        ConfigError: the shape is not that of an image, or too small.

    Example:
        >>> import torch
        >>> ConvDecoder(2, (1, 28, 28), groups=2)(torch.zeros(5, 2)).shape
        torch.Size([5, 1568])
    """

    def __init__(self, in_features: int, shape: Sequence[int], *, groups: int = 1) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = groups * math.prod(_image_shape(shape, network="conv"))
        self.layers = nn.Sequential(
            nn.Linear(in_features, 128),
            nn.ReLU(),
            nn.Linear(128, 128),
            nn.ReLU(),
            nn.Unflatten(1, (128, 1, 1)),
            nn.ConvTranspose2d(128, 256, 1),
            nn.ReLU(),
            nn.ConvTranspose2d(256, self.out_features, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map codes (..., in_features) to (..., out_features)."""
        out: Tensor = self.layers(x.reshape(-1, self.in_features))
        return out.reshape(*x.shape[:-1], self.out_features)


class ResNetEncoder(nn.Module):
    """A residual encoder: each stage is a strided 3x3 convolution and a residual block.

    A block is ``x + conv(relu(norm(conv(relu(norm(x))))))`` with group normalisation, so that the
    output for a row does not depend on the other rows.

    Args:
        shape: (channels, H, W) of an image, at least 8x8; odd sizes are fine.
        out_features: outputs for an image.
        channels: width of each stage, from the finest to the coarsest.

    Attributes:
        in_features: channels * H * W.
        out_features: outputs for an image.

    Raises:
        ConfigError: the shape is not that of an image or too small, or there is no stage.

    Example:
        >>> import torch
        >>> ResNetEncoder((3, 31, 31), 4)(torch.zeros(5, 3 * 31 * 31)).shape
        torch.Size([5, 4])

    Source:
        He et al. 2016, arXiv:1603.05027; Wu and He 2018, arXiv:1803.08494.
    """

    def __init__(
        self, shape: Sequence[int], out_features: int, *, channels: Sequence[int] = (32, 64)
    ) -> None:
        super().__init__()
        self.shape = _image_shape(shape, network="resnet")
        self.in_features = math.prod(self.shape)
        self.out_features = out_features
        layers: list[nn.Module] = []
        for before, after in itertools.pairwise([self.shape[0], *channels]):
            layers += [nn.Conv2d(before, after, 3, stride=2, padding=1), _ResidualBlock(after)]
        height, width = _halvings(self.shape[1:], stages=len(channels))[-1]
        self.layers = nn.Sequential(
            *layers,
            *_norm_relu(channels[-1]),
            nn.Flatten(),
            nn.Linear(channels[-1] * height * width, out_features),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map flat images (..., in_features) to (..., out_features)."""
        out: Tensor = self.layers(x.reshape(-1, *self.shape))
        return out.reshape(*x.shape[:-1], self.out_features)


class ResNetDecoder(nn.Module):
    """A residual decoder: residual blocks and up-sampling, the mirror of :class:`ResNetEncoder`.

    Args:
        in_features: size of a code.
        shape: (channels, H, W) of an image, at least 8x8; odd sizes are fine.
        groups: parameters for each pixel and channel.
        channels: width of each stage, from the coarsest to the finest.

    Attributes:
        in_features: size of a code.
        out_features: groups * channels * H * W, group by group.

    Raises:
        ConfigError: the shape is not that of an image or too small, or there is no stage.

    Example:
        >>> import torch
        >>> ResNetDecoder(2, (3, 31, 31), groups=2)(torch.zeros(5, 2)).shape
        torch.Size([5, 5766])

    Source:
        Odena, Dumoulin and Olah 2016, "Deconvolution and checkerboard artifacts", for the
        up-sampling by nearest neighbours before a convolution.
    """

    def __init__(
        self,
        in_features: int,
        shape: Sequence[int],
        *,
        groups: int = 1,
        channels: Sequence[int] = (64, 32),
    ) -> None:
        super().__init__()
        depth, *finest = _image_shape(shape, network="resnet")
        self.in_features = in_features
        self.out_features = groups * depth * math.prod(finest)
        *sizes, (height, width) = _halvings(finest, stages=len(channels))
        layers: list[nn.Module] = [
            nn.Linear(in_features, channels[0] * height * width),
            nn.Unflatten(1, (channels[0], height, width)),
        ]
        widths = itertools.pairwise([*channels, groups * depth])
        for (before, after), size in zip(widths, reversed(sizes), strict=True):
            layers += [
                _ResidualBlock(before),
                *_norm_relu(before),
                nn.Upsample(size=size),
                nn.Conv2d(before, after, 3, padding=1),
            ]
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        """Map codes (..., in_features) to (..., out_features)."""
        out: Tensor = self.layers(x.reshape(-1, self.in_features))
        return out.reshape(*x.shape[:-1], self.out_features)


class _ResidualBlock(nn.Module):
    """A block of two 3x3 convolutions whose output is added to its input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *_norm_relu(channels),
            nn.Conv2d(channels, channels, 3, padding=1),
            *_norm_relu(channels),
            nn.Conv2d(channels, channels, 3, padding=1),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, channels, H, W) to the same shape."""
        change: Tensor = self.layers(x)
        return x + change


def _norm_relu(channels: int) -> tuple[nn.GroupNorm, nn.ReLU]:
    """Return a normalisation over groups of at least four channels if possible, and ReLU."""
    groups = math.gcd(channels, max(1, channels // 4))
    return nn.GroupNorm(groups, channels), nn.ReLU()


def _halvings(size: Sequence[int], *, stages: int) -> list[tuple[int, int]]:
    """Return height and width before and after each stage; a stage halves and rounds up."""
    if not stages:
        raise ConfigError("the resnet network needs at least one stage; give one width or more")
    sizes = [(size[0], size[1])]
    for _ in range(stages):
        height, width = sizes[-1]
        sizes.append((math.ceil(height / 2), math.ceil(width / 2)))
    return sizes


_SMALLEST = {"conv": 6, "resnet": 8}  # pixels


def _image_shape(shape: Sequence[int], *, network: str) -> tuple[int, int, int]:
    """Check that a network can take images (C, H, W) of this shape."""
    if len(shape) != 3:
        raise ConfigError(
            f"the {network} network needs images (channels, height, width), got rows of shape "
            f"{tuple(shape)}: use an MLP"
        )
    channels, height, width = shape
    least = _SMALLEST[network]
    if min(height, width) < least:
        raise ConfigError(
            f"the {network} network needs images of at least {least}x{least} pixels, got "
            f"{height}x{width}: use an MLP or larger images"
        )
    return channels, height, width
