"""Several units of one shape, trained as one: each parameter has an axis of models."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.func import stack_module_state, vmap
from torch.overrides import TorchFunctionMode

from vaekit.errors import ConfigError
from vaekit.training.step import Unit

__all__ = ["Stacked"]


class Stacked(Unit):
    r"""M units of one shape on M batches; what they learn does not depend on each other.

    .. math:: \ell = \sum_{m=1}^M \ell_m(\theta_m, x_m), \quad
              \frac{\partial \ell}{\partial \theta_m} = \frac{\partial \ell_m}{\partial \theta_m}

    An optimizer that works number by number, as Adam does, does to the stack what it would do to
    each. Clipping by the norm and early stopping look at all at once: leave them out, or train
    the units apart.

    The operations of a small step take longer to start than to run, and here they start once for
    all units. Each draws its noise from a generator of its own, so a unit ends where it would have
    ended alone, but for rounding.

    Args:
        units: M of them, with parameters and buffers of the same shapes; they may draw no other
            noise than standard normal. The first lends its code and its objective.
        generators: of the noise of each.

    Raises:
        ConfigError: units of different shapes.

    Example:
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
        >>> both = Stacked(steps, generators=[torch.Generator() for _ in steps])
        >>> loss, sums = both(torch.zeros(3, 5, 8))
        >>> loss.shape, sums.shape
        (torch.Size([]), torch.Size([4]))
    """

    def __init__(self, units: Sequence[Unit], *, generators: Sequence[torch.Generator]) -> None:
        super().__init__()
        _check_alike(units)
        parameters, buffers = stack_module_state(cast("list[nn.Module]", list(units)))
        self._units = tuple(units)  # a tuple: their own parameters are not trained
        self._generators = tuple(generators)
        self._names = list(parameters)
        self._places = _places(units[0])
        self.stack = nn.ParameterList(parameters.values())
        # a schedule fills a buffer of the objective, which is one for all
        self._held = [name for name in buffers if not name.startswith("objective.")]
        for at, name in enumerate(self._held):
            self.register_buffer(f"held{at}", buffers[name], persistent=False)
        self.objective = units[0].objective
        self.codes_per_row = units[0].codes_per_row
        self.draw = self._draw
        self._asked: dict[torch.Size, list[torch.Size]] = {}

    def forward(self, rows: Tensor, *noise: Tensor) -> tuple[Tensor, Tensor]:
        """One pass of all units.

        Args:
            rows: (M, B, ...) raw.
            noise: (M, ...) for each draw of a unit; drawn here where none is given.

        Returns:
            The sum of their mean losses, in nats per row, and the four sums over all rows.
        """
        noises = list(noise) or self._draw(rows)
        self._units[0].train(self.training)

        def one(
            state: dict[str, Tensor], held: dict[str, Tensor], rows: Tensor, noises: list[Tensor]
        ) -> Any:  # noqa: ANN401 - what a unit returns
            with _Noise(noises), self._lent(state | held):
                return self._units[0](rows)

        state = dict(zip(self._names, self.stack, strict=True))
        held = {name: self.get_buffer(f"held{at}") for at, name in enumerate(self._held)}
        losses, sums = vmap(one)(state, held, rows, noises)
        return losses.sum(), sums.sum(0)

    @contextmanager
    def _lent(self, tensors: dict[str, Tensor]) -> Iterator[None]:
        """Put tensors in the places of the first unit's own, wherever it has them.

        PyTorch's functional_call does not put back what a module with two names had.
        """
        before = [(own, key, own[key]) for name in tensors for own, key in self._places[name]]
        try:
            for name, tensor in tensors.items():
                for own, key in self._places[name]:
                    own[key] = tensor
            yield
        finally:
            for own, key, tensor in before:
                own[key] = tensor

    @torch.no_grad()
    def give_back(self) -> None:
        """Hand to each unit the parameters that it has now."""
        for at, unit in enumerate(self._units):
            own = dict(unit.named_parameters())
            for name, stacked in zip(self._names, self.stack, strict=True):
                own[name].copy_(stacked[at])
            unit.train(self.training)

    def _draw(self, rows: Tensor) -> list[Tensor]:
        """Noise for a pass, (M, ...) each, from the generator of each unit."""
        if rows.shape not in self._asked:
            self._asked[rows.shape] = self._ask(rows[0])
        noises = []
        for shape in self._asked[rows.shape]:
            noise = rows.new_empty((len(self._generators), *shape), dtype=self.stack[0].dtype)
            for part, generator in zip(noise, self._generators, strict=True):
                part.normal_(generator=generator)
            noises.append(noise)
        return noises

    def _ask(self, rows: Tensor) -> list[torch.Size]:
        """The shapes of the noise that a unit draws in a pass."""
        noise = _Noise(None)
        with torch.random.fork_rng(devices=[]), torch.no_grad(), noise:
            self._units[0](rows)
        return noise.shapes


class _Noise(TorchFunctionMode):
    """Hand out given noise where standard normal noise is drawn, or note what is asked for.

    Args:
        given: in the order in which it is asked for; none to draw and to note.
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
        """Replace draws; leave all else alone."""
        if func is Tensor.normal_ and len(args) == 1 and not kwargs:
            if self._given is not None:
                return next(self._given)
            self.shapes.append(args[0].shape)
        return func(*args, **(kwargs or {}))


def _places(unit: Unit) -> dict[str, list[tuple[dict[str, Any], str]]]:
    """Where a unit holds each of its parameters and buffers; in several places what is shared."""
    found: dict[int, list[tuple[dict[str, Any], str]]] = {}
    for module in unit.modules():
        for own in (module._parameters, module._buffers):
            for key, tensor in own.items():
                found.setdefault(id(tensor), []).append((own, key))
    named = [*unit.named_parameters(), *unit.named_buffers()]
    return {name: found[id(tensor)] for name, tensor in named}


def _check_alike(units: Sequence[Unit]) -> None:
    """Refuse units that cannot be stacked."""
    shapes = [
        {name: tensor.shape for name, tensor in [*unit.named_parameters(), *unit.named_buffers()]}
        for unit in units
    ]
    if not shapes or any(each != shapes[0] for each in shapes):
        raise ConfigError(
            f"expected units whose parameters and buffers have the same names and shapes; got "
            f"{len(shapes)} that differ: train them one after another"
        )
