"""Record tensor code as a graph and compile it; the only user of private PyTorch interfaces."""

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from vaekit.errors import VaekitWarning
from vaekit.numerics import fusing

if TYPE_CHECKING:
    from torch.fx import GraphModule

__all__ = ["Replay", "Work", "compile_work", "record"]


Work = Callable[..., tuple[Tensor, ...]]
"""From tensors to tensors; it may change others where they are."""


def record(work: Work, *, inputs: list[Tensor], held: list[Tensor]) -> "GraphModule":
    """The operations of some work, in a row.

    They stand in a list without modules, distributions and the search for gradients around
    them. What is held is read, and written, where it is; whatever else the work looks at keeps
    the value that it has now.

    Args:
        work: is run once; what it does to the tensors that are held is undone.
        inputs: of the shapes that it will be played back with.
        held: parameters, buffers and the like, each once.

    Returns:
        What plays it back, called with inputs and held tensors in a row. Noise is drawn anew each
        time, here from a copy of the generator.
    """
    from torch.fx.experimental.proxy_tensor import make_fx

    def whole(*tensors: Tensor) -> tuple[Tensor, ...]:
        return work(*tensors[: len(inputs)])

    before = [tensor.detach().clone() for tensor in held]
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        graph = make_fx(whole)(*inputs, *held)
    with torch.no_grad():
        for tensor, value in zip(held, before, strict=True):
            tensor.copy_(value)
    graph.graph.eliminate_dead_code()
    graph.recompile()
    return graph


Replay = Callable[..., tuple[Tensor, ...]]
"""From tensors in a row to tensors in a row."""

_OPTIONS = {"fallback_random": True}
"""The noise of PyTorch's generator, as without a compiler."""
_ON_CPU = {"cpp_wrapper": True}
"""What calls the loops is compiled too: Python takes longer than they do."""
_ON_CUDA = {"combo_kernels": True}
"""Small kernels that do not depend on each other become one: what a graph costs is their number."""


def compile_work(
    work: Work,
    *,
    inputs: list[Tensor],
    held: list[Tensor],
    what: str = "the step",
    instead: str = "Training goes on",
) -> Replay | None:
    """Record some work, and let PyTorch's compiler fuse its operations.

    It needs a C++ compiler on this machine and takes ten to sixty seconds, more for a long flow
    than for a deep network; what it made is kept on disk, and work that was compiled before takes
    three. Results differ from those of the recorded work by rounding; noise does not, but for
    that of dropout on a GPU.

    Args:
        work: as :func:`vaekit.compiler.record` takes it.
        inputs: of the shapes that it will be played back with.
        held: parameters, buffers and the like, each once.
        what: it is, for a warning where that fails.
        instead: what happens then.

    Returns:
        What plays it back, called with inputs and held tensors in a row; none, after a warning,
        where that fails.
    """
    try:
        with fusing():
            graph = record(work, inputs=inputs, held=held)
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # PyTorch's compiler uses what PyTorch deprecates
            return _compile(graph, [*inputs, *held])
    except Exception as error:  # compilers fail in many ways; none is worth a run
        reason = str(error).strip().splitlines()[0] if str(error).strip() else ""
        warnings.warn(
            f"{what} cannot be compiled ({type(error).__name__}: {reason}). {instead} without, "
            "more slowly; compile = never leaves the attempt out",
            VaekitWarning,
            stacklevel=2,
        )
        return None


def _compile(graph: "GraphModule", tensors: list[Tensor]) -> Replay:
    """What PyTorch makes of operations on tensors like these."""
    from torch._inductor import compile as compile_operations
    from torch._subclasses.fake_tensor import FakeTensorMode
    from torch.fx.experimental.symbolic_shapes import ShapeEnv

    # with shapes that are known to be fixed, the compiler finds on disk what it made before
    shapes = FakeTensorMode(shape_env=ShapeEnv(), static_shapes=True)
    likes = [shapes.from_tensor(tensor, static_shapes=True) for tensor in tensors]
    for node, like in zip(graph.graph.find_nodes(op="placeholder"), likes, strict=True):
        node.meta["val"] = like
    on_cpu = all(tensor.device.type == "cpu" for tensor in tensors)
    options = _OPTIONS | (_ON_CPU if on_cpu else _ON_CUDA)
    compiled: Replay = compile_operations(graph, [*likes], options=options)
    return compiled
