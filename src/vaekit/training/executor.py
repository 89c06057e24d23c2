"""Executors: run a training step eagerly, compiled, or as a CUDA graph."""

import math
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import contextmanager
from typing import Any, Literal, Protocol

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.optim import Optimizer

from vaekit.compiler import Replay, Work, compile_work, record
from vaekit.config import TrainingConfig
from vaekit.errors import ConfigError, VaekitWarning
from vaekit.training.step import SUMS, Unit

__all__ = [
    "WORTH_COMPILING",
    "WORTH_RECORDING",
    "CudaGraphs",
    "FusedStep",
    "Graphed",
    "Graphs",
    "MakePass",
    "Way",
    "WholeStep",
    "choose_way",
    "graphs_of",
    "make_pass",
    "undone",
    "whole_step",
    "with_gradients",
]


@contextmanager
def undone(unit: nn.Module, *, tensors: Iterable[Tensor] = ()) -> Iterator[None]:
    """Undo what happens inside: buffers, random states, and whether modules are in training.

    Gradients are not looked after: ``torch.autograd.grad`` leaves those of the parameters alone.

    Args:
        unit: in training mode inside.
        tensors: other numbers that are put back, parameters for one.

    Example:
        >>> norm = nn.BatchNorm1d(2)
        >>> with undone(norm):
        ...     _ = norm(torch.rand(5, 2))
        >>> norm.running_mean
        tensor([0., 0.])
    """
    kept = [(tensor, tensor.detach().clone()) for tensor in [*unit.buffers(), *tensors]]
    modes = [(module, module.training) for module in unit.modules()]
    unit.train()
    try:
        with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
            yield
    finally:
        for module, mode in modes:
            module.training = mode
        with torch.no_grad():
            for tensor, before in kept:
                tensor.copy_(before)


def with_gradients(run: Callable[..., tuple[Tensor, Tensor]], parameters: list[Tensor]) -> Work:
    """A pass, and its way back.

    Args:
        run: from inputs to the loss and to sums.
        parameters: whose gradients are wanted.

    Returns:
        From the same inputs to the sums, and a gradient for each parameter.
    """

    def work(*inputs: Tensor) -> tuple[Tensor, ...]:
        with torch.enable_grad():
            loss, sums = run(*inputs)
            grads = torch.autograd.grad(loss, parameters, materialize_grads=True)
        return (sums, *(_laid_as(p, grad) for p, grad in zip(parameters, grads, strict=True)))

    return work


def _laid_as(parameter: Tensor, grad: Tensor) -> Tensor:
    """In the memory's order of the parameter: a fused optimizer reads both number by number."""
    same = grad.stride() == parameter.stride()
    return grad if same else torch.empty_like(parameter).copy_(grad)


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


WORTH_RECORDING = 1000
"""Steps of a training: to record a pass takes .6 s, and saves half a ms of each or more."""

WORTH_COMPILING = 5000
"""Steps of a training: to compile a pass takes ten seconds or more, and saves a ms or more."""

Way = Literal["searched", "recorded", "compiled"]
"""How a pass is made: autograd looks for the way back each time, or it is played back."""

MakePass = Callable[[Tensor], Tensor]
"""From the rows of a batch to the four sums over them; the gradients are then in place."""


def choose_way(config: TrainingConfig, *, train: Sized, possible: bool, models: int = 1) -> Way:
    """How to make the passes of a training.

    Args:
        config: its wish to compile, and its epochs.
        train: the batches of an epoch; the more steps there are in all the more pays.
        possible: whether a pass can be recorded at all.
        models: how many are trained at once; steps count for each.

    Raises:
        ConfigError: it shall be compiled always, and cannot be recorded.
    """
    wish, total = config.compile, config.epochs * len(train) * models
    if wish == "always" and not possible:
        raise ConfigError(
            "compile = always: only steps of one process, on a CPU or an NVIDIA GPU, that do the "
            "same for all batches can be compiled; take compile = auto"
        )
    if not possible:
        return "searched"
    if wish == "always" or (wish == "auto" and total >= WORTH_COMPILING):
        return "compiled"
    return "recorded" if total >= WORTH_RECORDING else "searched"


def make_pass(
    way: Way, unit: Unit, *, engaged: nn.Module, backward: Callable[[Tensor], object]
) -> MakePass:
    """One pass as it was chosen.

    Args:
        way: how.
        unit: what is trained.
        engaged: the same as an engine wrapped it.
        backward: how that goes back from a loss.
    """
    if way == "searched":
        return _searched(engaged, backward)
    return _played(unit, compiled=way == "compiled")


def _searched(engaged: nn.Module, backward: Callable[[Tensor], object]) -> MakePass:
    """Let autograd find the way back at every step."""

    def run(rows: Tensor) -> Tensor:
        loss, sums = engaged(rows)
        backward(loss)
        found: Tensor = sums
        return found

    return run


def _played(unit: Unit, *, compiled: bool) -> MakePass:
    """Record the way there and back at the first batch of a shape, and play it from then on.

    Between its products a step is a hundred and more small operations, and on a CPU most of their
    time is that of modules, distributions and autograd around them: of a 784-400-20 network in
    bf16 a fifth of the step. Numbers and noise are those of the unit. Recording takes as long as
    some hundred steps.

    Args:
        unit: it does the same for all batches of a shape, but for what it reads from buffers,
            and may not look at the values of its rows to decide what to do.
        compiled: whether the pass is compiled too.
    """
    recorded: dict[torch.Size, Replay] = {}
    parameters: list[Tensor] = [p for p in unit.parameters() if p.requires_grad]
    held = [*parameters, *unit.buffers()]

    def run(rows: Tensor) -> Tensor:
        inputs = [rows]
        if rows.shape not in recorded:
            work = with_gradients(unit, parameters)
            play = compile_work(work, inputs=inputs, held=held) if compiled else None
            recorded[rows.shape] = play or record(work, inputs=inputs, held=held)
        with torch.no_grad():
            sums, *gradients = recorded[rows.shape](*inputs, *held)
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = gradient
        return sums

    return run


