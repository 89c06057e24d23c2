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
from vaekit.cli.latent_points import coded_rows
from vaekit.cli.measure import learn_labels, measure, summary
from vaekit.cli.output import Launch, Output, blame_the_others, read_launch
from vaekit.cli.projector import write_projector
from vaekit.comparison.published import compare_to_published, recipe_differences
from vaekit.config import Config, ReportConfig, merge, parse_config
from vaekit.data import Dataset
from vaekit.errors import ConfigError, Interrupted, VaekitWarning
from vaekit.evaluation.evaluate import ProcessGroup
from vaekit.report import draw_figures, write_report
from vaekit.runs import Run, RunFolder, load_run
from vaekit.training import Callback, TensorBoard, progress
from vaekit.training import train as train_model
from vaekit.training.distributed import Processes

__all__ = [
    "changed",
    "finish",
    "go_on",
    "is_finished",
    "measure_run",
    "new_path",
    "run_training",
    "show",
    "start",
    "write_page",
]


_THUMBNAILS = 2000  # rows in a projector's folder


def finish(folder: RunFolder, *, dataset: Dataset, output: Output, measured: bool = False) -> None:
    """Measure a run that was just trained, draw its figures and write its report.

    Args:
        folder: of the run.
        dataset: the rows it was trained on.
        output: where to print.
        measured: whether several processes have measured it together, which leaves the figures.
    """
    run = load_run(folder.path)
    if not measured:
        learn_labels(run, dataset=dataset, output=output)
        measure_run(run, dataset=dataset, output=output)
    output.say("drawing figures and writing the report")
    write_page(run, dataset=dataset)


def measure_run(
    run: Run, *, dataset: Dataset, output: Output, processes: ProcessGroup | None = None
) -> None:
    """Measure a run as it was configured.

    Args:
        run: the run.
        dataset: the rows it was trained on.
        output: where to print.
        processes: that share the rows; one alone when absent.
    """
    wanted = run.config.evaluation
    settings = wanted.model_copy(
        update={"split": dataset.split.usable(wanted.split, purpose="measured")}
    )
    measure(
        run,
        dataset=dataset,
        settings=settings,
        device=run.config.training.device,
        output=output,
        processes=processes,
    )


def write_page(run: Run, *, dataset: Dataset, wanted: ReportConfig | None = None) -> list[Path]:
    """Draw the figures of a run and write its report, from what lies in its folder.

    Args:
        run: the run.
        dataset: the rows it was trained on.
        wanted: what to show beside what every report shows; as the run was configured when
            absent.

    Returns:
        Paths of the figures.
    """
    folder, pre = run.folder, run.preprocessing
    evaluation = folder.read_json(folder.evaluation) if folder.evaluation.is_file() else None
    measured = (evaluation or {}).get("split") or run.config.evaluation.split
    split = dataset.split.usable(measured, purpose="drawn")
    chosen = wanted or run.config.report
    if chosen.projector:
        coded = coded_rows(run, split=split, most=_THUMBNAILS, dataset=dataset)
        write_projector(run, coded=coded, path=folder.path / "projector")
    drawn = draw_figures(run, dataset=dataset, split=split, evaluation=evaluation, wanted=chosen)
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


def show(folder: RunFolder, *, output: Output) -> None:
    """Print what came out of a run, from its folder.

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


def start(config: Config, *, out: Path | None, output: Output) -> None:
    """Train a new run, or go on with it where torchrun started this process again.

    Args:
        config: the whole of it.
        out: the run folder; one of its own under ``runs`` when absent.
        output: where to print.

    Raises:
        RunError: the folder is not empty, or cannot be made.
        ConfigError: several processes, or one that may be started again, without a folder.
        VaekitError: what training raises.
    """
    launch = read_launch()
    if out is None and (launch.count > 1 or launch.elastic):
        raise ConfigError(
            "expected --out FOLDER under torchrun, so that all processes, and those that are "
            "started again, mean the same run"
        )
    folder = RunFolder(out if out is not None else new_path(config.name))
    if launch.restarts and _was_begun(folder, config):
        go_on(folder.path, changes={}, output=output)
        return
    if launch.main:
        folder.require_free()
    output.say(f"run folder {folder.path}")
    run_training(config, folder=folder, resume=False, output=output)
    if launch.main:
        show(folder, output=output)


def _was_begun(folder: RunFolder, config: Config) -> bool:
    """Whether the folder holds a checkpoint of this very run, not of somebody else's."""
    if not (folder.last.is_file() and folder.config.is_file()):
        return False
    values = folder.read_json(folder.config)
    return parse_config(values, origin=str(folder.config)) == config


