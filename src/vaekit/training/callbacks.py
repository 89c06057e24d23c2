"""What training tells while it runs, and who may listen."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from vaekit.errors import WriteError
from vaekit.files import write_atomically
from vaekit.runs import RunFolder

__all__ = ["Callback", "Live", "MetricsFile", "Plan", "Record"]

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
    """Threads of the CPU where a trial chose them."""
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
    """Loss, distortion, rate and bound over the rows of the epoch so far, in nats per row."""
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
        """Drop the records of epochs that a crash undid."""
        kept = self.folder.read_metrics()[: plan.done]
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
