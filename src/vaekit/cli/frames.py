"""Tables as the commands for them read them."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["TABLE_ENDINGS", "read_frame"]

TABLE_ENDINGS = (".csv", ".tsv", ".parquet")
"""Files that a table is written to."""


def read_frame(table: Path, *, missing: str | None) -> "pd.DataFrame":
    """Read the table of a command.

    Args:
        table: the file.
        missing: what ``--missing`` was given: markers of a gap, with commas between.

    Returns:
        The table.

    Raises:
        DataError: no such file, or one that is no table.
    """
    from vaekit.tables import MISSING, read_table

    given = [marker.strip() for marker in (missing or "").split(",") if marker.strip()]
    return read_table(table, missing=(*MISSING, *given))
