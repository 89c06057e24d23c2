"""Objectives: formulas over a trace, in nats per row."""

from vaekit.objectives.base import BatchObjective, Objective, Sum, Terms
from vaekit.objectives.bound import Bound, has_closed_form, kl_per_dim, rate_weight, set_rate_weight
from vaekit.objectives.labels import sum_out_label, with_label
from vaekit.objectives.penalties import MMD, MeanPenalty, Penalty, TotalCorrelation

__all__ = [
    "MMD",
    "BatchObjective",
    "Bound",
    "MeanPenalty",
    "Objective",
    "Penalty",
    "Sum",
    "Terms",
    "TotalCorrelation",
    "has_closed_form",
    "kl_per_dim",
    "rate_weight",
    "set_rate_weight",
    "sum_out_label",
    "with_label",
]
