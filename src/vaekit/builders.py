"""Build data, networks, models and objectives from a configuration."""

import warnings
from collections.abc import Callable
from functools import partial
from math import prod
from typing import Literal

import torch
from torch import Tensor, nn

from vaekit.config import (
    DataConfig,
    LabelsConfig,
    LikelihoodConfig,
    ModelConfig,
    NetworkConfig,
    ObjectiveConfig,
    PosteriorConfig,
    PriorConfig,
)
from vaekit.data import Dataset, Preprocessing, load_dataset
from vaekit.errors import ConfigError, VaekitWarning
from vaekit.models import (
    VAE,
    Amortized,
    AutoregressiveFlow,
    Bernoulli,
    Categorical,
    Conditional,
    ContinuousBernoulli,
    DiagonalGaussian,
    DiscretizedLogistic,
    Flow,
    FlowPosterior,
    FlowPrior,
    FullGaussian,
    Gaussian,
    Head,
    LabelledVAE,
    MixtureOfGaussians,
    PlanarFlow,
    Point,
    RadialFlow,
    SplineFlow,
    StandardNormal,
    VampPrior,
)
from vaekit.models.labelled import build_labelled, code_parts
from vaekit.networks import MLP, ConvDecoder, ConvEncoder, ResNetDecoder, ResNetEncoder, glorot
from vaekit.numerics import logmeanexp
from vaekit.objectives import Bound, MeanPenalty, Objective, Sum

__all__ = [
    "build_decoder",
    "build_encoder",
    "build_label_model",
    "build_model",
    "build_objective",
    "load_data",
    "load_rows",
    "start_at_mean",
]


def load_data(config: DataConfig) -> tuple[Dataset, Preprocessing]:
    """Read the rows and fit the preprocessing on those for training.

    Args:
        config: source, split, scaling.

    Returns:
        The dataset, and what turns its rows into what a model sees.

    Raises:
        DataError: the source cannot be read or used.
    """
    dataset = load_rows(config)
    return dataset, Preprocessing.fit(dataset, scale=config.scale, binarize=config.binarize)


def load_rows(config: DataConfig) -> Dataset:
    """Read the rows alone, for a model that brings its own preprocessing.

    Args:
        config: source and split.

    Returns:
        The dataset.

    Raises:
        DataError: the source cannot be read or used.
    """
    return load_dataset(
        config.source,
        label=config.label,
        image_size=config.image_size,
        validation=config.validation,
        test=config.test,
        seed=config.seed,
        limit=config.limit,
    )


def build_encoder(config: NetworkConfig, *, shape: tuple[int, ...], outputs: int) -> nn.Module:
    """Network from a row to the numbers that a posterior reads.

    Args:
        config: kind and sizes.
        shape: (C, H, W) of an image, (F,) of a table row.
        outputs: how many numbers.

    Returns:
        (..., F) to (..., outputs).
    """
    if config.kind == "mlp":
        return _mlp(config, prod(shape), outputs)
    _need_image(config, shape)
    conv = config.kind == "conv"
    build = ConvEncoder if conv else partial(ResNetEncoder, channels=config.hidden)
    return _started(build(shape, outputs), config)


def build_decoder(
    config: NetworkConfig, *, latent_dim: int, shape: tuple[int, ...], outputs: int
) -> nn.Module:
    """Network from a code to the numbers that a likelihood reads.

    Args:
        config: kind and sizes.
        latent_dim: D.
        shape: (C, H, W) of an image, (F,) of a table row.
        outputs: how many numbers, a multiple of F.

    Returns:
        (..., D) to (..., outputs).
    """
    if config.kind == "mlp":
        return _mlp(config, latent_dim, outputs)
    _need_image(config, shape)
    groups = outputs // prod(shape)
    conv = config.kind == "conv"
    build = ConvDecoder if conv else partial(ResNetDecoder, channels=config.hidden)
    return _started(build(latent_dim, shape, groups=groups), config)


def _started(network: nn.Module, config: NetworkConfig) -> nn.Module:
    """The network with the initial weights that are asked for."""
    return network.apply(glorot) if config.init == "xavier" else network


