"""Mixed tables with gaps: what each column is, and the way to numbers and back; no torch."""

from vaekit.tables.column import KINDS, Column, Kind
from vaekit.tables.frames import nearest
from vaekit.tables.given import parse_given, parse_weights, read_given
from vaekit.tables.infer import infer_schema
from vaekit.tables.kinds import parse_kinds
from vaekit.tables.schema import Schema
from vaekit.tables.storage import MISSING, read_table, write_table

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
