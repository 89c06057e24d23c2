"""Compare trained runs: numbers on one scale, figures side by side."""

from vaekit.comparison.page import differing_settings, write_comparison

__all__ = ["differing_settings", "write_comparison"]
