"""Executors: run a training step eagerly, recorded, compiled, or as a CUDA graph."""

import math
import warnings
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from vaekit.compiler import RecordError, Replay, Work, compile_work, record
from vaekit.config import TrainingConfig
from vaekit.errors import ConfigError, VaekitWarning
from vaekit.training.distributed import Processes
from vaekit.training.precision import Precision, autocast_bf16
from vaekit.training.step import Forward, StepOutput, TrainingStep

__all__ = [
    "CompiledExecutor",
    "CudaGraphExecutor",
    "CudaGraphs",
    "Executor",
    "ExecutorSettings",
    "GradientExecutor",
    "Graphs",
    "MakeExecutor",
    "Mode",
    "build_optimizers",
    "choose_mode",
    "cuda_graphs",
    "eager_gradients",
    "make_executor",
    "preserve_state",
    "replayed_gradients",
    "stack_sums",
]


class Executor(ABC):
    """Runs the steps of a training, and owns its optimizers.

    The training loop calls it with the rows of each batch; checkpoints and schedules reach the
    optimizers through it alone. A step that is trained in another way, such as by two optimizers
    in turn, needs an executor of its own and nothing else.

    Args:
        optimizers: by the name of the loss that each minimises.
    """

    compiles: bool = False
    """Whether the first step waits for the compiler."""

    def __init__(self, optimizers: Mapping[str, Optimizer]) -> None:
        self.optimizers = dict(optimizers)

    @abstractmethod
    def __call__(self, rows: Tensor) -> Tensor:
        """Run one step.

        Args:
            rows: (B, ...) raw.

        Returns:
            (S,) sums over the rows in the order of ``sum_names`` of the step, after which the
            parameters are one step further. They may lie in a buffer that the next call fills.
        """

    def state_dict(self) -> dict[str, Any]:
        """Return the state of the optimizer, or of all by name where there are several."""
        states = {name: optimizer.state_dict() for name, optimizer in self.optimizers.items()}
        return states if len(states) > 1 else next(iter(states.values()))

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore a state that may have been saved on another device, before the first step.

        Args:
            state: what ``state_dict`` returned.
        """
        several = len(self.optimizers) > 1
        for name, optimizer in self.optimizers.items():
            capturable = bool(optimizer.param_groups[0]["capturable"])
            optimizer.load_state_dict(state[name] if several else state)
            _set_capturable(optimizer, capturable=capturable)

    @property
    def learning_rate(self) -> float:
        """The learning rate, to seven digits where it is a float32 tensor on a device."""
        rate = next(iter(self.optimizers.values())).param_groups[0]["lr"]
        return float(f"{float(rate):.7g}") if isinstance(rate, Tensor) else float(rate)

    def set_learning_rate(self, rate: float) -> None:
        """Set the learning rate of all optimizers.

        Args:
            rate: the step size from here on.
        """
        for optimizer in self.optimizers.values():
            for group in optimizer.param_groups:
                if isinstance(group["lr"], Tensor):
                    group["lr"].fill_(rate)
                else:
                    group["lr"] = rate


@dataclass(frozen=True, kw_only=True)
class ExecutorSettings:
    """What an executor is made for."""

    config: TrainingConfig
    """Optimizer, clipping, compiling."""
    device: str
    """cpu, cuda or mps, on which the step is."""
    precision: Precision
    """Of the matrix products."""
    processes: Processes
    """All that train this step."""
    steps: int
    """Of the whole training: what takes time to prepare pays off in many."""


MakeExecutor = Callable[[TrainingStep, ExecutorSettings], Executor]


def make_executor(step: TrainingStep, settings: ExecutorSettings) -> Executor:
    """Return the executor of a step, or the one that suits a training.

    Args:
        step: what is trained, on its device.
        settings: of the training.

    Returns:
        The step's own executor if it has one. Otherwise a compiled step with its optimizer, or
        gradients and then the optimizers' own steps; as a CUDA graph for one process on a CUDA
        device.

    Raises:
        ConfigError: a step that shall always be compiled, and cannot be recorded; several
            optimizers in several processes.
    """
    if step.executor is not None:
        return step.executor(step, settings)
    processes, config = settings.processes, settings.config
    if not processes.alone and len(step.optimized) > 1:
        raise ConfigError("several optimizers: train this step with one process")
    recordable = processes.alone and settings.device in {"cpu", "cuda"} and not step.data_dependent
    mode = choose_mode(config, steps=settings.steps, recordable=recordable)
    forward: Forward = step if processes.alone else processes.wrap(step)
    if settings.precision == "bf16":
        forward = autocast_bf16(forward, device=settings.device)
    optimizers = build_optimizers(step, config, device=settings.device)
    gradients = eager_gradients(step, forward)
    fused = mode == "compiled" and config.clip_norm is None and len(optimizers) == 1
    if mode != "eager":
        compiled = mode == "compiled" and not fused
        gradients = replayed_gradients(step, forward, compiled=compiled, otherwise=gradients)
    executor: Executor = GradientExecutor(gradients, optimizers, clip_norm=config.clip_norm)
    if fused:
        executor = CompiledExecutor(step, forward, otherwise=executor)
    graphs = cuda_graphs(processes)
    if graphs is not None and not step.data_dependent:
        executor = CudaGraphExecutor(step, executor, graphs=graphs)
    executor.compiles = mode == "compiled"
    return executor


Mode = Literal["eager", "replay", "compiled"]
"""Whether autograd runs at each step, or a recorded step is replayed, or compiled."""

WORTH_RECORDING = 1000
"""Steps of a training: recording takes .6 s, and saves half a ms of each step or more."""

WORTH_COMPILING = 5000
"""Steps of a training: compiling takes ten seconds or more, and saves a ms of each or more."""


def choose_mode(config: TrainingConfig, *, steps: int, recordable: bool) -> Mode:
    """Return how the steps of a training are run.

    Args:
        config: which may ask for compiling.
        steps: of the whole training.
        recordable: whether a step can be recorded at all.

    Raises:
        ConfigError: steps shall always be compiled, and cannot be recorded.
    """
    if config.compile == "always" and not recordable:
        raise ConfigError(
            "compile = always: only steps of one process, on a CPU or an NVIDIA GPU, that do the "
            "same for all batches can be compiled; take compile = auto"
        )
    if not recordable:
        return "eager"
    if config.compile == "always" or (config.compile == "auto" and steps >= WORTH_COMPILING):
        return "compiled"
    return "replay" if steps >= WORTH_RECORDING else "eager"


def build_optimizers(
    step: TrainingStep, config: TrainingConfig, *, device: str
) -> dict[str, Optimizer]:
    """Build Adam or AdamW for each loss of a step, fused where there is a kernel.

    Args:
        step: whose parameters.
        config: kind, step size, decays.
        device: cpu, cuda or mps; on CUDA a graph can capture the optimizers.

    Source:
        Kingma and Ba 2015, arXiv:1412.6980; Loshchilov and Hutter 2019, arXiv:1711.05101.
    """
    kind = torch.optim.AdamW if config.optimizer == "adamw" else torch.optim.Adam
    optimizers: dict[str, Optimizer] = {}
    for name, module in step.optimized.items():
        optimizers[name] = kind(
            step.get_submodule(module).parameters(),
            lr=config.learning_rate,
            betas=(config.beta1, config.beta2),
            eps=config.eps,
            weight_decay=config.weight_decay,
            fused=device in {"cpu", "cuda", "mps"},
        )
        _set_capturable(optimizers[name], capturable=device == "cuda")
    return optimizers


def _set_capturable(optimizer: Optimizer, *, capturable: bool) -> None:
    """Let a CUDA graph capture an optimizer: a schedule then fills a tensor on the device."""
    for group in optimizer.param_groups:
        rate = float(group["lr"])
        place = group["params"][0].device
        group["lr"] = torch.tensor(rate, dtype=torch.float32, device=place) if capturable else rate
        group["capturable"] = capturable


def stack_sums(step: TrainingStep, output: StepOutput) -> Tensor:
    """Return the sums of an output in the order of ``sum_names`` of its step.

    Args:
        step: names and order of the sums.
        output: of a pass of it.

    Returns:
        (S,)
    """
    return torch.stack([output.sums[name] for name in step.sum_names])


Gradients = Callable[[Tensor], Tensor]
"""From rows to the sums over them; the gradients are then those of the parameters."""


class GradientExecutor(Executor):
    """Compute the gradients, clip them, and let PyTorch's optimizers step.

    Args:
        gradients: eager or replayed.
        optimizers: by the name of their loss.
        clip_norm: largest norm of the gradient of an optimizer's parameters; None to not clip.
    """

    def __init__(
        self,
        gradients: Gradients,
        optimizers: Mapping[str, Optimizer],
        *,
        clip_norm: float | None,
    ) -> None:
        super().__init__(optimizers)
        self._gradients = gradients
        self._clip_norm = clip_norm

    def __call__(self, rows: Tensor) -> Tensor:
        """Run one step; it never waits for the device."""
        sums = self._gradients(rows)
        for optimizer in self.optimizers.values():
            if self._clip_norm is not None:
                for group in optimizer.param_groups:
                    nn.utils.clip_grad_norm_(group["params"], self._clip_norm)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        return sums


def eager_gradients(step: TrainingStep, forward: Forward) -> Gradients:
    """Run forward and backward by autograd at each step.

    Args:
        step: whose parameters.
        forward: the step, or the step with something around it.
    """
    parameters = _trained(step)

    def run(rows: Tensor) -> Tensor:
        output = forward(rows)
        if len(parameters) == 1:
            next(iter(output.losses.values())).backward()  # type: ignore[no-untyped-call]
        else:
            for parameter, gradient in zip(
                [p for group in parameters.values() for p in group],
                _gradients(output, parameters),
                strict=True,
            ):
                parameter.grad = gradient
        return stack_sums(step, output)

    return run


def replayed_gradients(
    step: TrainingStep, forward: Forward, *, compiled: bool, otherwise: Gradients
) -> Gradients:
    """Record forward and backward at the first batch of a shape, and replay them.

    Between its matrix products a step is a hundred and more small operations, and on a CPU most
    of their time is that of modules, distributions and autograd around them: of a 784-400-20
    network in bf16 a fifth of the step. Numbers and noise are those of the eager step. Recording
    takes as long as some hundred steps.

    Args:
        step: does the same for all batches of a shape, except for what it reads from buffers.
        forward: the step, or the step with something around it.
        compiled: whether the recorded operations are compiled.
        otherwise: gradients where the step cannot be recorded.
    """
    replays: dict[torch.Size, Replay | None] = {}
    parameters = [p for group in _trained(step).values() for p in group]
    held = [*parameters, *step.buffers()]

    def prepare(rows: Tensor) -> Replay | None:
        work = _gradient_work(step, forward)
        replay = compile_work(work, inputs=[rows], held=held) if compiled else None
        try:
            return replay or record(work, inputs=[rows], held=held)
        except RecordError:
            return None

    def run(rows: Tensor) -> Tensor:
        if rows.shape not in replays:
            replays[rows.shape] = prepare(rows)
        replay = replays[rows.shape]
        if replay is None:
            return otherwise(rows)
        with torch.no_grad():
            sums, *gradients = replay(rows, *held)
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = gradient
        return sums

    return run


def _trained(step: TrainingStep) -> dict[str, list[Tensor]]:
    """The trained parameters of each optimizer."""
    return {
        name: [p for p in step.get_submodule(module).parameters() if p.requires_grad]
        for name, module in step.optimized.items()
    }


def _gradients(output: StepOutput, parameters: Mapping[str, list[Tensor]]) -> list[Tensor]:
    """Gradients of each loss with respect to the parameters of its optimizer."""
    gradients: list[Tensor] = []
    for name, group in parameters.items():
        gradients += torch.autograd.grad(
            output.losses[name],
            group,
            retain_graph=len(parameters) > 1,
            materialize_grads=True,
        )
    return gradients


def _gradient_work(step: TrainingStep, forward: Forward) -> Work:
    """From rows to the sums and a gradient for each parameter."""
    groups = _trained(step)
    parameters = [p for group in groups.values() for p in group]

    def work(rows: Tensor) -> tuple[Tensor, ...]:
        with torch.enable_grad():
            output = forward(rows)
            grads = _gradients(output, groups)
        laid_out = [_laid_out(p, grad) for p, grad in zip(parameters, grads, strict=True)]
        return (stack_sums(step, output), *laid_out)

    return work


def _laid_out(parameter: Tensor, grad: Tensor) -> Tensor:
    """The gradient in the memory layout of the parameter, which a fused optimizer expects."""
    same = grad.stride() == parameter.stride()
    return grad if same else torch.empty_like(parameter).copy_(grad)


_MOMENTS = ("exp_avg", "exp_avg_sq")
"""Names of Adam's moments in its state."""


