"""Points in space."""

from vaekit.config import (
    Config,
    DataConfig,
    LikelihoodConfig,
    ModelConfig,
    NetworkConfig,
    ObjectiveConfig,
    TrainingConfig,
)

__all__ = ["swiss_roll"]


def swiss_roll() -> Config:
    """A rolled-up sheet of points in space, laid out on a plane.

    3-128-128-128-2 and back, GELU, a Gaussian likelihood with one learned variance for all three
    coordinates, in float32. Scaled to variance 1 the code collapses, because half a unit of noise
    already blurs the roll: the coordinates stay as they are, about 6 units wide, and the rate
    grows over 50 epochs. Neighbours stay neighbours (trustworthiness 0.99 with 10 neighbours),
    but the sheet is cut and laid out in pieces: distances along it are not kept.

    Source: Marsland 2009, Machine Learning: An Algorithmic Perspective, chapter 6, as
    scikit-learn makes it. Trustworthiness: Venna and Kaski 2001.
    """
    layers = NetworkConfig(hidden=(128, 128, 128), activation="gelu")
    return Config(
        name="swiss-roll",
        data=DataConfig(source="swiss-roll", scale="none"),
        model=ModelConfig(
            latent_dim=2,
            encoder=layers,
            decoder=layers,
            likelihood=LikelihoodConfig(kind="gaussian", variance="shared"),
        ),
        objective=ObjectiveConfig(schedule="linear", warmup=50),
        training=TrainingConfig(
            epochs=300,
            batch_size=128,
            learning_rate=2e-3,
            schedule="cosine",
            precision="32",
            threads=1,
        ),
    )
