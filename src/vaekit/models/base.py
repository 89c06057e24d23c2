r"""Interfaces of the models: Conditional, Trace, Model.

A model outside this package is known by :class:`Model` alone; one pass of it leaves a
:class:`Trace`, which is all that an objective looks at.

Shapes, here and in every file:

    K  samples of z for each row        D  latent dimensions
    B  rows of a batch                  F  features of a row (pixels, columns)
    C  classes, components, channels    H  hidden units
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor, nn
from torch.distributions import Distribution

from vaekit.errors import ConfigError

if TYPE_CHECKING:
    from vaekit.models.columns import ColumnSpec
    from vaekit.models.missingness import Missingness

__all__ = [
    "Amortized",
    "Conditional",
    "Head",
    "LatentGroup",
    "LatentSpace",
    "Model",
    "Trace",
    "TraceGroup",
    "own_parameters",
]


@dataclass(frozen=True, kw_only=True)
class LatentGroup:
    """One group of latent variables: a level of a ladder, a step of a recurrent model."""

    name: str
    """As the report names it."""
    dims: int
    """Numbers of the code that belong to it."""
    values: int = 0
    """How many values each of them takes: 0, ..., V - 1; 0 where they are real numbers."""


@dataclass(frozen=True, kw_only=True)
class LatentSpace:
    """What a code of a model is, asked before a walk, a plane or a slider is offered.

    Example:
        >>> space = LatentSpace(groups=(LatentGroup(name="z", dims=2),))
        >>> space.dims, space.real
        (2, True)
    """

    groups: tuple[LatentGroup, ...]
    """In the order in which their numbers stand in a code."""
    encoder: bool = True
    """Whether there is a posterior q(z|x); a generator such as that of a GAN has none."""

    @property
    def dims(self) -> int:
        """D, of all groups together."""
        return sum(group.dims for group in self.groups)

    @property
    def real(self) -> bool:
        """Whether all numbers of a code are real, so that codes can be interpolated."""
        return not any(group.values for group in self.groups)


class TraceGroup(NamedTuple):
    """One group of latent variables in one pass. Log-densities are in nats."""

    name: str
    """As in the :class:`LatentSpace` of the model."""
    z: Tensor
    """(K, B, D) samples of q."""
    log_pz: Tensor
    """(K, B) log-density of the samples under p."""
    log_qz: Tensor
    """(K, B) log-density of the samples under q."""
    q: Distribution
    """The posterior of the group; batch (B,), or (K, B) where it depends on other groups."""
    p: Distribution
    """The prior of the group; batch (), or (K, B) where it depends on other groups."""


class Trace(NamedTuple):
    """All that an objective may look at. Log-densities are in nats.

    With one group of latent variables, ``z``, ``q`` and ``prior`` are those of the group.
    """

    x: Tensor
    """(B, F) the rows."""
    log_px: Tensor
    """(K, B) log p(x|z), over the observed entries only; with a model of the missingness, and a
    mask s, log p(s|x) is added."""
    groups: tuple[TraceGroup, ...]
    """The latent variables, from those generated first to those generated last."""
    penalties: Mapping[str, Tensor] = MappingProxyType({})
    """(B,) each: terms that a model defines beside its densities, such as the commitment of a
    codebook; :class:`vaekit.objectives.Penalty` weighs them."""
    weighted_log_px: Tensor | None = None
    """(K, B) log_px with the weights of the features, which a loss takes in its place and nothing
    that is reported does; none where all weights are 1."""

    @property
    def z(self) -> Tensor:
        """(K, B, D) the code: the samples of all groups side by side."""
        if len(self.groups) == 1:
            return self.groups[0].z
        return torch.cat([group.z for group in self.groups], -1)

    @property
    def log_pz(self) -> Tensor:
        """(K, B) log p(z), of all groups."""
        first, *others = (group.log_pz for group in self.groups)
        return sum(others, start=first)

    @property
    def log_qz(self) -> Tensor:
        """(K, B) log q(z|x), of all groups."""
        first, *others = (group.log_qz for group in self.groups)
        return sum(others, start=first)

    @property
    def q(self) -> Distribution:
        """The posterior, where there is one group."""
        return self._only().q

    @property
    def prior(self) -> Distribution:
        """The prior, where there is one group."""
        return self._only().p

    def _only(self) -> TraceGroup:
        if len(self.groups) != 1:
            raise ConfigError(
                f"this objective is defined for one group of latent variables; the model has "
                f"{len(self.groups)}: {', '.join(group.name for group in self.groups)}"
            )
        return self.groups[0]


class Model(nn.Module, ABC):
    """A generative model of rows, as everything outside this package sees one.

    Args:
        columns: what the columns of a table are, where the model is one of tables.
        missingness: p(s|x), the probability that each entry is observed; none where missingness
            does not depend on what is missing.
    """

    def __init__(
        self,
        *,
        columns: "tuple[ColumnSpec, ...] | None" = None,
        missingness: "Missingness | None" = None,
    ) -> None:
        super().__init__()
        self.columns = columns
        self.missingness = missingness

    @property
    @abstractmethod
    def latent(self) -> LatentSpace:
        """What a code is."""

    @abstractmethod
    def trace(
        self,
        x: Tensor,
        *,
        samples: int = 1,
        mask: Tensor | None = None,
        weights: Tensor | None = None,
    ) -> Trace:
        """Encode, sample, decode, and keep every log-density on the way.

        Args:
            x: (B, F) rows; entries that the mask hides hold any finite fill value.
            samples: K, samples of z for each row.
            mask: (B, F) true where an entry is observed; all are when absent.
            weights: (F,) how much each feature counts in training; none for 1.

        Raises:
            ConfigError: the model has no encoder.
        """

    @abstractmethod
    def encode(self, x: Tensor, *, mask: Tensor | None = None) -> Distribution:
        """Return q(z|x), batch (B,), event (D,).

        Args:
            x: (B, F) rows; entries that the mask hides hold any finite fill value.
            mask: (B, F) true where an entry is observed; all are when absent.

        Raises:
            ConfigError: the model has no encoder.
        """

    @abstractmethod
    def decode(self, z: Tensor) -> Distribution:
        """Return p(x|z), batch (...), event (F,).

        Args:
            z: (..., D) codes.
        """

    @abstractmethod
    def code_distribution(self) -> Distribution:
        """Return p(z), batch (), event (D,)."""

    @abstractmethod
    def parts(self) -> Mapping[str, nn.Module]:
        """Return the modules to describe and to export: "encoder", "decoder", "prior"."""

    def forward(
        self,
        x: Tensor,
        *,
        samples: int = 1,
        mask: Tensor | None = None,
        weights: Tensor | None = None,
    ) -> Trace:
        """See :meth:`trace`."""
        return self.trace(x, samples=samples, mask=mask, weights=weights)


class Conditional(nn.Module, ABC):
    """A conditional distribution: ``forward(context)`` returns p(. | context).

    A prior is called without a context. Distributions are built with ``validate_args=False``:
    data is validated once, on input.

    Attributes:
        sees_mask: whether its context is a row concatenated with its mask, (..., 2 F).
    """

    sees_mask: bool = False

    @abstractmethod
    def forward(self, context: Tensor | None = None) -> Distribution:
        """Distribution given a context.

        Args:
            context: (..., C), or nothing for an unconditional distribution.

        Returns:
            A distribution with batch shape (...) and an event shape of its own.
        """


class Head(Conditional):
    """A conditional whose context is its own parameters, the outputs of a network.

    Attributes:
        inputs: number of parameters it reads for a row, which is the output width of the network.
        reads_bf16: whether it accepts bf16 parameters and computes in float32 itself.
    """

    inputs: int
    reads_bf16: bool = False


class Amortized(Conditional):
    """A network before a head: q(z|x) from an encoder, p(x|z) from a decoder.

    Args:
        network: maps (..., C) to (..., head.inputs).
        head: makes a distribution of that.
        sees_mask: the context is rows with their mask behind them, (..., 2 F), as
            :class:`vaekit.VAE` then gives them: 0 and 0 where an entry is missing.

    Example:
        >>> import torch
        >>> from vaekit.models.posteriors import DiagonalGaussian
        >>> posterior = Amortized(nn.Linear(64, 4), DiagonalGaussian(2))
        >>> posterior(torch.zeros(7, 64)).rsample().shape
        torch.Size([7, 2])
    """

    def __init__(self, network: nn.Module, head: Head, *, sees_mask: bool = False) -> None:
        super().__init__()
        self.network = network
        self.head = head
        self.sees_mask = sees_mask

    def forward(self, context: Tensor | None = None) -> Distribution:
        """Run the network, then the head in float32 whatever the network computed in."""
        numbers = self.network(context)
        if not self.head.reads_bf16:
            numbers = numbers.float()
        distribution: Distribution = self.head(numbers)
        return distribution


def own_parameters(head: nn.Module, context: Tensor | None, *, inputs: int) -> Tensor:
    """Check that a head was given as many numbers for a row as it reads.

    Args:
        head: who reads, for the message.
        context: what it was given, (..., inputs).
        inputs: how many numbers it reads for a row.

    Returns:
        The context.

    Raises:
        ConfigError: when there is no context, or its last dimension is another.
    """
    given = "nothing" if context is None else str(context.shape[-1])
    if context is None or context.shape[-1] != inputs:
        raise ConfigError(
            f"{type(head).__name__} reads {inputs} numbers of a row; got {given}: "
            f"the network before it has to put out {inputs}"
        )
    return context
