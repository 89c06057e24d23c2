"""Options that several commands share, and the configuration they make."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Group, Parameter
from pydantic import BaseModel

from vaekit.config import (
    Config,
    DataConfig,
    EvaluationConfig,
    LabelsConfig,
    ModelConfig,
    ObjectiveConfig,
    ReportConfig,
    TrainingConfig,
    load_config,
    merge,
    parse_config,
)
from vaekit.errors import ConfigError
from vaekit.recipes import STUDIES
from vaekit.recipes import quick as shrink
from vaekit.recipes import recipe as recipe_config

__all__ = [
    "AsJson",
    "DataFlags",
    "Device",
    "EvaluationFlags",
    "Force",
    "Label",
    "LabelsFlags",
    "ModelFlags",
    "ObjectiveFlags",
    "Out",
    "Quick",
    "Quiet",
    "ReportFlags",
    "RunPath",
    "SafeCsv",
    "SplitName",
    "SplitOrAll",
    "TrainingFlags",
    "resolve_config",
    "resolve_members",
    "set_flags",
]


AsJson = Annotated[bool, Parameter(name="--json")]
Quick = Annotated[bool, Parameter(name="--quick")]
Quiet = Annotated[bool, Parameter(name="--quiet")]
Force = Annotated[bool, Parameter(name="--force")]
SafeCsv = Annotated[bool, Parameter(name="--safe-csv")]
RunPath = Annotated[Path, Parameter(name="RUN")]
Out = Annotated[Path, Parameter(name="--out")]
Label = Annotated[str | None, Parameter(name="--label")]
Device = Literal["auto", "cpu", "cuda", "mps"]
SplitName = Literal["train", "validation", "test"]
SplitOrAll = Literal["all", "train", "validation", "test"]


def _section(title: str, *, order: int) -> Parameter:
    """Make flags of a section of the config; defaults are those of the recipe, so none is shown."""
    group = Group(f"{title} (defaults come from the recipe)", sort_key=order)
    return Parameter(
        name=f"--{title.lower()}",
        group=group,
        show_default=False,
        negative_bool="no-",
        negative_none="no-",
    )


DataFlags = Annotated[DataConfig | None, _section("Data", order=1)]
ModelFlags = Annotated[ModelConfig | None, _section("Model", order=2)]
ObjectiveFlags = Annotated[ObjectiveConfig | None, _section("Objective", order=3)]
TrainingFlags = Annotated[TrainingConfig | None, _section("Training", order=4)]
EvaluationFlags = Annotated[EvaluationConfig | None, _section("Evaluation", order=5)]
LabelsFlags = Annotated[LabelsConfig | None, _section("Labels", order=6)]
ReportFlags = Annotated[ReportConfig | None, _section("Report", order=7)]


DEFAULT_RECIPE = "digits"


def set_flags(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the flags that were set, as a nested mapping.

    Args:
        values: by name; None, or a section none of whose fields was set, is left out.

    Returns:
        Only what was set.

    Example:
        >>> from vaekit.config import TrainingConfig
        >>> set_flags({"seed": None, "name": "a", "training": TrainingConfig(epochs=3)})
        {'name': 'a', 'training': {'epochs': 3}}
    """
    plain = {
        key: value.model_dump(exclude_unset=True) if isinstance(value, BaseModel) else value
        for key, value in values.items()
    }
    return {key: value for key, value in plain.items() if value is not None and value != {}}


def resolve_config(
    recipe: str | None,
    *,
    file: Path | None = None,
    flags: Mapping[str, Any],
    quick: bool = False,
) -> Config:
    """Merge recipe, config file and flags, later ones over earlier ones.

    Without a recipe a file, or data of one's own, starts from the plain defaults; without any
    of these it is the recipe digits.

    Args:
        recipe: its name.
        file: TOML, YAML or JSON.
        flags: as `set_flags` returns them.
        quick: shrink the run before the flags are laid over it.

    Returns:
        The config.

    Raises:
        ConfigError: an unknown recipe, an unreadable file, an unknown key, a value out of range.

    Example:
        >>> config = resolve_config("fashion-mlp", flags={"training": {"epochs": 3}})
        >>> config.training.epochs, config.training.batch_size
        (3, 200)
    """
    source = flags.get("data", {}).get("source")
    if recipe is None and file is None and source in (None, DEFAULT_RECIPE):
        recipe = DEFAULT_RECIPE
    base: dict[str, Any] = {} if recipe is None else recipe_config(recipe).model_dump()
    if file is not None:
        values = load_config(file)
        base = merge(base or {"name": _slug(file.stem)}, values)
        parse_config(base, origin=str(file))
    elif recipe is None:
        base = {"name": _slug(Path(source or "").stem)}
    if quick:
        base = shrink(parse_config(base)).model_dump()
    return parse_config(merge(base, flags), origin="flags")


def resolve_members(
    study: str, *, file: Path | None = None, flags: Mapping[str, Any], quick: bool = False
) -> dict[str, Config]:
    """Merge each member of a study with config file and flags, which hold for all of them.

    Args:
        study: its name.
        file: TOML, YAML or JSON.
        flags: as `set_flags` returns them.
        quick: shrink every run before the flags are laid over it.

    Returns:
        The configs by the name of the member, in order.

    Raises:
        ConfigError: a name, an unreadable file, an unknown key, a value out of range.

    Example:
        >>> members = resolve_members("mnist-em", flags={"training": {"epochs": 3}})
        >>> {name: config.training.epochs for name, config in members.items()}
        {'vae': 3, 'em': 3}
    """
    over = {} if file is None else load_config(file)
    if "name" in over or "name" in flags:
        raise ConfigError(
            f"{study} is a study, and its runs have names of their own: leave the name out"
        )
    members = {}
    for name, config in STUDIES[study].members().items():
        base = parse_config(merge(config.model_dump(), over), origin=str(file))
        small = shrink(base) if quick else base
        members[name] = parse_config(merge(small.model_dump(), flags), origin="flags")
    return members


def _slug(text: str) -> str:
    """Turn a text into the name of a run: letters, digits, dots, dashes, underscores."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-._") or "run"
