"""How the parameters are found."""

from typing import Literal

from pydantic import Field

from vaekit.config.section import Section

__all__ = ["TrainingConfig"]


class TrainingConfig(Section):
    """How the parameters are found."""

    epochs: int = Field(default=50, ge=1)
    """Passes over the training rows."""

    batch_size: int = Field(default=128, ge=1)
    """Rows in a step."""

    optimizer: Literal["adam", "adamw"] = "adam"
    """Fused where PyTorch has the kernel for the device."""

    learning_rate: float = Field(default=1e-3, gt=0.0)
    """Step size at the start."""

    beta1: float = Field(default=0.9, ge=0.0, lt=1.0)
    """Decay of the mean of the gradients."""

    beta2: float = Field(default=0.999, ge=0.0, lt=1.0)
    """Decay of the mean of their squares."""

    eps: float = Field(default=1e-8, gt=0.0)
    """Added to the root of the mean square."""

    weight_decay: float = Field(default=0.0, ge=0.0)
    """Decoupled weight decay (adamw), or L2 penalty (adam)."""

    schedule: Literal["constant", "cosine", "step", "iwae"] = "constant"
    """Learning rate over the epochs: cosine to zero; step: times gamma every step_epochs; iwae:
    eight stages of length 3^i, times 10^(-1/7) each, stretched over the epochs."""

    step_epochs: int = Field(default=10, ge=1)
    """Epochs between two changes of the step schedule."""

    gamma: float = Field(default=0.5, gt=0.0, le=1.0)
    """Factor of the step schedule."""

    clip_norm: float | None = Field(default=None, gt=0.0)
    """Largest norm of the gradient of all parameters; none for no clipping."""

    early_stopping: int | None = Field(default=None, ge=1)
    """Stop after so many epochs without a better validation bound, and keep the best weights."""

    precision: Literal["auto", "32", "tf32", "bf16"] = "auto"
    """Of the matrix products in training; sums and log-densities are float32. auto: bf16 where
    the processor has instructions for it and, on a CPU, products are large enough to gain from
    it, four million multiplications in the mean (batch x samples x inputs x outputs); dense
    layers of less than two million stay float32 there. tf32: float32 numbers of which a GPU
    multiplies ten bits instead of 23."""

    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """Where to compute; auto takes cuda, then mps, then cpu."""

    threads: int | None = Field(default=None, ge=1)
    """Threads of the CPU; with none a trial of about a second takes the fastest number, up to
    PyTorch's own. Trainings below 200 steps, several processes, and processes with
    OMP_NUM_THREADS keep PyTorch's. A resumed run takes the number it began with; give a number
    where two runs should have the same bits."""

    compile: Literal["auto", "always", "never"] = "auto"
    """Let PyTorch's compiler fuse the small operations of a step, in one process, on a CPU or an
    NVIDIA GPU. It needs a C++ compiler and ten to sixty seconds, three when the same step was
    compiled before; auto: trainings of 5,000 steps or more. Results differ by rounding; on a GPU
    dropout draws other numbers too."""

    watch: Literal["validation", "test"] = "validation"
    """Split measured after every epoch. Curves on test rows are for repeating published figures;
    early stopping refuses them."""

    checkpoint_every: int = Field(default=1, ge=1)
    """Epochs between two checkpoints."""

    checkpoint_minutes: float = Field(default=10.0, gt=0.0)
    """Minutes after which a checkpoint is written in the middle of an epoch."""

    tensorboard: bool = False
    """Write TensorBoard logs too; needs the extra "tensorboard"."""
