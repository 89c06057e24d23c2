"""What ``vaekit train`` does: a new run, or one that goes on, and what follows training."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

from vaekit.cli.output import Output
from vaekit.cli.pipeline import finish, show
from vaekit.config import Config, merge, parse_config
from vaekit.errors import ConfigError, Interrupted
from vaekit.runs import RunFolder
from vaekit.training import Callback, TensorBoard, progress
from vaekit.training import train as train_model

__all__ = ["go_on", "start"]


def start(config: Config, *, out: Path | None, output: Output) -> None:
    """Train a new run.

    Args:
        config: the whole of it.
        out: the run folder; one of its own under ``runs`` when absent.
        output: where to print.

    Raises:
        RunError: the folder is not empty, or cannot be made.
        VaekitError: what training raises.
    """
    folder = RunFolder(out if out is not None else _new_path(config.name))
    folder.require_free()
    output.say(f"run folder {folder.path}")
    _train(config, folder, resume=False, output=output)


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
    before = parse_config(folder.read_json(folder.config), origin=str(folder.config))
    values = merge(before.model_dump(), {"training": changes})
    config = parse_config(values, origin="flags")
    done = len(folder.read_metrics())
    if config.training.batch_size != before.training.batch_size:
        raise ConfigError("--training.batch-size cannot change half way: start a new run")
    if config.training.epochs < done:
        raise ConfigError(f"--training.epochs {config.training.epochs}: {done} are done already")
    if _is_finished(folder, config):
        output.say(
            f"{path}: nothing is left to do, all {done} epochs are done. To train longer: "
            f"vaekit train --resume {path} --training.epochs {2 * done}"
        )
        show(folder, output=output)
        return
    if config != before:
        folder.write_json(folder.config, config.model_dump(mode="json"))
    _train(config, folder, resume=True, output=output)


def _train(config: Config, folder: RunFolder, *, resume: bool, output: Output) -> None:
    """Train, measure, draw, report."""
    callbacks: list[Callback] = [] if output.quiet else [progress(output.console())]
    if config.training.tensorboard:
        callbacks.append(TensorBoard(folder.path / "tensorboard"))
    again = f"vaekit train --resume {folder.path}"
    with _how_to_go_on(f"everything up to there is saved. To go on: {again}", needs=folder.last):
        dataset = train_model(config, folder=folder, resume=resume, callbacks=callbacks)
    with _how_to_go_on(f"the trained model is saved. To measure it: {again}", needs=folder.model):
        finish(folder, dataset=dataset, output=output)


@contextmanager
def _how_to_go_on(text: str, *, needs: Path) -> Iterator[None]:
    """Tell whoever presses Ctrl-C what is saved and how to go on, if there is something."""
    try:
        yield
    except (Interrupted, KeyboardInterrupt) as error:
        what = str(error) or "interrupted"
        kept = text if needs.is_file() else "no epoch was finished, so start anew"
        raise Interrupted(f"{what}; {kept}") from None


def _is_finished(folder: RunFolder, config: Config) -> bool:
    """Whether training would change nothing: the last epoch is reached, or patience ran out."""
    records, settings = folder.read_metrics(), config.training
    if not folder.model.is_file() or not folder.evaluation.is_file() or not folder.report.is_file():
        return False
    if len(records) >= settings.epochs:
        return True
    if not settings.early_stopping:
        return False
    bounds = [record[settings.watch]["bound"] for record in records if settings.watch in record]
    return bool(bounds) and len(bounds) - 1 - bounds.index(max(bounds)) >= settings.early_stopping


def _new_path(name: str) -> Path:
    """A folder under ``runs`` that is not there yet."""
    stem = Path("runs") / f"{name}-{datetime.now():%Y%m%d-%H%M%S}"
    more = (stem.with_name(f"{stem.name}-{number}") for number in count(2))
    return stem if not stem.exists() else next(path for path in more if not path.exists())
