"""``vaekit train``."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vaekit.cli.options import (
    AsJson,
    DataFlags,
    Device,
    EvaluationFlags,
    LabelsFlags,
    ModelFlags,
    ObjectiveFlags,
    Quick,
    Quiet,
    ReportFlags,
    TrainingFlags,
    resolve_config,
    resolve_members,
    set_flags,
)
from vaekit.cli.output import Output, read_launch
from vaekit.cli.study_folder import is_study
from vaekit.config import merge
from vaekit.errors import ConfigError
from vaekit.recipes import STUDIES

__all__ = ["train"]


def train(
    recipe: str | None = None,
    /,
    *,
    config: Path | None = None,
    data: str | None = None,
    out: Path | None = None,
    name: str | None = None,
    seed: int | None = None,
    device: Device | None = None,
    resume: Path | None = None,
    quick: Quick = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    data_settings: DataFlags = None,
    model: ModelFlags = None,
    objective: ObjectiveFlags = None,
    training: TrainingFlags = None,
    evaluation: EvaluationFlags = None,
    labels: LabelsFlags = None,
    report: ReportFlags = None,
) -> None:
    """Train a model, measure it, and leave a run folder with a report.

    Settings come from the recipe, then the config file, then the flags. A study trains several
    models one after another, each in a run folder within its own, and compares them in one
    report; file and flags hold for all of them.

    Args:
        recipe: A name that `vaekit recipes` lists. Without one: digits, or the plain defaults
            where --config or --data is given.
        config: File with settings: toml, yaml or json, as `vaekit recipes show` prints them.
        data: Short for --data.source.
        out: The run folder, new or empty; runs/NAME-TIME when absent.
        name: Name of the run; that of the recipe when absent.
        seed: Seed of the initial weights, the order of rows and all noise in training.
        device: Short for --training.device.
        resume: A run folder to continue, or that of a study, whose unfinished runs are then
            continued; of the settings only those of training can change.
        quick: A small version for a first look: fewer rows, epochs and importance samples.
        as_json: Print one JSON object to stdout and nothing else.
        quiet: Show no progress.
        data_settings: Where the rows come from.
        model: The parts of the model.
        objective: What training minimises.
        training: How the parameters are found.
        evaluation: How the trained model is measured.
        labels: What is learned from few labels once the model is trained.
        report: Optional parts of the report.

    Raises:
        ConfigError: flags that contradict each other.
    """
    flags = set_flags(
        {"data": data_settings, "model": model, "objective": objective, "training": training}
        | {"evaluation": evaluation, "labels": labels, "report": report}
        | {"name": name, "seed": seed}
    )
    for section, field, value, flag in (
        ("data", "source", data, "--data"),
        ("training", "device", device, "--device"),
    ):
        if value is not None and field in flags.get(section, {}):
            raise ConfigError(f"{flag} is short for --{section}.{field}: give one of them")
        if value is not None:
            flags = merge(flags, {section: {field: value}})
    launch = read_launch()
    is_of_study = recipe in STUDIES if resume is None else is_study(resume)
    if launch.count > 1 and is_of_study:
        raise ConfigError("a study trains its runs one after another: start it without torchrun")
    output = Output(as_json=as_json, quiet=quiet or not launch.main)
    if resume is not None:
        others = {"RECIPE": recipe, "--config": config, "--out": out, "--quick": quick or None}
        _check_resume(flags, others)
        changes = flags.get("training", {})
        if is_of_study:
            from vaekit.cli.study import resume_study

            resume_study(resume, changes=changes, output=output)
        else:
            from vaekit.cli.training import resume_training

            resume_training(resume, changes=changes, output=output)
    elif recipe is not None and is_of_study:
        members = resolve_members(recipe, file=config, flags=flags, quick=quick)
        from vaekit.cli.study import start_study

        start_study(recipe, members=members, out=out, output=output)
    else:
        settings = resolve_config(recipe, file=config, flags=flags, quick=quick)
        from vaekit.cli.training import start_training

        start_training(settings, out=out, output=output)


def _check_resume(flags: dict[str, Any], others: Mapping[str, object]) -> None:
    """Refuse flags that would change a resumed run."""
    wrong = [name for name, value in others.items() if value is not None]
    for name, value in flags.items():
        fields = [f".{key}" for key in value] if isinstance(value, dict) else [""]
        wrong += [f"--{name}{field}" for field in fields if name != "training"]
    if wrong:
        raise ConfigError(
            f"--resume continues a run as it is, and {', '.join(wrong)} would change it: leave "
            "that out, or start a new run. Only --training flags and --device can change"
        )
