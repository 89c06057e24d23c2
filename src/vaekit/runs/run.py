"""A trained model on disk: safetensors and JSON, nothing that runs code when it is read."""

import json
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_model, save_model
from torch import nn

from vaekit.assembly import build_model
from vaekit.config import Config, parse_config
from vaekit.data import Preprocessing
from vaekit.errors import RunError
from vaekit.files import write_atomically
from vaekit.models import VAE
from vaekit.runs.folder import FORMAT, RunFolder, check_format

__all__ = ["Run", "load_run", "save_run"]


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a run folder holds of a trained model."""

    folder: RunFolder
    """Where it lies."""
    config: Config
    """All its settings."""
    model: VAE
    """With the trained parameters, in evaluation mode, on the CPU."""
    preprocessing: Preprocessing
    """From raw rows to what the model sees, with the statistics of the training rows."""


def save_run(folder: RunFolder, model: VAE, preprocessing: Preprocessing) -> None:
    """Write ``model.safetensors``: the parameters, and the preprocessing they were trained with.

    Args:
        folder: of the run.
        model: with trained parameters.
        preprocessing: with the statistics of the training rows.

    Raises:
        WriteError: the file cannot be written.
    """
    metadata = {"format": str(FORMAT), "preprocessing": json.dumps(preprocessing.describe())}
    bundle = _bundle(model, preprocessing)
    write_atomically(folder.model, lambda path: save_model(bundle, str(path), metadata=metadata))


def load_run(path: str | Path) -> Run:
    """Open a run folder.

    Args:
        path: the folder that training wrote.

    Returns:
        Model, config and preprocessing.

    Raises:
        RunError: no run, an unfinished or damaged one, or one of a newer format.
    """
    folder = RunFolder.open(path)
    config = parse_config(folder.read_json(folder.config), origin=str(folder.config))
    if not folder.model.is_file():
        raise RunError(
            f"{path}: this run has no model yet, its training did not end: "
            f"vaekit train --resume {path}"
        )
    try:
        with safe_open(str(folder.model), framework="pt") as file:
            metadata = file.metadata() or {}
        check_format(metadata.get("format"), folder.model)
        preprocessing = Preprocessing.from_description(json.loads(metadata["preprocessing"]))
        model = build_model(config.model, shape=preprocessing.shape, support=preprocessing.support)
        load_model(_bundle(model, preprocessing), str(folder.model))
    except (SafetensorError, KeyError, ValueError, RuntimeError, OSError) as error:
        if isinstance(error, RunError):
            raise
        raise RunError(f"{folder.model}: damaged, or not of this run: {error}") from None
    return Run(folder=folder, config=config, model=model.eval(), preprocessing=preprocessing.eval())


def _bundle(model: VAE, preprocessing: Preprocessing) -> nn.Module:
    """One module, so that one file holds both."""
    return nn.ModuleDict({"model": model, "preprocessing": preprocessing})
