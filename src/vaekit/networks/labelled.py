"""Networks that read a label beside a row."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from vaekit.networks.mlp import ACTIVATIONS, MLP, Activation

__all__ = ["LabelledMLP"]


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
