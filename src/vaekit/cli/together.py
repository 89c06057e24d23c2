"""The processes that torchrun started, while they share the rows of a command."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from vaekit.cli.launch import blame_the_others, read_launch

if TYPE_CHECKING:
    from vaekit.training.processes import Processes

__all__ = ["together"]


@contextmanager
def together(*, device: str) -> Iterator["Processes | None"]:
    """Meet the other processes, and part from them afterwards.

    Args:
        device: cpu or cuda; of the latter each process gets one.

    Yields:
        The processes, seen from this one; none where there are no others.

    Raises:
        ConfigError: a machine with fewer devices than processes.
        TrainingError: another process is gone.
    """
    launch = read_launch()
    if launch.count == 1:
        yield None
        return
    from vaekit.training.engine import join_engine
    from vaekit.training.processes import Processes

    with blame_the_others(launch):
        processes = Processes(join_engine(device=device))
        yield processes
        processes.part_company()
