"""A whole step of training as one call, made the way that suits device and length of training."""

from collections.abc import Callable

from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.optim import Optimizer

from vaekit.training.fused import FusedStep
from vaekit.training.graphed import CudaGraphs, Graphed, Graphs
from vaekit.training.passes import Way, make_pass
from vaekit.training.unit import Unit

__all__ = ["WholeStep", "graphs_of", "whole_step"]

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
        A step that is compiled with its optimizer where a pass is to be compiled and nothing
        clipped, otherwise pass and optimizer after each other; as a graph for one process on a
        CUDA device.
    """
    graphs = graphs_of(engine)
    fused = way == "compiled" and clip_norm is None
    make = _by_engine if graphs is None else _alone
    step = make(
        unit,
        optimizer=optimizer,
        engine=engine,
        clip_norm=clip_norm,
        way="recorded" if fused else way,
    )
    if fused:
        step = FusedStep(unit, optimizer=optimizer, otherwise=step)
    return step if graphs is None else Graphed(unit, step=step, optimizer=optimizer, graphs=graphs)


def _by_engine(
    unit: Unit, *, optimizer: Optimizer, engine: Fabric, clip_norm: float | None, way: Way
) -> WholeStep:
    """A step whose gradients are those of all processes."""
    engaged, wrapped = engine.setup(unit, optimizer)
    run = make_pass(way, unit, engaged=engaged, backward=engine.backward)

    def step(rows: Tensor) -> Tensor:
        sums = run(rows)
        if clip_norm is not None:
            engine.clip_gradients(engaged, wrapped, max_norm=clip_norm)
        wrapped.step()
        wrapped.zero_grad(set_to_none=True)
        return sums

    return step


def _alone(
    unit: Unit, *, optimizer: Optimizer, engine: Fabric, clip_norm: float | None, way: Way
) -> WholeStep:
    """A step that never waits for the device, as one that is captured must not."""
    run = make_pass(way, unit, engaged=unit, backward=Tensor.backward)
    parameters = [p for p in unit.parameters() if p.requires_grad]

    def step(rows: Tensor) -> Tensor:
        sums = run(rows)
        if clip_norm is not None:
            nn.utils.clip_grad_norm_(parameters, clip_norm)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        return sums

    return step


def graphs_of(engine: Fabric) -> Graphs | None:
    """Graphs where there are some: gradients of several processes meet outside of a graph.

    Args:
        engine: that was launched.
    """
    alone = engine.world_size == 1
    return CudaGraphs() if alone and engine.device.type == "cuda" else None
