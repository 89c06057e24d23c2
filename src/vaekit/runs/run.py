"""Save and load trained models: safetensors and JSON, nothing that runs code when read."""

import json
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_model
from torch import nn

from vaekit.builders import build_label_model, build_model, load_rows
from vaekit.config import Config, parse_config
from vaekit.data import Dataset, Preprocessing
from vaekit.errors import RunError
from vaekit.io import write_atomically
from vaekit.models import LabelledVAE, Model
from vaekit.registry import SOURCES
from vaekit.runs.folder import FORMAT, RunFolder, check_format

__all__ = [
    "Run",
    "label_models",
    "load_label_model",
    "load_run",
    "rows_for",
    "save_label_model",
    "save_run",
]


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a run folder holds of a trained model."""

    folder: RunFolder
    """Where it lies."""
    config: Config
    """All its settings."""
    model: Model
    """With the trained parameters, in evaluation mode, on the CPU."""
    preprocessing: Preprocessing
    """From raw rows to what the model sees, with the statistics of the training rows."""


def save_run(folder: RunFolder, model: Model, preprocessing: Preprocessing) -> None:
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
        _load_parameters(_bundle(model, preprocessing), folder.model)
    except (SafetensorError, KeyError, ValueError, RuntimeError, OSError) as error:
        if isinstance(error, RunError):
            raise
        raise RunError(f"{folder.model}: damaged, or not of this run: {error}") from None
    return Run(folder=folder, config=config, model=model.eval(), preprocessing=preprocessing.eval())


def _bundle(model: Model, preprocessing: Preprocessing) -> nn.Module:
    """One module, so that one file holds both."""
    return nn.ModuleDict({"model": model, "preprocessing": preprocessing})


def _load_parameters(module: nn.Module, path: Path) -> None:
    """Load what ``save_model`` wrote: of parameters with several names the file holds one name."""
    saved = load_file(str(path))
    missing, unexpected = module.load_state_dict(saved, strict=False)
    own = module.state_dict()
    loaded = {own[name].data_ptr() for name in saved.keys() & own.keys()}
    absent = [name for name in missing if own[name].data_ptr() not in loaded]
    if absent or unexpected:
        raise ValueError(
            f"parameters that are missing: {', '.join(absent) or 'none'}; that do not belong "
            f"there: {', '.join(unexpected) or 'none'}"
        )


def save_label_model(folder: RunFolder, model: LabelledVAE, *, count: int) -> None:
    """Write ``labels-COUNT.safetensors``.

    Args:
        folder: of the run.
        model: trained on the codes of the run.
        count: labels that it was learned from.

    Raises:
        WriteError: the file cannot be written.
    """
    classes = str(len(model.every_label))
    metadata = {"format": str(FORMAT), "classes": classes}
    path = _path(folder, count)
    write_atomically(path, lambda beside: save_model(model, str(beside), metadata=metadata))


def load_label_model(run: Run, *, count: int) -> LabelledVAE:
    """Read a labelled model of the codes of a run.

    Args:
        run: the run.
        count: labels that it was learned from.

    Returns:
        The model, in evaluation mode.

    Raises:
        RunError: there is none, it is damaged, or of a newer format.
    """
    path = _path(run.folder, count)
    if not path.is_file():
        raise RunError(f"{path}: nothing was learned from {count} labels in this run")
    try:
        with safe_open(str(path), framework="pt") as file:
            metadata = file.metadata() or {}
        check_format(metadata.get("format"), path)
        codes = run.config.model.latent_dim
        model = build_label_model(run.config.labels, codes=codes, classes=int(metadata["classes"]))
        _load_parameters(model, path)
    except (SafetensorError, KeyError, ValueError, RuntimeError, OSError) as error:
        if isinstance(error, RunError):
            raise
        raise RunError(f"{path}: damaged, or not of this run: {error}") from None
    return model.eval()


def label_models(run: Run) -> list[int]:
    """Numbers of labels that something was learned from.

    Args:
        run: the run.

    Returns:
        As in the config, those of which there is a model.
    """
    return [count for count in run.config.labels.counts if _path(run.folder, count).is_file()]


def _path(folder: RunFolder, count: int) -> Path:
    return folder.path / f"labels-{count}.safetensors"


NO_LABEL = "none"


def rows_for(run: Run, *, source: str | None = None, label: str | None = None) -> Dataset:
    """Read rows for the model of a run.

    Args:
        run: whose model.
        source: a name or a path; the run's own data when absent.
        label: column of that source that holds labels, "none" if it has none; as in training
            when absent.

    Returns:
        The rows, of the shape and with the columns that the model was trained on.

    Raises:
        DataError: they cannot be read, or are of another kind.
    """
    config = run.config.data
    if source is not None and source != config.source:
        named = source in SOURCES
        config = config.model_copy(
            update={
                "source": source,
                "limit": None,
                "label": None if named else config.label,
                "image_size": None if named else config.image_size,
                **dict.fromkeys(("header", "sep", "decimal", "encoding", "comment")),
            }
        )
    if label is not None:
        config = config.model_copy(update={"label": None if label == NO_LABEL else label})
    dataset = load_rows(config)
    run.preprocessing.check(dataset)
    return dataset
