"""A whole step of training as one call, made the way that suits device and length of training."""

from collections.abc import Callable

from lightning_fabric import Fabric
from torch import Tensor
from torch.optim import Optimizer

from vaekit.training.fused import FusedStep
from vaekit.training.graphed import CudaGraphs, Graphed, Graphs
from vaekit.training.passes import Way, make_pass
from vaekit.training.unit import Unit

__all__ = ["WholeStep", "whole_step"]

WholeStep = Callable[[Tensor], Tensor]
"""From rows to the (4,) sums over them, with the parameters one step further. The sums may lie in
a buffer that the next step fills anew."""


def whole_step(
    unit: Unit,
    *,
    optimizer: Optimizer,
    engine: Fabric,
    clip_norm: float | None,
    way: Way = "searched",
) -> WholeStep:
    """Forward, back, clipping and the optimizer's step as one call.

    Args:
        unit: what is trained.
        optimizer: over its parameters, not wrapped.
        engine: that was launched.
        clip_norm: largest norm of the gradient; none for no clipping.
        way: how a pass is made.

    Returns:
        A graph for one process on a CUDA device, a compiled step where a pass is to be compiled
        on a CPU and nothing clipped, otherwise the engine's way.
    """
    graphs = graphs_of(engine)
    if graphs is not None:
        return Graphed(
            unit,
            run_pass=make_pass(way, unit, engaged=unit, backward=Tensor.backward),
            optimizer=optimizer,
            clip_norm=clip_norm,
            graphs=graphs,
        )
    engaged, wrapped = engine.setup(unit, optimizer)
    fused = way == "compiled" and clip_norm is None
    plain: Way = "recorded" if fused else way
    run = make_pass(plain, unit, engaged=engaged, backward=engine.backward)

    def step(rows: Tensor) -> Tensor:
        sums = run(rows)
        if clip_norm is not None:
            engine.clip_gradients(engaged, wrapped, max_norm=clip_norm)
        wrapped.step()
        wrapped.zero_grad(set_to_none=True)
        return sums

    return FusedStep(unit, optimizer=optimizer, otherwise=step) if fused else step


def graphs_of(engine: Fabric) -> Graphs | None:
    """Graphs where there are some: gradients of several processes meet outside of a graph.

    Args:
        engine: that was launched.
    """
    alone = engine.world_size == 1
    return CudaGraphs() if alone and engine.device.type == "cuda" else None