class CompiledExecutor(Executor):
    r"""Compile the whole step with Adam in it, at the first batch of a shape.

    .. math:: m \leftarrow m + (1 - \beta_1)(g - m), \quad
              v \leftarrow \beta_2 v + (1 - \beta_2) g^2, \quad
              \theta \leftarrow \theta - \frac{\eta}{1 - \beta_1^t}
              \frac{m}{\sqrt{v / (1 - \beta_2^t)} + \epsilon}

    The moments stay in the state of the optimizer, so that checkpoints are the same. A gradient
    is used as soon as it is computed, and never stored. A batch of another shape, such as a last
    one that is shorter, is compiled too. Once compiling fails, another executor takes over.

    On a GPU the steps are counted there, in float32, so that a CUDA graph can hold all of it;
    PyTorch's fused Adam is one kernel, which for a small network occupies a tenth of the device.

    Args:
        step: does the same for all batches of a shape, except for what it reads from buffers.
        forward: the step, or the step with something around it.
        otherwise: the other executor, with one optimizer, Adam or AdamW; on a GPU capturable.

    Source:
        Kingma and Ba 2015, arXiv:1412.6980; Loshchilov and Hutter 2019, arXiv:1711.05101.
    """

    def __init__(self, step: TrainingStep, forward: Forward, *, otherwise: Executor) -> None:
        super().__init__(otherwise.optimizers)
        (self._optimizer,) = self.optimizers.values()
        self._gradients = _gradient_work(step, forward)
        self._parameters = next(iter(_trained(step).values()))
        self._buffers = list(step.buffers())
        self._otherwise = otherwise
        self._replays: dict[torch.Size, Replay | None] = {}
        self._failed = False
        self._ready = False

    def __call__(self, rows: Tensor) -> Tensor:
        """Run one step."""
        if not self._ready:
            self._prepare()
        if not self._failed and rows.shape not in self._replays:
            inputs = [self._factors, rows]
            replay = compile_work(self._work, inputs=inputs, held=self._held)
            self._replays[rows.shape] = replay
            self._failed = replay is None
        replay = None if self._failed else self._replays[rows.shape]
        if replay is None:
            return self._otherwise(rows)
        if not self._on_device:
            self._count()
        with torch.no_grad():
            return replay(self._factors, rows, *self._held)[0]

    def _prepare(self) -> None:
        """Take the moments from the optimizer's state, which a checkpoint may have filled."""
        self._group = self._optimizer.param_groups[0]
        states = [_adam_state(self._optimizer, parameter) for parameter in self._parameters]
        self._means, self._squares = ([state[n] for state in states] for n in _MOMENTS)
        self._counts = torch.stack([state["step"] for state in states])
        self._held = [*self._parameters, *self._means, *self._squares, *self._buffers]
        self._on_device = isinstance(self._group["lr"], Tensor)
        if self._on_device:
            self._held += [self._counts, self._group["lr"]]
        for state, count in zip(states, self._counts, strict=True):
            state["step"] = count  # one operation counts for all
        self._done = int(self._counts[0])
        self._factors = torch.ones(3, device=self._counts.device)
        if not self._on_device:  # views of the same memory: to fill it by PyTorch is 10x slower
            self._count_array, self._factor_array = self._counts.numpy(), self._factors.numpy()
        self._ready = True

    def _count(self) -> None:
        """Count one step, and compute the factors of the update that change with it."""
        self._done += 1
        self._count_array.fill(self._done)
        group = self._group
        first, second = group["betas"]
        rate = float(group["lr"])
        size = rate / (1 - first**self._done)
        root = 1 / math.sqrt(1 - second**self._done)
        self._factor_array[:] = size, root, 1 - rate * group["weight_decay"]

    def _count_on_device(self) -> Tensor:
        """Do the same on a device, as operations of the compiled work."""
        group, done = self._group, self._counts.add_(1.0)[0]
        first, second = group["betas"]
        rate = group["lr"]
        size = rate / (1 - first**done)
        root = (1 - second**done).rsqrt()
        return torch.stack([size, root, 1 - rate * group["weight_decay"]])

    def _work(self, factors: Tensor, rows: Tensor) -> tuple[Tensor, ...]:
        sums, *grads = self._gradients(rows)
        with torch.no_grad():
            factors = self._count_on_device() if self._on_device else factors
            for each in zip(self._parameters, grads, self._means, self._squares, strict=True):
                _adam(*each, factors, self._group)
        return (sums,)