def _mlp(config: NetworkConfig, inputs: int, outputs: int) -> nn.Module:
    return MLP(
        inputs,
        config.hidden,
        outputs,
        activation=config.activation,
        batch_norm=config.batch_norm,
        dropout=config.dropout,
        init=config.init,
    )


def _need_image(config: NetworkConfig, shape: tuple[int, ...]) -> None:
    if len(shape) != 3:
        raise ConfigError(
            f"a {config.kind} network needs images, and a row of this data has {shape[0]} "
            "features without a shape; take kind = mlp"
        )


_LEAST = 0.001


@torch.no_grad()
def start_at_mean(model: VAE, mean: Tensor) -> None:
    r"""Set the last bias of a decoder to the logits of the mean row.

    .. math:: b_f = \log \frac{m_f}{1 - m_f}, \quad m_f \in [0.001, 0.999]

    Otherwise the first epochs turn hidden units into what should be a bias, and with many
    importance samples it can stay so: one half of a latent dimension then decodes to the
    negative image, which the importance weights forgive.

    Args:
        model: with an mlp decoder and a Bernoulli likelihood; changed.
        mean: (F,) of the rows as the model sees them.

    Raises:
        ConfigError: another decoder or another likelihood.

    Example:
        >>> from vaekit import DiagonalGaussian, StandardNormal
        >>> model = VAE(
        ...     prior=StandardNormal(2),
        ...     posterior=Amortized(MLP(8, [], 4), DiagonalGaussian(2)),
        ...     likelihood=Amortized(MLP(2, [], 8), Bernoulli(8)),
        ... )
        >>> start_at_mean(model, torch.full((8,), 0.25))
        >>> model.decode(torch.zeros(2)).mean[0].item()
        0.25

    Source:
        The code of Burda, Grosse and Salakhutdinov 2016, which starts so.
    """
    likelihood = model.parts()["decoder"]
    assert isinstance(likelihood, Amortized)
    network = likelihood.network
    if not isinstance(network, MLP) or not isinstance(likelihood.head, Bernoulli):
        raise ConfigError(
            "model.likelihood.start = mean needs an mlp decoder and a bernoulli likelihood; "
            "take start = network"
        )
    last = network.layers[-1]
    assert isinstance(last, nn.Linear)
    last.bias.copy_(mean.clamp(_LEAST, 1.0 - _LEAST).logit())


def build_label_model(config: LabelsConfig, *, codes: int, classes: int) -> LabelledVAE:
    """Put the labelled model of codes together.

    Args:
        config: its sizes.
        codes: numbers in a code, the latent dimensions of the run.
        classes: C, all equally probable.

    Returns:
        The model, with fresh parameters.

    Example:
        >>> import torch
        >>> build_label_model(LabelsConfig(), codes=4, classes=3).log_qy(torch.zeros(2, 4)).shape
        torch.Size([2, 3])
    """
    return build_labelled(
        code_parts(codes),
        latent_dim=config.latent_dim,
        hidden=config.hidden,
        label_prior=[1.0] * classes,
    )


Support = Literal["binary", "unit", "real"]


def build_model(
    config: ModelConfig, *, shape: tuple[int, ...], support: Support, rows: Tensor | None = None
) -> VAE:
    """Put a model together.

    Args:
        config: which parts.
        shape: (C, H, W) of an image, (F,) of a table row.
        support: of the preprocessed values: binary, unit (in [0, 1]) or real.
        rows: (at least C, F) preprocessed rows, the first pseudo-inputs of a VampPrior; zeros
            when absent, as for a model whose parameters are about to be loaded.

    Returns:
        The model, with fresh parameters.

    Raises:
        ConfigError: parts that do not go together, or a likelihood that cannot hold the values.
    """
    features, latent = prod(shape), config.latent_dim
    _need_density(config)
    q_head = _posterior(config.posterior, latent)
    p_head = _likelihood(config.likelihood, features, support)
    posterior = Amortized(build_encoder(config.encoder, shape=shape, outputs=q_head.inputs), q_head)
    decoder = build_decoder(config.decoder, latent_dim=latent, shape=shape, outputs=p_head.inputs)
    start = torch.zeros(config.prior.components, features) if rows is None else rows
    return VAE(
        prior=_prior(config.prior, posterior, latent, start, unit=support != "real"),
        posterior=posterior,
        likelihood=Amortized(decoder, p_head),
    )


