"""Mixed tables with gaps: what each column is, and the way to numbers and back; no torch."""

from vaekit.tables.column import KINDS, Column, Kind
from vaekit.tables.given import parse_given, read_given
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
    "parse_given",
    "parse_kinds",
    "read_given",
    "read_table",
    "write_table",
]
