"""Fully connected networks."""

import itertools
from collections.abc import Callable, Sequence
from typing import Literal

from torch import Tensor, nn

from vaekit.errors import ConfigError
from vaekit.networks.init import glorot
from vaekit.networks.tanh import Tanh

__all__ = ["ACTIVATIONS", "MLP", "Activation"]

Activation = Literal["relu", "tanh", "gelu", "softplus"]

ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "tanh": Tanh,
    "gelu": nn.GELU,
    "softplus": nn.Softplus,
}


class MLP(nn.Module):
    r"""A multi-layer perceptron.

    .. math:: h_{i+1} = \mathrm{dropout}(a(\mathrm{norm}(W_i h_i + b_i)))

    and a last layer that is linear. Leading dimensions are flattened on the way in and
    restored on the way out, so batch normalisation takes its statistics over all of them.

    Args:
        in_features: numbers in a row.
        hidden: widths H of the hidden layers; none makes the network linear.
        out_features: numbers put out for a row.
        activation: ``relu``, ``tanh``, ``gelu`` or ``softplus``.
        batch_norm: batch normalisation before each activation.
        dropout: share of the hidden units dropped in training.
        init: ``default`` of PyTorch, or ``xavier``: Glorot-uniform weights and zero biases.

    Attributes:
        in_features: numbers in a row.
        out_features: numbers put out for a row.

    Raises:
        ConfigError: when the activation or the initialization is unknown.

    Example:
        >>> import torch
        >>> MLP(784, [200, 200], 100, activation="tanh")(torch.zeros(5, 16, 784)).shape
        torch.Size([5, 16, 100])

    Source:
        Glorot and Bengio 2010, for the initialization; Ioffe and Szegedy 2015, arXiv:1502.03167.
    """

    def __init__(
        self,
        in_features: int,
        hidden: Sequence[int],
        out_features: int,
        *,
        activation: Activation = "relu",
        batch_norm: bool = False,
        dropout: float = 0.0,
        init: Literal["default", "xavier"] = "default",
    ) -> None:
        super().__init__()
        _known("activation", activation, ACTIVATIONS)
        _known("init", init, ("default", "xavier"))
        self.in_features = in_features
        self.out_features = out_features
        widths = [in_features, *hidden]
        layers: list[nn.Module] = []
        for before, after in itertools.pairwise(widths):
            layers.append(nn.Linear(before, after))
            if batch_norm:
                layers.append(nn.BatchNorm1d(after))
            layers.append(ACTIVATIONS[activation]())
            if dropout:
                layers.append(nn.Dropout(dropout))
        self.layers = nn.Sequential(*layers, nn.Linear(widths[-1], out_features))
        if init == "xavier":
            self.layers.apply(glorot)

    def forward(self, x: Tensor) -> Tensor:
        """Map (..., in_features) to (..., out_features)."""
        out: Tensor = self.layers(x.reshape(-1, self.in_features))
        return out.reshape(*x.shape[:-1], self.out_features)


def _known(
    name: str, value: str, choices: Sequence[str] | dict[str, Callable[[], nn.Module]]
) -> None:
    """Refuse a choice that is not one of those known."""
    if value not in choices:
        raise ConfigError(f"{name} is one of {', '.join(choices)}; got {value!r}")