def go_on(path: Path, *, changes: Mapping[str, Any], output: Output) -> None:
    """Go on with a run that was interrupted, or train a finished one for longer.

    Args:
        path: the run folder.
        changes: settings of training that are to be others from here on.
        output: where to print.

    Raises:
        RunError: no run, or a damaged one.
        ConfigError: a change that cannot be made half way.
    """
    folder = RunFolder.open(path)
    config = changed(folder, changes=changes)
    if is_finished(folder, config):
        done = len(folder.read_metrics())
        output.say(
            f"{path}: nothing is left to do, all {done} epochs are done. To train longer: "
            f"vaekit train --resume {path} --training.epochs {2 * done}"
        )
    else:
        run_training(config, folder=folder, resume=True, output=output)
    if read_launch().main:
        show(folder, output=output)


def changed(folder: RunFolder, *, changes: Mapping[str, Any]) -> Config:
    """The config of a run that goes on, with other settings of training; it is not written.

    Args:
        folder: of the run.
        changes: settings of training that are to be others from here on.

    Returns:
        The config.

    Raises:
        RunError: a damaged run.
        ConfigError: a change that cannot be made half way.
    """
    before = parse_config(folder.read_json(folder.config), origin=str(folder.config))
    values = merge(before.model_dump(), {"training": changes})
    config = parse_config(values, origin="flags")
    done = len(folder.read_metrics())
    if config.training.batch_size != before.training.batch_size:
        raise ConfigError("--training.batch-size cannot change half way: start a new run")
    if config.training.epochs < done:
        raise ConfigError(f"--training.epochs {config.training.epochs}: {done} are done already")
    return config


def run_training(
    config: Config,
    *,
    folder: RunFolder,
    resume: bool,
    output: Output,
    listener: Callback | None = None,
    again: Path | None = None,
) -> None:
    """Train, measure, draw, report. Of several processes the first draws and reports alone.

    It also measures alone where it first learns from few labels, which nobody shares.

    Args:
        config: the whole of the run.
        folder: new, or with ``resume`` one that was begun.
        resume: go on from the last checkpoint.
        output: where to print.
        listener: shows progress; a bar or lines of its own when absent.
        again: the folder that goes on with this run; that of the run when absent.

    Raises:
        VaekitError: what training raises.
        Interrupted: Ctrl-C, with how to go on.
    """
    launch = read_launch()
    _warn_of_restarts(launch)
    if resume and launch.main:
        folder.write_json(folder.config, config.model_dump(mode="json"))
    callbacks: list[Callback] = [] if output.quiet else [listener or progress(output.console())]
    if config.training.tensorboard and launch.main:
        callbacks.append(TensorBoard(folder.path / "tensorboard"))
    command = f"vaekit train --resume {again or folder.path}"
    # A study can always go on: it begins anew with a member of which nothing is saved.
    needed = folder.last if again is None else again
    shared = launch.count > 1 and not config.labels.counts

    def measure(dataset: Dataset, processes: Processes) -> None:
        run = load_run(folder.path)
        measure_run(run, dataset=dataset, output=output, processes=processes)

    with _how_to_go_on(f"everything up to there is saved. To go on: {command}", needs=needed):
        with blame_the_others(launch):
            dataset = train_model(
                config,
                folder=folder,
                resume=resume,
                callbacks=callbacks,
                together=measure if shared else None,
            )
    if not launch.main:
        return
    with _how_to_go_on(f"the trained model is saved. To measure it: {command}", needs=folder.model):
        finish(folder, dataset=dataset, output=output, measured=shared)


def _warn_of_restarts(launch: Launch) -> None:
    """Say what is known to hang before it does."""
    if launch.elastic and launch.shared_store and launch.count > 1:
        warnings.warn(
            "processes that torchrun starts again can wait for ever at an old address: set "
            "TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1 before torchrun",
            VaekitWarning,
            stacklevel=2,
        )


def is_finished(folder: RunFolder, config: Config) -> bool:
    """Whether training would change nothing: the last epoch is reached, or patience ran out.

    Args:
        folder: of the run.
        config: with which it would go on.
    """
    records, settings = folder.read_metrics(), config.training
    if not folder.model.is_file() or not folder.evaluation.is_file() or not folder.report.is_file():
        return False
    if len(records) >= settings.epochs:
        return True
    if not settings.early_stopping:
        return False
    bounds = [record[settings.watch]["bound"] for record in records if settings.watch in record]
    return bool(bounds) and len(bounds) - 1 - bounds.index(max(bounds)) >= settings.early_stopping


def new_path(name: str) -> Path:
    """A folder under ``runs`` that is not there yet.

    Args:
        name: the first part of its name.
    """
    stem = Path("runs") / f"{name}-{datetime.now():%Y%m%d-%H%M%S}"
    more = (stem.with_name(f"{stem.name}-{number}") for number in count(2))
    return stem if not stem.exists() else next(path for path in more if not path.exists())


@contextmanager
def _how_to_go_on(text: str, *, needs: Path) -> Iterator[None]:
    """Tell whoever presses Ctrl-C what is saved and how to go on, if there is something."""
    try:
        yield
    except (Interrupted, KeyboardInterrupt) as error:
        what = str(error) or "interrupted"
        kept = text if needs.exists() else "no epoch was finished, so start anew"
        raise Interrupted(f"{what}; {kept}") from None