_MOMENTS = ("exp_avg", "exp_avg_sq")
"""What Adam calls them."""


class FusedStep:
    r"""A step that is compiled at the first batch of a shape, with Adam in it.

    .. math:: m \leftarrow m + (1 - \beta_1)(g - m), \quad
              v \leftarrow \beta_2 v + (1 - \beta_2) g^2, \quad
              \theta \leftarrow \theta - \frac{\eta}{1 - \beta_1^t}
              \frac{m}{\sqrt{v / (1 - \beta_2^t)} + \epsilon}

    What the optimizer remembers stays where it keeps it, so that checkpoints are the same. A
    gradient is used as soon as it is there, without a place of its own. Batches of another shape,
    as a last one that is shorter, are compiled too. All take another way once the compiler fails.

    On a GPU the steps are counted there, in float32, so that a graph may hold all of it; PyTorch's
    fused Adam is one kernel, which for a small network occupies a tenth of the device.

    Args:
        unit: as :func:`vaekit.training.executor.make_pass` records it.
        optimizer: Adam or AdamW over its parameters, on a GPU capturable.
        otherwise: that other way.

    Source:
        Kingma and Ba 2015, arXiv:1412.6980; Loshchilov and Hutter 2019, arXiv:1711.05101.
    """

    def __init__(
        self, unit: Unit, *, optimizer: Optimizer, otherwise: Callable[[Tensor], Tensor]
    ) -> None:
        self._unit = unit
        self._group = optimizer.param_groups[0]
        self._parameters: list[Tensor] = [p for p in unit.parameters() if p.requires_grad]
        states = [_begun(optimizer, parameter) for parameter in self._parameters]
        self._means, self._squares = ([state[n] for state in states] for n in _MOMENTS)
        self._counts = torch.stack([state["step"] for state in states])
        self._held = [*self._parameters, *self._means, *self._squares, *unit.buffers()]
        self._there = isinstance(self._group["lr"], Tensor)
        if self._there:
            self._held += [self._counts, self._group["lr"]]
        for state, count in zip(states, self._counts, strict=True):
            state["step"] = count  # one operation counts for all
        self._done = int(self._counts[0])
        self._factors = torch.ones(3, device=self._counts.device)
        if not self._there:  # the same memory: to fill it through PyTorch takes ten times as long
            self._counts_here, self._factors_here = self._counts.numpy(), self._factors.numpy()
        self._otherwise = otherwise
        self._plays: dict[torch.Size, Replay | None] = {}

    def __call__(self, rows: Tensor) -> Tensor:
        """One step.

        Args:
            rows: (B, ...) raw.

        Returns:
            (4,) sums over the rows.
        """
        if None in self._plays.values():
            return self._otherwise(rows)
        inputs = [rows]
        if rows.shape not in self._plays:
            self._plays[rows.shape] = self._compile(inputs)
        play = self._plays[rows.shape]
        if play is None:
            return self._otherwise(rows)
        if not self._there:
            self._count()
        with torch.no_grad():
            return play(self._factors, *inputs, *self._held)[0]

    def _count(self) -> None:
        """One step more, and what changes with it: see the update."""
        self._done += 1
        self._counts_here.fill(self._done)
        group = self._group
        first, second = group["betas"]
        rate = float(group["lr"])
        size = rate / (1 - first**self._done)
        root = 1 / math.sqrt(1 - second**self._done)
        self._factors_here[:] = size, root, 1 - rate * group["weight_decay"]

    def _count_there(self) -> Tensor:
        """The same on a device, whose operations the work then contains."""
        group, done = self._group, self._counts.add_(1.0)[0]
        first, second = group["betas"]
        rate = group["lr"]
        size = rate / (1 - first**done)
        root = (1 - second**done).rsqrt()
        return torch.stack([size, root, 1 - rate * group["weight_decay"]])

    def _compile(self, inputs: list[Tensor]) -> Replay | None:
        return compile_work(self._work(), inputs=[self._factors, *inputs], held=self._held)

    def _work(self) -> Work:
        gradients = with_gradients(self._unit, self._parameters)

        def work(factors: Tensor, *inputs: Tensor) -> tuple[Tensor, ...]:
            sums, *grads = gradients(*inputs)
            with torch.no_grad():
                factors = self._count_there() if self._there else factors
                for place in zip(self._parameters, grads, self._means, self._squares, strict=True):
                    _update(*place, factors, self._group)
            return (sums,)

        return work


def _begun(optimizer: Optimizer, parameter: Tensor) -> dict[str, Any]:
    """What Adam remembers of a parameter, from its first step on."""
    state: dict[str, Any] = optimizer.state[parameter]
    if not state:
        state["step"] = torch.zeros((), device=parameter.device)
        state |= {name: torch.zeros_like(parameter) for name in _MOMENTS}
    return state


def _update(
    parameter: Tensor,
    grad: Tensor,
    mean: Tensor,
    square: Tensor,
    factors: Tensor,
    group: dict[str, Any],
) -> None:
    """Adam, in place."""
    size, root, kept = factors
    first, second = group["betas"]
    if group["weight_decay"] and group["decoupled_weight_decay"]:
        parameter.mul_(kept)
    elif group["weight_decay"]:
        grad = grad + group["weight_decay"] * parameter
    mean.lerp_(grad, 1 - first)
    square.mul_(second).addcmul_(grad, grad, value=1 - second)
    parameter.sub_(size * mean / (square.sqrt() * root + group["eps"]))


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
