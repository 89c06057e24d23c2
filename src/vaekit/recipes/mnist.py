"""MNIST in the setting of the likelihood tables."""

from vaekit.config import (
    Config,
    DataConfig,
    EvaluationConfig,
    LikelihoodConfig,
    ModelConfig,
    NetworkConfig,
    ObjectiveConfig,
    TrainingConfig,
)

__all__ = ["mnist_iwae_5", "mnist_vae"]


def mnist_vae() -> Config:
    """The one-layer VAE of the importance-weighted autoencoder paper, k = 1.

    784-200-200-50 and back, tanh, Glorot weights, dynamic binarization, all 60,000 training
    rows. The paper takes 3280 epochs in batches of 20 with eight stages of the learning rate
    (schedule = iwae), which is days of a CPU. This takes 600 epochs in batches of 100, with a
    cosine from 2e-3: the best of six tried for 20 epochs, by 10,000 training rows held out.

    Source: Burda, Grosse and Salakhutdinov 2016, arXiv:1509.00519, table 1: 86.76 nats, 19
    active units.
    """
    return _paper("mnist-vae", objective=ObjectiveConfig(), epochs=600)


def mnist_iwae_5() -> Config:
    """The one-layer importance-weighted autoencoder of the paper, k = 5.

    As mnist-vae, with the importance-weighted bound of five samples, for 250 epochs. The study
    mnist-iwae compares several k.

    Source: Burda, Grosse and Salakhutdinov 2016, arXiv:1509.00519, table 1: 85.54 nats, 22
    active units.
    """
    objective = ObjectiveConfig(reduce="logmeanexp", samples=5)
    return _paper("mnist-iwae-5", objective=objective, epochs=250)


def _paper(name: str, *, objective: ObjectiveConfig, epochs: int) -> Config:
    """What both have in common."""
    tanh = NetworkConfig(hidden=(200, 200), activation="tanh", init="xavier")
    return Config(
        name=name,
        data=DataConfig(source="mnist", binarize="dynamic", validation=0.0),
        model=ModelConfig(
            latent_dim=50,
            encoder=tanh,
            decoder=tanh,
            likelihood=LikelihoodConfig(kind="bernoulli"),
        ),
        objective=objective,
        training=TrainingConfig(
            epochs=epochs, batch_size=100, learning_rate=2e-3, schedule="cosine"
        ),
        evaluation=EvaluationConfig(samples=5000),
    )