def _adam_state(optimizer: Optimizer, parameter: Tensor) -> dict[str, Any]:
    """Adam's state of a parameter, initialised as Adam does at its first step."""
    state: dict[str, Any] = optimizer.state[parameter]
    if not state:
        state["step"] = torch.zeros((), device=parameter.device)
        state |= {name: torch.zeros_like(parameter) for name in _MOMENTS}
    return state


def _adam(
    parameter: Tensor,
    grad: Tensor,
    mean: Tensor,
    square: Tensor,
    factors: Tensor,
    group: dict[str, Any],
) -> None:
    """Update a parameter and its moments in place."""
    size, root, kept = factors
    first, second = group["betas"]
    if group["weight_decay"] and group["decoupled_weight_decay"]:
        parameter.mul_(kept)
    elif group["weight_decay"]:
        grad = grad + group["weight_decay"] * parameter
    mean.lerp_(grad, 1 - first)
    square.mul_(second).addcmul_(grad, grad, value=1 - second)
    parameter.sub_(size * mean / (square.sqrt() * root + group["eps"]))


_WARM_UP = 3
"""Steps of a shape before it is captured, in which libraries and optimizers set themselves up."""
_TOLERANCE = 0.01
"""Relative distance between the step of a graph and an eager one."""


class Graphs(Protocol):
    """What is needed of ``torch.cuda``."""

    def warm_up(self, run: Callable[[], None]) -> None:
        """Run now, on a side stream, as has to be done before a capture."""

    def capture(self, run: Callable[[], None]) -> Callable[[], None]:
        """Record what is run, without effect on the device.

        Returns:
            The replay, with the same memory and new noise.

        Raises:
            RuntimeError: something in it cannot be captured.
        """


