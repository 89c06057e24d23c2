"""What training takes: a module that maps rows to a loss and to sums of what it is made of."""

from abc import ABC, abstractmethod
from collections.abc import Callable

from torch import Tensor, nn

from vaekit.objectives import Objective

__all__ = ["SUMS", "Unit"]

SUMS = ("loss", "distortion", "rate", "bound")
"""What the second output of a unit holds, each summed over the rows, in nats."""


class Unit(nn.Module, ABC):
    """The unit that is trained: rows in, loss and sums out.

    Attributes:
        objective: the formula, whose rate a schedule may weigh.
        codes_per_row: from how many codes a pass decodes a row.
        draw: where a pass takes noise as well as rows, what draws it for these rows; none where
            noise is that of PyTorch's global generator.
    """

    objective: Objective
    codes_per_row: int = 1
    draw: Callable[[Tensor], list[Tensor]] | None = None

    @abstractmethod
    def forward(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """One pass.

        Args:
            rows: (B, ...) raw.

        Returns:
            The mean loss, in nats per row, and the four sums over the rows, detached.
        """
