"""The one family of errors.

    VaekitError                exit code 1: something failed that the input did not cause
    |-- InputError             exit code 2: what was given cannot be used as it is
    |   |-- DataError          a file, a column, a cell
    |   |-- ConfigError        a recipe, a config file, a flag, an argument
    |   |-- RunError           a run folder: not one, damaged, or written by a newer vaekit
    |   `-- MissingExtraError  an optional package that is not installed
    |-- TrainingError          training had to stop: the loss is not finite
    |-- WriteError             a file could not be written: the disk is full, no permission
    `-- Interrupted            exit code 130: Ctrl-C; everything up to then is saved

Every message says what was expected, what came, and what to do.
"""

from typing import ClassVar

__all__ = [
    "ConfigError",
    "DataError",
    "InputError",
    "Interrupted",
    "MissingExtraError",
    "RunError",
    "TrainingError",
    "VaekitError",
    "VaekitWarning",
    "WriteError",
]


class VaekitError(Exception):
    """Base of every error that vaekit raises on purpose."""

    exit_code: ClassVar[int] = 1


class InputError(VaekitError, ValueError):
    """What was given cannot be used as it is."""

    exit_code: ClassVar[int] = 2


class DataError(InputError):
    """A data source cannot be read or does not hold what is needed."""


class ConfigError(InputError):
    """A recipe, config file, flag or argument is wrong."""


class RunError(InputError):
    """A folder is not a run, is damaged, or was written by a newer vaekit."""


class MissingExtraError(InputError):
    """An optional package is needed and not installed.

    Args:
        package: the package that could not be imported.
        extra: the extra of vaekit that brings it.
        purpose: what it is needed for.

    Example:
        >>> print(MissingExtraError("pyarrow", extra="tables", purpose="reading parquet"))
        reading parquet needs the package pyarrow: pip install 'vaekit[tables]'
    """

    def __init__(self, package: str, *, extra: str, purpose: str) -> None:
        super().__init__(f"{purpose} needs the package {package}: pip install 'vaekit[{extra}]'")


class TrainingError(VaekitError):
    """Training had to stop; the last checkpoint stays, if one was written."""


class VaekitWarning(UserWarning):
    """Something is allowed but probably not what was meant."""


class WriteError(VaekitError):
    """A file could not be written; what was there before is unharmed."""


class Interrupted(VaekitError):
    """The user asked to stop; the work up to then is saved."""

    exit_code = 130
