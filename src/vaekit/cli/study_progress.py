"""What a person sees while a study runs: one display with a line for each of its runs."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rich.progress import Progress, TaskID

from vaekit.training import Callback, Live, Plan, Record, bar_columns

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["MemberBar", "StudyProgress"]


class StudyProgress:
    """A bar for each run of a study, where there is a terminal; elsewhere lines as of one run.

    Args:
        console: where it is shown.
        epochs: of each run, by its name.
    """

    def __init__(self, console: "Console", *, epochs: Mapping[str, int]) -> None:
        self.live = console.is_terminal
        # It is taken away while a run is measured, which has a bar of its own.
        self.bar = Progress(
            *bar_columns("{task.description}"),
            console=console,
            refresh_per_second=4,
            transient=True,
        )
        self.tasks = {
            name: self.bar.add_task(name, total=total, numbers="", start=False)
            for name, total in epochs.items()
        }

    def listener(self, name: str) -> Callback | None:
        """What shows the training of a run; none where there is no terminal.

        Args:
            name: of the run.
        """
        return MemberBar(self.bar, task=self.tasks[name]) if self.live else None

    def finished_before(self, name: str) -> None:
        """Fill the bar of a run that has nothing left to do.

        Args:
            name: of the run.
        """
        task = self.tasks[name]
        total = next(each.total for each in self.bar.tasks if each.id == task)
        self.bar.update(task, completed=total or 0, numbers="finished before")


class MemberBar:
    """The bar of one run within a study.

    Args:
        bar: of the study.
        task: that of the run.
    """

    def __init__(self, bar: Progress, *, task: TaskID) -> None:
        self.bar = bar
        self.task = task
        self.steps = 1

    def started(self, plan: Plan) -> None:
        """Show the display, and this run as the one that trains."""
        self.steps = plan.steps
        self.bar.start_task(self.task)
        self.bar.update(self.task, total=plan.epochs, completed=plan.done)
        self.bar.start()

    def live(self, live: Live) -> None:
        """Update the numbers."""
        done = live.epoch + live.step / self.steps
        self.bar.update(self.task, completed=int(done), numbers=_numbers(live.means))

    def epoch_ended(self, record: Record) -> None:
        """Advance."""
        numbers = _numbers(record["train"])
        self.bar.update(self.task, completed=record["epoch"], numbers=numbers)

    def ended(self, reason: str) -> None:
        """Take the display away until the next run."""
        self.bar.stop_task(self.task)
        self.bar.stop()
        if reason:
            self.bar.console.print(f"training ended early: {reason}")


def _numbers(means: Mapping[str, float]) -> str:
    return (
        f"loss {means['loss']:.3f}  distortion {means['distortion']:.3f}  rate {means['rate']:.3f}"
    )
