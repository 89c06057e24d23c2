"""Share between the commands on tables: reading the file, and the settings of training."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypedDict

from cyclopts import Parameter

from vaekit.cli.output import Output

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["TABLE_KINDS", "TablePath", "TrainingSettings", "read_frame", "training_settings"]


TABLE_KINDS = (".csv", ".tsv", ".parquet")

TablePath = Annotated[Path, Parameter(name="TABLE")]


class TrainingSettings(TypedDict):
    """Arguments that the estimators of tables have in common."""

    epochs: int | Literal["auto"]
    kinds: dict[str, str]
    random_state: int
    verbose: bool


def training_settings(
    *, columns: str, epochs: int | None, seed: int, output: Output
) -> TrainingSettings:
    """Turn the options that the commands on tables share into arguments of an estimator.

    Args:
        columns: value of ``--columns``.
        epochs: value of ``--epochs``.
        seed: value of ``--seed``.
        output: whether to show progress.

    Returns:
        The arguments.

    Raises:
        ConfigError: kinds of columns that cannot be read.
    """
    from vaekit.tables import parse_kinds

    return {
        "epochs": "auto" if epochs is None else epochs,
        "kinds": parse_kinds(columns),
        "random_state": seed,
        "verbose": output.interactive,
    }


def read_frame(table: Path, *, missing: str | None) -> "pd.DataFrame":
    """Read the table of a command.

    Args:
        table: the file.
        missing: value of ``--missing``: further markers of missing values, separated by commas.

    Returns:
        The table.

    Raises:
        DataError: no such file, or one that is no table.
    """
    from vaekit.tables import MISSING, read_table

    markers = [marker.strip() for marker in (missing or "").split(",") if marker.strip()]
    return read_table(table, missing=(*MISSING, *markers))
