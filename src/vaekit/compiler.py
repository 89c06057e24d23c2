"""Record tensor code as a graph and compile it; the only module that uses private PyTorch names."""

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from vaekit.errors import VaekitWarning
from vaekit.numerics import fusing

if TYPE_CHECKING:
    from torch.fx import GraphModule, Node

__all__ = ["PRIVATE", "RecordError", "Replay", "Work", "compile_work", "record"]


PRIVATE = (
    "torch._inductor.compile",
    "torch._subclasses.fake_tensor.FakeTensorMode",
    "torch.fx.experimental.proxy_tensor.make_fx",
    "torch.fx.experimental.symbolic_shapes.ShapeEnv",
)
"""What this module takes from PyTorch without a promise that it stays."""

Work = Callable[..., tuple[Tensor, ...]]
"""From tensors to tensors; it may change others in place."""

Replay = Callable[..., tuple[Tensor, ...]]
"""Runs recorded work, called with its inputs and then the tensors that it holds."""


class RecordError(Exception):
    """The work does other operations for other values of its inputs, or cannot be traced."""


def record(work: Work, *, inputs: list[Tensor], held: list[Tensor]) -> "GraphModule":
    """Record the operations of some work as a graph.

    The graph repeats them without the modules, distributions and autograd around them. Tensors
    that are held are read, and written, in place; whatever else the work looks at keeps its
    present value. Noise is drawn anew at each replay.

    Args:
        work: is run once; its effect on the tensors that are held and on the random state of the
            CPU and CUDA is undone.
        inputs: of the shapes with which it will be replayed.
        held: parameters, buffers and the like, each once.

    Returns:
        The graph, to be called with inputs and held tensors in a row.

    Raises:
        RecordError: which operations are done depends on values, or tracing failed.
    """
    from torch.fx.experimental.proxy_tensor import make_fx

    def run(*tensors: Tensor) -> tuple[Tensor, ...]:
        return work(*tensors[: len(inputs)])

    before = [tensor.detach().clone() for tensor in held]
    try:
        with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
            graph = make_fx(run)(*inputs, *held)
    except Exception as error:  # tracing fails in many ways
        raise RecordError(f"{type(error).__name__}: {_first_line(error)}") from error
    finally:
        with torch.no_grad():
            for tensor, value in zip(held, before, strict=True):
                tensor.copy_(value)
    for node in graph.graph.nodes:
        if _depends_on_values(node):
            raise RecordError(f"the shape of {node.target} depends on values")
    graph.graph.eliminate_dead_code()
    graph.recompile()
    return graph


def _depends_on_values(node: "Node") -> bool:
    """Whether the output of an operation has a shape, or is a number, that depends on values."""
    tags = getattr(node.target, "tags", ())
    if torch.Tag.data_dependent_output in tags:
        return True
    if torch.Tag.dynamic_output_shape not in tags:
        return False
    if node.target is not torch.ops.aten.index.Tensor:
        return True
    indices: Any = node.args[1]
    kinds = [index.meta["tensor_meta"].dtype for index in indices if index is not None]
    return torch.bool in kinds or torch.uint8 in kinds


_OPTIONS = {"fallback_random": True}
"""Noise from PyTorch's generator, as without a compiler."""
_ON_CPU = {"cpp_wrapper": True}
"""Compile the calls of the kernels too: Python takes longer than they do."""
_ON_CUDA = {"combo_kernels": True}
"""Join small independent kernels: the time of a CUDA graph is that of starting its kernels."""


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
    than for a deep network; compiled code is cached on disk, and takes three seconds the next
    time. Results differ from those of the recorded work by rounding; noise does not, except that
    of dropout on a GPU.

    Args:
        work: as :func:`vaekit.compiler.record` takes it.
        inputs: of the shapes with which it will be replayed.
        held: parameters, buffers and the like, each once.
        what: name of the work, for the warning.
        instead: what happens without it, for the warning.

    Returns:
        The compiled work, called with inputs and held tensors in a row; None, after a warning,
        where compiling fails.
    """
    try:
        with fusing():
            graph = record(work, inputs=inputs, held=held)
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # PyTorch's compiler uses what PyTorch deprecates
            return _compile(graph, [*inputs, *held])
    except Exception as error:  # compilers fail in many ways; none is worth a run
        warnings.warn(
            f"{what} cannot be compiled ({type(error).__name__}: {_first_line(error)}). {instead} "
            "without, more slowly; compile = never leaves the attempt out",
            VaekitWarning,
            stacklevel=2,
        )
        return None


def _compile(graph: "GraphModule", tensors: list[Tensor]) -> Replay:
    """Compile a graph for tensors of the shapes of these."""
    from torch._inductor import compile as compile_graph
    from torch._subclasses.fake_tensor import FakeTensorMode
    from torch.fx.experimental.symbolic_shapes import ShapeEnv

    # with static shapes, the compiler finds on disk what it compiled before
    mode = FakeTensorMode(shape_env=ShapeEnv(), static_shapes=True)
    fakes = [mode.from_tensor(tensor, static_shapes=True) for tensor in tensors]
    for node, fake in zip(graph.graph.find_nodes(op="placeholder"), fakes, strict=True):
        node.meta["val"] = fake
    on_cpu = all(tensor.device.type == "cpu" for tensor in tensors)
    options = _OPTIONS | (_ON_CPU if on_cpu else _ON_CUDA)
    compiled: Replay = compile_graph(graph, [*fakes], options=options)
    return compiled


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), "")
