"""Print results and progress; cooperate with processes started by torchrun."""

import json
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vaekit.errors import TrainingError

if TYPE_CHECKING:
    from rich.console import Console

    from vaekit.training.distributed import Processes

__all__ = [
    "Launch",
    "Output",
    "end_with_torchrun",
    "joined_processes",
    "read_launch",
    "report_lost_process",
]


_PARENT_SECONDS = 0.5
_ORPHAN_SECONDS = 20.0  # to finish a step and write a checkpoint


@dataclass(frozen=True, kw_only=True)
class Output:
    """How a command prints.

    Args:
        as_json: print the result as one JSON object.
        quiet: print nothing but the result, warnings and errors.
    """

    as_json: bool = False
    quiet: bool = False

    @property
    def interactive(self) -> bool:
        """Whether somebody watches progress on a terminal."""
        return sys.stderr.isatty() and not self.quiet and not self.as_json

    def say(self, text: str) -> None:
        """Print a message about progress on stderr."""
        if not self.quiet:
            print(text, file=sys.stderr, flush=True)

    def result(self, values: Mapping[str, Any], *, lines: Iterable[str]) -> None:
        """Print the result on stdout.

        Args:
            values: as JSON.
            lines: as text.
        """
        if self.as_json:
            print(json.dumps(values, indent=2, allow_nan=False))
        else:
            print("\n".join(lines))

    def console(self) -> "Console":
        """Return a console on stderr for live progress."""
        from rich.console import Console

        return Console(stderr=True, quiet=self.quiet)

    @contextmanager
    def progress_bar(self, what: str, *, rows: int) -> Iterator[Callable[[int], None]]:
        """Show a bar over rows, where stderr is a terminal.

        Args:
            what: is being done.
            rows: in all.

        Yields:
            What to call with the number of rows done since the last call.
        """
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

        console = self.console()
        bar = Progress(
            "{task.description}",
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeRemainingColumn(compact=True),
            console=console,
            disable=self.quiet or not console.is_terminal,
            transient=True,
        )
        with bar:
            task = bar.add_task(what, total=rows)
            yield lambda done: bar.advance(task, done)


@dataclass(frozen=True, kw_only=True)
class Launch:
    """How torchrun started this process; one process alone by default.

    Args:
        number: rank of the process; process 0 writes and prints.
        count: number of processes.
        restarts: how often torchrun has restarted them.
        elastic: whether torchrun may restart them.
        shared_store: whether they meet at the address at which torchrun's own processes met.
    """

    number: int = 0
    count: int = 1
    restarts: int = 0
    elastic: bool = False
    shared_store: bool = False

    @property
    def main(self) -> bool:
        """Whether this is the process that writes and prints."""
        return self.number == 0


def read_launch() -> Launch:
    """Read from the environment how torchrun started this process.

    Example:
        >>> read_launch().main
        True
    """
    env = os.environ
    if "TORCHELASTIC_RUN_ID" not in env:
        return Launch()
    return Launch(
        number=int(env.get("RANK", 0)),
        count=int(env.get("WORLD_SIZE", 1)),
        restarts=int(env.get("TORCHELASTIC_RESTART_COUNT", 0)),
        elastic=int(env.get("TORCHELASTIC_MAX_RESTARTS", 0)) > 0,
        shared_store=env.get("TORCHELASTIC_USE_AGENT_STORE") == "True",
    )


def end_with_torchrun() -> None:
    """End this process when the torchrun that started it is killed.

    Such a process is adopted by another parent and would train on, beside the run that is started
    again. It is interrupted as by Ctrl-C, and killed where that does not end it.
    """
    if "TORCHELASTIC_RUN_ID" not in os.environ or sys.platform == "win32":
        return
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_PARENT_SECONDS)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(_ORPHAN_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, name="vaekit-torchrun", daemon=True).start()


@contextmanager
def report_lost_process(launch: Launch) -> Iterator[None]:
    """Replace a communication error by one line: another process ended, and its error matters.

    Args:
        launch: how this process was started.

    Raises:
        TrainingError: the other processes do not answer.
    """
    try:
        yield
    except RuntimeError as error:
        # gloo has no class of its own for this
        if launch.count == 1 or not re.search("gloo|nccl|connection", str(error), re.IGNORECASE):
            raise
        raise TrainingError("another process ended; its own error tells why") from error


@contextmanager
def joined_processes(*, device: str) -> Iterator["Processes | None"]:
    """Join the process group of torchrun, and leave it afterwards.

    Args:
        device: cpu or cuda; of the latter each process gets one.

    Yields:
        The processes, seen from this one; none where this process is alone.

    Raises:
        ConfigError: a machine with fewer devices than processes.
        TrainingError: another process is gone.
    """
    launch = read_launch()
    if launch.count == 1:
        yield None
        return
    from vaekit.training.distributed import Processes, join_engine

    end_with_torchrun()
    with report_lost_process(launch):
        processes = Processes(join_engine(device=device))
        yield processes
        processes.close()
