"""Callbacks: metrics file, progress display, TensorBoard."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from vaekit.errors import MissingExtraError, WriteError
from vaekit.io import write_atomically
from vaekit.runs import RunFolder

__all__ = [
    "Callback",
    "Live",
    "MetricsFile",
    "Plan",
    "ProgressBar",
    "ProgressLines",
    "Record",
    "TensorBoard",
    "bar_columns",
    "progress",
]


Record = Mapping[str, Any]
"""One epoch: "epoch", a mapping of means in nats per row for "train" and for the watched split,
"seconds", "rows_per_second", "learning_rate", "rate_weight"."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is about to run."""

    epochs: int
    """Epochs in all."""
    done: int
    """Epochs done before, in a resumed run."""
    steps: int
    """Steps in an epoch."""
    rows: int
    """Training rows in an epoch."""
    parameters: int
    """Numbers that training changes."""
    device: str
    """cpu, cuda or mps."""
    precision: str
    """Of the matrix products: 32 or bf16."""
    threads: int | None = None
    """Threads of the CPU; None where the config says how many."""
    compiled: bool = False
    """Whether the first step waits for the compiler."""


@dataclass(frozen=True, kw_only=True)
class Live:
    """Where training stands within an epoch."""

    epoch: int
    """Epochs done before this one."""
    step: int
    """Steps done in this one."""
    means: Mapping[str, float]
    """Means of the sums of the step over the rows of the epoch so far: loss, distortion, rate and
    bound in nats per row."""
    rows_per_second: float
    """Rows per second in this epoch."""


class Callback(Protocol):
    """Listens to training; it cannot change it."""

    def started(self, plan: Plan) -> None:
        """Training begins or goes on."""

    def live(self, live: Live) -> None:
        """A few times a second."""

    def epoch_ended(self, record: Record) -> None:
        """After every epoch, before its checkpoint is written."""

    def ended(self, reason: str) -> None:
        """Training is over; an empty reason is a normal end."""


class MetricsFile:
    """Appends every record to ``metrics.jsonl``; a resumed run goes on where it stood.

    Args:
        folder: the run folder.
    """

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder

    def started(self, plan: Plan) -> None:
        """Drop the records of epochs that a crash undid; a damaged file is kept beside."""
        records, path = self.folder.read_metrics(), self.folder.metrics
        if path.is_file() and path.read_bytes().count(b"\n") > len(records):
            path.replace(path.with_name("metrics.damaged.jsonl"))
        kept = records[: plan.done]
        text = "".join(json.dumps(record) + "\n" for record in kept)
        write_atomically(self.folder.metrics, lambda path: path.write_text(text, encoding="utf-8"))

    def live(self, live: Live) -> None:
        """Nothing: only whole epochs are kept."""

    def epoch_ended(self, record: Record) -> None:
        """Append the record.

        Raises:
            WriteError: the disk is full; the last checkpoint stays.
        """
        try:
            with self.folder.metrics.open("a", encoding="utf-8") as file:
                file.write(json.dumps(record) + "\n")
        except OSError as error:
            raise WriteError(f"{self.folder.metrics}: {error.strerror}") from None

    def ended(self, reason: str) -> None:
        """Nothing is left to write."""


def bar_columns(first: str) -> tuple[ProgressColumn, ...]:
    """What stands in a line of progress.

    Args:
        first: what stands first, as a rich format.

    Returns:
        That, epochs, bar, numbers (the field "numbers" of the task), time left.
    """
    return (
        TextColumn(first),
        MofNCompleteColumn(),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[numbers]}"),
        TimeRemainingColumn(compact=True),
    )


def progress(console: Console) -> "ProgressBar | ProgressLines":
    """A live bar where the console can show one, otherwise one line for each epoch."""
    return ProgressBar(console) if console.is_terminal else ProgressLines(console)


