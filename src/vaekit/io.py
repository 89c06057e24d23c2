"""Atomic file writes and aligned text."""

import contextlib
import os
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path

from vaekit.errors import WriteError

__all__ = ["columns", "write_atomically"]


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file so that at any moment either the old one or the new one is there, whole.

    Args:
        path: the file; folders on the way are made.
        write: writes everything to the path that it is given.

    Raises:
        WriteError: the disk is full or the folder cannot be written; the old file stays.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "note.txt"
        ...     write_atomically(path, lambda beside: beside.write_text("whole"))
        ...     path.read_text()
        'whole'
    """
    beside = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.touch()
        mode = beside.stat().st_mode
        write(beside)
        beside.chmod(mode)  # some writers make files that only their owner may read
        with beside.open("r+b") as file:
            os.fsync(file.fileno())
        beside.replace(path)
    # PyTorch and safetensors report a full disk as errors of their own.
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise WriteError(
            f"{path}: could not be written: {reason}; what was there before is unharmed"
        ) from None
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)


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
