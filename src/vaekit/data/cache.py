"""The cache of downloaded and converted files."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from vaekit.errors import DataError

__all__ = ["build_once", "cache_folder", "data_folder", "file_key"]


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


def build_once(name: str, *, fill: Callable[[Path], None]) -> Path:
    """Return a folder of the cache, filled on first use.

    It is created atomically: complete or not at all.

    Args:
        name: of the folder; must say from what it is made.
        fill: writes the files into the empty folder that it is given.

    Returns:
        The folder.

    Raises:
        DataError: the cache cannot be written.
    """
    final = cache_folder() / name
    if final.is_dir():
        return final
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f"{final.name}-", dir=final.parent))
    except OSError as error:
        raise DataError(
            f"cannot write to the cache folder {final.parent}: {error}. Set VAEKIT_CACHE to a "
            "folder that can be written"
        ) from error
    try:
        fill(draft)
        draft.replace(final)
    except OSError as error:
        if not final.is_dir():  # another process may have been quicker
            raise DataError(f"cannot write {final}: {error}. Is the disk full?") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return final


def file_key(path: Path, *, kind: str) -> str:
    """Return a name for a file's conversion, which changes with the file.

    Args:
        path: the file.
        kind: what is made from it.

    Returns:
        A name for a folder.
    """
    state = path.stat()
    text = f"{path.resolve()}|{state.st_size}|{state.st_mtime_ns}|{kind}"
    return f"{path.stem}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