class CudaGraphs:
    """CUDA graphs; PyTorch registers the generator of the device with each of them.

    Source:
        PyTorch, "CUDA semantics", section CUDA Graphs.
    """

    def warm_up(self, run: Callable[[], None]) -> None:
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


def cuda_graphs(processes: Processes) -> Graphs | None:
    """Return CUDA graphs for one process on a CUDA device; other processes add gradients up."""
    return CudaGraphs() if processes.alone and processes.device.type == "cuda" else None


class CudaGraphExecutor(Executor):
    """Capture a whole step at the fourth batch of a shape, and replay it from then on.

    A graph repeats the same kernels on the same memory. So rows are copied into a buffer, and
    what changes from step to step has to be a tensor that is filled in place outside of the
    graph, as the learning rate and the weight of the rate are. The three steps before are run by
    the inner executor; so are batches of another shape, such as a last one that is shorter. The
    host waits for nothing in a step; a gradient that is not finite is found at the next refresh
    of the loop.

    Where the capture fails, or the graph does not do what the inner executor does from the same
    state with the same noise, all steps are run by that executor, after one warning.

    Args:
        step: what is trained, in training mode.
        inner: runs a step without looking at values on the host; its optimizers are capturable.
        graphs: of CUDA, or a stand-in.
    """

    def __init__(self, step: TrainingStep, inner: Executor, *, graphs: Graphs) -> None:
        super().__init__(inner.optimizers)
        self._step = step
        self._inner = inner
        self._graphs = graphs
        self._parameters = [p for group in _trained(step).values() for p in group]
        self._sums = torch.zeros(len(step.sum_names), device=self._parameters[0].device)
        self._rows = self._sums
        self._seen: Counter[tuple[torch.Size, torch.dtype]] = Counter()
        self._replay: Callable[[], None] | None = None
        self._failed = False

    def __call__(self, rows: Tensor) -> Tensor:
        """Run one step."""
        if self._replay is not None and self._is_like_captured(rows):
            self._rows.copy_(rows)
            self._replay()
        elif self._replay is not None or self._failed:
            self._run(rows)
        else:
            self._begin(rows)
        return self._sums

    def _is_like_captured(self, rows: Tensor) -> bool:
        return rows.shape == self._rows.shape and rows.dtype == self._rows.dtype

    def _begin(self, rows: Tensor) -> None:
        """Run a step before there is a graph; the one after the warm-up captures it."""
        kind = (rows.shape, rows.dtype)
        self._seen[kind] += 1
        if self._seen[kind] <= _WARM_UP:
            self._graphs.warm_up(lambda: self._run(rows))
            return
        self._rows = rows.clone()
        replay = self._captured()
        if replay is None:
            self._failed = True
            self._run(rows)
            return
        self._replay = replay
        replay()

    def _captured(self) -> Callable[[], None] | None:
        """The graph, if it can be captured and does what the inner executor does."""
        try:
            replay = self._graphs.capture(lambda: self._run(self._rows))
        except RuntimeError as error:
            _warn(f"cannot be captured: {error}")
            return None
        expected = self._outcome(lambda: self._run(self._rows))
        found = self._outcome(replay)
        if not all(_are_close(*pair) for pair in zip(expected, found, strict=True)):
            _warn("ends elsewhere than an eager step from the same state")
            return None
        return replay

    def _run(self, rows: Tensor) -> None:
        """What is captured, and what is run where there is no graph."""
        self._sums.copy_(self._inner(rows))

    def _outcome(self, run: Callable[[], None]) -> tuple[list[Tensor], list[Tensor]]:
        """Sums and changes of the parameters after one step, which is undone."""
        before = [parameter.detach().clone() for parameter in self._parameters]
        states = [s for o in self.optimizers.values() for s in o.state.values()]
        moments = [value for s in states for value in s.values() if isinstance(value, Tensor)]
        with preserve_state(self._step, tensors=[*self._parameters, *moments]):
            self._sums.zero_()
            run()
            now = [parameter.detach() for parameter in self._parameters]
            changes = [after - first for after, first in zip(now, before, strict=True)]
            return [self._sums.clone()], changes


