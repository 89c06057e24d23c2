"""Read NumPy files (.npy, .npz) and the idx format of MNIST."""

import gzip
import zipfile
import zlib
from math import prod
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from vaekit.data.cache import build_once, file_key
from vaekit.data.chunks import CHUNK_VALUES
from vaekit.data.contents import COPY_LIMIT, Contents, array_contents
from vaekit.errors import DataError
from vaekit.io import check_memory, open_bounded

__all__ = [
    "damaged",
    "find_idx",
    "parse_idx",
    "read_bytes",
    "read_idx",
    "read_idx_array",
    "read_npy",
    "read_npz",
    "read_npz_arrays",
]


ROW_NAMES = ("x", "rows", "images", "data", "features", "arr_0")
MAGIC = np.lib.format.MAGIC_PREFIX
HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
_SPLIT_NAMES = {
    f"{part}_{name}": f"{letter}_{part}"
    for part in ("train", "val", "test")
    for name, letter in (("images", "x"), ("labels", "y"))
}
"""Names of MedMNIST, as those of Keras."""
LABEL_NAMES = ("y", "labels", "label", "targets", "target", "arr_1")


def read_npy(path: Path) -> Contents:
    """Read the rows of a .npy file as a memory map.

    Args:
        path: an array (N, F), (N, H, W), (N, H, W, C) or (N, C, H, W).

    Returns:
        Rows as a memory map, but for small arrays that are neither uint8 nor float32.

    Raises:
        DataError: the file is cut off, damaged, or holds Python objects.
    """
    try:
        array: NDArray[Any] = np.lib.format.open_memmap(path, "r")
    except (ValueError, EOFError) as error:
        raise damaged(path, error) from error
    if array.ndim == 4 and array.shape[3] == 3 and array.nbytes > COPY_LIMIT:
        array = _channels_first(array, path=path)
    return array_contents(array, where=str(path))


