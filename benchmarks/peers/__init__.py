"""The same work done otherwise: a plain loop, other tools, and the matrix products alone."""
