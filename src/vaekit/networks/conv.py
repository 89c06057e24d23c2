"""The convolutional encoder and decoder of the classic Keras and R examples."""

import math
from collections.abc import Sequence

from torch import Tensor, nn

from vaekit.networks.image import image_shape

__all__ = ["ConvDecoder", "ConvEncoder"]

SMALLEST = 6


class ConvEncoder(nn.Module):
    """Two 3x3 convolutions, a max-pool, and a dense layer.

    3x3 convolution to 32 channels, ReLU, 3x3 convolution to 64, ReLU, 2x2 max-pool, dropout
    0.25, dense 128, ReLU, dropout 0.5, and a linear layer. No padding, as in the originals.

    Args:
        shape: (channels, H, W) of an image, at least 6x6.
        out_features: numbers put out for an image.

    Attributes:
        in_features: channels * H * W.
        out_features: numbers put out for an image.

    Raises:
        ConfigError: when the shape is not that of an image, or too small.

    Example:
        >>> import torch
        >>> ConvEncoder((1, 28, 28), 4)(torch.zeros(5, 784)).shape
        torch.Size([5, 4])
    """

    def __init__(self, shape: Sequence[int], out_features: int) -> None:
        super().__init__()
        self.shape = image_shape(shape, smallest=SMALLEST, network="conv")
        channels, height, width = self.shape
        self.in_features = math.prod(self.shape)
        self.out_features = out_features
        pooled = 64 * ((height - 4) // 2) * ((width - 4) // 2)
        self.layers = nn.Sequential(
            nn.Conv2d(channels, 32, 3),
            nn.ReLU(),
            nn.Conv2d(32, 64, 3),
            # Pooling first gives the same numbers, with a quarter of the work for the ReLU.
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
    to as many channels as there are numbers to put out.

    Args:
        in_features: numbers in a code.
        shape: (channels, H, W) of an image.
        groups: parameters for each pixel and channel.

    Attributes:
        in_features: numbers in a code.
        out_features: groups * channels * H * W, group by group.

    Raises:
        ConfigError: when the shape is not that of an image, or too small.

    Example:
        >>> import torch
        >>> ConvDecoder(2, (1, 28, 28), groups=2)(torch.zeros(5, 2)).shape
        torch.Size([5, 1568])
    """

    def __init__(self, in_features: int, shape: Sequence[int], *, groups: int = 1) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = groups * math.prod(
            image_shape(shape, smallest=SMALLEST, network="conv")
        )
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
