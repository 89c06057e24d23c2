"""Fashion-MNIST."""

from vaekit.config import (
    Config,
    DataConfig,
    LikelihoodConfig,
    ModelConfig,
    NetworkConfig,
    ReportConfig,
    TrainingConfig,
)

__all__ = ["fashion_mlp"]


def fashion_mlp() -> Config:
    """The ReNom tutorial: Fashion-MNIST on a plane.

    784-400-200-100-20-2 and back, ReLU, Glorot weights; half the squared error summed over the
    pixels, plus KL; Adam, batches of 200, 60 epochs, all 60,000 training rows. The curves of the
    tutorial are of train and test, so the test rows are watched here; no epoch is chosen by them.

    Source: the VAE tutorial of ReNom. Its test loss is 15.256 = 10.834 + 4.422, the first part
    being the sum of squares over 2 N, the second the KL per row.
    """
    return Config(
        name="fashion-mlp",
        data=DataConfig(source="fashion-mnist", validation=0.0),
        model=ModelConfig(
            latent_dim=2,
            encoder=NetworkConfig(hidden=(400, 200, 100, 20), init="xavier"),
            decoder=NetworkConfig(hidden=(20, 100, 200, 400), init="xavier"),
            likelihood=LikelihoodConfig(kind="gaussian", variance="unit"),
        ),
        training=TrainingConfig(epochs=60, batch_size=200, watch="test"),
        report=ReportConfig(walk=("Trouser", "Ankle boot"), walk_path="density", extent=2.0),
    )
