"""What falls to one of several processes, and how all come to the same numbers."""

from typing import Protocol

from torch import Tensor

from vaekit.data import Part

__all__ = ["Alone", "Shared"]


class Shared(Protocol):
    """The processes that share a piece of work, seen from one of them.

    Whole batches fall to each in turn, so that the noise of a row does not depend on how many
    there are. :class:`vaekit.training.processes.Processes` is such a thing.

    Attributes:
        part: which process this is, and of how many.
    """

    part: Part

    def total(self, sums: Tensor) -> Tensor:
        """Sums over all processes, the same in each.

        Args:
            sums: of this process, on the CPU.
        """


class Alone:
    """One process that has nobody to share with.

    Example:
        >>> Alone().part
        Part(number=0, of=1)
    """

    def __init__(self) -> None:
        self.part = Part()

    def total(self, sums: Tensor) -> Tensor:
        """The sums themselves.

        Args:
            sums: any tensor.
        """
        return sums
