"""From a run's plain data to one self-contained page; no model, no network."""

from vaekit.report.gallery import draw_figures
from vaekit.report.numbers import Headline, format_number, headlines, standing, with_error
from vaekit.report.page import write_report
from vaekit.report.scene import as_shown, raw_units

__all__ = [
    "Headline",
    "as_shown",
    "draw_figures",
    "format_number",
    "headlines",
    "raw_units",
    "standing",
    "with_error",
    "write_report",
]
