"""Named runs and studies: functions that return full configurations. This module needs no torch."""

import difflib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from vaekit.config import (
    Config,
    DataConfig,
    EvaluationConfig,
    LabelsConfig,
    LikelihoodConfig,
    ModelConfig,
    NetworkConfig,
    ObjectiveConfig,
    PosteriorConfig,
    ReportConfig,
    TrainingConfig,
    merge,
    parse_config,
)
from vaekit.errors import ConfigError

__all__ = [
    "RECIPES",
    "STUDIES",
    "Published",
    "Recipe",
    "Study",
    "digits",
    "fashion_mlp",
    "mnist_arithmetic",
    "mnist_autoencoder",
    "mnist_em",
    "mnist_flow",
    "mnist_iwae",
    "mnist_iwae_5",
    "mnist_losses",
    "mnist_manifold",
    "mnist_morph",
    "mnist_semi_supervised",
    "mnist_vae",
    "quick",
    "recipe",
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


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A named run."""

    name: str
    """As given on the command line."""
    config: Callable[[], Config]
    """Makes the full config."""
    published: tuple[Published, ...] = ()
    """What it is compared to."""

    @property
    def summary(self) -> str:
        """First line of the text."""
        return self.text.splitlines()[0]

    @property
    def text(self) -> str:
        """Docstring of its function: what it is and where it comes from."""
        return inspect.getdoc(self.config) or ""


@dataclass(frozen=True, kw_only=True)
class Study:
    """Several runs that are compared."""

    name: str
    """As given on the command line."""
    members: Callable[[], Mapping[str, Config]]
    """Makes the full config of each member, by its name, in the order they are run."""
    published: Mapping[str, tuple[Published, ...]] = field(default_factory=dict)
    """What members are compared to, by the name of the member."""

    @property
    def summary(self) -> str:
        """First line of the text."""
        return self.text.splitlines()[0]

    @property
    def text(self) -> str:
        """Docstring of its function: what is compared, what to look for, and the source."""
        return inspect.getdoc(self.members) or ""


# of a quick run
_ROWS = 1000  # of each split
_EPOCHS = 20
_SAMPLES = 20
_BATCH = 20  # small, for more steps from few rows


def quick(config: Config) -> Config:
    """Shrink a run to about a minute: fewer rows, epochs and importance samples.

    The model and the objective are unchanged; the warm-up keeps its share of the epochs.

    Args:
        config: of the full run.

    Returns:
        The config of the small one.

    Example:
        >>> quick(Config()).training.epochs
        20
    """
    epochs = min(config.training.epochs, _EPOCHS)
    share = epochs / config.training.epochs
    counts = [count for count in config.labels.counts if count <= _ROWS // 10]
    small: Mapping[str, Any] = {
        "data": {"limit": min(config.data.limit or _ROWS, _ROWS)},
        "objective": {"warmup": max(1, round(config.objective.warmup * share))},
        "training": {"epochs": epochs, "batch_size": min(config.training.batch_size, _BATCH)},
        "labels": {"counts": counts, "batch_size": min(config.labels.batch_size, _BATCH)},
        "evaluation": {"samples": min(config.evaluation.samples, _SAMPLES)},
    }
    return parse_config(merge(config.model_dump(), small))


def recipe(name: str) -> Config:
    """Return the full config of a named run.

    Args:
        name: as ``vaekit recipes`` lists it.

    Returns:
        The config.

    Raises:
        ConfigError: no recipe has this name, or it is a study, which has several configs.

    Example:
        >>> recipe("fashion-mlp").model.encoder.hidden
        (400, 200, 100, 20)
    """
    if name in STUDIES:
        raise ConfigError(
            f"{name} is a study of several runs, {', '.join(STUDIES[name].members())}, and has "
            f"no config of its own; vaekit recipes show {name} shows theirs"
        )
    if name not in RECIPES:
        known = [*RECIPES, *STUDIES]
        near = difflib.get_close_matches(name, known, n=1)
        hint = f'did you mean "{near[0]}"?' if near else f"there are {', '.join(known)}"
        raise ConfigError(f"no recipe is called {name!r}; {hint}")
    return RECIPES[name].config()


_BERNOULLI = LikelihoodConfig(kind="bernoulli")
_SQUARED_ERROR = LikelihoodConfig(kind="gaussian", variance="unit")


def _tanh_layers(*hidden: int, batch_norm: bool = False) -> NetworkConfig:
    """Return a multi-layer perceptron with tanh and Glorot weights."""
    return NetworkConfig(hidden=hidden, activation="tanh", init="xavier", batch_norm=batch_norm)


def _mnist(
    name: str,
    *,
    latent_dim: int,
    network: NetworkConfig,
    training: TrainingConfig,
    samples: int,
    likelihood: LikelihoodConfig = _BERNOULLI,
    binarize: Literal["none", "dynamic"] = "none",
    posterior: PosteriorConfig | None = None,
    objective: ObjectiveConfig | None = None,
    report: ReportConfig | None = None,
) -> Config:
    """Return the configuration of a run on all training rows of MNIST, none for validation."""
    return Config(
        name=name,
        data=DataConfig(source="mnist", binarize=binarize, validation=0.0),
        model=ModelConfig(
            latent_dim=latent_dim,
            encoder=network,
            decoder=network,
            posterior=posterior or PosteriorConfig(),
            likelihood=likelihood,
        ),
        objective=objective or ObjectiveConfig(),
        training=training,
        evaluation=EvaluationConfig(samples=samples),
        report=report or ReportConfig(),
    )


def digits() -> Config:
    """A two-dimensional map of the 8x8 digits inside scikit-learn.

    64-256-128-2 and back, ReLU. A pixel has one of 17 values, and the discretized logistic
    likelihood gives each a probability, so that the log-likelihood is that of the data.
    There is no published number for this set.

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
            likelihood=_SQUARED_ERROR,
        ),
        training=TrainingConfig(epochs=60, batch_size=200, watch="test"),
        report=ReportConfig(walk=("Trouser", "Ankle boot"), walk_path="density", extent=2.0),
    )


