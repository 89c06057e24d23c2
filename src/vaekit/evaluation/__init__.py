"""Evaluation of a trained model: bounds, log-likelihood, active units."""

from vaekit.evaluation.evaluate import (
    ACTIVE_VARIANCE,
    Evaluation,
    ProcessGroup,
    SingleProcess,
    evaluate,
)
from vaekit.evaluation.likelihood import DecoderLikelihood, RowScores, score_rows, worth_compiling

__all__ = [
    "ACTIVE_VARIANCE",
    "DecoderLikelihood",
    "Evaluation",
    "ProcessGroup",
    "RowScores",
    "SingleProcess",
    "evaluate",
    "score_rows",
    "worth_compiling",
]
