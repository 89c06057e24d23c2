"""The run folder: where each file lies, and how it is written so that it is never half there."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vaekit.errors import RunError
from vaekit.io import write_atomically

__all__ = ["FORMAT", "RunFolder", "check_format"]


FORMAT = 1
"""Number of the run folder's format; it grows when an older vaekit could not read a newer run."""


class RunFolder:
    """The files of one run, the only thing that passes from training to whatever reads a run.

    Args:
        path: the folder.

    Example:
        >>> RunFolder("runs/mine").model.name
        'model.safetensors'
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.config = self.path / "config.json"
        self.model = self.path / "model.safetensors"
        self.metrics = self.path / "metrics.jsonl"
        self.evaluation = self.path / "evaluation.json"
        self.report = self.path / "report.html"
        self.figures = self.path / "figures"
        self.checkpoints = self.path / "checkpoints"
        self.last = self.checkpoints / "last.pt"

    def require_free(self) -> None:
        """Refuse a folder that holds something; nothing is written.

        Raises:
            RunError: the folder is there and not empty.
        """
        if self.path.exists() and (not self.path.is_dir() or any(self.path.iterdir())):
            raise RunError(
                f"{self.path}: the run folder must be new or empty, and this one is not; take "
                f"another --out, or go on with the run in it: vaekit train --resume {self.path}"
            )

    def make(self) -> None:
        """Make a new run folder; an empty one that is there already will do.

        Raises:
            RunError: something is in the folder, or it cannot be made.
        """
        self.require_free()
        try:
            self.checkpoints.mkdir(parents=True)
            self.figures.mkdir()
        except OSError as error:
            raise RunError(f"{self.path}: cannot be made: {error.strerror}") from None

    @classmethod
    def open(cls, path: str | Path) -> "RunFolder":
        """Open a folder that holds a run.

        Raises:
            RunError: it is not there, or is no run.
        """
        folder = cls(path)
        if not folder.path.is_dir():
            raise RunError(f"{path}: there is no such folder; expected one that vaekit train made")
        if not folder.config.is_file():
            raise RunError(f"{path}: not a run folder: it has no config.json")
        return folder

    def read_json(self, path: Path) -> dict[str, Any]:
        """Read one of the folder's JSON files and check its format number.

        Raises:
            RunError: it is missing, damaged, or of a newer format.
        """
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise RunError(f"{path}: this file of the run is missing") from None
        except (OSError, ValueError) as error:
            raise RunError(f"{path}: damaged, does not parse as JSON: {error}") from None
        if not isinstance(values, dict):
            raise RunError(f"{path}: damaged, expected a JSON object")
        check_format(values.pop("format", None), path)
        return values

    def write_json(self, path: Path, values: Mapping[str, Any]) -> None:
        """Write one of the folder's JSON files, with the format number.

        Args:
            path: the file.
            values: what goes in.

        Raises:
            WriteError: the file cannot be written; the old one stays.
        """
        text = json.dumps({"format": FORMAT, **values}, indent=2, allow_nan=False) + "\n"
        write_atomically(path, lambda beside: beside.write_text(text, encoding="utf-8"))

    def read_metrics(self) -> list[dict[str, Any]]:
        """Records of all epochs so far, oldest first; a line cut off by a crash ends the list."""
        if not self.metrics.is_file():
            return []
        records: list[dict[str, Any]] = []
        for line in self.metrics.read_text(encoding="utf-8").splitlines():
            try:
                records.append(json.loads(line))
            except ValueError:
                break
        return records


def check_format(number: object, path: Path) -> None:
    """Refuse a file of a format that this vaekit does not know.

    Args:
        number: the format number that the file states.
        path: the file, for the message.

    Raises:
        RunError: no format number, or a newer one.
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
