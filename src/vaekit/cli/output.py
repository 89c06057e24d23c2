"""Where things are printed: results to stdout, everything else to stderr."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["Output", "columns", "finite"]


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


def columns(rows: Iterable[tuple[str, ...]], *, indent: str = "") -> list[str]:
    """Lines with aligned columns.

    Args:
        rows: cells; as many in each.
        indent: before each line.

    Returns:
        The lines.

    Example:
        >>> columns([("elbo", "-3.5 nats"), ("rows", "180")])
        ['elbo  -3.5 nats', 'rows  180']
    """
    table = list(rows)
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return [
        indent
        + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in table
    ]


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
