"""Numbers about a trained model."""

from vaekit.evaluation.evaluate import evaluate
from vaekit.evaluation.likelihood import RowScores, score_rows
from vaekit.evaluation.result import ACTIVE_VARIANCE, Evaluation

__all__ = ["ACTIVE_VARIANCE", "Evaluation", "RowScores", "evaluate", "score_rows"]
