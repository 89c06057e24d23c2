"""A recorded pass, compiled: its small operations fused into loops of machine code."""

import copy
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from vaekit.errors import VaekitWarning

if TYPE_CHECKING:
    from torch.fx import GraphModule

__all__ = ["Replay", "compile_graph"]

Replay = Callable[..., tuple[Tensor, ...]]
"""From tensors in a row to tensors in a row."""

_OPTIONS = {"fallback_random": True}  # the noise of PyTorch's generator, as without a compiler


def compile_graph(graph: "GraphModule", tensors: list[Tensor]) -> Replay | None:
    """Let PyTorch's compiler fuse recorded operations.

    It needs a C++ compiler on this machine and takes some ten seconds; what it made is kept on
    disk, and a pass that was compiled before takes three. Results differ from those of the
    recorded pass by rounding, noise does not.

    Args:
        graph: the operations.
        tensors: what it will be called with, or like it.

    Returns:
        The compiled pass; none, after a warning, where that fails.
    """
    whole = copy.deepcopy(graph)  # the compiler keeps what it is given
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # PyTorch's compiler uses what PyTorch deprecates
            import torch._inductor as inductor

            compiled: Replay = inductor.compile(whole, [*tensors], options=_OPTIONS)
            return compiled
    except Exception as error:  # compilers fail in many ways; none is worth a run
        reason = str(error).strip().splitlines()[0] if str(error).strip() else ""
        warnings.warn(
            f"the step cannot be compiled ({type(error).__name__}: {reason}). Training goes on "
            "without, more slowly; compile = never leaves the attempt out",
            VaekitWarning,
            stacklevel=2,
        )
        return None
