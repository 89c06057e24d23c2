"""MNIST on a plane and in twenty dimensions, for walks from one digit to another."""

from vaekit.config import (
    Config,
    DataConfig,
    EvaluationConfig,
    LikelihoodConfig,
    ModelConfig,
    NetworkConfig,
    ReportConfig,
    TrainingConfig,
)

__all__ = ["mnist_arithmetic", "mnist_manifold", "mnist_morph"]


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
    return _chainer(
        "mnist-manifold", latent_dim=2, report=ReportConfig(walk=("0", "7"), extent=2.0)
    )


def mnist_morph() -> Config:
    """The Chainer VAE with twenty latent dimensions, where every digit turns into every other.

    As mnist-manifold, with a code wide enough for sharp images: 784-500-500-20 and back.

    Source: as mnist-manifold.
    """
    report = ReportConfig(morph=True, tsne=(2, 3), projector=True)
    return _chainer("mnist-morph", latent_dim=20, report=report)


def mnist_arithmetic() -> Config:
    """What makes a 0 a 0, added to every other digit, row by row.

    The model of mnist-morph. The difference between the mean code of the 0 and the mean of all
    codes is added to the mean code of each class, up to twice. For another class:
    --report.add 8, or vaekit arithmetic RUN --add 8 for a run that is there.

    Source: the article on the Chainer VAE, which adds the component of the 0 to other digits.
    """
    return _chainer("mnist-arithmetic", latent_dim=20, report=ReportConfig(add="0"))


def _chainer(name: str, *, latent_dim: int, report: ReportConfig) -> Config:
    """What all have in common."""
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
        report=report,
    )
