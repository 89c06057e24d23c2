"""Run the members of a study and compare them."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.progress import Progress, TaskID

from vaekit.cli.output import Output
from vaekit.cli.study_folder import STUDY_FILE, member_configs, member_paths, study_name
from vaekit.cli.training import changed, is_finished, new_path, run_training
from vaekit.comparison import compare
from vaekit.config import Config, merge, parse_config
from vaekit.errors import RunError
from vaekit.recipes import STUDIES
from vaekit.runs import RunFolder
from vaekit.training import Callback, Live, Plan, Record, bar_columns

if TYPE_CHECKING:
    from rich.console import Console

__all__ = [
    "MemberBar",
    "StudyProgress",
    "go_on_study",
    "show_study",
    "start_study",
]


class StudyProgress:
    """A bar for each run of a study, where there is a terminal; elsewhere lines as of one run.

    Args:
        console: where it is shown.
        epochs: of each run, by its name.
    """

    def __init__(self, console: "Console", *, epochs: Mapping[str, int]) -> None:
        self.live = console.is_terminal
        # It is taken away while a run is measured, which has a bar of its own.
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
        """What shows the training of a run; none where there is no terminal.

        Args:
            name: of the run.
        """
        return MemberBar(self.bar, task=self.tasks[name]) if self.live else None

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
        done = live.epoch + live.step / self.steps
        self.bar.update(self.task, completed=int(done), numbers=_numbers(live.means))

    def epoch_ended(self, record: Record) -> None:
        """Advance."""
        numbers = _numbers(record["train"])
        self.bar.update(self.task, completed=record["epoch"], numbers=numbers)

    def ended(self, reason: str) -> None:
        """Take the display away until the next run."""
        self.bar.stop_task(self.task)
        self.bar.stop()
        if reason:
            self.bar.console.print(f"training ended early: {reason}")


def _numbers(means: Mapping[str, float]) -> str:
    return (
        f"loss {means['loss']:.3f}  distortion {means['distortion']:.3f}  rate {means['rate']:.3f}"
    )


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
    name, page = study_name(path), path / "report.html"
    study = STUDIES.get(name)
    found = compare(member_paths(path))
    found.write_page(
        page,
        title=name,
        text="" if study is None else study.text,
        command="" if study is None else f"vaekit train {name}",
    )
    lines = [f"study folder  {path}", *found.lines(), f"report        {page}"]
    output.result({"study": name, **found.to_dict(report=page)}, lines=lines)


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
