"""Share between the commands on tables: reading the file, and the settings of training."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypedDict

from cyclopts import Group, Parameter

from vaekit.cli.output import Output
from vaekit.tables import MISSING, DelimitedOptions, open_table

if TYPE_CHECKING:
    from vaekit.tables import TableSource

__all__ = [
    "TABLE_KINDS",
    "FileFlags",
    "TablePath",
    "TrainingSettings",
    "read_source",
    "source_lines",
    "training_settings",
]


TABLE_KINDS = (".csv", ".tsv", ".parquet")

TablePath = Annotated[Path, Parameter(name="TABLE")]

FileFlags = Annotated[
    DelimitedOptions | None,
    Parameter(
        name="*",
        group=Group("Delimited file (detected where not given)", sort_key=1),
        negative_bool="no-",
        show_default=False,
    ),
]


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


def read_source(
    table: Path, *, missing: str | None, keep_missing: str | None, file: DelimitedOptions | None
) -> "TableSource":
    """Read the table of a command.

    Args:
        table: the file.
        missing: value of ``--missing``: further markers of missing values, separated by commas.
        keep_missing: value of ``--keep-missing``: markers that are values in this table.
        file: how a delimited file is written, where it shall not be detected.

    Returns:
        The table, and how it is written.

    Raises:
        DataError: no such file, or one that is no table.
    """
    more, kept = (
        [marker.strip() for marker in (text or "").split(",") if marker.strip()]
        for text in (missing, keep_missing)
    )
    markers = [marker for marker in (*MISSING, *more) if marker not in kept]
    return open_table(table, missing=markers, options=file)


def source_lines(source: "TableSource") -> list[str]:
    """Say how a delimited file was read.

    Args:
        source: the table of a command.

    Returns:
        A line, or none for other files.
    """
    return [f"{source.path}: {source.layout.describe()}"] if source.layout else []
