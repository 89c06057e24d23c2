"""The folder of a study: a run folder for each member, and a file that names them."""

from collections.abc import Mapping
from pathlib import Path

from vaekit.config import Config
from vaekit.errors import RunError

__all__ = ["STUDY_FILE", "is_study", "member_configs", "member_paths", "study_name"]


STUDY_FILE = "study.json"


def is_study(path: Path) -> bool:
    """Whether a folder is that of a study.

    Args:
        path: the folder.
    """
    return (path / STUDY_FILE).is_file()


def member_paths(path: Path) -> dict[str, Path]:
    """Run folders of the members of a study, by name.

    Args:
        path: folder of the study.

    Returns:
        The folders in the order of the study; those not begun are not there yet.

    Raises:
        RunError: a damaged study.
    """
    return {name: path / name for name in member_configs(path)}


def member_configs(path: Path) -> dict[str, Config]:
    """Configs with which the members of a study were begun, by name.

    Args:
        path: folder of the study.

    Returns:
        The configs in the order of the study.

    Raises:
        RunError: a damaged study.
    """
    from vaekit.config import parse_config

    file = path / STUDY_FILE
    members = _read(path).get("members")
    if not isinstance(members, Mapping) or not members:
        raise RunError(f"{file}: damaged, it names no members")
    return {
        name: parse_config(values, origin=f"{file}: {name}") for name, values in members.items()
    }


def study_name(path: Path) -> str:
    """Name of a study.

    Args:
        path: its folder.

    Raises:
        RunError: a damaged study.
    """
    return str(_read(path).get("name", path.name))


def _read(path: Path) -> dict[str, object]:
    """The file of a study."""
    from vaekit.runs import RunFolder

    return RunFolder(path).read_json(path / STUDY_FILE)
