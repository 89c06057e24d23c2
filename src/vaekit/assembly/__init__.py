"""From config to parts: the one room where a string becomes a class."""

from vaekit.assembly.data import load_data, load_rows
from vaekit.assembly.labels import build_label_model
from vaekit.assembly.model import build_model, build_objective
from vaekit.assembly.start import start_at_mean

__all__ = [
    "build_label_model",
    "build_model",
    "build_objective",
    "load_data",
    "load_rows",
    "start_at_mean",
]
