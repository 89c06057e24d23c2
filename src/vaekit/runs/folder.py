"""The run folder: paths of its files, reading, and atomic writing."""

import json
import os
import socket
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from vaekit.errors import RunError, VaekitWarning
from vaekit.io import clear_temporary, is_temporary, write_atomically

try:
    import fcntl
except ImportError:  # not on Windows, where a file that is open cannot be replaced anyway
    fcntl = None  # type: ignore[assignment]

__all__ = ["FORMAT", "RunFolder", "check_format"]


FORMAT = 1
"""Version of the format of run folders; it is raised when an older vaekit cannot read new runs."""


class RunFolder:
    """The files of one run.

    Args:
        path: the folder.

    Example:
        >>> RunFolder("runs/mine").model.name
        'model.safetensors'
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.config = self.path / "config.json"
        self.data = self.path / "data.json"
        self.lock = self.path / ".lock"
        self.model = self.path / "model.safetensors"
        self.metrics = self.path / "metrics.jsonl"
        self.evaluation = self.path / "evaluation.json"
        self.report = self.path / "report.html"
        self.figures = self.path / "figures"
        self.checkpoints = self.path / "checkpoints"
        self.last = self.checkpoints / "last.pt"

    def require_free(self) -> None:
        """Check that the folder is new or empty; nothing is written.

        Empty sub-folders, the lock and temporary files do not count: a process that is killed
        before it has written anything leaves them.

        Raises:
            RunError: the folder exists and is not empty.
        """
        if self.path.exists() and (not self.path.is_dir() or self._has_content()):
            raise RunError(
                f"{self.path}: the run folder must be new or empty, and this one is not; take "
                f"another --out, or go on with the run in it: vaekit train --resume {self.path}"
            )

    def make(self) -> None:
        """Create the folder unless it exists and is empty.

        Raises:
            RunError: the folder is not empty, or cannot be created.
        """
        self.require_free()
        try:
            self.checkpoints.mkdir(parents=True, exist_ok=True)
            self.figures.mkdir(exist_ok=True)
        except OSError as error:
            raise RunError(f"{self.path}: cannot be made: {error.strerror}") from None

    def _has_content(self) -> bool:
        """Whether the folder holds more than the remains of a process that wrote nothing."""
        ours = (self.checkpoints, self.figures)
        return any(
            any(not is_temporary(below.name) for below in each.iterdir())
            if each in ours and each.is_dir()
            else each != self.lock and not is_temporary(each.name)
            for each in self.path.iterdir()
        )

    @classmethod
    def open(cls, path: str | Path) -> "RunFolder":
        """Open the folder of an existing run.

        Raises:
            RunError: it does not exist, or is not of a run.
        """
        folder = cls(path)
        if not folder.path.is_dir():
            raise RunError(f"{path}: there is no such folder; expected one that vaekit train made")
        if not folder.config.is_file():
            again = (
                ""
                if folder._has_content()
                else ". Nothing is saved there, so start anew with the command that trained it"
            )
            raise RunError(f"{path}: not a run folder: it has no config.json{again}")
        return folder

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder, so that no other process trains in it; released if this one dies.

        Temporary files that a killed process left behind are removed.

        Raises:
            RunError: another process holds it.
        """
        if fcntl is None:
            yield
            return
        with self._locked_file():
            for folder in (self.path, self.checkpoints, self.figures):
                clear_temporary(folder, exclusive=True)
            try:
                yield
            finally:
                with suppress(OSError):
                    self.lock.unlink()

    @contextmanager
    def _locked_file(self) -> Iterator[None]:
        """Open the lock file and lock it, once it is certain to be the one that is there."""
        while True:
            with self.lock.open("a+", encoding="utf-8") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError:
                    file.seek(0)
                    raise RunError(
                        f"{self.path}: another process is training in this folder "
                        f"({file.read().strip() or 'it is starting'}); wait for it or stop it"
                    ) from None
                if not self._is_current(file.fileno()):  # its holder has just removed it
                    continue
                file.truncate(0)
                file.write(f"process {os.getpid()} on {socket.gethostname()}")
                file.flush()
                yield
                return

    def _is_current(self, descriptor: int) -> bool:
        """Whether an open file is the lock file of the folder."""
        try:
            return os.path.samestat(os.fstat(descriptor), self.lock.stat())
        except FileNotFoundError:
            return False

    def read_json(self, path: Path) -> dict[str, Any]:
        """Read a JSON file of the folder and check its format version.

        Raises:
            RunError: it is missing, damaged, or of a newer format.
        """
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise RunError(f"{path}: this file of the run is missing") from None
        except RecursionError:
            raise RunError(f"{path}: damaged, its JSON is nested too deeply") from None
        except (OSError, ValueError) as error:
            raise RunError(f"{path}: damaged, does not parse as JSON: {error}") from None
        if not isinstance(values, dict):
            raise RunError(f"{path}: damaged, expected a JSON object")
        check_format(values.pop("format", None), path)
        return values

    def write_json(self, path: Path, values: Mapping[str, Any]) -> None:
        """Write a JSON file of the folder, with the format version.

        Args:
            path: the file.
            values: its content.

        Raises:
            WriteError: the file cannot be written; the old one stays.
        """
        text = json.dumps({"format": FORMAT, **values}, indent=2, allow_nan=False) + "\n"
        write_atomically(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))

    def read_metrics(self) -> list[dict[str, Any]]:
        """Return the records of all epochs, oldest first, without a line cut off by a crash.

        Warns:
            VaekitWarning: a damaged line, which is left out.
        """
        if not self.metrics.is_file():
            return []
        records: list[dict[str, Any]] = []
        lines = self.metrics.read_text(encoding="utf-8", errors="replace").splitlines()
        for number, line in enumerate(lines, start=1):
            try:
                record = json.loads(line)
            except (ValueError, RecursionError):
                record = None
            if isinstance(record, dict) and isinstance(record.get("epoch"), int):
                records.append(record)
            elif number < len(lines):
                warnings.warn(
                    f"{self.metrics}: line {number} is damaged and left out", VaekitWarning,
                    stacklevel=2,
                )  # fmt: skip
        return records


def check_format(number: object, path: Path) -> None:
    """Check that a file can be read by this version of vaekit.

    Args:
        number: format version that the file states.
        path: of the file, for the message.

    Raises:
        RunError: no format version, or a newer one.
    """
    try:
        known = int(str(number)) <= FORMAT
    except ValueError:
        raise RunError(f"{path}: damaged, or not written by vaekit: no format number") from None
    if not known:
        raise RunError(
            f"{path}: written in format {number}, and this vaekit reads up to {FORMAT}: "
            "pip install --upgrade vaekit"
        )
