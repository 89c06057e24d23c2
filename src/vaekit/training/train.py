"""Train a model from a configuration and write its run folder."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext

import numpy as np
import torch

from vaekit.builders import build_model, build_objective, load_data, start_at_mean
from vaekit.config import Config
from vaekit.data import Batches, Dataset, Part, Preprocessing, share_reading
from vaekit.errors import ConfigError
from vaekit.models import Model
from vaekit.numerics import random_state_lock, seed_everything
from vaekit.registry import MODELS, OBJECTIVES, PRIORS, resolve
from vaekit.runs import RunFolder, check_identity, identify, save_run
from vaekit.training.callbacks import Callback, MetricsFile
from vaekit.training.distributed import Processes, choose_device, join_engine
from vaekit.training.loop import fit
from vaekit.training.precision import choose_precision
from vaekit.training.step import TrainingStep

__all__ = ["Together", "train"]


Together = Callable[[Dataset, Processes], None]
"""What several processes that trained a model do with it."""


@random_state_lock()
def train(
    config: Config,
    *,
    folder: RunFolder,
    resume: bool = False,
    callbacks: Sequence[Callback] = (),
    together: Together | None = None,
) -> Dataset:
    """Load the data, build the model, train it, and write the run folder.

    The same config and seed give the same weights, bit for bit, on the same machine with the
    same number of threads, also when the run was killed and resumed. A run that goes on takes the
    number it began with; for two runs give one in ``training.threads``.

    Args:
        config: the whole of the run.
        folder: new or empty, and made once data and model are found good; with ``resume`` one
            that training wrote before.
        resume: go on from the last checkpoint.
        callbacks: told what happens, besides ``metrics.jsonl``, which is always written.
        together: what all of several processes do once the model is saved, before they part.

    Returns:
        The dataset, for whoever measures the run next.

    Raises:
        RunError: the folder is not empty, cannot be resumed, or another process trains in it.
        DataError: the source cannot be read or used, or is not that of the run to be resumed.
        ConfigError: parts that do not go together.
        TrainingError: the loss is not finite.
        WriteError: a file cannot be written; the last checkpoint stays, if one was written.
        Interrupted: Ctrl-C; everything up to then is saved.
    """
    device = choose_device(config.training.device)
    choose_precision(config.training.precision, device=device)  # refused before data is read
    engine = join_engine(device=device)
    processes = Processes(engine)
    if not resume and processes.main:
        folder.require_free()
    with share_reading(None if processes.alone else processes):
        dataset, preprocessing = _load(config, processes=processes)
        seed_everything(config.seed)
        model = _model(config, dataset, preprocessing)
    step: TrainingStep = resolve(MODELS.get(config.model.kind).step)(
        model,
        build_objective(config.objective),
        preprocessing=preprocessing,
        samples=config.objective.samples,
    )
    batches, watch = _batches(
        config, dataset, part=processes.part, double=preprocessing.needs_double
    )
    # killed before the first checkpoint: from the beginning
    saved = resume and (folder.last.is_file() or folder.model.is_file())
    if saved:
        check_identity(folder, dataset)
    elif processes.main and not resume:
        folder.make()
    with folder.locked() if processes.main else nullcontext():
        if not saved and processes.main:
            folder.write_json(folder.config, config.model_dump(mode="json"))
            folder.write_json(folder.data, identify(dataset))
        fit(
            step,
            train=batches,
            watch=watch,
            config=config.training,
            objective=config.objective,
            checkpoint=folder.last,
            resume=saved,
            callbacks=[MetricsFile(folder), *callbacks],
            engine=engine,
        )
        if processes.main:
            save_run(folder, model.cpu(), preprocessing.cpu())
    if together is not None and not processes.alone:
        processes.any(False)  # waits for the first, which has saved
        together(dataset, processes)
    processes.close()
    return dataset


def _load(config: Config, *, processes: Processes) -> tuple[Dataset, Preprocessing]:
    """The rows, and what turns them into what the model sees; the same in all processes."""
    if not processes.alone:
        _check_rows_are_apart(config)
    dataset, preprocessing = load_data(config.data)
    _check_labels(config, dataset)
    return dataset, preprocessing


def _check_rows_are_apart(config: Config) -> None:
    """Refuse what looks at the whole batch: a process sees its part alone."""
    found = {
        "model.encoder.batch_norm": config.model.encoder.batch_norm,
        "model.decoder.batch_norm": config.model.decoder.batch_norm,
        "objective.free_bits": config.objective.free_bits > 0,
        **{
            f"objective.penalties.{name}": OBJECTIVES.get(name).batch
            for name in config.objective.terms()
        },
    }
    wrong = [name for name, there in found.items() if there]
    if wrong:
        raise ConfigError(
            f"{' and '.join(wrong)}: means over the whole batch, of which each of several "
            "processes has a part: leave it out, or train with one process"
        )


def _model(config: Config, dataset: Dataset, preprocessing: Preprocessing) -> Model:
    """A fresh model; a VampPrior starts at training rows, and a decoder may at their mean."""
    rows = None
    if PRIORS.get(config.model.prior.kind).from_rows:
        first = dataset.split.train[: config.model.prior.components]
        rows = preprocessing(torch.from_numpy(np.ascontiguousarray(dataset.rows[first])))
    model = build_model(config.model, shape=dataset.shape, support=preprocessing.support, rows=rows)
    if config.model.likelihood.start == "mean":
        start_at_mean(model, preprocessing.mean(dataset))
    return model


def _check_labels(config: Config, dataset: Dataset) -> None:
    """Refuse to learn from more labels than there are, before hours of training."""
    most = max(config.labels.counts, default=0)
    if not most:
        return
    if dataset.labels is None:
        raise ConfigError("labels.counts asks for labels, and the data has none: set data.label")
    known = dataset.labels[dataset.split.of("train")]
    there = np.bincount(known[known >= 0], minlength=len(dataset.classes))
    fewest, classes = min(config.labels.counts), len(there)
    if fewest < classes or -(-most // classes) > there.min():
        raise ConfigError(
            f"labels.counts: expected from {classes} to {classes * int(there.min())}, as many of "
            f"each of {classes} classes; got {', '.join(map(str, config.labels.counts))}"
        )


def _batches(
    config: Config, dataset: Dataset, *, part: Part, double: bool
) -> tuple[Batches, Batches | None]:
    """Training batches, and those that are watched."""
    settings = config.training
    if settings.watch == "test" and settings.early_stopping:
        raise ConfigError(
            "early stopping on test rows would tune on them: set training.watch = validation"
        )
    device = choose_device(settings.device)
    train = Batches(
        dataset.rows,
        dataset.split.train,
        batch_size=settings.batch_size,
        device=device,
        seed=config.seed,
        drop_last=True,
        part=part,
        double=double,
    )
    index = dataset.split.index(settings.watch)
    if len(index) == 0:
        if settings.early_stopping:
            raise ConfigError("early stopping needs validation rows: set data.validation above 0")
        return train, None
    size = max(settings.batch_size, 256)
    watch = Batches(dataset.rows, index, batch_size=size, device=device, part=part, double=double)
    return train, watch
