"""NumPy's own files: .npy, as a memory map, and .npz."""

import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaekit.data.cache import build_once, file_key
from vaekit.data.chunks import CHUNK_VALUES
from vaekit.data.contents import COPY_LIMIT, Contents, array_contents
from vaekit.errors import DataError

__all__ = ["damaged", "read_npy", "read_npz", "read_npz_arrays"]

ROW_NAMES = ("x", "rows", "images", "data", "features", "arr_0")
LABEL_NAMES = ("y", "labels", "label", "targets", "target", "arr_1")


def read_npy(path: Path) -> Contents:
    """Rows of a .npy file, left on the disk and read as they are needed.

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
    """Large colour images, written once channel by channel to the cache."""
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
    """Rows, and labels if there are any, of a .npz file.

    Either rows (x, rows, images, data) with labels (y, labels), or as in Keras' mnist.npz
    x_train, y_train, x_test and y_test, whose test rows stay the test rows.

    Args:
        path: the file.

    Returns:
        What is in it.

    Raises:
        DataError: damaged, without rows under a known name, or with labels of another length.
    """
    arrays = {name.lower(): array for name, array in read_npz_arrays(path).items()}
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
    """All arrays of a .npz file.

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
            with np.load(stream, allow_pickle=False) as found:
                return {name: found[name] for name in found.files}
    except (ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise damaged(path, error) from error


def _train_and_test(arrays: dict[str, NDArray[Any]], *, where: str) -> Contents:
    parts = ("train", "test")
    rows = [arrays[f"x_{part}"] for part in parts]
    if rows[0].shape[1:] != rows[1].shape[1:]:
        raise DataError(
            f"{where}: expected training and test rows of one shape; got {rows[0].shape[1:]} "
            f"and {rows[1].shape[1:]}"
        )
    contents = array_contents(np.concatenate(rows), where=where)
    sizes = (len(rows[0]), 0, len(rows[1]))
    if all(f"y_{part}" in arrays for part in parts):
        for part in parts:
            if len(arrays[f"x_{part}"]) != len(arrays[f"y_{part}"]):
                raise DataError(
                    f"{where}: expected one label for each of the {len(arrays[f'x_{part}'])} rows "
                    f"of x_{part}; got {len(arrays[f'y_{part}'])} labels in y_{part}"
                )
        contents = contents.with_labels(
            np.concatenate([arrays[f"y_{part}"].reshape(-1) for part in parts]), where=where
        )
    return contents.with_sizes(sizes)


def damaged(path: Path, error: Exception) -> DataError:
    """What to say of a file that NumPy cannot read.

    Args:
        path: the file.
        error: what NumPy said.
    """
    return DataError(
        f"{path}: expected arrays of numbers saved by NumPy; it is cut off, damaged, or holds "
        f"Python objects ({str(error).split('. ')[0]}). Save it again with a numeric type"
    )
