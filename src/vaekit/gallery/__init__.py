"""What the report of a run shows: a trained run in, figures with their explanations out."""

from vaekit.gallery.draw import draw_figures
from vaekit.gallery.shown import as_shown, raw_units

__all__ = ["as_shown", "draw_figures", "raw_units"]