class ProgressBar:
    """Loss, distortion and rate in nats per row, rows per second, time left.

    Args:
        console: a terminal.
    """

    def __init__(self, console: Console) -> None:
        self.steps = 1
        self.bar = Progress(
            *bar_columns("epoch"),
            console=console,
            refresh_per_second=4,
        )

    def started(self, plan: Plan) -> None:
        """Show the bar."""
        self.bar.console.print(_headline(plan))
        self.steps = plan.steps
        self.task = self.bar.add_task("", total=plan.epochs, completed=plan.done, numbers="")
        self.bar.start()

    def live(self, live: Live) -> None:
        """Update the numbers."""
        done = live.epoch + live.step / self.steps
        numbers = f"{_means(live.means)}  {live.rows_per_second:,.0f} rows/s"
        self.bar.update(self.task, completed=int(done), numbers=numbers)

    def epoch_ended(self, record: Record) -> None:
        """Advance."""
        numbers = f"{_means(record['train'])}  {record['rows_per_second']:,.0f} rows/s"
        self.bar.update(self.task, completed=record["epoch"], numbers=numbers)

    def ended(self, reason: str) -> None:
        """Leave the bar as it stands."""
        self.bar.stop()
        if reason:
            self.bar.console.print(f"training ended early: {reason}")


class ProgressLines:
    """One line for each epoch.

    Args:
        console: where they go.
    """

    def __init__(self, console: Console) -> None:
        self.console = console
        self.epochs = 0

    def started(self, plan: Plan) -> None:
        """Say what is about to run."""
        self.epochs = plan.epochs
        self._say(_headline(plan))

    def live(self, live: Live) -> None:
        """Nothing: a log file wants whole lines only."""

    def epoch_ended(self, record: Record) -> None:
        """Print the line."""
        watched = next((name for name in ("validation", "test") if name in record), None)
        tail = f"  {watched} {record[watched]['loss']:.3f}" if watched else ""
        self._say(
            f"epoch {record['epoch']}/{self.epochs}  {_means(record['train'])}{tail}  "
            f"{record['seconds']:.2f} s  {record['rows_per_second']:,.0f} rows/s"
        )

    def ended(self, reason: str) -> None:
        """Say why, if it was not the normal end."""
        if reason:
            self._say(f"training ended early: {reason}")

    def _say(self, line: str) -> None:
        self.console.print(line, soft_wrap=True, highlight=False)


def _headline(plan: Plan) -> str:
    """One sentence about what is about to run."""
    begun = f", going on after epoch {plan.done}" if plan.done else ""
    threads = f", {plan.threads} thread{'s' * (plan.threads > 1)}" if plan.threads else ""
    compiled = ", after ten seconds or more of compiling the step" if plan.compiled else ""
    return (
        f"training {plan.parameters:,} parameters on {plan.rows:,} rows for {plan.epochs} epochs "
        f"({plan.device}{threads}, {plan.precision}{begun}){compiled}; losses in nats per row"
    )


def _means(means: Mapping[str, float]) -> str:
    """Format the terms of the loss; as an equation where they add up but for float32 rounding."""
    shown = {name: f"{value:.3f}" for name, value in means.items() if name != "bound"}
    if list(shown) == ["loss", "distortion", "rate"]:
        difference = abs(means["loss"] - means["distortion"] - means["rate"])
        if difference <= 1e-6 * abs(means["loss"]):
            return "loss {loss} = distortion {distortion} + rate {rate}".format(**shown)
    return "  ".join(f"{name} {number}" for name, number in shown.items())


class TensorBoard:
    """Writes every record as scalars.

    Args:
        folder: where the event files go.

    Raises:
        MissingExtraError: tensorboard is not installed.
    """

    def __init__(self, folder: Path) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            raise MissingExtraError(
                "tensorboard", extra="tensorboard", purpose="training.tensorboard"
            ) from None
        self.open: Callable[[], SummaryWriter] = lambda: SummaryWriter(str(folder))

    def started(self, plan: Plan) -> None:
        """Open the logs; not before, because a run that cannot start leaves nothing."""
        self.writer = self.open()

    def live(self, live: Live) -> None:
        """Nothing: only whole epochs are kept."""

    def epoch_ended(self, record: Record) -> None:
        """Write the means of each split, in nats per row, and the learning rate."""
        epoch = int(record["epoch"])
        for split in {"train", "validation", "test"} & set(record):
            for name, value in record[split].items():
                self.writer.add_scalar(f"{split}/{name}", value, epoch)
        self.writer.add_scalar("learning_rate", record["learning_rate"], epoch)

    def ended(self, reason: str) -> None:
        """Flush and close."""
        self.writer.close()
