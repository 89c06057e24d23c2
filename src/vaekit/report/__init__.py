"""From a run's plain data to one self-contained page; no model, no network."""

from vaekit.report.comparison import differing_settings, write_comparison
from vaekit.report.numbers import Headline, format_number, headlines, with_error
from vaekit.report.write import write_report

__all__ = [
    "Headline",
    "differing_settings",
    "format_number",
    "headlines",
    "with_error",
    "write_comparison",
    "write_report",
]
