"""The default: embedded data, a minute of CPU."""

from vaekit.config import (
    Config,
    DataConfig,
    EvaluationConfig,
    LikelihoodConfig,
    ModelConfig,
    NetworkConfig,
    ObjectiveConfig,
    ReportConfig,
    TrainingConfig,
)

__all__ = ["digits"]


def digits() -> Config:
    """A two-dimensional map of the 8x8 digits inside scikit-learn.

    64-256-128-2 and back, ReLU. A pixel has one of 17 values, and the discretized logistic
    likelihood gives each a probability, so that the log-likelihood is in honest nats. No
    published figure exists for this set.

    Source: UCI Optical Recognition of Handwritten Digits, as scikit-learn ships it.
    """
    return Config(
        name="digits",
        data=DataConfig(source="digits"),
        model=ModelConfig(
            latent_dim=2,
            encoder=NetworkConfig(hidden=(256, 128)),
            decoder=NetworkConfig(hidden=(128, 256)),
            likelihood=LikelihoodConfig(kind="discretized-logistic", levels=17),
        ),
        objective=ObjectiveConfig(schedule="linear", warmup=20),
        training=TrainingConfig(epochs=150, batch_size=128, schedule="cosine", threads=1),
        evaluation=EvaluationConfig(samples=1000),
        report=ReportConfig(walk=("0", "7"), add="0", morph=True),
    )
