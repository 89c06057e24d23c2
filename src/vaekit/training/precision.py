"""Precision of the matrix products."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Literal, cast

import torch
from torch import Tensor, nn
from torch.autograd.function import BackwardCFunction, FunctionCtx, once_differentiable
from torch.nn import functional

from vaekit.errors import ConfigError
from vaekit.numerics import cpu_has, fixed_noise, is_fusing
from vaekit.training.distributed import RowBatches
from vaekit.training.step import Forward, StepOutput, TrainingStep

__all__ = ["Precision", "autocast_bf16", "bf16_layers", "choose_precision", "has_large_products"]


Precision = Literal["32", "tf32", "bf16"]

_LARGE = 2**22
"""Multiplications from which a product takes longer in MKL than in oneDNN, and in float32 than in
bf16 with its casts: 100 rows and 200 x 200 weights. Measured on an AMD EPYC (Zen 4)."""
_CAST = 2**21
"""The same for bf16 against float32 in oneDNN, which does both in one training."""

_PIECE = 1024
"""Rows that are summed at once."""


def choose_precision(name: str, *, device: str, large_products: bool = True) -> Precision:
    """Resolve ``auto``: bf16 where there are instructions for its matrix products.

    Args:
        name: auto, 32, tf32 or bf16.
        device: cpu, cuda or mps.
        large_products: whether they take longer than a CPU needs to cast their factors.

    Returns:
        32, tf32 or bf16.

    Raises:
        ConfigError: tf32 on another device than an NVIDIA GPU.
    """
    if name == "tf32" and device != "cuda":
        raise ConfigError(
            f"precision tf32: a format of NVIDIA's GPUs, and the device is {device}; take "
            "training.precision = 32, or auto"
        )
    if name != "auto":
        return cast(Precision, name)
    if device == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "32"
    if device == "cpu":
        return "bf16" if large_products and cpu_has("avx512_bf16", "amx_bf16") else "32"
    return "32"


_TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d, *_TRANSPOSED)


def has_large_products(step: TrainingStep, batches: RowBatches) -> bool:
    """Return whether the products of a step are worth a library that takes long to start.

    The answer follows from shapes alone, so that a training that is repeated rounds as it did.

    Args:
        step: whose dense layers and convolutions count. Parameters of stacked models have one
            axis more.
        batches: of the training. One is read if there are convolutions, because the number of
            their multiplications depends on the sizes of the images.

    Returns:
        True where the layers have four million multiplications or more on average, and where
        there are none of them.
    """
    convolutions = [each for each in step.modules() if isinstance(each, _CONVOLUTIONS)]
    others = {id(each.weight) for each in convolutions}
    dense = [w for w in step.parameters() if w.dim() in {2, 3} and id(w) not in others]
    shapes = [weight.shape for weight in dense]
    axes = max(map(len, shapes), default=2)  # with three, those of two are stacked biases
    sizes = [shape[-2] * shape[-1] for shape in shapes if len(shape) == axes]
    counts = [step.codes_per_row * size for size in sizes]
    if convolutions:
        counts += _count_convolutions(step, next(iter(batches.epoch()))[:1], convolutions)
    return not counts or batches.batch_size * sum(counts) / len(counts) >= _LARGE


@torch.no_grad()
def _count_convolutions(
    step: TrainingStep, row: Tensor, convolutions: Sequence[nn.Module]
) -> list[int]:
    """Multiplications of each convolution in a pass of one row."""
    counts: list[int] = []

    def count(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        weight = layer.weight
        assert isinstance(weight, Tensor)
        image = inputs[0] if isinstance(layer, _TRANSPOSED) else output
        counts.append(image.numel() // image.shape[1] * weight.numel())

    modes = [(each, each.training) for each in step.modules()]
    handles = [layer.register_forward_hook(count) for layer in convolutions]
    try:
        with fixed_noise(0):
            step.eval()(row)
    finally:
        for handle in handles:
            handle.remove()
        for each, mode in modes:
            each.training = mode
    return counts


def autocast_bf16(forward: Forward, *, device: str) -> Forward:
    """Cast the products of a step to bf16; its rows and its sums are not cast.

    Args:
        forward: the step, or the step with something around it.
        device: cpu, cuda or mps.
    """

    def run(rows: Tensor) -> StepOutput:
        with torch.autocast(device, dtype=torch.bfloat16):
            return forward(rows)

    return run


@contextmanager
def bf16_layers(module: nn.Module, *, needed: bool) -> Iterator[None]:
    """Under autocast, cast the products of large dense layers only, and in fewer operations.

    Small layers stay in float32, which takes no longer: in a network that narrows down to a few
    codes these are the last layer before the codes and the first one after them, where the eight
    bits of bf16 would show.

    Products and gradients of weights of large layers are those of autocast, bit for bit; the
    gradient of a bias is summed in float32.

    Args:
        module: whose ``nn.Linear`` layers.
        needed: do nothing if false.
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
    """Output of a dense layer; under autocast, cast it only if it is large."""
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
        """Save the two factors as they were multiplied."""
        x, weight = x.bfloat16(), weight.bfloat16()
        ctx.save_for_backward(x, weight)
        return torch.addmm(bias.bfloat16(), x, weight.t())

    @staticmethod
    @once_differentiable
    def backward(ctx: BackwardCFunction, gradient: Tensor) -> tuple[Tensor | None, Tensor, Tensor]:
        """Compute no gradient for rows that need none, such as data."""
        saved: tuple[Tensor, ...] = ctx.saved_tensors
        x, weight = saved
        of_x = gradient @ weight if ctx.needs_input_grad[0] else None
        of_weight = (gradient.t() @ x).float()
        # a sum in another type begins with a copy in that type: a piece at a time, it stays small
        size = len(gradient) if is_fusing() else _PIECE
        parts = [part.sum(0, dtype=torch.float32) for part in torch.split(gradient, size)]
        return of_x, of_weight, parts[0] if len(parts) == 1 else torch.stack(parts).sum(0)


_product: Callable[[Tensor, Tensor, Tensor], Tensor] = _Product.apply
