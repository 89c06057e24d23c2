"""Run the members of a study one after another, and compare them."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vaekit.cli.comparing import compare_numbers, comparison_lines
from vaekit.cli.comparison_page import write_comparison_page
from vaekit.cli.output import Output
from vaekit.cli.sides import read_sides
from vaekit.cli.study_folder import STUDY_FILE, member_configs, member_paths, study_name
from vaekit.cli.study_progress import StudyProgress
from vaekit.cli.training import changed, is_finished, new_path, run_training
from vaekit.config import Config, merge, parse_config
from vaekit.errors import RunError
from vaekit.recipes import STUDIES
from vaekit.runs import RunFolder

__all__ = ["go_on_study", "show_study", "start_study", "write_study_page"]

# What training has made of a run before its first checkpoint.
_BEGUN = {"config.json", "metrics.jsonl", "checkpoints", "figures", "tensorboard"}


def start_study(
    name: str, *, members: Mapping[str, Config], out: Path | None, output: Output
) -> None:
    """Run a new study.

    Args:
        name: of the study.
        members: their configs by name.
        out: its folder; one of its own under ``runs`` when absent.
        output: where to print.

    Raises:
        RunError: the folder is not empty, or cannot be made.
        VaekitError: what training raises.
    """
    folder = RunFolder(out if out is not None else new_path(name))
    folder.require_free()
    output.say(f"study folder {folder.path}, with the runs {', '.join(members)}")
    plain = {member: config.model_dump(mode="json") for member, config in members.items()}
    folder.write_json(folder.path / STUDY_FILE, {"name": name, "members": plain})
    _run(folder.path, members=members, output=output)


def go_on_study(path: Path, *, changes: Mapping[str, Any], output: Output) -> None:
    """Go on with the members of a study that are not finished, and compare anew.

    Args:
        path: folder of the study.
        changes: settings of training that are to be others from here on, in every member.
        output: where to print.

    Raises:
        RunError: a damaged study.
        ConfigError: a change that cannot be made half way.
    """
    members = {}
    for name, begun in member_configs(path).items():
        folder = RunFolder(path / name)
        if folder.config.is_file() and _is_saved(folder):
            members[name] = changed(folder, changes=changes)
        else:
            members[name] = parse_config(merge(begun.model_dump(), {"training": changes}))
    _run(path, members=members, output=output)


def show_study(path: Path, *, output: Output) -> None:
    """Write the page of a study from its run folders, and print what came out.

    Args:
        path: folder of the study, all of whose members are finished.
        output: where to print.
    """
    found = write_study_page(path)
    page = path / "report.html"
    lines = [f"study folder  {path}", *comparison_lines(found, names=list(member_paths(path)))]
    values = {
        "study": study_name(path),
        "runs": {name: str(each) for name, each in member_paths(path).items()},
        "report": str(page),
        **found,
    }
    output.result(values, lines=[*lines, f"report        {page}"])


def write_study_page(path: Path) -> dict[str, Any]:
    """Compare the members of a study and write its page.

    Args:
        path: folder of the study, all of whose members are finished.

    Returns:
        The numbers, as ``compare_numbers`` returns them.
    """
    sides, name = read_sides(member_paths(path)), study_name(path)
    found = compare_numbers(sides)
    write_comparison_page(
        sides,
        found=found,
        page=path / "report.html",
        title=name,
        text=STUDIES[name].text if name in STUDIES else "",
        command=f"vaekit train {name}" if name in STUDIES else "",
    )
    return found


def _run(path: Path, *, members: Mapping[str, Config], output: Output) -> None:
    """Train what is not finished, and compare all."""
    epochs = {name: config.training.epochs for name, config in members.items()}
    progress = StudyProgress(output.console(), epochs=epochs)
    for place, (name, config) in enumerate(members.items(), start=1):
        folder = RunFolder(path / name)
        saved = _is_saved(folder)
        if saved and is_finished(folder, config):
            output.say(f"run {place} of {len(members)}: {name}: finished before")
            progress.finished_before(name)
            continue
        output.say(f"run {place} of {len(members)}: {name}")
        if not saved:
            _clear(folder)
        run_training(
            config,
            folder=folder,
            resume=saved,
            output=output,
            listener=progress.listener(name),
            again=path,
        )
    output.say("comparing the runs and writing the report")
    show_study(path, output=output)


def _is_saved(folder: RunFolder) -> bool:
    """Whether there is something to go on from."""
    return folder.last.is_file()


def _clear(folder: RunFolder) -> None:
    """Remove what is left of a member that was stopped before anything of it was saved.

    Raises:
        RunError: something else lies there too.
    """
    if not folder.path.exists():
        return
    others = sorted({path.name for path in folder.path.iterdir()} - _BEGUN)
    if others:
        raise RunError(
            f"{folder.path}: expected a member of a study that was never saved, and it holds "
            f"{', '.join(others)}; move that elsewhere"
        )
    shutil.rmtree(folder.path)