def _channels_first(array: NDArray[Any], *, path: Path) -> NDArray[Any]:
    """Return large colour images with channels first, converted once into the cache."""
    count, height, width, channels = array.shape

    def fill(folder: Path) -> None:
        target = np.lib.format.open_memmap(
            folder / "rows.npy", "w+", array.dtype, (count, channels, height, width)
        )
        step = max(1, CHUNK_VALUES // (height * width * channels))
        for start in range(0, count, step):
            target[start : start + step] = array[start : start + step].transpose(0, 3, 1, 2)
        target.flush()

    folder = build_once(file_key(path, kind="channels"), fill=fill)
    return np.lib.format.open_memmap(folder / "rows.npy", "r")


def read_npz(path: Path) -> Contents:
    """Read rows, and labels if there are any, from a .npz file.

    Either rows (x, rows, images, data) with labels (y, labels), or sets that stay apart: x_train,
    y_train, x_test and y_test as in Keras' mnist.npz, or train_images, train_labels, val_images,
    val_labels, test_images and test_labels as in MedMNIST.

    Args:
        path: the file.

    Returns:
        What is in it.

    Raises:
        DataError: damaged, without rows under a known name, or with labels of another length.
    """
    arrays = {name.lower(): array for name, array in read_npz_arrays(path).items()}
    arrays = {_SPLIT_NAMES.get(name, name): array for name, array in arrays.items()}
    if "x_train" in arrays and "x_test" in arrays:
        return _train_and_test(arrays, where=str(path))
    rows = next((name for name in ROW_NAMES if name in arrays), None)
    if rows is None and len(arrays) == 1:
        rows = next(iter(arrays))
    if rows is None:
        raise DataError(
            f"{path}: expected rows under one of the names {', '.join(ROW_NAMES)}; got "
            f"{', '.join(arrays) or 'nothing'}. Save with np.savez(file, x=rows, y=labels)"
        )
    contents = array_contents(arrays[rows], where=f"{path} ({rows})")
    labels = next((name for name in LABEL_NAMES if name in arrays), None)
    if labels is None:
        return contents
    return contents.with_labels(arrays[labels], where=f"{path} ({labels})")


def read_npz_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Read all arrays of a .npz file.

    Args:
        path: the file.

    Returns:
        The arrays by name.

    Raises:
        DataError: cut off, damaged, or Python objects, which are never unpickled.
    """
    try:
        # NumPy leaves a file that it has opened itself open when it turns out to be damaged.
        with path.open("rb") as stream:
            if not zipfile.is_zipfile(stream):
                raise ValueError("not a zip file")
            stream.seek(0)
            check_memory(_declared_bytes(stream), where=str(path))
            stream.seek(0)
            with np.load(stream, allow_pickle=False) as found:
                return {name: found[name] for name in found.files}
    except (ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise damaged(path, error) from error


def _declared_bytes(stream: IO[bytes]) -> int:
    """Return the size of all arrays of a .npz file, from their headers."""
    total = 0
    with zipfile.ZipFile(stream) as archive:
        for entry in archive.infolist():
            with archive.open(entry) as member:
                if member.read(len(MAGIC)) != MAGIC:
                    total += entry.file_size
                    continue
                major, minor = member.read(2)
                shape, _, kind = HEADERS[major, minor](member)
            total += prod(shape) * kind.itemsize
    return total


def _train_and_test(arrays: dict[str, NDArray[Any]], *, where: str) -> Contents:
    parts = [part for part in ("train", "val", "test") if f"x_{part}" in arrays]
    rows = {part: arrays[f"x_{part}"] for part in parts}
    for part in parts[1:]:
        if rows["train"].shape[1:] != rows[part].shape[1:]:
            raise DataError(
                f"{where}: expected training and {part} rows of one shape; got "
                f"{rows['train'].shape[1:]} and {rows[part].shape[1:]}"
            )
    contents = array_contents(np.concatenate(list(rows.values())), where=where)
    sizes = (len(rows["train"]), len(rows.get("val", ())), len(rows["test"]))
    if all(f"y_{part}" in arrays for part in parts):
        for part in parts:
            if len(arrays[f"x_{part}"]) != len(arrays[f"y_{part}"]):
                raise DataError(
                    f"{where}: expected one label for each of the {len(arrays[f'x_{part}'])} rows "
                    f"of x_{part}; got {len(arrays[f'y_{part}'])} labels in y_{part}"
                )
        contents = contents.with_labels(
            np.concatenate([_plain(arrays[f"y_{part}"]) for part in parts]), where=where
        )
    return contents.with_sizes(sizes)


def _plain(labels: NDArray[Any]) -> NDArray[Any]:
    """Return labels (N, 1) as (N,), all others as they are."""
    return labels.reshape(-1) if labels.size == len(labels) else labels


def damaged(path: Path, error: Exception) -> DataError:
    """Return the error for a file that NumPy cannot read.

    Args:
        path: the file.
        error: what NumPy said.
    """
    return DataError(
        f"{path}: expected arrays of numbers saved by NumPy; it is cut off, damaged, or holds "
        f"Python objects ({str(error).split('. ')[0]}). Save it again with a numeric type"
    )


TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def parse_idx(content: bytes, *, where: str) -> NDArray[Any]:
    """Parse the bytes of an idx file.

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
    """Read the array of an idx file, decompressed if its name ends in .gz.

    Args:
        path: the file.

    Returns:
        The array, as it was written.

    Raises:
        DataError: the file is cut off, damaged or not an idx file.
    """
    return parse_idx(read_bytes(path), where=str(path))


def read_bytes(path: Path) -> bytes:
    """Read the bytes of a file, decompressed if its name ends in .gz.

    Args:
        path: the file.

    Returns:
        The bytes.

    Raises:
        DataError: the file cannot be read, or its gzip wrapper is cut off or damaged.
    """
    if path.stat().st_size == 0:
        return b""
    try:
        with open_bounded(path) as stream:
            return stream.read()
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(
            f"{path}: expected a whole gzip file; got one that is cut off or damaged ({error}). "
            "Fetch it again"
        ) from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error}") from error


def find_idx(folder: Path, *, name: str) -> Path | None:
    """Find an idx file in a folder, compressed or not.

    Args:
        folder: where to look.
        name: of the file, without .gz.

    Returns:
        The file, absent when there is none.
    """
    found = (folder / f"{name}.gz", folder / name)
    return next((path for path in found if path.is_file()), None)


def read_idx(path: Path) -> Contents:
    """Read the rows of an idx file, and labels from the file next to it.

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
            "file of labels. Give the file with the images; labels next to it are found"
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
