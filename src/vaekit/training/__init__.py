"""How parameters are found: the step, the loop, checkpoints, and who is told."""

from vaekit.training.callbacks import Callback, Live, MetricsFile, Plan, Record
from vaekit.training.fitting import fit
from vaekit.training.label_step import LabelStep
from vaekit.training.progress import ProgressBar, ProgressLines, bar_columns, progress
from vaekit.training.stacked import Stacked
from vaekit.training.step import Step
from vaekit.training.tensorboard import TensorBoard
from vaekit.training.train import train
from vaekit.training.unit import Unit

__all__ = [
    "Callback",
    "LabelStep",
    "Live",
    "MetricsFile",
    "Plan",
    "ProgressBar",
    "ProgressLines",
    "Record",
    "Stacked",
    "Step",
    "TensorBoard",
    "Unit",
    "bar_columns",
    "fit",
    "progress",
    "train",
]
