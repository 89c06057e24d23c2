"""``vaekit train``."""

from pathlib import Path
from typing import Any

from vaekit.cli.flags import (
    AsJson,
    DataFlags,
    Device,
    EvaluationFlags,
    ModelFlags,
    ObjectiveFlags,
    Quiet,
    TrainingFlags,
)
from vaekit.cli.output import Output
from vaekit.cli.settings import given, resolve_config
from vaekit.config import merge
from vaekit.errors import ConfigError

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
    as_json: AsJson = False,
    quiet: Quiet = False,
    data_settings: DataFlags = None,
    model: ModelFlags = None,
    objective: ObjectiveFlags = None,
    training: TrainingFlags = None,
    evaluation: EvaluationFlags = None,
) -> None:
    """Train a model, measure it, and leave a run folder with a report.

    Settings come from the recipe, then the config file, then the flags.

    Args:
        recipe: A name that `vaekit recipes` lists. Without one: digits, or the plain defaults
            where --config or --data is given.
        config: File with settings: toml, yaml or json, as `vaekit recipes show` prints them.
        data: Short for --data.source.
        out: The run folder, new or empty; runs/NAME-TIME when absent.
        name: Name of the run; that of the recipe when absent.
        seed: Seed of the initial weights, the order of rows and all noise in training.
        device: Short for --training.device.
        resume: A run folder to go on with; of the settings only those of training can change.
        as_json: Print one JSON object to stdout and nothing else.
        quiet: Show no progress.
        data_settings: Where the rows come from.
        model: The parts of the model.
        objective: What training minimises.
        training: How the parameters are found.
        evaluation: How the trained model is measured.

    Raises:
        ConfigError: flags that contradict each other.
    """
    short = given(
        {"data": given({"source": data}), "training": given({"device": device}), "name": name}
        | {"seed": seed}
    )
    sections = given(
        {"data": data_settings, "model": model, "objective": objective, "training": training}
        | {"evaluation": evaluation}
    )
    _refuse_twice(short, sections)
    flags = merge(short, sections)
    output = Output(as_json=as_json, quiet=quiet)
    if resume is not None:
        _refuse_with_resume(flags, {"RECIPE": recipe, "--config": config, "--out": out})
        from vaekit.cli.training import go_on

        go_on(resume, changes=flags.get("training", {}), output=output)
        return
    settings = resolve_config(recipe, file=config, flags=flags)
    from vaekit.cli.training import start

    start(settings, out=out, output=output)


def _refuse_twice(short: dict[str, Any], sections: dict[str, Any]) -> None:
    """Refuse a short flag and its long form together."""
    for section, field, flag in (("data", "source", "--data"), ("training", "device", "--device")):
        if field in short.get(section, {}) and field in sections.get(section, {}):
            raise ConfigError(f"{flag} is short for --{section}.{field}: give one of them")


def _refuse_with_resume(flags: dict[str, Any], others: dict[str, object]) -> None:
    """Refuse what a run that goes on cannot change."""
    wrong = [name for name, value in others.items() if value is not None]
    for name, value in flags.items():
        fields = [f".{key}" for key in value] if isinstance(value, dict) else [""]
        wrong += [f"--{name}{field}" for field in fields if name != "training"]
    if wrong:
        raise ConfigError(
            f"--resume goes on with a run as it is, and {', '.join(wrong)} would change it: leave "
            "that out, or start a new run. Only --training flags and --device can change"
        )
