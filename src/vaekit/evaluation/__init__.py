"""Numbers about a trained model."""

from vaekit.evaluation.evaluate import ACTIVE_VARIANCE, Alone, Evaluation, Shared, evaluate
from vaekit.evaluation.likelihood import Decoding, RowScores, score_rows, worth_compiling

__all__ = [
    "ACTIVE_VARIANCE",
    "Alone",
    "Decoding",
    "Evaluation",
    "RowScores",
    "Shared",
    "evaluate",
    "score_rows",
    "worth_compiling",
]
