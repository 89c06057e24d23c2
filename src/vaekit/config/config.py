"""The whole of a run."""

from pydantic import Field

from vaekit.config.data import DataConfig
from vaekit.config.evaluation import EvaluationConfig
from vaekit.config.labels import LabelsConfig
from vaekit.config.model import ModelConfig
from vaekit.config.objective import ObjectiveConfig
from vaekit.config.report import ReportConfig
from vaekit.config.section import Section
from vaekit.config.training import TrainingConfig

__all__ = ["Config"]


class Config(Section):
    """All settings of a run; written whole into its folder.

    Example:
        >>> config = Config(name="mine", data=DataConfig(source="digits"))
        >>> Config.model_validate_json(config.model_dump_json()) == config
        True
    """

    name: str = Field(default="run", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    """Name of the recipe, and the first part of the run folder's name."""

    seed: int = Field(default=0, ge=0, lt=2**32)
    """Seed of the initial weights, the order of rows and all noise in training."""

    data: DataConfig = DataConfig()
    """Where the rows come from and what happens to them before the model sees them."""

    model: ModelConfig = ModelConfig()
    """Three conditional distributions and the two networks that feed them."""

    objective: ObjectiveConfig = ObjectiveConfig()
    """What training minimises."""

    training: TrainingConfig = TrainingConfig()
    """How the parameters are found."""

    evaluation: EvaluationConfig = EvaluationConfig()
    """How the trained model is measured."""

    labels: LabelsConfig = LabelsConfig()
    """What is learned from few labels once the model is trained."""

    report: ReportConfig = ReportConfig()
    """What the report shows beside what every report shows."""
