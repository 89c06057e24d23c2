"""The labelled models of a run, beside its model."""

from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_model, save_model

from vaekit.assembly import build_label_model
from vaekit.errors import RunError
from vaekit.files import write_atomically
from vaekit.models import LabelledVAE
from vaekit.runs.folder import FORMAT, RunFolder, check_format
from vaekit.runs.run import Run

__all__ = ["label_models", "load_label_model", "save_label_model"]


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
        load_model(model, str(path))
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
