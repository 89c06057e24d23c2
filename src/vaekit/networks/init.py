"""Initial weights."""

from torch import nn

__all__ = ["glorot"]


def glorot(module: nn.Module) -> None:
    r"""Glorot-uniform weights and zero biases for a dense or convolutional layer, in place.

    .. math:: w \sim U(-a, a), \quad a = \sqrt{6 / (n_{in} + n_{out})}

    Keras starts so. PyTorch's own weights are smaller, up to :math:`1/\sqrt{n_{in}}`, with biases
    of that size.

    Args:
        module: other kinds of layers are left alone; ``network.apply(glorot)`` takes all.

    Example:
        >>> layer = nn.Linear(3, 3)
        >>> glorot(layer)
        >>> layer.bias.tolist(), bool(layer.weight.abs().max() <= 1)
        ([0.0, 0.0, 0.0], True)

    Source:
        Glorot and Bengio 2010, "Understanding the difficulty of training deep feedforward neural
        networks", AISTATS, equation 16.
    """
    if isinstance(module, (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)):
        nn.init.xavier_uniform_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
