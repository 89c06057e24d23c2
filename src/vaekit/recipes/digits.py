"""The default: embedded data, a minute of CPU."""

from vaekit.config import (
    Config,
    DataConfig,
    EvaluationConfig,
    ModelConfig,
    NetworkConfig,
    ObjectiveConfig,
    TrainingConfig,
)

__all__ = ["digits"]


def digits() -> Config:
    """A two-dimensional map of the 8x8 digits inside scikit-learn.

    64-256-128-2 and back, ReLU. Pixels are probabilities, drawn anew at each use, so that the
    Bernoulli log-likelihood is one in honest nats. No published figure exists for this set.

    Source: UCI Optical Recognition of Handwritten Digits, as scikit-learn ships it.
    """
    return Config(
        name="digits",
        data=DataConfig(source="digits", binarize="dynamic"),
        model=ModelConfig(
            latent_dim=2,
            encoder=NetworkConfig(hidden=(256, 128)),
            decoder=NetworkConfig(hidden=(128, 256)),
        ),
        objective=ObjectiveConfig(schedule="linear", warmup=20),
        training=TrainingConfig(epochs=200, batch_size=128, schedule="cosine", threads=1),
        evaluation=EvaluationConfig(samples=1000),
    )
