"""Train the members of a study one after another, and compare them."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.progress import Progress, TaskID

from vaekit.cli.output import Output
from vaekit.cli.study_folder import STUDY_FILE, read_study
from vaekit.cli.training import is_finished, new_run_path, resumed_config, run_training
from vaekit.comparison import compare
from vaekit.config import Config, merge, parse_config
from vaekit.errors import RunError
from vaekit.recipes import STUDIES
from vaekit.runs import RunFolder
from vaekit.training import Callback, Live, Plan, Record, bar_columns

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["MemberBar", "StudyProgress", "report_study", "resume_study", "start_study"]


# What training leaves of a run before its first checkpoint.
_UNSAVED = {"config.json", "data.json", "metrics.jsonl", "checkpoints", "figures", "tensorboard"}


def start_study(
    name: str, *, members: Mapping[str, Config], out: Path | None, output: Output
) -> None:
    """Train a new study.

    Args:
        name: of the study.
        members: their configs by name.
        out: its folder; a new one under ``runs`` when absent.
        output: where to print.

    Raises:
        RunError: the folder is not empty, or cannot be made.
        VaekitError: what training raises.
    """
    folder = RunFolder(out if out is not None else new_run_path(name))
    folder.require_free()
    output.say(f"study folder {folder.path}, with the runs {', '.join(members)}")
    plain = {member: config.model_dump(mode="json") for member, config in members.items()}
    folder.path.mkdir(parents=True, exist_ok=True)
    with folder.locked():
        folder.write_json(folder.path / STUDY_FILE, {"name": name, "members": plain})
        _train_members(folder.path, members=members, output=output)


def resume_study(path: Path, *, changes: Mapping[str, Any], output: Output) -> None:
    """Resume the members of a study that are not finished, and compare all of them again.

    Args:
        path: folder of the study.
        changes: settings of training that change from here on, in every member.
        output: where to print.

    Raises:
        RunError: a damaged study.
        ConfigError: a change that cannot be made half way.
    """
    members = {}
    for name, config in read_study(path)[1].items():
        folder = RunFolder(path / name)
        if folder.config.is_file() and folder.last.is_file():
            members[name] = resumed_config(folder, changes=changes)
        else:
            members[name] = parse_config(merge(config.model_dump(), {"training": changes}))
    with RunFolder(path).locked():
        _train_members(path, members=members, output=output)


def report_study(path: Path, *, output: Output) -> None:
    """Write the page of a study from its run folders, and print the comparison.

    Args:
        path: folder of the study, all of whose members are finished.
        output: where to print.
    """
    name, members = read_study(path)
    study, page = STUDIES.get(name), path / "report.html"
    comparison = compare({member: path / member for member in members})
    comparison.write_page(
        page,
        title=name,
        text="" if study is None else study.text,
        command="" if study is None else f"vaekit train {name}",
    )
    lines = [f"study folder  {path}", *comparison.lines(), f"report        {page}"]
    output.result({"study": name, **comparison.to_dict(report=page)}, lines=lines)


def _train_members(path: Path, *, members: Mapping[str, Config], output: Output) -> None:
    """Train the members that are not finished, and compare all."""
    epochs = {name: config.training.epochs for name, config in members.items()}
    progress = StudyProgress(output.console(), epochs=epochs)
    for number, (name, config) in enumerate(members.items(), start=1):
        folder = RunFolder(path / name)
        saved = folder.last.is_file()
        finished = saved and is_finished(folder, config)
        said = f"run {number} of {len(members)}: {name}"
        output.say(f"{said}: finished before" if finished else said)
        if finished:
            progress.finished_before(name)
            continue
        if not saved:
            _remove_unsaved(folder)
        run_training(
            config,
            folder=folder,
            resume=saved,
            output=output,
            listener=progress.listener(name),
            study=path,
        )
    output.say("comparing the runs and writing the report")
    report_study(path, output=output)


def _remove_unsaved(folder: RunFolder) -> None:
    """Remove a member that was stopped before its first checkpoint, if nothing else is there."""
    if not folder.path.exists():
        return
    names = {path.name for path in folder.path.iterdir()}
    temporary = {name for name in names if name.startswith(".")}  # of killed writes, and the lock
    others = sorted(names - temporary - _UNSAVED)
    if others:
        raise RunError(
            f"{folder.path}: expected a member of a study that was never saved, and it holds "
            f"{', '.join(others)}; move that elsewhere"
        )
    shutil.rmtree(folder.path)


class StudyProgress:
    """A bar for each run of a study on a terminal; elsewhere lines as of one run.

    Args:
        console: where it is shown.
        epochs: of each run, by its name.
    """

    def __init__(self, console: "Console", *, epochs: Mapping[str, int]) -> None:
        # It is hidden while a run is measured, which has a bar of its own.
        self.bar = Progress(
            *bar_columns("{task.description}"),
            console=console,
            refresh_per_second=4,
            transient=True,
        )
        self.tasks = {
            name: self.bar.add_task(name, total=total, numbers="", start=False)
            for name, total in epochs.items()
        }

    def listener(self, name: str) -> Callback | None:
        """Return what shows the training of a run; none where there is no terminal.

        Args:
            name: of the run.
        """
        terminal = self.bar.console.is_terminal
        return MemberBar(self.bar, task=self.tasks[name]) if terminal else None

    def finished_before(self, name: str) -> None:
        """Fill the bar of a run that has nothing left to do.

        Args:
            name: of the run.
        """
        task = self.tasks[name]
        total = next(each.total for each in self.bar.tasks if each.id == task)
        self.bar.update(task, completed=total or 0, numbers="finished before")


class MemberBar:
    """The bar of one run within a study.

    Args:
        bar: of the study.
        task: that of the run.
    """

    def __init__(self, bar: Progress, *, task: TaskID) -> None:
        self.bar = bar
        self.task = task
        self.steps = 1

    def started(self, plan: Plan) -> None:
        """Show the display, and this run as the one that trains."""
        self.steps = plan.steps
        self.bar.start_task(self.task)
        self.bar.update(self.task, total=plan.epochs, completed=plan.done)
        self.bar.start()

    def live(self, live: Live) -> None:
        """Update the numbers."""
        self._update(live.epoch + live.step // self.steps, live.means)

    def epoch_ended(self, record: Record) -> None:
        """Advance."""
        self._update(record["epoch"], record["train"])

    def ended(self, reason: str) -> None:
        """Hide the display until the next run."""
        self.bar.stop_task(self.task)
        self.bar.stop()
        if reason:
            self.bar.console.print(f"training ended early: {reason}")

    def _update(self, epochs: int, means: Mapping[str, float]) -> None:
        names = ("loss", "distortion", "rate")
        numbers = "  ".join(f"{name} {means[name]:.3f}" for name in names)
        self.bar.update(self.task, completed=epochs, numbers=numbers)
