"""The table of the importance-weighted autoencoder paper, and a study of its k."""

from collections.abc import Mapping
from typing import Literal

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
from vaekit.recipes.published import Published

__all__ = ["IWAE_TABLE", "mnist_iwae"]

_PAPER = (
    "Burda, Grosse and Salakhutdinov 2016, table 1, one stochastic layer (3280 epochs, batches of "
    "20, no batch norm, 5000 importance samples)"
)


def mnist_iwae() -> Mapping[str, Config]:
    """IWAE with batch norm against VAE with the same k, k = 1, 5, 50.

    784-200-200-50 and back, tanh, batch normalisation, Glorot weights, dynamic binarization, all
    60,000 training rows. With k = 1 the two bounds are one, so there are five runs: the VAE
    averages its bound over k samples, with the rate in closed form, and the IWAE takes the
    logarithm of the mean of their weights. The decoder starts at the mean image, as in the
    authors' code: with batch normalisation and k = 50 it otherwise keeps a half of one latent
    dimension that decodes to negatives. All make the same number of updates: 40 epochs in
    batches of 100, with a cosine from 2e-3. The paper takes 3280 epochs in batches of 20, and
    has no batch normalisation.

    What to look for: in the paper more samples make the IWAE a better density model that uses
    more units, and change the VAE little. The ELBO of an IWAE may be far below its
    log-likelihood, as its bound forgives a sample that says nothing about the row.

    With one thread an epoch takes 2 seconds for k = 1, 4 for k = 5 and 25 for k = 50: three
    quarters of an hour for all. The log-likelihoods are of 1000 importance samples; the 5000 of
    the paper take five times as long in each run and are had with vaekit evaluate RUN --samples
    5000, then vaekit report on the folder of the study.

    Batch normalisation takes its statistics over the samples and the rows of a batch in
    training, and uses running ones afterwards: the score of a row does not depend on the rows
    that are measured with it, and vaekit evaluate gives the same numbers again.

    Source: Burda, Grosse and Salakhutdinov 2016, arXiv:1509.00519, table 1; Ioffe and Szegedy
    2015, arXiv:1502.03167.
    """
    members: tuple[tuple[Literal["vae", "iwae"], int], ...]
    members = (("vae", 1), ("vae", 5), ("vae", 50), ("iwae", 5), ("iwae", 50))
    return {f"{kind}-{k}": _member(kind, k) for kind, k in members}


def _member(kind: Literal["vae", "iwae"], k: int) -> Config:
    """One objective with k samples."""
    layers = NetworkConfig(hidden=(200, 200), activation="tanh", batch_norm=True, init="xavier")
    return Config(
        name=f"mnist-iwae-{kind}-{k}",
        data=DataConfig(source="mnist", binarize="dynamic", validation=0.0),
        model=ModelConfig(
            latent_dim=50,
            encoder=layers,
            decoder=layers,
            likelihood=LikelihoodConfig(kind="bernoulli", start="mean"),
        ),
        objective=ObjectiveConfig(reduce="mean" if kind == "vae" else "logmeanexp", samples=k),
        training=TrainingConfig(epochs=40, batch_size=100, learning_rate=2e-3, schedule="cosine"),
        evaluation=EvaluationConfig(samples=1000),
    )


def _row(nats: float, *, units: int) -> tuple[Published, ...]:
    """One row of the table of the paper."""
    return (
        Published(
            key="log_likelihood",
            what="negative log-likelihood",
            value=nats,
            unit="nats per row",
            source=_PAPER,
            sign=-1.0,
            better="lower",
            se_key="log_likelihood_se",
        ),
        Published(
            key="active_units", what="active units", value=units, unit="of 50", source=_PAPER
        ),
    )


IWAE_TABLE: Mapping[str, tuple[Published, ...]] = {
    "vae-1": _row(86.76, units=19),
    "vae-5": _row(86.47, units=20),
    "vae-50": _row(86.35, units=20),
    "iwae-5": _row(85.54, units=22),
    "iwae-50": _row(84.78, units=25),
}
"""The rows of the paper for one stochastic layer on MNIST, by objective and k."""
