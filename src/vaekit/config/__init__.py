"""What a run is, as data: frozen, documented, checked once when loaded. No torch in here."""

from vaekit.config.config import Config
from vaekit.config.data import DataConfig
from vaekit.config.evaluation import EvaluationConfig
from vaekit.config.labels import LabelsConfig
from vaekit.config.load import load_config, merge, parse_config
from vaekit.config.model import (
    LikelihoodConfig,
    ModelConfig,
    NetworkConfig,
    PosteriorConfig,
    PriorConfig,
)
from vaekit.config.objective import ObjectiveConfig
from vaekit.config.report import ReportConfig
from vaekit.config.section import Section
from vaekit.config.training import TrainingConfig

__all__ = [
    "Config",
    "DataConfig",
    "EvaluationConfig",
    "LabelsConfig",
    "LikelihoodConfig",
    "ModelConfig",
    "NetworkConfig",
    "ObjectiveConfig",
    "PosteriorConfig",
    "PriorConfig",
    "ReportConfig",
    "Section",
    "TrainingConfig",
    "load_config",
    "merge",
    "parse_config",
]