def build_objective(config: ObjectiveConfig) -> Objective:
    """Put an objective together.

    Raises:
        ConfigError: settings that contradict each other.
    """
    bound = Bound(
        beta=config.beta,
        entropy=config.entropy,
        reduce=logmeanexp if config.reduce == "logmeanexp" else torch.mean,
        analytic=config.analytic,
        free_bits=config.free_bits,
    )
    return Sum(bound, MeanPenalty(config.mean_penalty)) if config.mean_penalty else bound


def _need_density(config: ModelConfig) -> None:
    """A VampPrior evaluates posteriors at codes that are not theirs."""
    q = config.posterior
    closed = q.flow_length == 0 or q.flow not in {"planar", "radial"}
    if config.prior.kind == "vamp" and (q.kind == "point" or not closed):
        raise ConfigError(
            "a VampPrior needs a posterior whose density is known everywhere, and neither a "
            "point nor a planar or radial flow has one: take model.posterior.flow = "
            "autoregressive, or model.prior.kind = mixture"
        )


def _posterior(config: PosteriorConfig, latent: int) -> Head:
    kinds: dict[str, Callable[[int], Head]] = {
        "gaussian": DiagonalGaussian,
        "full-gaussian": FullGaussian,
        "point": Point,
    }
    base = kinds[config.kind](latent)
    if config.flow == "none" or config.flow_length == 0:
        return base
    if config.kind == "point":
        raise ConfigError("a point posterior has no density for a flow to change; take gaussian")
    flows: dict[str, Callable[..., Flow]] = {
        "planar": PlanarFlow,
        "radial": RadialFlow,
        "autoregressive": AutoregressiveFlow,
        "spline": SplineFlow,
    }
    return FlowPosterior(base, flows[config.flow](latent, length=config.flow_length))


def _prior(
    config: PriorConfig, posterior: Conditional, latent: int, start: Tensor, *, unit: bool
) -> Conditional:
    if config.kind == "mixture":
        return MixtureOfGaussians(latent, components=config.components)
    if config.kind == "flow":
        return FlowPrior(latent, length=config.flow_length)
    if config.kind == "vamp":
        if len(start) < config.components:
            raise ConfigError(
                f"a VampPrior of {config.components} components needs as many training rows, "
                f"and there are {len(start)}: set model.prior.components"
            )
        return VampPrior(posterior, pseudo_inputs=start[: config.components], unit=unit)
    return StandardNormal(latent)


def _likelihood(config: LikelihoodConfig, features: int, support: Support) -> Head:
    natural = {"binary": "bernoulli", "unit": "continuous-bernoulli", "real": "gaussian"}
    kind = natural[support] if config.kind == "auto" else config.kind
    if kind == "gaussian":
        return Gaussian(features, variance=config.variance)
    if support == "real":
        raise ConfigError(
            f"the {kind} likelihood describes values in [0, 1], and these are not: take "
            "model.likelihood.kind = gaussian, or data.scale = unit"
        )
    if kind == "bernoulli":
        if support == "unit":
            warnings.warn(
                "a bernoulli likelihood on values between 0 and 1 is a cross-entropy, not a "
                "probability: its nats cannot be compared. For honest nats take data.binarize = "
                "dynamic, or model.likelihood.kind = continuous-bernoulli",
                VaekitWarning,
                stacklevel=3,
            )
        return Bernoulli(features)
    if kind == "continuous-bernoulli":
        return ContinuousBernoulli(features)
    if kind == "categorical":
        return Categorical(features, levels=config.levels)
    return DiscretizedLogistic(features, levels=config.levels)
