"""Save and load trained models: safetensors and JSON, nothing that runs code when read."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_model
from torch import nn

from vaekit.builders import build_label_model, build_model, load_rows
from vaekit.config import Config, parse_config
from vaekit.data import Dataset, Preprocessing
from vaekit.errors import DataError, RunError
from vaekit.io import write_atomically
from vaekit.models import LabelledVAE, Model
from vaekit.registry import SOURCES
from vaekit.runs.folder import FORMAT, RunFolder, check_format

__all__ = [
    "Run",
    "check_identity",
    "identify",
    "label_models",
    "load_label_model",
    "load_run",
    "read_epochs",
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
    epochs = max((record["epoch"] for record in folder.read_metrics()), default=None)
    values = {"format": FORMAT, "preprocessing": preprocessing.describe(), "epochs": epochs}
    if folder.config.is_file():
        values["model"] = folder.read_json(folder.config)["model"]
    # one key, since the file has several in random order, and equal runs are equal files
    metadata = {"vaekit": json.dumps(values)}
    bundle = _bundle(model, preprocessing)
    write_atomically(folder.model, lambda path: save_model(bundle, str(path), metadata=metadata))


def read_epochs(folder: RunFolder) -> int | None:
    """Return how many epochs the model of a run was trained for.

    Args:
        folder: of a run that has a model.

    Returns:
        The number; none where the file is damaged, or of a version that did not write it.
    """
    try:
        with safe_open(str(folder.model), framework="pt") as file:
            epochs = _read_metadata(file.metadata() or {}).get("epochs")
    except (SafetensorError, ValueError, TypeError, OSError):
        return None
    return epochs if isinstance(epochs, int) else None


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
            metadata = _read_metadata(file.metadata() or {})
        check_format(metadata.get("format"), folder.model)
        _check_model_section(folder, config.model.model_dump(mode="json"), metadata.get("model"))
        preprocessing = Preprocessing.from_description(metadata["preprocessing"])
        model = build_model(config.model, shape=preprocessing.shape, support=preprocessing.support)
        _load_parameters(_bundle(model, preprocessing), folder.model)
    except (SafetensorError, KeyError, ValueError, RuntimeError, OSError) as error:
        if isinstance(error, RunError):
            raise
        raise RunError(f"{folder.model}: damaged, or not of this run: {error}") from None
    return Run(folder=folder, config=config, model=model.eval(), preprocessing=preprocessing.eval())


def _read_metadata(metadata: Mapping[str, str]) -> dict[str, Any]:
    """What the weights say of themselves; in two keys in files of earlier versions."""
    if "vaekit" in metadata:
        return dict(json.loads(metadata["vaekit"]))
    values: dict[str, Any] = {"format": metadata.get("format")}
    if "preprocessing" in metadata:
        values["preprocessing"] = json.loads(metadata["preprocessing"])
    return values


def _check_model_section(
    folder: RunFolder, section: Mapping[str, Any], trained: Mapping[str, Any] | None
) -> None:
    """Raise where config.json describes another model than the weights were trained in."""
    for name, value in _leaves(trained or {}):
        given: Any = section
        for key in name:
            given = given.get(key, value) if isinstance(given, dict) else value
        if given != value:
            raise RunError(
                f"{folder.config}: model.{'.'.join(name)} is {given!r}, and the weights were "
                f"trained with {value!r}; put it back, or train a new run"
            )


def _leaves(
    section: Mapping[str, Any], above: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, value in section.items():
        if isinstance(value, dict):
            yield from _leaves(value, (*above, name))
        else:
            yield (*above, name), value


def _bundle(model: Model, preprocessing: Preprocessing) -> nn.Module:
    """One module, so that one file holds both."""
    return nn.ModuleDict({"model": model, "preprocessing": preprocessing})


def _load_parameters(module: nn.Module, path: Path) -> None:
    """Load what ``save_model`` wrote: of parameters with several names the file holds one name."""
    saved = load_file(str(path))
    bad = [n for n, _ in module.named_parameters() if n in saved and not _is_finite(saved[n])]
    if bad:
        raise ValueError(f"weights that are not finite: {', '.join(bad)}")
    missing, unexpected = module.load_state_dict(saved, strict=False)
    own = module.state_dict()
    loaded = {own[name].data_ptr() for name in saved.keys() & own.keys()}
    absent = [name for name in missing if own[name].data_ptr() not in loaded]
    if absent or unexpected:
        raise ValueError(
            f"parameters that are missing: {', '.join(absent) or 'none'}; that do not belong "
            f"there: {', '.join(unexpected) or 'none'}"
        )


def _is_finite(tensor: torch.Tensor) -> bool:
    return bool(torch.isfinite(tensor).all())


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
        source: a name or a path; the run's own data when absent, which must then be what the run
            was trained on.
        label: column of that source that holds labels, "none" if it has none; as in training
            when absent.

    Returns:
        The rows, of the shape and with the columns that the model was trained on.

    Raises:
        DataError: they cannot be read, are of another kind, or are no longer those of training.
    """
    config = run.config.data
    known = run.folder.read_json(run.folder.data) if run.folder.data.is_file() else {}
    if source is None and not Path(config.source).exists() and config.source not in SOURCES:
        config = config.model_copy(update={"source": known.get("source", config.source)})
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
    if source is None:
        check_identity(run.folder, dataset)
    run.preprocessing.check(dataset)
    return dataset


