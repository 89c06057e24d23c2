"""Compare trained runs: numbers on one scale, figures side by side."""

from vaekit.comparison.comparison import Comparison, compare
from vaekit.comparison.published import differing_settings

__all__ = ["Comparison", "compare", "differing_settings"]
