"""Numbers about a trained model."""

from vaekit.evaluation.decoding import Decoding, worth_compiling
from vaekit.evaluation.evaluate import evaluate
from vaekit.evaluation.likelihood import RowScores, score_rows
from vaekit.evaluation.result import ACTIVE_VARIANCE, Evaluation
from vaekit.evaluation.share import Alone, Shared

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
