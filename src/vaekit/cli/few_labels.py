"""Learn from few labels on the codes of a run, and measure what came of it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaekit import tasks
from vaekit.cli.output import Output
from vaekit.data import Dataset
from vaekit.runs import Run, label_models, load_label_model, save_label_model

__all__ = ["label_errors", "learn_labels"]


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
    from vaekit.estimators.label_fitting import fit_labelled
    from vaekit.models.row_parts import code_parts

    assert dataset.labels is not None  # training has looked
    index = dataset.split.of("train")
    codes = _codes(run, dataset=dataset, index=index)
    seen = np.concatenate([codes.mean, np.sqrt(codes.variance)], 1)
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
            seen,
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


def label_errors(run: Run, *, dataset: Dataset, index: NDArray[np.int64]) -> dict[str, Any]:
    """Shares of rows that the labelled models of a run take for another class.

    Args:
        run: the run.
        dataset: with the rows.
        index: positions of the rows to measure on.

    Returns:
        In %, by ``error_COUNT_labels``; nothing where the run has no such model.
    """
    counts = label_models(run)
    if not counts or dataset.labels is None:
        return {}
    codes, truth = _codes(run, dataset=dataset, index=index), dataset.labels[index]
    found = {}
    for count in counts:
        told = tasks.classify(load_label_model(run, count=count), codes=codes).argmax(1)
        found[f"error_{count}_labels"] = 100 * float(np.mean(told != truth))
    return found


def _codes(run: Run, *, dataset: Dataset, index: NDArray[np.int64]) -> tasks.Codes:
    return tasks.encode(run.model, preprocessing=run.preprocessing, rows=dataset.rows, index=index)
