"""Evaluate a run, learn from few labels, and summarize the result."""

from collections.abc import Mapping
from math import isfinite
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from vaekit import inference
from vaekit.cli.output import Output
from vaekit.comparison.published import (
    compare_to_published,
    published_lines,
    recipe_differences,
)
from vaekit.config import EvaluationConfig
from vaekit.data import Batches, Dataset, Part
from vaekit.errors import ConfigError
from vaekit.evaluation import ProcessGroup, evaluate, worth_compiling
from vaekit.io import columns
from vaekit.report import headlines
from vaekit.runs import Run, label_models, load_label_model, save_label_model

__all__ = ["learn_labels", "measure", "measuring_device", "summary"]


_BATCH = 100
_RESIDENT_MB = 2048


def measure(
    run: Run,
    *,
    dataset: Dataset,
    output: Output,
    settings: EvaluationConfig | None = None,
    split: str | None = None,
    rows: int | None = None,
    device: str | None = None,
    processes: ProcessGroup | None = None,
) -> dict[str, Any]:
    """Measure a run and write ``evaluation.json``; of several processes the first writes.

    Args:
        run: the run.
        dataset: with the rows to measure on.
        output: where to show progress.
        settings: samples, memory, seed; those of the run when absent.
        split: to measure on; that of the settings, or another that has rows, when absent.
        rows: only the first so many rows of the split.
        device: auto, cpu, cuda or mps, for which the CPU is taken, as it has no float64; that
            of the training when absent.
        processes: that share the rows; one alone when absent.

    Returns:
        What was written; in a process that is not the first, numbers that need no labels. Of a
        model without an encoder nothing but a note that says so.

    Raises:
        DataError: the split has no rows.
        ConfigError: cuda is asked for and is not there.
    """
    settings = settings or run.config.evaluation
    split = split or dataset.split.usable(settings.split, purpose="measured")
    if not run.model.latent.encoder:
        values = {
            "split": split,
            "latent_dim": run.model.latent.dims,
            "notes": ["The model has no encoder: neither a bound nor a likelihood is measured."],
        }
        if processes is None or processes.part.number == 0:
            run.folder.write_json(run.folder.evaluation, values)
        return values
    index = dataset.split.of(split)[:rows]
    chosen = measuring_device(device or run.config.training.device)
    part = Part() if processes is None else processes.part
    limit = 0 if part.of > 1 else _RESIDENT_MB  # each reads its own batches and no others
    batches = Batches(
        dataset.rows, index, batch_size=_BATCH, device=chosen, resident_limit_mb=limit,
        double=run.preprocessing.needs_double,
    )  # fmt: skip
    output.say(
        f"measuring {len(index):,} {split} rows with {settings.samples:,} importance "
        f"samples each ({chosen}{f', {part.of} processes' if part.of > 1 else ''})"
    )
    worth = worth_compiling(run.model, rows=len(index) // part.of, samples=settings.samples)
    compiled = settings.compile == "always" or (settings.compile == "auto" and worth)
    own = sum(batches.size(step) for step in range(part.number, len(batches), part.of))
    with output.progress_bar("measuring rows", rows=own) as advance:
        found = evaluate(
            run.model.to(chosen),
            batches,
            preprocessing=run.preprocessing.to(chosen),
            split=split,
            samples=settings.samples,
            memory_mb=settings.memory_mb,
            compiled=compiled and chosen == "cpu",
            seed=settings.seed,
            progress=advance,
            processes=processes,
        )
    run.model.cpu()
    run.preprocessing.cpu()
    if part.number:
        return _without_non_finite(found.as_dict())
    errors = _label_errors(run, dataset=dataset, index=index)
    values = _without_non_finite({**found.as_dict(), **errors})
    run.folder.write_json(run.folder.evaluation, values)
    return values


def _without_non_finite(values: Mapping[str, Any]) -> dict[str, Any]:
    """Replace non-finite numbers, which JSON cannot hold, by none, and name them in the notes."""
    bad = [key for key, each in values.items() if isinstance(each, float) and not isfinite(each)]
    notes = [*values.get("notes", ()), *(f"{key} is not finite: {values[key]}." for key in bad)]
    return {**values, **dict.fromkeys(bad), "notes": notes}


def measuring_device(name: str) -> str:
    """Return the device to measure on: sums need float64, which mps does not have.

    Args:
        name: auto, cpu, cuda or mps.

    Raises:
        ConfigError: cuda is asked for and is not there.
    """
    if torch.cuda.is_available() and name in ("auto", "cuda"):
        return "cuda"
    if name == "cuda":
        raise ConfigError(f"device cuda: PyTorch {torch.__version__} finds none here; take cpu")
    return "cpu"


def summary(run: Run, evaluation: Mapping[str, Any]) -> list[str]:
    """Format what was measured as text: numbers with units, notes, published numbers.

    Args:
        run: the run.
        evaluation: as in ``evaluation.json``.

    Returns:
        Lines.
    """
    numbers = [each for each in headlines(evaluation) if each.exact]
    lines = [f"measured on the {evaluation['split']} rows"]
    lines += columns([(each.label, each.text, each.unit) for each in numbers], indent="  ")
    lines += [f"note: {note}" for note in evaluation.get("notes", ())]
    lines += published_lines(compare_to_published(run.config, evaluation))
    lines += [f"note: {text}" for text in recipe_differences(run.config, evaluation)]
    return [line.replace("\N{MINUS SIGN}", "-") for line in lines]


def learn_labels(run: Run, *, dataset: Dataset, output: Output) -> None:
    """Learn a labelled model from each number of labels that the config asks for.

    Args:
        run: the run, trained.
        dataset: the rows it was trained on.
        output: where to show progress.

    Raises:
        WriteError: a model cannot be written.
    """
    wanted = run.config.labels
    if not wanted.counts:
        return
    from vaekit.estimators import balanced_labels
    from vaekit.estimators.fitting import TableSettings
    from vaekit.estimators.label_models import fit_labelled
    from vaekit.models.labelled import code_parts

    assert dataset.labels is not None  # training has checked it
    index = dataset.split.of("train")
    codes = _codes(run, dataset=dataset, index=index)
    settings = TableSettings(
        latent_dim=wanted.latent_dim,
        hidden=wanted.hidden,
        samples=1,
        epochs=wanted.epochs,
        batch_size=wanted.batch_size,
        learning_rate=wanted.learning_rate,
    )
    for count in wanted.counts:
        output.say(f"learning from {count:,} labels of {len(index):,} rows")
        model = fit_labelled(
            np.concatenate([codes.mean, np.sqrt(codes.variance)], 1),
            balanced_labels(dataset.labels[index], count=count, seed=wanted.seed),
            parts=code_parts(run.config.model.latent_dim),
            settings=settings,
            label_prior=[1.0] * len(dataset.classes),
            alpha=wanted.alpha,
            sampled=True,
            seed=run.config.seed,
            precision="auto",
            verbose=not output.quiet,
        )
        save_label_model(run.folder, model, count=count)


def _label_errors(run: Run, *, dataset: Dataset, index: NDArray[np.int64]) -> dict[str, Any]:
    """Return the error in % of each labelled model of a run, by ``error_COUNT_labels``."""
    counts = label_models(run)
    if not counts or dataset.labels is None:
        return {}
    codes, truth = _codes(run, dataset=dataset, index=index), dataset.labels[index]
    found = {}
    for count in counts:
        predicted = inference.classify(load_label_model(run, count=count), codes=codes).argmax(1)
        found[f"error_{count}_labels"] = 100 * float(np.mean(predicted != truth))
    return found


def _codes(run: Run, *, dataset: Dataset, index: NDArray[np.int64]) -> inference.Codes:
    return inference.encode(
        run.model, preprocessing=run.preprocessing, rows=dataset.rows, index=index
    )
