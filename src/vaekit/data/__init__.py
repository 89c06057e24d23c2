"""Data sources, splits, preprocessing and batches."""

from vaekit.data.array_files import read_idx, read_npy, read_npz
from vaekit.data.batches import BalancedBatches, Batches, Part
from vaekit.data.chunks import share_reading
from vaekit.data.dataset import Dataset, Split
from vaekit.data.image_folder import read_image_folder
from vaekit.data.parquet import read_parquet
from vaekit.data.preprocessing import Preprocessing
from vaekit.data.sources import dataset_from_arrays, load_dataset
from vaekit.data.text_tables import read_delimited
from vaekit.tables import DelimitedOptions

__all__ = [
    "BalancedBatches",
    "Batches",
    "Dataset",
    "DelimitedOptions",
    "Part",
    "Preprocessing",
    "Split",
    "dataset_from_arrays",
    "load_dataset",
    "read_delimited",
    "read_idx",
    "read_image_folder",
    "read_npy",
    "read_npz",
    "read_parquet",
    "share_reading",
]
