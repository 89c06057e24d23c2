"""Train several steps of one shape together: every parameter gets an axis of models."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.func import stack_module_state, vmap
from torch.overrides import TorchFunctionMode

from vaekit.config import TrainingConfig
from vaekit.data import Batches
from vaekit.errors import ConfigError
from vaekit.training.callbacks import Callback
from vaekit.training.executor import Executor, ExecutorSettings, make_executor
from vaekit.training.loop import fit
from vaekit.training.step import StepOutput, TrainingStep

__all__ = ["fit_stacked"]


def fit_stacked(
    steps: Sequence[TrainingStep],
    *,
    train: Sequence[Batches],
    random_states: Sequence[Tensor],
    config: TrainingConfig,
    callbacks: Sequence[Callback] = (),
) -> None:
    r"""Train M steps of one shape in place, each on its own rows and with its own noise.

    .. math:: \ell = \sum_{m=1}^M \ell_m(\theta_m, x_m), \quad
              \frac{\partial \ell}{\partial \theta_m} = \frac{\partial \ell_m}{\partial \theta_m}

    The operations of a small step take longer to start than to run, and here they start once for
    all models: five models of a table of 13 columns take two fifths of the time of five calls of
    :func:`vaekit.training.fit`. Adam works on each number by itself, so each step ends where
    ``fit`` would have ended, up to rounding. Clipping and early stopping would look at all models
    at once, and are refused.

    Args:
        steps: M of them, whose parameters and buffers have the same names and shapes, and which
            draw no other noise than standard normal. The code that runs is that of the first.
        train: M batches of the same size; an epoch has as many steps as the shortest of them.
        random_states: M states of a CPU generator, from which each step draws its noise.
        config: of the training.
        callbacks: told what happens; means are over the rows of all models.

    Raises:
        ConfigError: steps of different shapes, batches of different sizes, clipping, or early
            stopping.
        TrainingError: a loss is not finite.

    Example:
        >>> import numpy as np
        >>> from vaekit import MLP, VAE, Amortized, Bernoulli, Bound, DiagonalGaussian
        >>> from vaekit import StandardNormal, Step
        >>> steps = [
        ...     Step(
        ...         VAE(
        ...             prior=StandardNormal(2),
        ...             posterior=Amortized(MLP(8, [], 4), DiagonalGaussian(2)),
        ...             likelihood=Amortized(MLP(2, [], 8), Bernoulli(8)),
        ...         ),
        ...         Bound(),
        ...     )
        ...     for _ in range(3)
        ... ]
        >>> rows = np.zeros((20, 8), np.float32)
        >>> fit_stacked(
        ...     steps,
        ...     train=[Batches(rows, np.arange(20), batch_size=5, seed=m) for m in range(3)],
        ...     random_states=[torch.Generator().manual_seed(m).get_state() for m in range(3)],
        ...     config=TrainingConfig(epochs=2),
        ... )
    """
    if config.clip_norm is not None or config.early_stopping is not None:
        raise ConfigError("clip_norm and early_stopping: train these steps one after another")
    stacked = _StackedStep(steps, random_states, rows=next(iter(train[0].epoch())))
    batches = _StackedBatches(train, before=stacked.draw_noise)
    executor = partial(_make_executor, models=len(steps))
    fit(stacked, train=batches, config=config, callbacks=callbacks, executor=executor)
    stacked.copy_back()


def _make_executor(step: TrainingStep, settings: ExecutorSettings, *, models: int) -> Executor:
    """The usual executor; the steps of all models count for whether compiling pays off."""
    return make_executor(step, replace(settings, steps=models * settings.steps))


class _StackedStep(TrainingStep):
    """Run M steps on M batches by ``vmap``; the loss is the sum of theirs.

    Args:
        steps: M of them.
        random_states: M states of a generator.
        rows: (B, ...) a batch of one of them.
    """

    def __init__(
        self, steps: Sequence[TrainingStep], random_states: Sequence[Tensor], *, rows: Tensor
    ) -> None:
        super().__init__()
        _check_shapes(steps)
        parameters, buffers = stack_module_state(cast("list[nn.Module]", list(steps)))
        self._steps = tuple(steps)  # in a tuple, so that their own parameters are not trained
        self.data_dependent = any(step.data_dependent for step in steps)
        self.sum_names = steps[0].sum_names
        self.objective = steps[0].objective
        self.codes_per_row = steps[0].codes_per_row
        self._generators = [torch.Generator().set_state(state) for state in random_states]
        self._owners = _find_owners(steps[0])
        self._names = list(parameters)
        self.stack = nn.ParameterList(parameters.values())
        # a schedule fills a buffer of the objective, which all share
        self._buffers_of_steps = [name for name in buffers if not name.startswith("objective.")]
        for at, name in enumerate(self._buffers_of_steps):
            self.register_buffer(f"stacked{at}", buffers[name], persistent=False)
        # noise lies in buffers, so that a recorded pass reads what was drawn for its batch
        self._noise: list[Tensor] = []
        for at, shape in enumerate(_noise_shapes(steps[0], rows)):
            self.register_buffer(f"noise{at}", torch.empty(len(steps), *shape), persistent=False)
            self._noise.append(self.get_buffer(f"noise{at}"))

    def draw_noise(self) -> None:
        """Draw the noise of the next pass, for each model from its own generator."""
        for noise in self._noise:
            for part, generator in zip(noise, self._generators, strict=True):
                part.normal_(generator=generator)

    def forward(self, rows: Tensor) -> StepOutput:
        """Return the sum of the losses of rows (M, B, ...), and the sums over all rows."""
        self._steps[0].train(self.training)

        def one(tensors: dict[str, Tensor], noise: list[Tensor], rows: Tensor) -> Any:  # noqa: ANN401
            with _GivenNoise(noise), self._swapped(tensors):
                return self._steps[0](rows)

        tensors = dict(zip(self._names, self.stack, strict=True))
        for at, name in enumerate(self._buffers_of_steps):
            tensors[name] = self.get_buffer(f"stacked{at}")
        losses, sums = vmap(one)(tensors, self._noise, rows)
        total = {name: sum_of_models.sum() for name, sum_of_models in sums.items()}
        return StepOutput({"model": losses["model"].sum()}, total)

    @contextmanager
    def _swapped(self, tensors: dict[str, Tensor]) -> Iterator[None]:
        """Put tensors in the place of the first step's own, wherever it holds them.

        ``torch.func.functional_call`` does not restore a module that has two names.
        """
        before = [(own, key, own[key]) for name in tensors for own, key in self._owners[name]]
        try:
            for name, tensor in tensors.items():
                for own, key in self._owners[name]:
                    own[key] = tensor
            yield
        finally:
            for own, key, tensor in before:
                own[key] = tensor

    @torch.no_grad()
    def copy_back(self) -> None:
        """Copy the trained parameters into the steps."""
        for at, step in enumerate(self._steps):
            own = dict(step.named_parameters())
            for name, stacked in zip(self._names, self.stack, strict=True):
                own[name].copy_(stacked[at])
            step.train(self.training)


class _StackedBatches:
    """Batches (M, B, ...) of M tables, each in its own order.

    Args:
        each: batches of each table.
        before: called before each batch.
    """

    def __init__(self, each: Sequence[Batches], *, before: Callable[[], None]) -> None:
        self._each = tuple(each)
        self._before = before
        self._length = min(map(len, each))
        sizes = {one.size(step) for one in each for step in range(self._length)}
        if len(sizes) > 1:
            raise ConfigError(f"expected batches of one size; got sizes {sorted(sizes)}")
        self.batch_size = len(each) * each[0].batch_size
        self.rows = len(each) * self._length * max(sizes)

    def __len__(self) -> int:
        return self._length

    def epoch(self, number: int = 0, *, start: int = 0) -> Iterator[Tensor]:
        """Yield the batches of one epoch."""
        for parts in zip(*(one.epoch(number, start=start) for one in self._each), strict=False):
            self._before()
            yield torch.stack(parts)


class _GivenNoise(TorchFunctionMode):
    """Return given noise where standard normal noise is drawn, or record the shapes drawn.

    Args:
        given: in the order of the draws; None to draw and record.
    """

    def __init__(self, given: Sequence[Tensor] | None) -> None:
        super().__init__()
        self._given = None if given is None else iter(given)
        self.shapes: list[torch.Size] = []

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> object:
        """Replace draws, and call everything else."""
        if func is Tensor.normal_ and len(args) == 1 and not kwargs:
            if self._given is not None:
                return next(self._given)
            self.shapes.append(args[0].shape)
        return func(*args, **(kwargs or {}))


def _noise_shapes(step: TrainingStep, rows: Tensor) -> list[torch.Size]:
    """Shapes of the noise that a step draws in one pass."""
    noise = _GivenNoise(None)
    with torch.random.fork_rng(devices=[]), torch.no_grad(), noise:
        step(rows)
    return noise.shapes


def _find_owners(step: TrainingStep) -> dict[str, list[tuple[dict[str, Any], str]]]:
    """The dictionaries in which modules hold each parameter and buffer; several if it is shared."""
    found: dict[int, list[tuple[dict[str, Any], str]]] = {}
    for module in step.modules():
        for own in (module._parameters, module._buffers):
            for key, tensor in own.items():
                found.setdefault(id(tensor), []).append((own, key))
    named = [*step.named_parameters(), *step.named_buffers()]
    return {name: found[id(tensor)] for name, tensor in named}


def _check_shapes(steps: Sequence[TrainingStep]) -> None:
    """Refuse steps that cannot be stacked."""
    shapes = [
        {name: tensor.shape for name, tensor in [*step.named_parameters(), *step.named_buffers()]}
        for step in steps
    ]
    if not shapes or any(each != shapes[0] for each in shapes):
        raise ConfigError(
            "expected steps whose parameters and buffers have the same names and shapes: train "
            f"these {len(shapes)} one after another"
        )
