"""How a head takes the numbers that a network puts out."""

from torch import Tensor, nn

from vaekit.errors import ConfigError

__all__ = ["own_parameters"]


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