_SAMPLED_ROWS = 10_000  # which earlier versions hashed where there are more
_HASHED_BYTES = 2**24  # at a time


def identify(dataset: Dataset) -> dict[str, Any]:
    """Say what rows a run was trained on, for ``data.json``.

    Args:
        dataset: the rows; those of shards are read a block at a time.

    Returns:
        Absolute source, numbers of rows and features, names of columns, and the SHA-256 of all
        rows and labels (``hashed_rows`` says of how many).
    """
    count = len(dataset.rows)
    path = Path(dataset.source)
    return {
        "source": str(path.resolve()) if dataset.source and path.exists() else dataset.source,
        "rows": count,
        "features": int(dataset.rows.shape[1]),
        "columns": list(dataset.columns),
        "hashed_rows": count,
        "sha256": _hash_rows(dataset, hashed=count),
    }


def _hash_rows(dataset: Dataset, *, hashed: int) -> str:
    """Return the SHA-256 of all rows and labels, or of as many that are evenly spaced."""
    count, digest = len(dataset.rows), hashlib.sha256()
    spaced = None
    if hashed < count:
        spaced = np.linspace(0, count - 1, hashed).astype(np.int64)
    step = max(1, _HASHED_BYTES // max(1, dataset.rows.shape[1] * dataset.rows.dtype.itemsize))
    for start in range(0, hashed, step):
        stop = min(start + step, hashed)
        chosen = slice(start, stop) if spaced is None else spaced[start:stop]
        digest.update(np.ascontiguousarray(dataset.rows[chosen]).ravel().data)
    if dataset.labels is not None:
        some = dataset.labels if spaced is None else dataset.labels[spaced]
        digest.update(np.ascontiguousarray(some).data)
    return digest.hexdigest()


def check_identity(folder: RunFolder, dataset: Dataset) -> None:
    """Check that rows are those that a run was trained on; a run of earlier versions cannot tell.

    Args:
        folder: of the run.
        dataset: the rows.

    Raises:
        DataError: other rows, or the same in another order.
    """
    if not folder.data.is_file():
        return
    known, found = folder.read_json(folder.data), identify(dataset)
    if "hashed_rows" not in known:  # earlier versions hashed a sample of larger tables
        sampled = min(len(dataset.rows), _SAMPLED_ROWS)
        if sampled < len(dataset.rows):
            found["sha256"] = _hash_rows(dataset, hashed=sampled)
    differs = [
        key for key in ("rows", "features", "columns", "sha256") if known.get(key) != found[key]
    ]
    if differs:
        what = (
            "their values or their order differ"
            if differs == ["sha256"]
            else f"{differs[0]}: {known.get(differs[0])!r} then, {found[differs[0]]!r} now"
        )
        raise DataError(
            f"{dataset.source or dataset.name}: not the rows that {folder.path} was trained on "
            f"({what}), so what would be test rows may have been training rows. Put the file back, "
            "or give other rows by --data where a command has it"
        )
