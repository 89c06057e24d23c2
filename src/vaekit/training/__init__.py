"""Training: steps, executors, the loop, checkpoints, callbacks."""

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
from vaekit.training.executor import (
    Executor,
    ExecutorSettings,
    GradientExecutor,
    build_optimizers,
    eager_gradients,
    make_executor,
    stack_sums,
)
from vaekit.training.loop import fit
from vaekit.training.stacked import fit_stacked
from vaekit.training.step import LabelStep, Step, StepOutput, TrainingStep
from vaekit.training.train import train

__all__ = [
    "Callback",
    "Executor",
    "ExecutorSettings",
    "GradientExecutor",
    "LabelStep",
    "Live",
    "MetricsFile",
    "Plan",
    "ProgressBar",
    "ProgressLines",
    "Record",
    "Step",
    "StepOutput",
    "TensorBoard",
    "TrainingStep",
    "bar_columns",
    "build_optimizers",
    "eager_gradients",
    "fit",
    "fit_stacked",
    "make_executor",
    "progress",
    "stack_sums",
    "train",
]
