"""Precision of the matrix multiplications."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import torch
from torch import Tensor, nn
from torch.autograd.function import BackwardCFunction, FunctionCtx, once_differentiable
from torch.nn import functional

from vaekit.numerics import is_fusing
from vaekit.training.step import Unit

__all__ = ["InBf16", "bf16_layers", "has_large_products"]


_LARGE = 2**22
"""Multiplications from which a product lasts longer in MKL than in oneDNN, and in float32 than in
bf16 with its casts: 100 rows and 200 x 200 weights. Measured on an AMD EPYC (Zen 4)."""
_CAST = 2**21
"""The same for bf16 against float32 in oneDNN, which does both in one training."""

_PIECE = 1024
"""Rows that are summed at once."""


def has_large_products(unit: Unit, *, rows: int) -> bool:
    """Whether the products of a step are worth a library that takes long to begin.

    The answer follows from shapes alone, so that a training that is repeated rounds as it did.

    Args:
        unit: whose dense layers are asked, with one matrix or, where units are stacked, one for
            each; other layers do not count.
        rows: of a batch, those of all units.

    Returns:
        True where they have four million multiplications and more in the mean, and where there
        are no dense layers.
    """
    shapes = [weight.shape for weight in unit.parameters() if weight.dim() in {2, 3}]
    axes = max(map(len, shapes), default=2)  # with three, those of two are stacked biases
    sizes = [shape[-2] * shape[-1] for shape in shapes if len(shape) == axes]
    return not sizes or rows * unit.codes_per_row * sum(sizes) / len(sizes) >= _LARGE


class InBf16(Unit):
    """A unit whose products are cast to bf16; its rows and its sums are not.

    Args:
        unit: what is cast.
    """

    def __init__(self, unit: Unit) -> None:
        super().__init__()
        self.unit = unit
        self.objective = unit.objective
        self.codes_per_row = unit.codes_per_row
        self.models = unit.models

    def forward(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """See the unit."""
        with torch.autocast(rows.device.type, dtype=torch.bfloat16):
            loss, sums = self.unit(rows)
        return loss, sums


@contextmanager
def bf16_layers(module: nn.Module, *, needed: bool) -> Iterator[None]:
    """Let large dense layers cast themselves as autocast would, in fewer steps, and small ones not.

    The products of small layers stay in float32, which takes them no longer: in a network that
    narrows down to a few codes these are the last ones before the codes and the first one after
    them, where eight bits would be felt.

    Products and gradients of weights of large layers are those of autocast, bit for bit; the
    gradient of a bias is summed in float32. There are fewer small operations and nodes than
    autograd makes of the casts; one layer by itself took as long either way.

    Args:
        module: whose layers.
        needed: whether at all; nothing is done otherwise.
    """
    layers = [layer for layer in module.modules() if type(layer) is nn.Linear] if needed else []
    for layer in layers:
        layer.__dict__["forward"] = partial(_dense, layer)
    try:
        yield
    finally:
        for layer in layers:
            layer.__dict__.pop("forward", None)


def _dense(layer: nn.Linear, x: Tensor) -> Tensor:
    """What a dense layer puts out; where autocast is on, we say what is cast."""
    if x.dim() != 2 or layer.bias is None or not torch.is_autocast_enabled(x.device.type):
        return functional.linear(x, layer.weight, layer.bias)
    if len(x) * layer.weight.numel() < _CAST:
        with torch.autocast(x.device.type, enabled=False):
            return functional.linear(x.float(), layer.weight, layer.bias)
    return _product(x, layer.weight, layer.bias)


class _Product(torch.autograd.Function):
    r"""Rows times weights in bf16, and its gradients, those of the parameters in float32."""

    @staticmethod
    def forward(ctx: FunctionCtx, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        """Keep the two factors as they were multiplied."""
        x, weight = x.bfloat16(), weight.bfloat16()
        ctx.save_for_backward(x, weight)
        return torch.addmm(bias.bfloat16(), x, weight.t())

    @staticmethod
    @once_differentiable
    def backward(ctx: BackwardCFunction, gradient: Tensor) -> tuple[Tensor | None, Tensor, Tensor]:
        """Nothing is computed for rows that want no gradient, as those of data."""
        saved: tuple[Tensor, ...] = ctx.saved_tensors
        x, weight = saved
        of_x = gradient @ weight if ctx.needs_input_grad[0] else None
        of_weight = (gradient.t() @ x).float()
        # a sum in another type begins with a copy in that type: a piece at a time, it stays small
        size = len(gradient) if is_fusing() else _PIECE
        parts = [part.sum(0, dtype=torch.float32) for part in torch.split(gradient, size)]
        return of_x, of_weight, parts[0] if len(parts) == 1 else torch.stack(parts).sum(0)


_product: Callable[[Tensor, Tensor, Tensor], Tensor] = _Product.apply
