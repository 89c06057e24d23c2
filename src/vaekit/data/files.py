"""Find the reader for a path."""

from pathlib import Path

from vaekit.data.contents import Contents
from vaekit.data.named import read_idx_folder
from vaekit.data.readers.arrays import read_npy, read_npz
from vaekit.data.readers.delimited import read_delimited
from vaekit.data.readers.idx import find_idx, read_idx
from vaekit.data.readers.images import read_image_folder
from vaekit.data.readers.parquet import read_parquet
from vaekit.data.readers.shards import find_shards, read_parquet_shards, read_shards
from vaekit.errors import DataError

__all__ = ["read_path"]

TEXT_ENDINGS = (".csv", ".tsv", ".txt", ".data", ".csv.gz", ".tsv.gz", ".txt.gz")
TABLE_ENDINGS = (*TEXT_ENDINGS, ".parquet")


def read_path(path: Path, *, label: str | None = None, image_size: int | None = None) -> Contents:
    """Read a file or a folder with the reader for its format.

    Args:
        path: a file whose format its name tells, or a folder: of .npy or parquet files whose
            rows follow one another, of images, or of the four idx files of the MNIST family.
        label: column of a table that holds the labels.
        image_size: side in pixels for a folder of images.

    Returns:
        What is in it, not yet checked.

    Raises:
        DataError: an unknown format, an option that does not apply, or a file that cannot be
            read.
    """
    name = path.name.lower()
    folder = path.is_dir()
    table = bool(find_shards(path, ending=".parquet")) if folder else name.endswith(TABLE_ENDINGS)
    if label is not None and not table:
        raise DataError(f"{path} is not a table: leave out --data.label {label}")
    if image_size is not None and not folder:
        raise DataError(f"{path} is not a folder of images: leave out --data.image-size")
    if not folder and path.stat().st_size == 0:
        raise DataError(f"{path}: expected data; the file is empty")
    try:
        return _read(path, name=name, label=label, image_size=image_size)
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error}") from error


def _read(path: Path, *, name: str, label: str | None, image_size: int | None) -> Contents:
    if path.is_dir():
        if image_size is None and find_idx(path, name="train-images-idx3-ubyte"):
            return read_idx_folder(path)
        if image_size is None and find_shards(path, ending=".npy"):
            return read_shards(path)
        if image_size is None and find_shards(path, ending=".parquet"):
            return read_parquet_shards(path, label=label)
        return read_image_folder(path, image_size=image_size)
    if name.endswith(TEXT_ENDINGS):
        return read_delimited(path, label=label)
    if name.endswith(".parquet"):
        return read_parquet(path, label=label)
    if name.endswith(".npy"):
        return read_npy(path)
    if name.endswith(".npz"):
        return read_npz(path)
    if "idx" in name or name.removesuffix(".gz").endswith("-ubyte"):
        return read_idx(path)
    raise DataError(
        f"{path}: its format is not known. Expected a name with idx, .npy, .npz, .csv, .csv.gz "
        "or .parquet, or a folder of images, or of .npy or .parquet files"
    )
