"""The networks behind the estimators: a perceptron beside a linear map."""

from torch import Tensor, nn

from vaekit.networks import MLP

__all__ = ["Bent"]


class Bent(nn.Module):
    r"""A linear map, bent by a perceptron that reads the same numbers.

    .. math:: y = W x + \mathrm{MLP}(x)

    Much of a table is linear, and a linear map finds that in few steps and from few rows.

    Args:
        in_features: numbers in a row.
        hidden: widths of the hidden layers.
        out_features: numbers put out for a row.

    Example:
        >>> import torch
        >>> Bent(6, hidden=(8,), out_features=4)(torch.zeros(5, 6)).shape
        torch.Size([5, 4])
    """

    def __init__(self, in_features: int, *, hidden: tuple[int, ...], out_features: int) -> None:
        super().__init__()
        self.bend = MLP(in_features, hidden, out_features, activation="gelu")
        self.linear = nn.Linear(in_features, out_features, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map (..., in_features) to (..., out_features)."""
        out: Tensor = self.linear(x) + self.bend(x)
        return out
