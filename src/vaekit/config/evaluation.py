"""How a trained model is measured."""

from typing import Literal

from pydantic import Field

from vaekit.config.section import Section

__all__ = ["EvaluationConfig"]


class EvaluationConfig(Section):
    """How a trained model is measured."""

    split: Literal["train", "validation", "test"] = "test"
    """Rows to measure on."""

    samples: int = Field(default=500, ge=1)
    """Importance samples for each row in the log-likelihood."""

    memory_mb: int = Field(default=16, ge=1)
    """Size in MB of the largest intermediate array; decides how many samples go at once. What
    fits the cache of the processor is faster than more."""

    compile: Literal["auto", "always", "never"] = "auto"
    """Let PyTorch's compiler fuse the small operations of the decoder, on a CPU. It needs a C++
    compiler and eight to twenty seconds; auto: where rows x samples x weights of the decoder are
    2e12 or more, a minute of a core. Numbers differ by rounding."""

    seed: int = Field(default=0, ge=0, lt=2**32)
    """Seed of the samples: the same run measured twice gives the same numbers."""
