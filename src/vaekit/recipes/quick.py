"""A small version of any run, for a first look."""

from collections.abc import Mapping
from typing import Any

from vaekit.config import Config, merge, parse_config

__all__ = ["quick"]

# Of each split; enough that the figures show what they are about.
_ROWS = 1000
_EPOCHS = 20
_SAMPLES = 20
# More steps from fewer rows.
_BATCH = 20


def quick(config: Config) -> Config:
    """Shrink a run to what ends within a minute: fewer rows, epochs and importance samples.

    The model and the objective stay as they are, and its warm-up keeps its share of the epochs.

    Args:
        config: of the full run.

    Returns:
        The config of the small one.

    Example:
        >>> quick(Config()).training.epochs
        20
    """
    epochs = min(config.training.epochs, _EPOCHS)
    share = epochs / config.training.epochs
    counts = [count for count in config.labels.counts if count <= _ROWS // 10]
    small: Mapping[str, Any] = {
        "data": {"limit": min(config.data.limit or _ROWS, _ROWS)},
        "objective": {"warmup": max(1, round(config.objective.warmup * share))},
        "training": {"epochs": epochs, "batch_size": min(config.training.batch_size, _BATCH)},
        "labels": {"counts": counts, "batch_size": min(config.labels.batch_size, _BATCH)},
        "evaluation": {"samples": min(config.evaluation.samples, _SAMPLES)},
    }
    return parse_config(merge(config.model_dump(), small))
