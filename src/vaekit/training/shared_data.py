"""Rows for several processes, of which the first alone looks at all of them."""

import json

import torch
from lightning_fabric import Fabric

from vaekit.assembly import load_data, load_rows
from vaekit.config import DataConfig
from vaekit.data import Checked, Dataset, Preprocessing
from vaekit.training.processes import Processes

__all__ = ["load_shared"]


def load_shared(config: DataConfig, *, engine: Fabric) -> tuple[Dataset, Preprocessing]:
    """Read the rows in all processes; fetch, convert, check and measure them in the first.

    The others are told what it found. A memory map is then opened by each and read by none but
    the first, until batches are.

    Args:
        config: source, split, scaling.
        engine: that was launched.

    Returns:
        The dataset, and what turns its rows into what a model sees; the same in all processes.

    Raises:
        DataError: the source cannot be read or used.
    """
    processes = Processes(engine)
    text = ""
    with engine.rank_zero_first():  # the others wait, however long it takes
        if processes.main:
            dataset, preprocessing = load_data(config)
            text = json.dumps(_describe(dataset, preprocessing))
    found = json.loads(processes.tell(text))
    if processes.main:
        return dataset, preprocessing
    span = found["value_range"]
    dataset = load_rows(config, checked=Checked(None if span is None else tuple(span)))
    preprocessing = Preprocessing.from_description(found["preprocessing"])
    preprocessing.shift.copy_(torch.tensor(found["shift"]))
    preprocessing.scale.copy_(torch.tensor(found["scale"]))
    return dataset, preprocessing


def _describe(dataset: Dataset, preprocessing: Preprocessing) -> dict[str, object]:
    """What the others need not find out."""
    return {
        "value_range": dataset.value_range,
        "preprocessing": preprocessing.describe(),
        "shift": preprocessing.shift.tolist(),
        "scale": preprocessing.scale.tolist(),
    }
