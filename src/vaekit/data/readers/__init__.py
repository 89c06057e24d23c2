"""One reader for each format; each returns what it found, not yet checked."""

from vaekit.data.readers.arrays import read_npy, read_npz
from vaekit.data.readers.delimited import read_delimited
from vaekit.data.readers.idx import read_idx
from vaekit.data.readers.images import read_image_folder
from vaekit.data.readers.parquet import read_parquet

__all__ = [
    "read_delimited",
    "read_idx",
    "read_image_folder",
    "read_npy",
    "read_npz",
    "read_parquet",
]
