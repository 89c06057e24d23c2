"""Mixed tables with gaps: what each column is, and the way to numbers and back; no torch."""

from vaekit.tables.columns import KINDS, Column, Kind, parse_kinds
from vaekit.tables.frames import MISSING, nearest, read_table, write_table
from vaekit.tables.schema import Schema, infer_schema, parse_given, parse_weights, read_given

__all__ = [
    "KINDS",
    "MISSING",
    "Column",
    "Kind",
    "Schema",
    "infer_schema",
    "nearest",
    "parse_given",
    "parse_kinds",
    "parse_weights",
    "read_given",
    "read_table",
    "write_table",
]
