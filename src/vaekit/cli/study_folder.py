"""Read the folder of a study: a run folder for each member, and a file that names them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vaekit.config import Config, parse_config
from vaekit.errors import RunError

__all__ = ["STUDY_FILE", "expand_studies", "is_study", "read_study"]


STUDY_FILE = "study.json"


def is_study(path: Path) -> bool:
    """Whether a folder is that of a study.

    Args:
        path: the folder.
    """
    return (path / STUDY_FILE).is_file()


def read_study(path: Path) -> tuple[str, dict[str, Config]]:
    """Read the name of a study, and the configs with which its members were started.

    Args:
        path: folder of the study; that of each member lies in it.

    Returns:
        The name of the study, and the configs by the name of the member, in order.

    Raises:
        RunError: a damaged study.
    """
    from vaekit.runs import RunFolder

    file = path / STUDY_FILE
    values: dict[str, Any] = RunFolder(path).read_json(file)
    members = values.get("members")
    if not isinstance(members, Mapping) or not members:
        raise RunError(f"{file}: damaged, it names no members")
    configs = {
        name: parse_config(config, origin=f"{file}: {name}") for name, config in members.items()
    }
    return str(values.get("name", path.name)), configs


def expand_studies(paths: tuple[Path, ...]) -> list[Path]:
    """Replace the folder of each study by the run folders of its members.

    Args:
        paths: run folders and folders of studies.

    Returns:
        Run folders, in order.

    Raises:
        RunError: a damaged study.
    """
    return [
        run
        for path in paths
        for run in ([path / name for name in read_study(path)[1]] if is_study(path) else [path])
    ]
