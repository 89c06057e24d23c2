"""From a run's plain data to one self-contained page; no model, no network."""

from vaekit.report.comparison import differing_settings, write_comparison
from vaekit.report.formula import Formula, objective_formula
from vaekit.report.numbers import Headline, format_number, headlines, with_error
from vaekit.report.standing import standing
from vaekit.report.write import write_report

__all__ = [
    "Formula",
    "Headline",
    "differing_settings",
    "format_number",
    "headlines",
    "objective_formula",
    "standing",
    "with_error",
    "write_comparison",
    "write_report",
]
