"""The cache of downloaded and converted files."""

import contextlib
import hashlib
import os
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from vaekit.errors import DataError
from vaekit.io import clear_temporary, parse_size, temporary_path

__all__ = ["build_once", "cache_folder", "cache_limit", "data_folder", "file_key"]


LIMIT_NAME, DEFAULT_LIMIT = "VAEKIT_CACHE_LIMIT", "50G"
BLOCK_BYTES = 2**20
RECENT_SECONDS = 60
"""Another process may be about to open what was used so shortly before."""
STEM_LETTERS = 100

_CONVERTED = re.compile(r".*-[0-9a-f]{16}")
_CONTENT = {"rows.npy", "labels.npy", "classes.json"}
_used: set[Path] = set()  # by this process, which may open them again


def cache_folder() -> Path:
    """Return the folder of downloaded and converted files.

    Returns:
        The folder in the environment variable VAEKIT_CACHE, or the user's cache folder of this
        operating system. It need not exist yet.
    """
    chosen = os.environ.get("VAEKIT_CACHE")
    if chosen:
        return Path(chosen).expanduser()
    import pooch

    return Path(pooch.os_cache("vaekit"))


def data_folder() -> Path | None:
    """Return the user's own folder of data sets.

    Returns:
        The folder in the environment variable VAEKIT_DATA, absent when it is not set.
    """
    chosen = os.environ.get("VAEKIT_DATA")
    return Path(chosen).expanduser() if chosen else None


def cache_limit() -> int:
    """Return how many bytes converted files may take in the cache.

    Returns:
        The value of the environment variable VAEKIT_CACHE_LIMIT, such as 200G; 50G when it is not
        set.

    Raises:
        ConfigError: VAEKIT_CACHE_LIMIT is not a size.

    Example:
        >>> cache_limit() > 2**20
        True
    """
    return parse_size(os.environ.get(LIMIT_NAME) or DEFAULT_LIMIT, name=LIMIT_NAME)


def build_once(name: str, *, fill: Callable[[Path], None]) -> Path:
    """Return a folder of the cache, filled on first use.

    It is created atomically: complete or not at all. Where converted files then take more than
    ``cache_limit``, the least recently used are removed, but none that this process uses or that
    was used within the last minute.

    Args:
        name: of the folder; must say from what it is made.
        fill: writes the files into the empty folder that it is given.

    Returns:
        The folder.

    Raises:
        DataError: the cache cannot be written.
    """
    final = cache_folder() / name
    _used.add(final)
    if final.is_dir():
        with contextlib.suppress(OSError):
            os.utime(final)
        return final
    draft = temporary_path(final)
    try:
        draft.mkdir(parents=True)
    except OSError as error:
        raise DataError(
            f"cannot write to the cache folder {final.parent}: {error}. Set VAEKIT_CACHE to a "
            "folder that can be written"
        ) from error
    clear_temporary(final.parent)
    try:
        fill(draft)
        draft.replace(final)
    except OSError as error:
        if not final.is_dir():  # another process may have been quicker
            raise DataError(f"cannot write {final}: {error}. Is the disk full?") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    _remove_oldest()
    return final


def _remove_oldest() -> None:
    """Remove the least recently used converted files, down to the limit."""
    found = []
    with contextlib.suppress(OSError):
        for folder in cache_folder().iterdir():
            if _CONVERTED.fullmatch(folder.name) and folder.is_dir():
                files = list(folder.iterdir())
                if {file.name for file in files} <= _CONTENT:
                    size = sum(file.stat().st_size for file in files)
                    found.append((folder.stat().st_mtime_ns, size, folder))
    total, limit = sum(size for _, size, _ in found), cache_limit()
    recent = time.time_ns() - RECENT_SECONDS * 10**9
    for used, size, folder in sorted(found):
        if total > limit and used < recent and folder not in _used:
            shutil.rmtree(folder, ignore_errors=True)
            total -= size


def file_key(path: Path, *, kind: str) -> str:
    """Return a name for a file's conversion, which changes with its content.

    All bytes are read and hashed (SHA-256), at about 1 GB/s: a file of the same size and time may
    have other content.

    Args:
        path: the file.
        kind: what is made from it.

    Returns:
        A name for a folder.

    Raises:
        DataError: the file cannot be read.
    """
    found = hashlib.sha256(f"{kind}|".encode())
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK_BYTES):
                found.update(block)
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    return f"{path.stem[:STEM_LETTERS]}-{found.hexdigest()[:16]}"
