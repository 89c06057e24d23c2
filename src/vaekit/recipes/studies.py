"""Studies: several configurations that differ in one setting."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from vaekit.config import (
    Config,
    DataConfig,
    EvaluationConfig,
    LikelihoodConfig,
    ModelConfig,
    NetworkConfig,
    ObjectiveConfig,
    PosteriorConfig,
    TrainingConfig,
)
from vaekit.recipes.configs import IWAE_TABLE, Published, mnist_iwae

__all__ = ["STUDIES", "Study", "mnist_autoencoder", "mnist_em", "mnist_flow", "mnist_losses"]


@dataclass(frozen=True, kw_only=True)
class Study:
    """Several runs that are read side by side."""

    name: str
    """As given on the command line."""
    members: Callable[[], Mapping[str, Config]]
    """Makes the full config of each member, by its name, in the order they are run."""
    published: Mapping[str, tuple[Published, ...]] = field(default_factory=dict)
    """What members are compared to, by the name of the member."""

    @property
    def summary(self) -> str:
        """First line of the docstring."""
        return self.text.splitlines()[0]

    @property
    def text(self) -> str:
        """What is compared, what to look for, and where it comes from."""
        return inspect.getdoc(self.members) or ""


def mnist_em() -> Mapping[str, Config]:
    """The VAE beside its EM variant without the entropy of the posterior.

    Convolutional encoder and decoder, 30 latent dimensions, batches of 250, 50 epochs. The EM
    variant minimises the distortion plus half the squared mean of the code: nothing rewards a
    wide posterior, so it narrows to a point. Look at the means of the units: the article finds
    some on and the rest off in the VAE, all a little on in the EM variant, whose samples from
    N(0, I) are worse.
    As in the article, grey pixels go to a Bernoulli likelihood: a cross-entropy, no probability.

    Source: the article on VAE against EM in R with Keras.
    """
    variant = ObjectiveConfig(beta=0.0, mean_penalty=1.0)
    return {
        "vae": _conv("mnist-em-vae", likelihood=LikelihoodConfig(kind="bernoulli")),
        "em": _conv(
            "mnist-em-em", likelihood=LikelihoodConfig(kind="bernoulli"), objective=variant
        ),
    }


def mnist_losses() -> Mapping[str, Config]:
    """One network with cross-entropy and with squared error.

    The network of mnist-em with two latent dimensions, so that the whole latent plane can be
    seen. Half the squared error is the Gaussian likelihood of variance 1: on pixels in [0, 1] it
    weighs the image little against the rate. The two losses are not on one scale, and the
    report says so instead of ranking them.

    Source: the article on VAE against EM in R with Keras.
    """
    squared = LikelihoodConfig(kind="gaussian", variance="unit")
    return {
        "cross-entropy": _conv(
            "mnist-losses-cross-entropy",
            likelihood=LikelihoodConfig(kind="bernoulli"),
            latent_dim=2,
        ),
        "squared-error": _conv("mnist-losses-squared-error", likelihood=squared, latent_dim=2),
    }


def mnist_autoencoder() -> Mapping[str, Config]:
    """The ordinary autoencoder beside a VAE of the same size.

    784-500-2 and back, one hidden layer of tanh, squared error. The autoencoder has a point for
    a posterior and no rate in its loss, so its codes lie where they like: what N(0, I) draws
    falls beside them, and its samples are no digits. Reconstructions alone do not show this.

    Source: the ordinary autoencoder of the article on the Chainer VAE.
    """
    plain = ObjectiveConfig(beta=0.0)
    return {
        "autoencoder": _one_layer(
            "mnist-autoencoder-autoencoder",
            posterior=PosteriorConfig(kind="point"),
            objective=plain,
        ),
        "vae": _one_layer("mnist-autoencoder-vae"),
    }


def mnist_flow() -> Mapping[str, Config]:
    """Normalizing flows on the posterior: the bound against their length.

    784-200-200-10 and back, tanh, dynamic binarization: planar flows of length 0, 4 and 16, and
    an autoregressive spline flow. A better posterior brings the bound closer to the
    log-likelihood; the shape of one posterior before and after its flow shows how.

    Source: Rezende and Mohamed 2015, arXiv:1505.05770 (planar flows on the posterior, the bound
    against the length); Durkan, Bekasov, Murray and Papamakarios 2019, arXiv:1906.04032
    (splines). Ten latent dimensions, instead of their 40; with two, where the whole posterior
    could be drawn, the layout that a run finds moves its bound by more than a flow does.
    """
    posteriors = {
        "planar-0": PosteriorConfig(flow="planar", flow_length=0),
        "planar-4": PosteriorConfig(flow="planar", flow_length=4),
        "planar-16": PosteriorConfig(flow="planar", flow_length=16),
        "spline": PosteriorConfig(flow="spline", flow_length=2),
    }
    return {name: _flow(f"mnist-flow-{name}", posterior=q) for name, q in posteriors.items()}


def _conv(
    name: str,
    *,
    likelihood: LikelihoodConfig,
    latent_dim: int = 30,
    objective: ObjectiveConfig | None = None,
) -> Config:
    """The network of the R article."""
    return Config(
        name=name,
        data=DataConfig(source="mnist", validation=0.0),
        model=ModelConfig(
            latent_dim=latent_dim,
            encoder=NetworkConfig(kind="conv", init="xavier"),
            decoder=NetworkConfig(kind="conv", init="xavier"),
            likelihood=likelihood,
        ),
        objective=objective or ObjectiveConfig(),
        training=TrainingConfig(epochs=50, batch_size=250, watch="test"),
        evaluation=EvaluationConfig(samples=100),
    )


def _one_layer(
    name: str,
    *,
    posterior: PosteriorConfig | None = None,
    objective: ObjectiveConfig | None = None,
) -> Config:
    """One hidden layer on either side of the code."""
    layer = NetworkConfig(hidden=(500,), activation="tanh", init="xavier")
    return Config(
        name=name,
        data=DataConfig(source="mnist", validation=0.0),
        model=ModelConfig(
            latent_dim=2,
            encoder=layer,
            decoder=layer,
            posterior=posterior or PosteriorConfig(),
            likelihood=LikelihoodConfig(kind="gaussian", variance="unit"),
        ),
        objective=objective or ObjectiveConfig(),
        training=TrainingConfig(epochs=30, batch_size=100, watch="test"),
        evaluation=EvaluationConfig(samples=100),
    )


def _flow(name: str, *, posterior: PosteriorConfig) -> Config:
    """The network of the likelihood tables on a plane."""
    layers = NetworkConfig(hidden=(200, 200), activation="tanh", init="xavier")
    return Config(
        name=name,
        data=DataConfig(source="mnist", binarize="dynamic", validation=0.0),
        model=ModelConfig(
            latent_dim=10,
            encoder=layers,
            decoder=layers,
            posterior=posterior,
            likelihood=LikelihoodConfig(kind="bernoulli"),
        ),
        training=TrainingConfig(epochs=40, batch_size=100, schedule="cosine", watch="test"),
        evaluation=EvaluationConfig(samples=500),
    )


STUDIES = {
    found.name: found
    for found in (
        Study(name="mnist-em", members=mnist_em),
        Study(name="mnist-losses", members=mnist_losses),
        Study(name="mnist-autoencoder", members=mnist_autoencoder),
        Study(name="mnist-flow", members=mnist_flow),
        Study(name="mnist-iwae", members=mnist_iwae, published=IWAE_TABLE),
    )
}
