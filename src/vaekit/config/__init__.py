"""What a run is, as data: frozen, documented, checked once when loaded. No torch in here."""

from vaekit.config.load import load_config, merge, parse_config
from vaekit.config.schema import (
    Config,
    DataConfig,
    EvaluationConfig,
    LabelsConfig,
    LikelihoodConfig,
    ModelConfig,
    NetworkConfig,
    ObjectiveConfig,
    PosteriorConfig,
    PriorConfig,
    ReportConfig,
    Section,
    TrainingConfig,
)

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
