"""Train a new run or resume one, then evaluate and report."""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from math import prod
from pathlib import Path
from typing import Any

from vaekit import __version__
from vaekit.cli.latent_points import rows_with_codes
from vaekit.cli.measure import learn_labels, measure, summary
from vaekit.cli.output import (
    Launch,
    Output,
    end_with_torchrun,
    read_launch,
    report_lost_process,
)
from vaekit.cli.projector import write_projector
from vaekit.comparison.published import compare_to_published, recipe_differences
from vaekit.config import Config, ReportConfig, merge, parse_config
from vaekit.data import Dataset
from vaekit.errors import ConfigError, Interrupted, VaekitWarning
from vaekit.report import draw_figures, write_report
from vaekit.runs import Run, RunFolder, load_run
from vaekit.runs.run import read_epochs
from vaekit.training import Callback, TensorBoard, progress
from vaekit.training import train as train_model
from vaekit.training.distributed import Processes

__all__ = [
    "finish_run",
    "is_finished",
    "new_run_path",
    "print_run",
    "resume_training",
    "resumed_config",
    "run_training",
    "start_training",
    "write_run_report",
]


_THUMBNAILS = 2000  # rows in a projector's folder


def start_training(config: Config, *, out: Path | None, output: Output) -> None:
    """Train a new run, or resume it where torchrun restarted this process.

    Args:
        config: the whole of it.
        out: the run folder; a new one under ``runs`` when absent.
        output: where to print.

    Raises:
        RunError: the folder is not empty, or cannot be made.
        ConfigError: several processes, or one that may be restarted, without a folder.
        VaekitError: what training raises.
    """
    launch = read_launch()
    if out is None and (launch.count > 1 or launch.elastic):
        raise ConfigError(
            "expected --out FOLDER under torchrun, so that all processes, also those that are "
            "restarted, use the same run folder"
        )
    folder = RunFolder(out if out is not None else new_run_path(config.name))
    if launch.restarts and folder.config.is_file():
        begun = parse_config(folder.read_json(folder.config), origin=str(folder.config))
        if begun == config:
            resume_training(folder.path, changes={}, output=output)
            return
    if launch.main:
        folder.require_free()
    output.say(f"run folder {folder.path}")
    run_training(config, folder=folder, resume=False, output=output)
    if launch.main:
        print_run(folder, output=output)


def resume_training(path: Path, *, changes: Mapping[str, Any], output: Output) -> None:
    """Resume a run that was interrupted, or train a finished one for longer.

    Args:
        path: the run folder.
        changes: settings of training that change from here on.
        output: where to print.

    Raises:
        RunError: no run, or a damaged one.
        ConfigError: a change that cannot be made half way.
    """
    folder = RunFolder.open(path)
    if read_launch().main:
        with folder.locked():  # refused before anything is written
            pass
    config = resumed_config(folder, changes=changes)
    if is_finished(folder, config):
        done = len(folder.read_metrics())
        output.say(
            f"{path}: nothing is left to do, all {done} epochs are done. To train longer: "
            f"vaekit train --resume {path} --training.epochs {2 * done}"
        )
    else:
        run_training(config, folder=folder, resume=True, output=output)
    if read_launch().main:
        print_run(folder, output=output)


def resumed_config(folder: RunFolder, *, changes: Mapping[str, Any]) -> Config:
    """Return the config of a run that is resumed with other settings of training.

    Args:
        folder: of the run.
        changes: settings of training that change from here on.

    Returns:
        The config; it is not written.

    Raises:
        RunError: a damaged run.
        ConfigError: a change that cannot be made half way.
    """
    before = parse_config(folder.read_json(folder.config), origin=str(folder.config))
    config = parse_config(merge(before.model_dump(), {"training": changes}), origin="flags")
    done = len(folder.read_metrics())
    if config.training.batch_size != before.training.batch_size:
        raise ConfigError("--training.batch-size cannot change half way: start a new run")
    if config.training.epochs < done:
        raise ConfigError(f"--training.epochs {config.training.epochs}: {done} are done already")
    return config


def is_finished(folder: RunFolder, config: Config) -> bool:
    """Whether training would change nothing: the last epoch is reached, or patience ran out.

    Args:
        folder: of the run.
        config: with which it would be resumed.
    """
    records, settings = folder.read_metrics(), config.training
    if not all(path.is_file() for path in (folder.model, folder.evaluation, folder.report)):
        return False
    trained = read_epochs(folder)  # a run that was trained for longer may have the model of before
    if trained is not None and trained != len(records):
        return False
    if folder.evaluation.stat().st_mtime_ns < folder.model.stat().st_mtime_ns:
        return False
    if len(records) >= settings.epochs:
        return True
    if not settings.early_stopping:
        return False
    bounds = [record[settings.watch]["bound"] for record in records if settings.watch in record]
    if not bounds:
        return False
    return len(bounds) - 1 - bounds.index(max(bounds)) >= settings.early_stopping


