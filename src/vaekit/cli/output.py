"""Print results and progress; cooperate with processes started by torchrun."""

import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vaekit.errors import TrainingError

if TYPE_CHECKING:
    from rich.console import Console

    from vaekit.training.distributed import Processes

__all__ = ["Launch", "Output", "blame_the_others", "finite", "read_launch", "together"]


@dataclass(frozen=True, kw_only=True)
class Output:
    """What a command says, and where.

    Args:
        as_json: the result is one JSON object.
        quiet: nothing but the result, warnings and errors.
    """

    as_json: bool = False
    quiet: bool = False

    def say(self, text: str) -> None:
        """Tell a person what is going on."""
        if not self.quiet:
            print(text, file=sys.stderr, flush=True)

    def result(self, values: Mapping[str, Any], *, lines: Iterable[str]) -> None:
        """Print what was asked for.

        Args:
            values: as JSON.
            lines: for a person.
        """
        if self.as_json:
            print(json.dumps(values, indent=2, allow_nan=False))
        else:
            print("\n".join(lines))

    def console(self) -> "Console":
        """For live progress; on stderr."""
        from rich.console import Console

        return Console(stderr=True, quiet=self.quiet)

    @contextmanager
    def rows_bar(self, what: str, *, rows: int) -> Iterator[Callable[[int], None]]:
        """A bar over rows, where there is a terminal to show it.

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


def finite(values: Mapping[str, Any]) -> dict[str, Any]:
    """Replace what JSON cannot hold, and say so in the notes.

    Args:
        values: plain values, of which numbers may be infinite or not a number.

    Returns:
        The same, with none instead of such a number.

    Example:
        >>> finite({"elbo": float("inf"), "notes": []})["elbo"] is None
        True
    """
    bad = [key for key, value in values.items() if isinstance(value, float) and value - value != 0]
    notes = [*values.get("notes", ()), *(f"{key} is not finite: {values[key]}." for key in bad)]
    return {**values, **dict.fromkeys(bad), "notes": notes}


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
    from vaekit.training.distributed import Processes, join_engine

    with blame_the_others(launch):
        processes = Processes(join_engine(device=device))
        yield processes
        processes.close()
