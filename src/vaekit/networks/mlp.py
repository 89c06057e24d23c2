"""Fully connected networks, with and without a label."""

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Literal

import torch
from torch import Tensor, nn
from torch.autograd.function import BackwardCFunction, FunctionCtx
from torch.nn import functional

from vaekit.errors import ConfigError

__all__ = ["ACTIVATIONS", "MLP", "Activation", "LabelledMLP", "Tanh", "glorot"]


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


class Tanh(nn.Tanh):
    r"""The hyperbolic tangent.

    .. math:: \tanh x = 2 \sigma(2 x) - 1

    On a CPU it is computed by the right-hand side, in float32: PyTorch's sigmoid takes a fifth of
    the time of its tanh there. The error is below 2e-7, that of float32 near 1. In double
    precision, on other devices and where a step is compiled it is PyTorch's own.

    Example:
        >>> Tanh()(torch.tensor([0.0, 1.0]))
        tensor([0.0000, 0.7616])
    """

    def forward(self, x: Tensor) -> Tensor:
        """Any shape, and the same shape."""
        short = x.dtype in (torch.float32, torch.bfloat16) and x.device.type == "cpu"
        if torch.compiler.is_compiling() or not short:
            return torch.tanh(x)
        return _by_sigmoid(x)


class _BySigmoid(torch.autograd.Function):
    """Keeps its output, as PyTorch's does."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor) -> Tensor:
        """See the class above."""
        return (2 * x.float()).sigmoid_().mul_(2).sub_(1).to(x.dtype)

    @staticmethod
    def setup_context(ctx: FunctionCtx, inputs: tuple[Tensor], output: Tensor) -> None:
        """Keep the output."""
        ctx.save_for_backward(output)

    @staticmethod
    def backward(ctx: BackwardCFunction, gradient: Tensor) -> Tensor:
        """Multiply by 1 - tanh(x)^2."""
        saved: tuple[Tensor, ...] = ctx.saved_tensors
        found: Tensor = torch.ops.aten.tanh_backward(gradient, saved[0])
        return found


_by_sigmoid: Callable[[Tensor], Tensor] = _BySigmoid.apply


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


class LabelledMLP(nn.Module):
    r"""A multi-layer perceptron of a row with a one-hot label behind it.

    .. math:: h_1 = a(W x + V_{\cdot y} + b)

    which is the first layer of the row and the one-hot label side by side. W x is computed once
    whatever labels go with a row, which saves most of an encoder's work where labels are
    enumerated. The entries of V start in :math:`\pm 1/\sqrt C`, those of W as in
    ``torch.nn.Linear``.

    Args:
        in_features: numbers in a row.
        classes: C, labels there are.
        hidden: widths H of the hidden layers; none makes the network linear.
        out_features: numbers put out for a row.
        activation: ``relu``, ``tanh``, ``gelu`` or ``softplus``.
        inputs: what comes before the first layer and puts out ``in_features`` numbers, as
            :class:`vaekit.TableInputs` does; the rows themselves when absent.

    Example:
        >>> network = LabelledMLP(784, classes=10, hidden=[50], out_features=4)
        >>> every = torch.arange(10).unsqueeze(-1)  # (C, 1): each label with each row
        >>> network(torch.zeros(7, 784), every).shape
        torch.Size([10, 7, 4])

    Source:
        Kingma, Rezende, Mohamed and Welling 2014, arXiv:1406.5298, appendix A.
    """

    def __init__(
        self,
        in_features: int,
        *,
        classes: int,
        hidden: Sequence[int],
        out_features: int,
        activation: Activation = "relu",
        inputs: nn.Module | None = None,
    ) -> None:
        super().__init__()
        width = hidden[0] if hidden else out_features
        self.inputs = inputs if inputs is not None else nn.Identity()
        self.rows = nn.Linear(in_features, width)
        side = 1 / math.sqrt(classes)
        self.labels = nn.Parameter(torch.empty(classes, width).uniform_(-side, side))
        self.rest: nn.Module = nn.Identity()
        if hidden:
            above = MLP(width, hidden[1:], out_features, activation=activation)
            self.rest = nn.Sequential(ACTIVATIONS[activation](), above)

    def forward(self, x: Tensor, label: Tensor) -> Tensor:
        """Map rows and labels to numbers.

        Args:
            x: (..., in_features).
            label: whole numbers from 0, of a shape that broadcasts with that of x but for its
                last dimension.

        Returns:
            (..., out_features)
        """
        first = self.rows(self.inputs(x))
        out: Tensor = self.rest(first + functional.embedding(label, self.labels.to(first)))
        return out
