"""Interfaces of the models: Conditional, Trace, Model."""

from abc import ABC, abstractmethod

from torch import Tensor, nn
from torch.distributions import Distribution

from vaekit.errors import ConfigError

__all__ = ["Amortized", "Conditional", "Head", "own_parameters"]


class Conditional(nn.Module, ABC):
    """A conditional distribution: ``forward(context)`` returns p(. | context).

    A prior is called without a context. Distributions are built with ``validate_args=False``:
    data is checked once, at the door.

    Attributes:
        sees_mask: whether its context is a row with its mask behind it, rather than a row alone.
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
    """A conditional whose context is its own parameters, as a network puts them out.

    Attributes:
        inputs: how many numbers of a row it reads; the network before it puts out as many.
        reads_bf16: whether it takes them as a network in bf16 puts them out, and computes in
            float32 itself.
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
