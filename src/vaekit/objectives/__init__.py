"""What training minimises: formulas over a trace, in nats per row."""

from vaekit.objectives.bound import Bound, has_closed_form, kl_per_dim
from vaekit.objectives.combine import MeanPenalty, Sum
from vaekit.objectives.labels import sum_out_label, with_label
from vaekit.objectives.schedule import rate_weight, set_rate_weight
from vaekit.objectives.terms import Objective, Terms

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
