"""The folder of a study: a run folder for each member, and a file that names them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from vaekit.config import Config
from vaekit.errors import RunError

__all__ = ["STUDY_FILE", "is_study", "member_configs", "member_paths", "named_paths", "study_name"]


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


def named_paths(paths: Sequence[Path]) -> dict[str, Path]:
    """Give each run the shortest name that tells it from the others.

    Args:
        paths: run folders.

    Returns:
        The folders by name: the last part of the path, or as much of it as is needed.

    Raises:
        RunError: the same folder twice.

    Example:
        >>> list(named_paths([Path("a/vae"), Path("b/vae"), Path("b/em")]))
        ['a/vae', 'b/vae', 'em']
    """
    full = [path.resolve() for path in paths]
    if len(set(full)) < len(full):
        twice = next(path for path, each in zip(paths, full, strict=True) if full.count(each) > 1)
        raise RunError(f"{twice}: given twice; a run is compared with others, not with itself")
    names = []
    for path in full:
        others = [each for each in full if each != path]
        ends = ("/".join(path.parts[-count:]) for count in range(1, len(path.parts) + 1))
        depths = enumerate(ends, start=1)
        names.append(
            next(end for count, end in depths if all(_tail(o, count) != end for o in others))
        )
    return dict(zip(names, paths, strict=True))


def _tail(path: Path, count: int) -> str:
    return "/".join(path.parts[-count:])


def _read(path: Path) -> dict[str, object]:
    """The file of a study."""
    from vaekit.runs import RunFolder

    return RunFolder(path).read_json(path / STUDY_FILE)
