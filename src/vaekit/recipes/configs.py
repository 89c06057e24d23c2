"""Named configurations of single runs, with published numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from vaekit.config import (
    Config,
    DataConfig,
    EvaluationConfig,
    LabelsConfig,
    LikelihoodConfig,
    ModelConfig,
    NetworkConfig,
    ObjectiveConfig,
    ReportConfig,
    TrainingConfig,
)

__all__ = [
    "IWAE_TABLE",
    "LABELS_TABLE",
    "Published",
    "digits",
    "fashion_mlp",
    "mnist_arithmetic",
    "mnist_iwae",
    "mnist_iwae_5",
    "mnist_manifold",
    "mnist_morph",
    "mnist_semi_supervised",
    "mnist_vae",
    "swiss_roll",
]


@dataclass(frozen=True, kw_only=True)
class Published:
    """A number in the literature that a run is compared to."""

    key: str
    """Where our own number stands: a key of ``evaluation.json``."""
    what: str
    """What it is."""
    value: float
    """As published."""
    unit: str
    """Its unit."""
    source: str
    """Who published it."""
    offset: float = 0.0
    """Added to our number to bring it to the published scale."""
    sign: float = 1.0
    """Multiplied before that: -1 where the publication gives a negative log-likelihood."""
    better: Literal["lower", "higher"] | None = None
    """Which way is better on the published scale; none where neither is."""
    se_key: str | None = None
    """Where the standard error of our number stands in ``evaluation.json``; none where none is
    known."""


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


_SOURCE = "Kingma, Rezende, Mohamed and Welling 2014, arXiv:1406.5298, table 1 (M1+M2)"

LABELS_TABLE = tuple(
    Published(
        key=f"error_{count}_labels",
        what=f"test error with {count:,} labels",
        value=value,
        unit="%",
        source=_SOURCE,
        better="lower",
    )
    for count, value in ((100, 3.33), (600, 2.59), (1000, 2.40), (3000, 2.18))
)
"""Means over draws of the labels; the standard deviation is .14 with 100 and .02 with 1000."""


def mnist_semi_supervised() -> Config:
    """Digits from 100, 600, 1000 and 3000 labels of 60,000 rows: M1+M2.

    A VAE of all training rows, without labels: 784-600-600-50 and back, ReLU, the rate warmed up
    over 10 epochs (M1). Then, for each number of labels, a labelled model of its codes, which
    are drawn afresh at each step, and in which unknown labels are summed out (M2): the paper's
    300 hidden units, and 10 latent dimensions where it has 50. The schedule is ours and short, 30
    and 20 epochs: some ten minutes of one idle core.

    Source: Kingma, Rezende, Mohamed and Welling 2014, arXiv:1406.5298, table 1.
    """
    return Config(
        name="mnist-semi-supervised",
        data=DataConfig(source="mnist", validation=0.0),
        model=ModelConfig(
            latent_dim=50,
            encoder=NetworkConfig(hidden=(600, 600)),
            decoder=NetworkConfig(hidden=(600, 600)),
            likelihood=LikelihoodConfig(kind="bernoulli"),
        ),
        objective=ObjectiveConfig(schedule="linear", warmup=10),
        training=TrainingConfig(epochs=30, batch_size=200, schedule="cosine", watch="test"),
        evaluation=EvaluationConfig(samples=50),
        labels=LabelsConfig(counts=(100, 600, 1000, 3000)),
    )