def mnist_manifold() -> Config:
    """The Chainer VAE: MNIST on a plane of two latent dimensions.

    784-500-500-2 and back, tanh, Glorot weights, batches of 100. The C and the k of the original
    are objective.beta and objective.samples, both 1. As there, the grey pixels go to a Bernoulli
    likelihood, which makes the loss a cross-entropy and no log-likelihood; for one add
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
    """Return the configuration of the Chainer VAE."""
    return _mnist(
        name, latent_dim=latent_dim, network=_tanh_layers(500, 500), samples=100, report=report,
        training=TrainingConfig(epochs=50, batch_size=100, watch="test"),
    )  # fmt: skip


def mnist_vae() -> Config:
    """The one-layer VAE of the importance-weighted autoencoder paper, k = 1.

    784-200-200-50 and back, tanh, Glorot weights, dynamic binarization, all 60,000 training
    rows. The paper takes 3280 epochs in batches of 20 with eight stages of the learning rate
    (schedule = iwae), which is days of a CPU. This takes 600 epochs in batches of 100, with a
    cosine from 2e-3: the best of six tried for 20 epochs, by 10,000 training rows held out.

    Source: Burda, Grosse and Salakhutdinov 2016, arXiv:1509.00519, table 1: 86.76 nats, 19
    active units.
    """
    return _iwae_paper("mnist-vae", objective=ObjectiveConfig(), epochs=600)


def mnist_iwae_5() -> Config:
    """The one-layer importance-weighted autoencoder of the paper, k = 5.

    As mnist-vae, with the importance-weighted bound of five samples, for 250 epochs. The study
    mnist-iwae compares several k.

    Source: Burda, Grosse and Salakhutdinov 2016, arXiv:1509.00519, table 1: 85.54 nats, 22
    active units.
    """
    objective = ObjectiveConfig(reduce="logmeanexp", samples=5)
    return _iwae_paper("mnist-iwae-5", objective=objective, epochs=250)


def _iwae_paper(name: str, *, objective: ObjectiveConfig, epochs: int) -> Config:
    """Return the configuration of one stochastic layer of the paper."""
    training = TrainingConfig(epochs=epochs, batch_size=100, learning_rate=2e-3, schedule="cosine")
    return _mnist(
        name, latent_dim=50, network=_tanh_layers(200, 200), binarize="dynamic", samples=5000,
        objective=objective, training=training,
    )  # fmt: skip


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
            likelihood=_BERNOULLI,
        ),
        objective=ObjectiveConfig(schedule="linear", warmup=10),
        training=TrainingConfig(epochs=30, batch_size=200, schedule="cosine", watch="test"),
        evaluation=EvaluationConfig(samples=50),
        labels=LabelsConfig(counts=(100, 600, 1000, 3000)),
    )


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
    em = ObjectiveConfig(beta=0.0, mean_penalty=1.0)
    return {
        "vae": _conv("mnist-em-vae", likelihood=_BERNOULLI, latent_dim=30),
        "em": _conv("mnist-em-em", likelihood=_BERNOULLI, latent_dim=30, objective=em),
    }


def mnist_losses() -> Mapping[str, Config]:
    """One network with cross-entropy and with squared error.

    The network of mnist-em with two latent dimensions, so that the whole latent plane can be
    seen. Half the squared error is the Gaussian likelihood of variance 1: on pixels in [0, 1] it
    weighs the image little against the rate. The two losses are not on one scale, and the
    report says so instead of ranking them.

    Source: the article on VAE against EM in R with Keras.
    """
    likelihoods = {"cross-entropy": _BERNOULLI, "squared-error": _SQUARED_ERROR}
    return {
        name: _conv(f"mnist-losses-{name}", likelihood=likelihood, latent_dim=2)
        for name, likelihood in likelihoods.items()
    }


def _conv(
    name: str,
    *,
    likelihood: LikelihoodConfig,
    latent_dim: int,
    objective: ObjectiveConfig | None = None,
) -> Config:
    """Return the configuration of the R article."""
    return _mnist(
        name, latent_dim=latent_dim, network=NetworkConfig(kind="conv", init="xavier"),
        likelihood=likelihood, objective=objective, samples=100,
        training=TrainingConfig(epochs=50, batch_size=250, watch="test"),
    )  # fmt: skip


def mnist_autoencoder() -> Mapping[str, Config]:
    """The ordinary autoencoder beside a VAE of the same size.

    784-500-2 and back, one hidden layer of tanh, squared error. The autoencoder has a point for
    a posterior and no rate in its loss, so its codes lie where they like: what N(0, I) draws
    falls beside them, and its samples are no digits. Reconstructions alone do not show this.

    Source: the ordinary autoencoder of the article on the Chainer VAE.
    """
    members = {
        "autoencoder": (PosteriorConfig(kind="point"), ObjectiveConfig(beta=0.0)),
        "vae": (PosteriorConfig(), ObjectiveConfig()),
    }
    return {
        name: _mnist(
            f"mnist-autoencoder-{name}", latent_dim=2, network=_tanh_layers(500), samples=100,
            likelihood=_SQUARED_ERROR, posterior=posterior, objective=objective,
            training=TrainingConfig(epochs=30, batch_size=100, watch="test"),
        )
        for name, (posterior, objective) in members.items()
    }  # fmt: skip


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
    return {
        name: _mnist(
            f"mnist-flow-{name}", latent_dim=10, network=_tanh_layers(200, 200), samples=500,
            binarize="dynamic", posterior=posterior,
            training=TrainingConfig(epochs=40, batch_size=100, schedule="cosine", watch="test"),
        )
        for name, posterior in posteriors.items()
    }  # fmt: skip


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
    training = TrainingConfig(epochs=40, batch_size=100, learning_rate=2e-3, schedule="cosine")
    members: dict[str, Config] = {}
    for kind, k in (("vae", 1), ("vae", 5), ("vae", 50), ("iwae", 5), ("iwae", 50)):
        reduce: Literal["mean", "logmeanexp"] = "mean" if kind == "vae" else "logmeanexp"
        members[f"{kind}-{k}"] = _mnist(
            f"mnist-iwae-{kind}-{k}", latent_dim=50, binarize="dynamic", samples=1000,
            network=_tanh_layers(200, 200, batch_norm=True), training=training,
            likelihood=LikelihoodConfig(kind="bernoulli", start="mean"),
            objective=ObjectiveConfig(reduce=reduce, samples=k),
        )  # fmt: skip
    return members


_GAUSSIAN_CONSTANT = 784 * 0.9189385332046727
"""F/2 log(2 pi), the constant of the log-density of a unit-variance Gaussian."""

_RENOM = "the ReNom tutorial, test rows after 60 epochs"

_FASHION_NUMBERS = (
    Published(
        key="elbo",
        what="test loss, squared error / 2 + KL",
        value=15.256,
        unit="per row",
        source=_RENOM,
        sign=-1.0,
        offset=-_GAUSSIAN_CONSTANT,
        better="lower",
    ),
    Published(
        key="distortion",
        what="test squared error / 2",
        value=10.834,
        unit="per row",
        source=_RENOM,
        offset=-_GAUSSIAN_CONSTANT,
        better="lower",
    ),
    Published(key="rate", what="test KL", value=4.422, unit="nats per row", source=_RENOM),
)


_PAPER = (
    "Burda, Grosse and Salakhutdinov 2016, table 1, one stochastic layer (3280 epochs, batches of "
    "20, no batch norm, 5000 importance samples)"
)


def _row(nats: float, *, units: int) -> tuple[Published, ...]:
    """Return one row of the table of the paper."""
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


_IWAE_TABLE: Mapping[str, tuple[Published, ...]] = {
    "vae-1": _row(86.76, units=19),
    "vae-5": _row(86.47, units=20),
    "vae-50": _row(86.35, units=20),
    "iwae-5": _row(85.54, units=22),
    "iwae-50": _row(84.78, units=25),
}
"""The rows of the paper for one stochastic layer on MNIST, by objective and k."""


_SOURCE = "Kingma, Rezende, Mohamed and Welling 2014, arXiv:1406.5298, table 1 (M1+M2)"

_LABELS_TABLE = tuple(
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


RECIPES = {
    found.name: found
    for found in (
        Recipe(name="digits", config=digits),
        Recipe(name="swiss-roll", config=swiss_roll),
        Recipe(name="mnist-manifold", config=mnist_manifold),
        Recipe(name="mnist-morph", config=mnist_morph),
        Recipe(name="mnist-arithmetic", config=mnist_arithmetic),
        Recipe(name="fashion-mlp", config=fashion_mlp, published=_FASHION_NUMBERS),
        Recipe(name="mnist-semi-supervised", config=mnist_semi_supervised, published=_LABELS_TABLE),
        Recipe(name="mnist-vae", config=mnist_vae, published=_IWAE_TABLE["vae-1"]),
        Recipe(name="mnist-iwae-5", config=mnist_iwae_5, published=_IWAE_TABLE["iwae-5"]),
    )
}


STUDIES = {
    found.name: found
    for found in (
        Study(name="mnist-em", members=mnist_em),
        Study(name="mnist-losses", members=mnist_losses),
        Study(name="mnist-autoencoder", members=mnist_autoencoder),
        Study(name="mnist-flow", members=mnist_flow),
        Study(name="mnist-iwae", members=mnist_iwae, published=_IWAE_TABLE),
    )
}
