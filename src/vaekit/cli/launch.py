"""What torchrun tells the processes that it starts."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from vaekit.errors import TrainingError

__all__ = ["Launch", "blame_the_others", "read_launch"]


@dataclass(frozen=True, kw_only=True)
class Launch:
    """One of the processes that torchrun started, or one alone.

    Args:
        number: which process, from 0; the first writes and tells.
        count: how many there are.
        restarts: how often torchrun has started them again.
        elastic: whether torchrun may start them again.
        shared_store: whether they meet at the address at which torchrun's own processes met.
    """

    number: int = 0
    count: int = 1
    restarts: int = 0
    elastic: bool = False
    shared_store: bool = False

    @property
    def main(self) -> bool:
        """Whether this is the process that writes and tells."""
        return self.number == 0


def read_launch() -> Launch:
    """What the environment says; one process alone where torchrun did not start this one.

    Example:
        >>> read_launch().main
        True
    """
    known = os.environ
    if "TORCHELASTIC_RUN_ID" not in known:
        return Launch()
    return Launch(
        number=int(known.get("RANK", 0)),
        count=int(known.get("WORLD_SIZE", 1)),
        restarts=int(known.get("TORCHELASTIC_RESTART_COUNT", 0)),
        elastic=int(known.get("TORCHELASTIC_MAX_RESTARTS", 0)) > 0,
        shared_store=known.get("TORCHELASTIC_USE_AGENT_STORE") == "True",
    )


@contextmanager
def blame_the_others(launch: Launch) -> Iterator[None]:
    """Say in one line that another process is gone: its own error is what matters.

    Args:
        launch: how this process was started.

    Raises:
        TrainingError: the others do not answer.
    """
    try:
        yield
    except RuntimeError as error:
        # gloo has no class of its own for this
        if launch.count == 1 or not re.search("gloo|nccl|connection", str(error), re.IGNORECASE):
            raise
        raise TrainingError("another process ended; its own error tells why") from error
