"""Atomic file writes, reads of bounded size, and aligned text."""

import contextlib
import errno
import gzip
import hashlib
import io
import json
import os
import platform
import re
import shutil
import sys
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from typing import IO, cast

from vaekit.errors import ConfigError, DataError, WriteError

__all__ = [
    "PARQUET_EXPANSION",
    "check_disk",
    "check_expansion",
    "check_memory",
    "check_width",
    "clear_temporary",
    "columns",
    "is_alive",
    "is_temporary",
    "memory_limit",
    "open_bounded",
    "parse_size",
    "temporary_path",
    "write_atomically",
    "written_together",
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
    return parse_size(chosen, name=LIMIT_NAME)


def parse_size(text: str, *, name: str) -> int:
    """Return the bytes that a size such as 64G or 500M means, in powers of 1024.

    Args:
        text: the size.
        name: of the environment variable, for the message.

    Raises:
        ConfigError: not a size.

    Example:
        >>> parse_size("2K", name="LIMIT")
        2048
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?", text.strip(), re.IGNORECASE)
    if found is None:
        raise ConfigError(f"{name}: expected a size such as 64G or 500M; got {text!r}")
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


_TEMPORARY = re.compile(
    r"\..+\.(?:(?P<host>[0-9a-f]{8})-(?P<pid>\d+)-[0-9a-f]{8}|[0-9a-f]{32})\.tmp"
)
_JOURNAL = re.compile(r"\.(?P<host>[0-9a-f]{8})-(?P<pid>\d+)-[0-9a-f]{8}\.set\.json")
_FULL_BYTES = 2**16
_STAGED: ContextVar[list[tuple[Path, Path]] | None] = ContextVar("staged", default=None)


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file so that at any moment either the old one or the new one is there, whole.

    Temporary files that killed processes left in the same folder are removed before.

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
    beside, staged = temporary_path(path), _STAGED.get()
    kept = False
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        clear_temporary(path.parent)
        beside.touch()
        mode = beside.stat().st_mode
        write(beside)
        beside.chmod(mode)  # some writers make files that only their owner may read
        with beside.open("r+b") as file:
            os.fsync(file.fileno())
        if staged is None:
            os.replace(beside, path)
        else:
            staged.append((beside, path))
            kept = True
    # PyTorch and safetensors report a full disk as errors of their own.
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or _full_disk(path.parent) or error
        raise WriteError(
            f"{path}: could not be written: {reason}; what was there before is unharmed"
        ) from None
    finally:
        if not kept:
            with contextlib.suppress(OSError):
                beside.unlink(missing_ok=True)


def _full_disk(folder: Path) -> str:
    """Return the reason if a disk has no block left; nothing otherwise."""
    with contextlib.suppress(OSError):
        if shutil.disk_usage(folder).free < _FULL_BYTES:
            return os.strerror(errno.ENOSPC)
    return ""


@contextlib.contextmanager
def written_together() -> Iterator[None]:
    """Replace all files that are written inside as one set, when the block ends without an error.

    All are written beside the old ones first, so that an error or a full disk changes none. A
    process that is killed while it renames them leaves a list of what is left to rename, from
    which the next one that writes in that folder completes the set.

    Raises:
        WriteError: a file cannot be renamed.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     one, two = Path(folder) / "1.txt", Path(folder) / "2.txt"
        ...     with written_together():
        ...         write_atomically(one, lambda beside: beside.write_text("one"))
        ...         write_atomically(two, lambda beside: beside.write_text("two"))
        ...         before = one.exists() or two.exists()
        ...     before, one.exists() and two.exists()
        (False, True)
    """
    staged: list[tuple[Path, Path]] = []
    token = _STAGED.set(staged)
    try:
        yield
    except BaseException:
        for beside, _ in staged:
            beside.unlink(missing_ok=True)
        raise
    finally:
        _STAGED.reset(token)
    journals: dict[Path, Path] = {}
    for folder in {path.parent for _, path in staged}:
        names = [[one.name, two.name] for one, two in staged if two.parent == folder]
        journal = folder / f".{_owner()}.set.json"
        write = partial(Path.write_text, data=json.dumps(names), encoding="utf-8")
        try:
            write_atomically(journal, write)
        except WriteError:
            for left in (*journals.values(), *(beside for beside, _ in staged)):
                left.unlink(missing_ok=True)
            raise
        journals[folder] = journal
    for beside, path in staged:
        try:
            os.replace(beside, path)
        except OSError as error:
            raise WriteError(
                f"{path}: could not be replaced: {error.strerror}; the rest of its set was, or "
                "will be with the next file that is written there"
            ) from None
    for journal in journals.values():
        journal.unlink(missing_ok=True)


def clear_temporary(folder: Path, *, exclusive: bool = False) -> None:
    """Remove what killed processes left unfinished in a folder, and complete sets they renamed.

    Args:
        folder: the folder, without its sub-folders.
        exclusive: whether no other process writes there, so that files of unknown processes and
            of other computers are removed as well.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     left = Path(folder) / f".a.csv.{32 * '0'}.tmp"
        ...     left.touch()
        ...     clear_temporary(Path(folder), exclusive=True)
        ...     left.exists()
        False
    """
    with contextlib.suppress(OSError):
        names = [entry.name for entry in os.scandir(folder) if entry.name.startswith(".")]
        for name in names:
            found = _JOURNAL.fullmatch(name)
            if found and _is_left(found, exclusive=exclusive):
                _complete_set(folder / name)
        for name in names:
            found = _TEMPORARY.fullmatch(name)
            if found and _is_left(found, exclusive=exclusive):
                _remove(folder / name)


def temporary_path(path: Path) -> Path:
    """Return a path beside another for what is renamed to it when it is whole.

    Where this process is killed before, ``clear_temporary`` removes it.

    Args:
        path: of the whole file or folder.

    Example:
        >>> is_temporary(temporary_path(Path("a.csv")).name)
        True
    """
    return path.with_name(f".{path.name}.{_owner()}.tmp")


def is_temporary(name: str) -> bool:
    """Return whether a name is that of a temporary file.

    Args:
        name: of a file.

    Example:
        >>> is_temporary("config.json"), is_temporary(f".config.json.{32 * '0'}.tmp")
        (False, True)
    """
    return bool(_TEMPORARY.fullmatch(name) or _JOURNAL.fullmatch(name))


def is_alive(pid: int) -> bool:
    """Return whether a process of this computer exists.

    Args:
        pid: its number.

    Example:
        >>> is_alive(os.getpid())
        True
    """
    if sys.platform == "win32":  # where os.kill would end it
        import ctypes

        handle = ctypes.windll.kernel32.OpenProcess(0x1000, False, pid)
        ctypes.windll.kernel32.CloseHandle(handle)
        return bool(handle)
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _remove(path: Path) -> None:
    """Remove a file or a folder, if that is possible."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def _owner() -> str:
    """Name this process, and one of its files, in the name of a temporary file."""
    return f"{_host()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"


def _host() -> str:
    """Return eight digits for the name of this computer."""
    return hashlib.sha256(platform.node().encode()).hexdigest()[:8]


def _is_left(found: re.Match[str], *, exclusive: bool) -> bool:
    """Return whether the process that a temporary file is named after has ended."""
    if found["pid"] is None or found["host"] != _host():
        return exclusive
    return not is_alive(int(found["pid"]))


def _complete_set(journal: Path) -> None:
    """Rename what a killed process had yet to rename; a damaged list is removed."""
    with contextlib.suppress(OSError, ValueError, TypeError, AttributeError):
        for beside, name in json.loads(journal.read_text(encoding="utf-8")):
            if _TEMPORARY.fullmatch(beside) and Path(name).name == name:
                with contextlib.suppress(FileNotFoundError):
                    os.replace(journal.with_name(beside), journal.with_name(name))
    with contextlib.suppress(OSError):
        journal.unlink(missing_ok=True)


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
