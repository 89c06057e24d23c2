"""What image networks share: the check of an image's shape."""

from collections.abc import Sequence

from vaekit.errors import ConfigError

__all__ = ["image_shape"]


def image_shape(shape: Sequence[int], *, smallest: int, network: str) -> tuple[int, int, int]:
    """Channels, height and width of an image that a network can take.

    Args:
        shape: (C, H, W).
        smallest: the least height and width in pixels.
        network: its name, for the message.

    Returns:
        (C, H, W).

    Raises:
        ConfigError: when the rows are no images, or too small.

    Example:
        >>> image_shape((3, 32, 32), smallest=8, network="resnet")
        (3, 32, 32)
    """
    if len(shape) != 3:
        raise ConfigError(
            f"the {network} network needs images (channels, height, width); "
            f"rows of shape {tuple(shape)} came: use an MLP"
        )
    channels, height, width = shape
    if min(height, width) < smallest:
        raise ConfigError(
            f"the {network} network needs images of at least {smallest}x{smallest} pixels; "
            f"{height}x{width} came: use an MLP or larger images"
        )
    return channels, height, width
