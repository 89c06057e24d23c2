"""Atomic file writes, reads of bounded size, and aligned text."""

import contextlib
import gzip
import io
import os
import re
import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, cast

from vaekit.errors import ConfigError, DataError, WriteError

__all__ = [
    "PARQUET_EXPANSION",
    "check_disk",
    "check_expansion",
    "check_memory",
    "check_width",
    "columns",
    "memory_limit",
    "open_bounded",
    "write_atomically",
]


LIMIT_NAME = "VAEKIT_READ_LIMIT"
MEMORY_SHARE = 0.8
UNKNOWN_MEMORY = 2**34  # where the system does not tell
EXPANSION, EXPANDED_BYTES = 200, 2**30
PARQUET_EXPANSION = 500
"""As 200 for text: columns of few values are packed better."""
LINE_BYTES = 2**26
CELL_BYTES = 16  # of a number, and of the part of the file in which it was read
MOST_COLUMNS = 100_000
BLOCK_BYTES = 2**20


def memory_limit() -> int:
    """Return how many bytes a file may take in memory.

    Returns:
        The value of the environment variable VAEKIT_READ_LIMIT, such as 64G or 500M; when it is
        not set, 80 % of the memory that this process may use.

    Raises:
        ConfigError: VAEKIT_READ_LIMIT is not a size.

    Example:
        >>> memory_limit() > 2**20
        True
    """
    chosen = os.environ.get(LIMIT_NAME)
    if not chosen:
        return int(MEMORY_SHARE * _available_memory())
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?", chosen.strip(), re.IGNORECASE)
    if found is None:
        raise ConfigError(f"{LIMIT_NAME}: expected a size such as 64G or 500M; got {chosen!r}")
    return int(float(found[1]) * 1024 ** " KMGT".index(found[2].upper() or " "))


def _available_memory() -> int:
    """Return the least of the machine's memory and the limits of this process and its group."""
    found = [UNKNOWN_MEMORY]
    with contextlib.suppress(AttributeError, OSError, ValueError):
        found = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    with contextlib.suppress(OSError, ValueError):
        found.append(int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii")))
    with contextlib.suppress(ImportError):
        import resource  # which Windows lacks

        soft, _ = resource.getrlimit(resource.RLIMIT_AS)
        if soft != resource.RLIM_INFINITY:
            found.append(soft)
    return min(found)


def check_memory(needed: int, *, where: str) -> None:
    """Raise where a file does not fit into memory.

    Args:
        needed: bytes that its contents take.
        where: the file, named in the error.

    Raises:
        DataError: more than `memory_limit`.
    """
    limit = memory_limit()
    if needed > limit:
        raise DataError(
            f"{where}: expected contents that fit into memory; they take {_size(needed)} or more, "
            f"and {_size(limit)} may be used. Read a part of it, or set {LIMIT_NAME}, as in "
            f"{LIMIT_NAME}={needed // 2**30 + 1}G"
        )


def check_expansion(expanded: int, *, packed: int, where: str, ratio: int = EXPANSION) -> None:
    """Raise where a compressed file is far larger than it seems, as no ordinary one is.

    Args:
        expanded: bytes of its contents.
        packed: bytes of the file.
        where: the file, named in the error.
        ratio: of the two, above which the file is refused if its contents are more than 1 GB;
            no limit where VAEKIT_READ_LIMIT is set.

    Raises:
        DataError: more than that.
    """
    if expanded > max(EXPANDED_BYTES, ratio * packed) and not os.environ.get(LIMIT_NAME):
        raise DataError(
            f"{where}: expected contents of at most {ratio} times the size of the file; "
            f"{_size(packed)} hold {_size(expanded)} or more. If that is right, set {LIMIT_NAME} "
            f"to the memory that may be used, as in {LIMIT_NAME}=64G"
        )


def check_width(columns: int, *, where: str) -> None:
    """Raise where a table has more columns than can be read in a reasonable time.

    Args:
        columns: how many there are.
        where: the file, named in the error.

    Raises:
        DataError: more than 100,000; no limit where VAEKIT_READ_LIMIT is set.
    """
    if columns > MOST_COLUMNS and not os.environ.get(LIMIT_NAME):
        raise DataError(
            f"{where}: expected at most {MOST_COLUMNS:,} columns; got {columns:,}. Save the rows "
            f"as an array (.npy), which is read at once, or set {LIMIT_NAME} to the memory that "
            f"may be used, as in {LIMIT_NAME}=64G"
        )


def _size(count: float) -> str:
    for unit in ("bytes", "kB", "MB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:,.3g} GB" if count < 1000 else f"{count:,.0f} GB"


def check_disk(needed: int, *, folder: Path, where: str) -> None:
    """Raise where a conversion does not fit on the disk.

    Args:
        needed: bytes that it takes.
        folder: in which it is written.
        where: the file that is converted, named in the error.

    Raises:
        DataError: more than is free.
    """
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise DataError(
            f"{where}: expected room for {_size(needed)} in the cache folder {folder.parent}; "
            f"{_size(free)} are free. Set VAEKIT_CACHE to a folder on a larger disk"
        )


@contextlib.contextmanager
def open_bounded(
    path: Path, *, text: bool = False, separator: str | None = None
) -> Iterator[IO[bytes]]:
    """Open a file to read its bytes, unpacked where its name ends in .gz.

    Args:
        path: the file.
        text: whether it has lines, whose length is bounded too.
        separator: between cells that are kept as numbers, which may take more than their text.

    Yields:
        The file. Reading raises `DataError` where the contents are larger than memory, are more
        than 200 times the size of a packed file, or have a line of more than 64 MB.
    """
    packed = path.name.lower().endswith(".gz")
    with gzip.open(path) if packed else path.open("rb") as stream:
        counted = _Counted(
            cast("IO[bytes]", stream),
            where=str(path),
            packed=path.stat().st_size if packed else None,
            text=text,
            separator=(separator or "").encode("utf-8"),
        )
        yield io.BufferedReader(cast("io.FileIO", counted), BLOCK_BYTES)


class _Counted(io.RawIOBase):
    """A stream that checks what has been read from another one."""

    def __init__(
        self, stream: IO[bytes], *, where: str, packed: int | None, text: bool, separator: bytes
    ) -> None:
        self._stream = stream
        self._where, self._packed, self._separator = where, packed, separator
        self._bytes = self._cells = self._line = 0
        self._limit = memory_limit()
        self._check_lines = text and not os.environ.get(LIMIT_NAME)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        block = self._stream.read(len(buffer))
        buffer[: len(block)] = block
        self._bytes += len(block)
        if self._separator:
            self._cells += block.count(self._separator) + block.count(b"\n")
        needed = max(self._bytes, CELL_BYTES * self._cells)
        if needed > self._limit:
            check_memory(needed, where=self._where)
        if self._packed is not None:
            check_expansion(self._bytes, packed=self._packed, where=self._where)
        if self._check_lines:
            self._check_line(block)
        return len(block)

    def _check_line(self, block: bytes) -> None:
        end = max(block.rfind(b"\n"), block.rfind(b"\r"))
        self._line = self._line + len(block) if end < 0 else len(block) - end
        if self._line > LINE_BYTES:
            raise DataError(
                f"{self._where}: expected lines of at most {_size(LINE_BYTES)}; one is longer. Is "
                f"it text in lines? If that is right, set {LIMIT_NAME} to the memory that may be "
                f"used, as in {LIMIT_NAME}=64G"
            )


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
