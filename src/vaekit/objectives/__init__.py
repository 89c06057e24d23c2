"""What training minimises: formulas over a trace, in nats per row."""

from vaekit.objectives.base import MeanPenalty, Objective, Sum, Terms
from vaekit.objectives.bound import Bound, has_closed_form, kl_per_dim, rate_weight, set_rate_weight
from vaekit.objectives.labels import sum_out_label, with_label

__all__ = [
    "Bound",
    "MeanPenalty",
    "Objective",
    "Sum",
    "Terms",
    "has_closed_form",
    "kl_per_dim",
    "rate_weight",
    "set_rate_weight",
    "sum_out_label",
    "with_label",
]
