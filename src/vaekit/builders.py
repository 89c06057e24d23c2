"""Build data, networks, models and objectives from a configuration."""

import warnings
from math import prod
from typing import cast

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
)
from vaekit.data import Dataset, DelimitedOptions, Preprocessing, load_dataset
from vaekit.errors import ConfigError, VaekitWarning
from vaekit.models import (
    VAE,
    Amortized,
    Bernoulli,
    Conditional,
    FlowPosterior,
    Head,
    LabelledVAE,
    Model,
)
from vaekit.models.labelled import build_labelled, code_parts
from vaekit.networks import MLP, glorot
from vaekit.numerics import logmeanexp
from vaekit.objectives import Bound, Objective, Sum
from vaekit.registry import (
    FLOWS,
    MODELS,
    NETWORKS,
    OBJECTIVES,
    POSTERIORS,
    PRIORS,
    Network,
    Support,
    arguments,
    auto_likelihood,
    likelihood_for,
    resolve,
)

__all__ = [
    "build_decoder",
    "build_encoder",
    "build_label_model",
    "build_model",
    "build_objective",
    "build_vae",
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
        options=DelimitedOptions(
            header=config.header,
            sep=config.sep,
            decimal=config.decimal,
            encoding=config.encoding,
            comment=config.comment,
        ),
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
    entry = _network_entry(config, shape)
    source = {"shape": shape} if entry.images else {"in_features": prod(shape)}
    return _initialized(
        resolve(entry.encoder)(**source, out_features=outputs, **arguments(entry, config)), config
    )


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
    entry = _network_entry(config, shape)
    target = (
        {"shape": shape, "groups": outputs // prod(shape)}
        if entry.images
        else {"out_features": outputs}
    )
    return _initialized(
        resolve(entry.decoder)(in_features=latent_dim, **target, **arguments(entry, config)), config
    )


def _network_entry(config: NetworkConfig, shape: tuple[int, ...]) -> Network:
    """The entry of a network that can read or write rows of a shape."""
    entry = NETWORKS.get(config.kind)
    if entry.images and len(shape) != 3:
        raise ConfigError(
            f"a {config.kind} network needs images, and a row of this data has {shape[0]} "
            "features without a shape; take kind = mlp"
        )
    return entry


def _initialized(network: nn.Module, config: NetworkConfig) -> nn.Module:
    """A network with the initial weights that are asked for; an MLP has them already."""
    again = config.init == "xavier" and not isinstance(network, MLP)
    return network.apply(glorot) if again else network


_LEAST = 0.001


@torch.no_grad()
def start_at_mean(model: Model, mean: Tensor) -> None:
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
    network, head = getattr(likelihood, "network", None), getattr(likelihood, "head", None)
    if not isinstance(network, MLP) or not isinstance(head, Bernoulli):
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


def build_model(
    config: ModelConfig, *, shape: tuple[int, ...], support: Support, rows: Tensor | None = None
) -> Model:
    """Build a model of the kind that the config names.

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
    entry = MODELS.get(config.kind)
    options = arguments(entry, config)
    model: Model = resolve(entry.build)(config, shape=shape, support=support, rows=rows, **options)
    return model


def build_vae(
    config: ModelConfig, *, shape: tuple[int, ...], support: Support, rows: Tensor | None = None
) -> VAE:
    """Build a variational autoencoder of prior, posterior and likelihood.

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
    q_head = _posterior(config.posterior, config.latent_dim)
    p_head = _likelihood(config.likelihood, prod(shape), support)
    encoder = build_encoder(config.encoder, shape=shape, outputs=q_head.inputs)
    posterior = Amortized(encoder, q_head)
    decoder = build_decoder(
        config.decoder, latent_dim=config.latent_dim, shape=shape, outputs=p_head.inputs
    )
    if rows is None:
        rows = torch.zeros(config.prior.components, prod(shape))
    return VAE(
        prior=_prior(config, posterior, rows, unit=support != "real"),
        posterior=posterior,
        likelihood=Amortized(decoder, p_head),
    )


def build_objective(config: ObjectiveConfig) -> Objective:
    """Put an objective together: a bound, and the further terms whose weight is not 0.

    Raises:
        ConfigError: settings that contradict each other.

    Example:
        >>> type(build_objective(ObjectiveConfig(penalties={"mean_penalty": 1.0}))).__name__
        'Sum'
    """
    bound = Bound(
        beta=config.beta,
        entropy=config.entropy,
        reduce=logmeanexp if config.reduce == "logmeanexp" else torch.mean,
        analytic=config.analytic,
        free_bits=config.free_bits,
    )
    terms = [resolve(OBJECTIVES.get(name).build)(weight) for name, weight in config.terms().items()]
    return Sum(bound, *terms) if terms else bound


def _posterior(config: PosteriorConfig, latent: int) -> Head:
    entry = POSTERIORS.get(config.kind)
    base = cast(Head, resolve(entry.build)(latent, **arguments(entry, config)))
    if config.flow == "none" or config.flow_length == 0:
        return base
    if entry.point:
        raise ConfigError("a point posterior has no density for a flow to change; take gaussian")
    flow = resolve(FLOWS.get(config.flow).build)(latent, length=config.flow_length)
    return FlowPosterior(base, flow)


def _prior(config: ModelConfig, posterior: Conditional, rows: Tensor, *, unit: bool) -> Conditional:
    wanted = config.prior
    entry = PRIORS.get(wanted.kind)
    build, settings = resolve(entry.build), arguments(entry, wanted)
    if not entry.from_rows:
        return cast(Conditional, build(config.latent_dim, **settings))
    _need_density(config.posterior)
    if len(rows) < wanted.components:
        raise ConfigError(
            f"a VampPrior of {wanted.components} components needs as many training rows, "
            f"and there are {len(rows)}: set model.prior.components"
        )
    pseudo_inputs = rows[: wanted.components]
    return cast(Conditional, build(posterior, pseudo_inputs=pseudo_inputs, unit=unit, **settings))


def _need_density(q: PosteriorConfig) -> None:
    """A VampPrior evaluates posteriors at codes that are not theirs."""
    bent = q.flow != "none" and q.flow_length > 0
    if POSTERIORS.get(q.kind).point or (bent and not FLOWS.get(q.flow).density_everywhere):
        raise ConfigError(
            "a VampPrior needs a posterior whose density is known everywhere, and neither a "
            "point nor a planar or radial flow has one: take model.posterior.flow = "
            "autoregressive, or model.prior.kind = mixture"
        )


def _likelihood(config: LikelihoodConfig, features: int, support: Support) -> Head:
    entry, auto = likelihood_for(config.kind, support=support), auto_likelihood(support)
    if support not in entry.nats:
        unit = "unit" in entry.nats
        values = "values in [0, 1]" if unit else "other values"
        raise ConfigError(
            f"the {entry.name} likelihood describes {values}, and these are not: take "
            f"model.likelihood.kind = {auto.name}"
            + (", or data.scale = unit" if unit else ", or another data.scale")
        )
    if entry.nats[support] == "cross-entropy":
        warnings.warn(
            f"a {entry.name} likelihood on values between 0 and 1 is a cross-entropy, not a "
            "probability: its nats cannot be compared. For honest nats take data.binarize = "
            f"dynamic, or model.likelihood.kind = {auto.name}",
            VaekitWarning,
            stacklevel=3,
        )
    return cast(Head, resolve(entry.build)(features, **arguments(entry, config)))
