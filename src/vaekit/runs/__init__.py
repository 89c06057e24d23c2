"""The run folder: what training leaves and everything else reads."""

from vaekit.runs.folder import FORMAT, RunFolder, check_format
from vaekit.runs.run import (
    Run,
    check_identity,
    identify,
    label_models,
    load_label_model,
    load_run,
    save_label_model,
    save_run,
)

__all__ = [
    "FORMAT",
    "Run",
    "RunFolder",
    "check_format",
    "check_identity",
    "identify",
    "label_models",
    "load_label_model",
    "load_run",
    "save_label_model",
    "save_run",
]