def _are_close(one: Iterable[Tensor], other: Iterable[Tensor]) -> bool:
    """Whether two lists of tensors are close in the Euclidean norm."""
    first = torch.cat([tensor.flatten() for tensor in one])
    second = torch.cat([tensor.flatten() for tensor in other])
    return bool((first - second).norm() <= _TOLERANCE * first.norm())


def _warn(what: str) -> None:
    warnings.warn(
        f"the step as a CUDA graph {what}. Training goes on without a graph, with the same "
        "results, and more slowly where steps are short",
        VaekitWarning,
        stacklevel=2,
    )


@contextmanager
def preserve_state(module: nn.Module, *, tensors: Iterable[Tensor] = ()) -> Iterator[None]:
    """Restore buffers, RNG state and train/eval mode on exit.

    Args:
        module: whose buffers and modes.
        tensors: others to restore, such as parameters.

    Example:
        >>> norm = nn.BatchNorm1d(2)
        >>> with preserve_state(norm):
        ...     _ = norm(torch.rand(5, 2))
        >>> norm.running_mean
        tensor([0., 0.])
    """
    before = [(tensor, tensor.detach().clone()) for tensor in [*module.buffers(), *tensors]]
    modes = [(each, each.training) for each in module.modules()]
    try:
        with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
            yield
    finally:
        for each, mode in modes:
            each.training = mode
        with torch.no_grad():
            for tensor, value in before:
                tensor.copy_(value)
