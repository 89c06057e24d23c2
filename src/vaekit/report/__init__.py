"""From a run's plain data to one self-contained page; no model, no network."""

from vaekit.report.numbers import Headline, format_number, headlines
from vaekit.report.write import write_report

__all__ = ["Headline", "format_number", "headlines", "write_report"]
