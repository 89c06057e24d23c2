"""What a person sees while training runs: a live bar on a terminal, a line an epoch elsewhere."""

from collections.abc import Mapping

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from vaekit.training.callbacks import Live, Plan, Record

__all__ = ["ProgressBar", "ProgressLines", "bar_columns", "progress"]


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
    return (
        f"loss {means['loss']:.3f} = distortion {means['distortion']:.3f} + rate "
        f"{means['rate']:.3f}"
        if abs(means["loss"] - means["distortion"] - means["rate"]) < 1e-3 * abs(means["loss"])
        else f"loss {means['loss']:.3f}  distortion {means['distortion']:.3f}  rate "
        f"{means['rate']:.3f}"
    )
