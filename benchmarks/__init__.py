"""Scripts that repeat published comparisons."""
