"""Models of several tables of the same columns, trained as one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from vaekit.data import StackedBatches
from vaekit.estimators.fitting import TableSettings, TableTask, prepare, run
from vaekit.models import VAE
from vaekit.numerics import fixed_noise
from vaekit.training import Stacked

__all__ = ["fit_tables"]

_WORTH_STEPS = 100
"""Recording a step takes about as long as so many steps."""


def fit_tables(
    tasks: Sequence[TableTask], *, settings: TableSettings, verbose: bool = False
) -> list[VAE]:
    """Train a model for each of several tables, all at once where that is possible.

    The model of a table is that of :func:`vaekit.estimators.fitting.fit_table` but for rounding,
    which training enlarges; where tables differ by a few rows all take as many steps as the
    shortest. Tables of other columns, and models of the gaps, are trained one after another.

    Args:
        tasks: M tables.
        settings: of models and training.
        verbose: show a progress bar on stderr.

    Returns:
        The models, in evaluation mode.
    """
    made, states = [], []
    for task in tasks:
        with fixed_noise(task.seed):
            made.append(prepare(task, settings=settings))
            states.append(torch.get_rng_state())
    if _alike(tasks, settings=settings):
        unit = Stacked([step for step, _ in made], generators=[_generator(s) for s in states])
        together = StackedBatches([rows for _, rows in made])
        run(unit, together, settings=settings, uniform=True, verbose=verbose)
        unit.give_back()
    else:
        for (step, batches), state in zip(made, states, strict=True):
            with fixed_noise(0):
                torch.set_rng_state(state)
                uniform = step.model.missingness is None
                run(step, batches, settings=settings, uniform=uniform, verbose=verbose)
    return [step.model.eval() for step, _ in made]


def _alike(tasks: Sequence[TableTask], *, settings: TableSettings) -> bool:
    """Whether the models have one shape, and their batches too, and it is worth the start."""
    first = tasks[0]
    kinds = [[(spec.kind, spec.levels) for spec in task.specs] for task in tasks]
    known = [int((~np.isnan(task.seen).all(1)).sum()) for task in tasks]
    sizes = {min(settings.batch_size, rows) for rows in known}
    steps = settings.epochs * max(1, min(known) // settings.batch_size)
    return (
        len(tasks) > 1
        and steps >= _WORTH_STEPS
        and len(sizes) == 1
        and all(each == kinds[0] for each in kinds)
        and all(task.missingness is None for task in tasks)
        and all((task.weights is None) == (first.weights is None) for task in tasks)
    )


def _generator(state: torch.Tensor) -> torch.Generator:
    generator = torch.Generator()
    generator.set_state(state)
    return generator
