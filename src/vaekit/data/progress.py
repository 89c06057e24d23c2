"""A progress bar in the form that the downloader expects."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

__all__ = ["DownloadBar"]


class DownloadBar:
    """A progress bar on the error stream; silent when that is not a terminal.

    Has what the downloader calls: ``total``, ``update``, ``reset`` and ``close``.

    Args:
        name: of the file, shown beside the bar.

    Example:
        >>> with DownloadBar("file.gz") as bar:
        ...     bar.total = 10
        ...     bar.update(4)
        ...     bar.done
        4
    """

    def __init__(self, name: str) -> None:
        console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("downloading {task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task(name, total=None)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    @property
    def total(self) -> float:
        """Bytes of the whole file; 0 when the server does not say."""
        return self._progress.tasks[0].total or 0.0

    @total.setter
    def total(self, size: float) -> None:
        self._progress.update(self._task, total=size or None)

    @property
    def done(self) -> int:
        """Bytes so far."""
        return int(self._progress.tasks[0].completed)

    def update(self, size: int) -> None:
        """Count bytes that have come.

        Args:
            size: how many.
        """
        self._progress.update(self._task, advance=size)

    def reset(self) -> None:
        """Start to count anew."""
        self._progress.update(self._task, completed=0)

    def close(self) -> None:
        """Leave the bar as it is."""
        self._progress.refresh()
