"""Flags that several commands have in common."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Group, Parameter

from vaekit.config import (
    DataConfig,
    EvaluationConfig,
    LabelsConfig,
    ModelConfig,
    ObjectiveConfig,
    ReportConfig,
    TrainingConfig,
)

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
    "SplitName",
    "SplitOrAll",
    "TrainingFlags",
]

AsJson = Annotated[bool, Parameter(name="--json")]
Quick = Annotated[bool, Parameter(name="--quick")]
Quiet = Annotated[bool, Parameter(name="--quiet")]
Force = Annotated[bool, Parameter(name="--force")]
RunPath = Annotated[Path, Parameter(name="RUN")]
Out = Annotated[Path, Parameter(name="--out")]
Label = Annotated[str | None, Parameter(name="--label")]
Device = Literal["auto", "cpu", "cuda", "mps"]
SplitName = Literal["train", "validation", "test"]
SplitOrAll = Literal["all", "train", "validation", "test"]


def _section(title: str, *, order: int) -> Parameter:
    """A section of the config as flags; its defaults are those of the recipe, so none is shown."""
    group = Group(f"{title} (what is not given comes from the recipe)", sort_key=order)
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
