"""A whole step of training as one CUDA graph.

What decides about warm-up, capture, replay and falling back is tested on a CPU with a stand-in for
``torch.cuda``, and the real thing where there is a GPU. Each graph is compared with a plain step
before it is used, so that a graph that computes something else costs a warning and no result.
"""

import warnings
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Protocol

import torch
from torch import Tensor
from torch.optim import Optimizer

from vaekit.errors import VaekitWarning
from vaekit.training.undone import undone
from vaekit.training.unit import SUMS, Unit

__all__ = ["CudaGraphs", "Graphed", "Graphs"]

WARM = 3
"""Steps of a shape before it is captured; libraries and optimizer set themselves up in them."""
TOLERANCE = 0.01
"""Relative distance between the step of a graph and a plain one."""


class Graphs(Protocol):
    """What is asked of ``torch.cuda``."""

    def aside(self, run: Callable[[], None]) -> None:
        """Run now, on another stream, as has to be done before a capture."""

    def capture(self, run: Callable[[], None]) -> Callable[[], None]:
        """Record what is run, without effect on the device.

        Returns:
            What plays it back, with the memory of then and the noise of now.

        Raises:
            RuntimeError: something in it cannot be recorded.
        """


class CudaGraphs:
    """The graphs of CUDA; the generator of the device belongs to each of them.

    Source:
        PyTorch, "CUDA semantics", section CUDA Graphs.
    """

    def aside(self, run: Callable[[], None]) -> None:
        """See the protocol."""
        stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]  # PyTorch gives it no types
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            run()
        torch.cuda.current_stream().wait_stream(stream)

    def capture(self, run: Callable[[], None]) -> Callable[[], None]:
        """See the protocol."""
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            run()
        return graph.replay


class Graphed:
    """A whole step that is captured at the fourth batch of a shape, and replayed from then on.

    A graph repeats the same kernels on the same memory. So rows are copied into a buffer of
    theirs, and what changes from step to step has to be a tensor that is filled in place outside
    of the graph: the learning rate (:func:`make_capturable`) and the weight of the rate are. The
    three steps before are real ones, run plainly; so are batches of another shape, as a last one
    that is shorter. The host waits for nothing in a step; a norm of gradients that is not finite
    is found when the loop looks up.

    Where the capture fails, or the graph does not do what a plain step does from the same state
    with the same noise, all steps are run plainly, after one warning.

    Args:
        unit: what is trained, in training mode; it may not look at values on the host.
        step: from rows to the (4,) sums over them, with the parameters one step further and no
            gradient left.
        optimizer: over its parameters, capturable.
        graphs: of CUDA, or a stand-in.
    """

    def __init__(
        self,
        unit: Unit,
        *,
        step: Callable[[Tensor], Tensor],
        optimizer: Optimizer,
        graphs: Graphs,
    ) -> None:
        self._unit = unit
        self._step = step
        self._optimizer = optimizer
        self._graphs = graphs
        self._parameters = [p for p in unit.parameters() if p.requires_grad]
        self._sums = torch.zeros(len(SUMS), device=self._parameters[0].device)
        self._rows = self._sums
        self._seen: Counter[tuple[torch.Size, torch.dtype]] = Counter()
        self._replay: Callable[[], None] | None = None
        self._plain = False

    def __call__(self, rows: Tensor) -> Tensor:
        """One step.

        Args:
            rows: (B, ...) raw.

        Returns:
            (4,) sums over the rows, in a buffer that the next step fills anew.
        """
        if self._replay is not None and self._is_like(rows):
            self._rows.copy_(rows)
            self._replay()
        elif self._replay is not None or self._plain:
            self._run(rows)
        else:
            self._begin(rows)
        return self._sums

    def _is_like(self, rows: Tensor) -> bool:
        return rows.shape == self._rows.shape and rows.dtype == self._rows.dtype

    def _begin(self, rows: Tensor) -> None:
        """A step before there is a graph; the one after the warm-up makes it."""
        kind = (rows.shape, rows.dtype)
        self._seen[kind] += 1
        if self._seen[kind] <= WARM:
            self._graphs.aside(lambda: self._run(rows))
            return
        self._rows = rows.clone()
        replay = self._captured()
        if replay is None:
            self._plain = True
            self._run(rows)
            return
        self._replay = replay
        replay()

    def _captured(self) -> Callable[[], None] | None:
        """The graph, if there is one and it does what it should."""
        try:
            replay = self._graphs.capture(lambda: self._run(self._rows))
        except RuntimeError as error:
            _warn(f"cannot be captured: {error}")
            return None
        if not self._does_the_same(replay):
            _warn("ends elsewhere than a plain step from the same state")
            return None
        return replay

    def _run(self, rows: Tensor) -> None:
        """What is captured, and what is run where nothing is."""
        self._sums.copy_(self._step(rows))

    def _does_the_same(self, replay: Callable[[], None]) -> bool:
        """Whether a replay has the sums and the changes of a plain step; both are undone."""
        plain = self._outcome(lambda: self._run(self._rows))
        graph = self._outcome(replay)
        return all(_near(*pair) for pair in zip(plain, graph, strict=True))

    def _outcome(self, run: Callable[[], None]) -> tuple[list[Tensor], list[Tensor]]:
        """Sums, and by how much each parameter changes."""
        before = [parameter.detach().clone() for parameter in self._parameters]
        with undone(self._unit, tensors=[*self._parameters, *_moments(self._optimizer)]):
            self._sums.zero_()
            run()
            now = [parameter.detach() for parameter in self._parameters]
            changes = [after - first for after, first in zip(now, before, strict=True)]
            return [self._sums.clone()], changes


def _moments(optimizer: Optimizer) -> list[Tensor]:
    states = (state.values() for state in optimizer.state.values())
    return [value for values in states for value in values if isinstance(value, Tensor)]


def _near(one: Iterable[Tensor], other: Iterable[Tensor]) -> bool:
    """Whether two lists of tensors are close in the Euclidean norm."""
    first = torch.cat([tensor.flatten() for tensor in one])
    second = torch.cat([tensor.flatten() for tensor in other])
    return bool((first - second).norm() <= TOLERANCE * first.norm())


def _warn(what: str) -> None:
    warnings.warn(
        f"the step as a CUDA graph {what}. Training goes on without a graph, with the same "
        "results, and more slowly where steps are short",
        VaekitWarning,
        stacklevel=2,
    )
