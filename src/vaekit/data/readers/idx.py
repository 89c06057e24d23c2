"""The idx format of MNIST: a header of sizes, then the values, often inside gzip."""

import gzip
import zlib
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaekit.data.contents import Contents, array_contents
from vaekit.errors import DataError

__all__ = ["find_idx", "parse_idx", "read_bytes", "read_idx", "read_idx_array"]

TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def parse_idx(content: bytes, *, where: str) -> NDArray[Any]:
    """The array in the bytes of an idx file.

    Args:
        content: two zero bytes, the type, the number of dimensions, the size of each as a
            big-endian 32-bit number, then the values.
        where: the file, named in errors.

    Returns:
        The array, as it was written.

    Raises:
        DataError: not an idx file, or fewer or more values than its header says.

    Example:
        >>> parse_idx(bytes([0, 0, 8, 1, 0, 0, 0, 2, 7, 9]), where="example")
        array([7, 9], dtype=uint8)
    """
    if len(content) == 0:
        raise DataError(f"{where}: expected an idx file; the file is empty")
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in TYPES or content[3] == 0:
        raise DataError(f"{where}: expected an idx file, as of MNIST; its first bytes are others")
    kind, dimensions = np.dtype(TYPES[content[2]]), content[3]
    start = 4 + 4 * dimensions
    sizes = [int.from_bytes(content[at : at + 4], "big") for at in range(4, start, 4)]
    expected, got = prod(sizes) * kind.itemsize, len(content) - start
    if got != expected:
        raise DataError(
            f"{where}: its header says {' x '.join(map(str, sizes))} values, {expected} bytes; "
            f"got {max(got, 0)} bytes. The file is cut off or damaged: fetch it again"
        )
    return np.frombuffer(content, kind, offset=start).reshape(sizes)


def read_idx_array(path: Path) -> NDArray[Any]:
    """The array of an idx file, unpacked when its name ends in .gz.

    Args:
        path: the file.

    Returns:
        The array, as it was written.

    Raises:
        DataError: the file is cut off, damaged or not an idx file.
    """
    return parse_idx(read_bytes(path), where=str(path))


def read_bytes(path: Path) -> bytes:
    """The bytes of a file, unpacked when its name ends in .gz.

    Args:
        path: the file.

    Returns:
        The bytes.

    Raises:
        DataError: the file cannot be read, or its gzip wrapper is cut off or damaged.
    """
    try:
        content = path.read_bytes()
        return gzip.decompress(content) if path.suffix == ".gz" and content else content
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(
            f"{path}: expected a whole gzip file; got one that is cut off or damaged ({error}). "
            "Fetch it again"
        ) from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error}") from error


def find_idx(folder: Path, *, name: str) -> Path | None:
    """An idx file in a folder, packed or not.

    Args:
        folder: where to look.
        name: of the file, without .gz.

    Returns:
        The file, absent when there is none.
    """
    found = (folder / f"{name}.gz", folder / name)
    return next((path for path in found if path.is_file()), None)


def read_idx(path: Path) -> Contents:
    """Rows of an idx file, and the labels of the file beside it.

    For ``...-images-idx3-ubyte`` the labels are looked for in ``...-labels-idx1-ubyte``.

    Args:
        path: the file with the rows.

    Returns:
        Images for three or four dimensions, a table for two.

    Raises:
        DataError: the file is damaged, or holds one number for each row only.
    """
    array = read_idx_array(path)
    if array.ndim == 1:
        raise DataError(
            f"{path}: expected rows of numbers or images; got one number for each row, as in a "
            "file of labels. Give the file with the images; the labels beside it are found"
        )
    contents = array_contents(array, where=str(path))
    beside = _labels_beside(path)
    if beside is None:
        return contents
    return contents.with_labels(read_idx_array(beside), where=str(beside))


def _labels_beside(path: Path) -> Path | None:
    name = path.name.removesuffix(".gz")
    other = name.replace("images", "labels")
    for digit in "234":
        other = other.replace(f"idx{digit}", "idx1")
    return find_idx(path.parent, name=other) if other != name else None
