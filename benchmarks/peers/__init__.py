"""Other tools, each run by a Python of its own."""
