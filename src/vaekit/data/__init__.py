"""Where rows come from, how they are split and scaled, and how they reach the device."""

from vaekit.data.balanced import BalancedBatches
from vaekit.data.dataset import Dataset, Split
from vaekit.data.loader import Batches, Part
from vaekit.data.looking import look_together
from vaekit.data.preprocessing import Preprocessing
from vaekit.data.sources import SOURCES, dataset_from_arrays, load_dataset
from vaekit.data.stacked import StackedBatches

__all__ = [
    "SOURCES",
    "BalancedBatches",
    "Batches",
    "Dataset",
    "Part",
    "Preprocessing",
    "Split",
    "StackedBatches",
    "dataset_from_arrays",
    "load_dataset",
    "look_together",
]