def run_training(
    config: Config,
    *,
    folder: RunFolder,
    resume: bool,
    output: Output,
    listener: Callback | None = None,
    study: Path | None = None,
) -> None:
    """Train, measure, draw, report. Of several processes the first draws and reports alone.

    It also measures alone where it first learns from few labels, which is not distributed.

    Args:
        config: the whole of the run.
        folder: new, or with ``resume`` one that was begun.
        resume: continue from the last checkpoint.
        output: where to print.
        listener: shows progress; a bar or lines of its own when absent.
        study: folder of the study that the run is a member of.

    Raises:
        VaekitError: what training raises.
        Interrupted: SIGINT, with the command that resumes the run.
    """
    launch = read_launch()
    _warn_of_restarts(launch)
    end_with_torchrun()
    if resume and launch.main:
        folder.write_json(folder.config, config.model_dump(mode="json"))
    callbacks: list[Callback] = [] if output.quiet else [listener or progress(output.console())]
    if config.training.tensorboard and launch.main:
        callbacks.append(TensorBoard(folder.path / "tensorboard"))
    command = f"vaekit train --resume {study or folder.path}"
    distributed = launch.count > 1 and not config.labels.counts

    def measure_together(dataset: Dataset, processes: Processes) -> None:
        measure(load_run(folder.path), dataset=dataset, output=output, processes=processes)

    # A study can always be resumed: a member of which nothing is saved starts again.
    saved = folder.last if study is None else study
    with (
        _explain_interrupt(f"everything up to there is saved. To resume: {command}", needs=saved),
        report_lost_process(launch),
    ):
        dataset = train_model(
            config,
            folder=folder,
            resume=resume,
            callbacks=callbacks,
            together=measure_together if distributed else None,
        )
    if launch.main:
        text = f"the trained model is saved. To measure it: {command}"
        with _explain_interrupt(text, needs=folder.model):
            finish_run(folder, dataset=dataset, output=output, measured=distributed)


def finish_run(
    folder: RunFolder, *, dataset: Dataset, output: Output, measured: bool = False
) -> None:
    """Measure a trained run, draw its figures and write its report.

    Args:
        folder: of the run.
        dataset: the rows it was trained on.
        output: where to print.
        measured: whether several processes have measured it together already.
    """
    run = load_run(folder.path)
    if not measured:
        learn_labels(run, dataset=dataset, output=output)
        measure(run, dataset=dataset, output=output)
    output.say("drawing figures and writing the report")
    write_run_report(run, dataset=dataset)


def write_run_report(
    run: Run, *, dataset: Dataset, wanted: ReportConfig | None = None
) -> list[Path]:
    """Draw the figures of a run and write its report, from what its folder holds.

    Args:
        run: the run.
        dataset: the rows it was trained on.
        wanted: optional parts of the report; as the run was configured when absent.

    Returns:
        Paths of the figures.
    """
    folder, pre = run.folder, run.preprocessing
    evaluation = folder.read_json(folder.evaluation) if folder.evaluation.is_file() else None
    measured = (evaluation or {}).get("split") or run.config.evaluation.split
    split = dataset.split.usable(measured, purpose="drawn")
    wanted = wanted or run.config.report
    if wanted.projector:
        coded = rows_with_codes(run, split=split, most=_THUMBNAILS, dataset=dataset)
        write_projector(run, coded=coded, path=folder.path / "projector")
    drawn = draw_figures(run, dataset=dataset, split=split, evaluation=evaluation, wanted=wanted)
    write_report(
        folder.path,
        config=run.config.model_dump(mode="json"),
        evaluation=evaluation,
        metrics=folder.read_metrics(),
        figures=drawn,
        notes=[] if evaluation is None else recipe_differences(run.config, evaluation),
        published=[] if evaluation is None else compare_to_published(run.config, evaluation),
        version=__version__,
        created=datetime.fromtimestamp(folder.model.stat().st_mtime).astimezone(),
        rows={"features": prod(pre.shape), "support": pre.support},
    )
    return [path for _, path, _, _ in drawn]


def print_run(folder: RunFolder, *, output: Output) -> None:
    """Print the results of a run, from its folder.

    Args:
        folder: of a run that was measured.
        output: where to print.
    """
    run = load_run(folder.path)
    evaluation = folder.read_json(folder.evaluation)
    page = folder.report if folder.report.is_file() else None
    values = {
        "run": str(folder.path),
        "report": None if page is None else str(page),
        "evaluation": evaluation,
        "published": compare_to_published(run.config, evaluation),
    }
    lines = [f"run folder  {folder.path}", *summary(run, evaluation)]
    output.result(values, lines=[*lines, *([] if page is None else [f"report      {page}"])])


def new_run_path(name: str) -> Path:
    """Return a folder under ``runs`` that does not exist yet.

    Args:
        name: the first part of its name.
    """
    stem = Path("runs") / f"{name}-{datetime.now():%Y%m%d-%H%M%S}"
    more = (stem.with_name(f"{stem.name}-{number}") for number in count(2))
    return stem if not stem.exists() else next(path for path in more if not path.exists())


def _warn_of_restarts(launch: Launch) -> None:
    """Warn of settings of torchrun with which restarted processes are known to hang."""
    if launch.elastic and launch.shared_store and launch.count > 1:
        warnings.warn(
            "processes that torchrun restarts can wait for ever at an old address: set "
            "TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1 before torchrun",
            VaekitWarning,
            stacklevel=2,
        )


@contextmanager
def _explain_interrupt(text: str, *, needs: Path) -> Iterator[None]:
    """Say after SIGINT what is saved and how to resume, if a file or folder exists."""
    try:
        yield
    except (Interrupted, KeyboardInterrupt) as error:
        what = str(error) or "interrupted"
        kept = text if needs.exists() else "no epoch was finished, so start anew"
        raise Interrupted(f"{what}; {kept}") from None
