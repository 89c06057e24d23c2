"""MNIST on a plane and in twenty dimensions, for walks from one digit to another."""

from vaekit.config import (
    Config,
    DataConfig,
    EvaluationConfig,
    LikelihoodConfig,
    ModelConfig,
    NetworkConfig,
    TrainingConfig,
)

__all__ = ["mnist_manifold", "mnist_morph"]


def mnist_manifold() -> Config:
    """The Chainer VAE: MNIST on a plane of two latent dimensions.

    784-500-500-2 and back, tanh, Glorot weights, batches of 100. The C and the k of the original
    are objective.beta and objective.samples, both 1. As there, the grey pixels go to a Bernoulli
    likelihood, which makes the loss a cross-entropy and no probability; for honest nats add
    --data.binarize dynamic.

    Source: the VAE example of Chainer (C and k are its names), and the article that walks with
    it from a 0 to a 7. The widths of the article's layers are not known here; 500 is the
    example's.
    """
    return _chainer("mnist-manifold", latent_dim=2)


def mnist_morph() -> Config:
    """The Chainer VAE with twenty latent dimensions, where every digit turns into every other.

    As mnist-manifold, with a code wide enough for sharp images: 784-500-500-20 and back.

    Source: as mnist-manifold.
    """
    return _chainer("mnist-morph", latent_dim=20)


def _chainer(name: str, *, latent_dim: int) -> Config:
    """What both have in common."""
    tanh = NetworkConfig(hidden=(500, 500), activation="tanh", init="xavier")
    return Config(
        name=name,
        data=DataConfig(source="mnist", validation=0.0),
        model=ModelConfig(
            latent_dim=latent_dim,
            encoder=tanh,
            decoder=tanh,
            likelihood=LikelihoodConfig(kind="bernoulli"),
        ),
        training=TrainingConfig(epochs=50, batch_size=100, watch="test"),
        evaluation=EvaluationConfig(samples=100),
    )
