"""From config to parts: the one room where a string becomes a class."""

from vaekit.assembly.data import load_data, load_rows
from vaekit.assembly.model import build_model, build_objective

__all__ = ["build_model", "build_objective", "load_data", "load_rows"]
