"""How parameters are found: the step, the loop, checkpoints, and who is told."""

from vaekit.training.callbacks import (
    Callback,
    Live,
    MetricsFile,
    Plan,
    ProgressBar,
    ProgressLines,
    Record,
    TensorBoard,
    bar_columns,
    progress,
)
from vaekit.training.loop import fit
from vaekit.training.stacked import fit_stacked
from vaekit.training.step import LabelStep, Step, Unit
from vaekit.training.train import train

__all__ = [
    "Callback",
    "LabelStep",
    "Live",
    "MetricsFile",
    "Plan",
    "ProgressBar",
    "ProgressLines",
    "Record",
    "Step",
    "TensorBoard",
    "Unit",
    "bar_columns",
    "fit",
    "fit_stacked",
    "progress",
    "train",
]
