"""Describe a model: its computation graph, the formula of its objective, its parts."""

from vaekit.describe.formula import Formula, objective_formula
from vaekit.describe.graph import LOG_PX, LOG_PZ, LOG_QZ, MEAN, Edge, Graph, Node, graph

__all__ = [
    "LOG_PX",
    "LOG_PZ",
    "LOG_QZ",
    "MEAN",
    "Edge",
    "Formula",
    "Graph",
    "Node",
    "graph",
    "objective_formula",
]
