"""Mixed tables with missing values: readers, kinds of columns, encoding and decoding; no torch."""

from vaekit.tables.cell_text import MISSING
from vaekit.tables.columns import KINDS, Column, Kind, misfits, parse_kinds
from vaekit.tables.delimited import DelimitedOptions, TableSource, safe_cells
from vaekit.tables.frames import nearest, open_table, read_table, write_table
from vaekit.tables.schema import Schema, infer_schema, parse_given, parse_weights, read_given

__all__ = [
    "KINDS",
    "MISSING",
    "Column",
    "DelimitedOptions",
    "Kind",
    "Schema",
    "TableSource",
    "infer_schema",
    "misfits",
    "nearest",
    "open_table",
    "parse_given",
    "parse_kinds",
    "parse_weights",
    "read_given",
    "read_table",
    "safe_cells",
    "write_table",
]
