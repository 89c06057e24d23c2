"""Measure a run, and say in lines what came out."""

from collections.abc import Mapping
from typing import Any

import torch

from vaekit.cli.few_labels import label_errors
from vaekit.cli.output import Output, columns, finite
from vaekit.cli.published import comparisons, differences
from vaekit.config import EvaluationConfig
from vaekit.data import Batches, Dataset
from vaekit.errors import ConfigError
from vaekit.evaluation import evaluate
from vaekit.report import format_number, headlines
from vaekit.runs import Run

__all__ = ["measure", "summary"]

_BATCH = 100


def measure(
    run: Run,
    *,
    dataset: Dataset,
    settings: EvaluationConfig,
    rows: int | None = None,
    device: str = "auto",
    output: Output,
) -> dict[str, Any]:
    """Measure a run and write ``evaluation.json``.

    Args:
        run: the run.
        dataset: with the rows to measure on.
        settings: split, samples, memory, seed.
        rows: only the first so many rows of the split.
        device: auto, cpu, cuda or mps; the CPU stands in for mps, which has no float64.
        output: where to show progress.

    Returns:
        What was written.

    Raises:
        DataError: the split has no rows.
        ConfigError: cuda is asked for and is not there.
    """
    index = dataset.split.of(settings.split)[:rows]
    chosen = _device(device)
    batches = Batches(dataset.rows, index, batch_size=_BATCH, device=chosen)
    output.say(
        f"measuring {len(index):,} {settings.split} rows with {settings.samples:,} importance "
        f"samples each ({chosen})"
    )
    with output.rows_bar("measuring rows", rows=len(index)) as advance:
        found = evaluate(
            run.model.to(chosen),
            batches,
            preprocessing=run.preprocessing.to(chosen),
            split=settings.split,
            samples=settings.samples,
            memory_mb=settings.memory_mb,
            seed=settings.seed,
            progress=advance,
        )
    run.model.cpu()
    run.preprocessing.cpu()
    errors = label_errors(run, dataset=dataset, index=index)
    values = finite({**found.as_dict(), **errors})
    run.folder.write_json(run.folder.evaluation, values)
    return values


def summary(run: Run, evaluation: Mapping[str, Any]) -> list[str]:
    """What was measured, for a person: numbers with units, notes, published numbers.

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
    found = comparisons(run.config, evaluation)
    if found:
        lines.append("beside the published numbers")
        table = [
            (each["what"], format_number(each["ours"]), format_number(each["value"]), each["unit"])
            for each in found
        ]
        lines += columns([("", "here", "published", "unit"), *table], indent="  ")
        lines += [
            f"  published by {source}" for source in dict.fromkeys(e["source"] for e in found)
        ]
        lines += [f"note: {text}" for text in differences(run.config, evaluation)]
    return [line.replace("\N{MINUS SIGN}", "-") for line in lines]


def _device(name: str) -> str:
    """Where to measure: sums need float64, which mps does not have."""
    if torch.cuda.is_available() and name in ("auto", "cuda"):
        return "cuda"
    if name == "cuda":
        raise ConfigError(f"device cuda: PyTorch {torch.__version__} finds none here; take cpu")
    return "cpu"
