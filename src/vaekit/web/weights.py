"""A dense decoder as a list of layers and one run of numbers, for a program that is not Python."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from vaekit.errors import ConfigError
from vaekit.models import (
    VAE,
    Bernoulli,
    ContinuousBernoulli,
    DiscretizedLogistic,
    Gaussian,
)
from vaekit.networks import MLP

__all__ = ["Weights", "decoder_weights"]

_MEANS: dict[type[nn.Module], str] = {
    Bernoulli: "sigmoid",
    Gaussian: "identity",
    ContinuousBernoulli: "continuous-bernoulli",
    DiscretizedLogistic: "discretized-logistic",
}
_ACTIVATIONS: dict[type[nn.Module], str] = {
    nn.ReLU: "relu",
    nn.Tanh: "tanh",
    nn.GELU: "gelu",
    nn.Softplus: "softplus",
}


@dataclass(kw_only=True, eq=False)
class Weights:
    """Layers whose weights and biases are places in one array of float32."""

    layers: list[dict[str, Any]] = field(default_factory=list)
    """In order; a linear layer says where its weight (out, in), row by row, and its bias begin."""
    mean: str = "identity"
    """From the numbers of the last layer to the mean of p(x|z)."""
    levels: int | None = None
    """Of a discretized logistic."""
    parts: list[NDArray[np.float32]] = field(default_factory=list)
    """All numbers, in order."""

    @property
    def size(self) -> int:
        """How many numbers there are."""
        return sum(part.size for part in self.parts)

    def add(self, values: NDArray[Any]) -> int:
        """Put numbers behind those that are there.

        Args:
            values: any shape, the last axis fastest.

        Returns:
            Where they begin.
        """
        begin = self.size
        self.parts.append(np.ascontiguousarray(values, dtype=np.float32).reshape(-1))
        return begin

    def data(self) -> bytes:
        """All numbers as little-endian float32."""
        return np.concatenate(self.parts).astype("<f4").tobytes()


def decoder_weights(model: VAE) -> Weights:
    """Take a dense decoder apart.

    Batch normalisation is folded into the layer before it, and dropout left out, which is what
    both do in a trained model.

    Args:
        model: whose decoder is an MLP, and whose likelihood has a mean that is easily computed.

    Returns:
        Its layers.

    Raises:
        ConfigError: another decoder or likelihood.

    Example:
        >>> from vaekit import Amortized, DiagonalGaussian, StandardNormal
        >>> model = VAE(
        ...     prior=StandardNormal(2),
        ...     posterior=Amortized(MLP(8, [], 4), DiagonalGaussian(2)),
        ...     likelihood=Amortized(MLP(2, [3], 8), Bernoulli(8)),
        ... )
        >>> found = decoder_weights(model)
        >>> [layer["kind"] for layer in found.layers], found.size, found.mean
        (['linear', 'activation', 'linear'], 41, 'sigmoid')
    """
    likelihood = model.likelihood
    network = getattr(likelihood, "network", None)
    head = getattr(likelihood, "head", None)
    mean = next((name for kind, name in _MEANS.items() if type(head) is kind), None)
    if not isinstance(network, MLP) or mean is None:
        raise ConfigError(
            "--export writes decoders that are an mlp with a bernoulli, continuous-bernoulli, "
            f"gaussian or discretized-logistic likelihood; this one is {type(network).__name__} "
            f"with {type(head).__name__}"
        )
    found = Weights(mean=mean, levels=getattr(head, "levels", None))
    for weight, bias, then in _folded(network):
        out, width = weight.shape
        found.layers.append(
            {"kind": "linear", "in": width, "out": out, "weight": found.add(weight),
             "bias": found.add(bias)}
        )  # fmt: skip
        if then:
            found.layers.append({"kind": "activation", "name": then})
    return found


def _activation(module: nn.Module) -> str:
    """Name of an activation; whatever is not known would be left out in silence."""
    for kind, name in _ACTIVATIONS.items():
        if isinstance(module, kind):
            return name
    raise ConfigError(f"--export knows no layer of the kind {type(module).__name__}")


def _folded(network: MLP) -> Iterator[tuple[NDArray[Any], NDArray[Any], str]]:
    """Weight (out, in) and bias (out,) of each linear layer, and the activation behind it."""
    weight: NDArray[Any] | None = None
    bias, then = np.empty(0), ""
    for module in network.layers:
        if isinstance(module, nn.Linear):
            if weight is not None:
                yield weight, bias, then
            weight, then = module.weight.detach().double().numpy(), ""
            bias = module.bias.detach().double().numpy()
        elif isinstance(module, nn.BatchNorm1d):
            scale, shift = _normalisation(module)
            assert weight is not None
            weight, bias = weight * scale[:, None], bias * scale + shift
        elif not isinstance(module, nn.Dropout):
            then = _activation(module)
    assert weight is not None
    yield weight, bias, then


def _normalisation(module: nn.BatchNorm1d) -> tuple[NDArray[Any], NDArray[Any]]:
    """What batch normalisation multiplies by and adds, with the statistics of training."""
    assert module.running_mean is not None
    assert module.running_var is not None
    deviation = (module.running_var.double() + module.eps).sqrt()
    scale = module.weight.detach().double() / deviation
    shift = module.bias.detach().double() - module.running_mean.double() * scale
    return scale.numpy(), shift.numpy()
