"""The registry of parts: what can stand in a config, how it is built, and how it is explained.

An entry says everything that the rest of the package has to know of one kind of part. Config,
builders, formulas, report, comparison, graph and explorer read it, so a new part is one class and
one entry, and an entry with a missing field is a TypeError when it is made.

    ==============  =======================  ================================
    table           entry                    built as
    ==============  =======================  ================================
    PRIORS          :class:`Prior`           ``build(dim, **settings)``
    POSTERIORS      :class:`Posterior`       ``build(dim, **settings)``
    FLOWS           :class:`Flow`            ``build(dim, length=length)``
    LIKELIHOODS     :class:`Likelihood`      ``build(features, **settings)``
    NETWORKS        :class:`Network`         see there
    OBJECTIVES      :class:`ObjectiveTerm`   ``build(weight)``
    MODELS          :class:`ModelKind`       ``build(config, shape=shape, ...)``
    SOURCES         :class:`Source`          ``build()``
    ==============  =======================  ================================

A package of third parties adds to it through the entry-point group ``vaekit.plugins``: each entry
point is a function without arguments, or a module, that calls :func:`register` when it is called or
imported. ``examples/plugin`` is such a package. Nothing in here imports torch.
"""

import difflib
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from vaekit.errors import ConfigError, VaekitWarning

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = [
    "FLOWS",
    "LIKELIHOODS",
    "MODELS",
    "NETWORKS",
    "OBJECTIVES",
    "POSTERIORS",
    "PRIORS",
    "SOURCES",
    "Configured",
    "Entry",
    "Flow",
    "Likelihood",
    "ModelKind",
    "Nats",
    "Network",
    "ObjectiveTerm",
    "Part",
    "Posterior",
    "Prior",
    "Source",
    "Support",
    "Table",
    "Words",
    "arguments",
    "auto_likelihood",
    "check_options",
    "likelihood_for",
    "load_plugins",
    "register",
    "render",
    "resolve",
]


Support = Literal["binary", "unit", "real"]
"""Values of preprocessed rows: 0 and 1; in [0, 1]; any number."""
Nats = Literal["probability", "density", "cross-entropy"]
"""What minus the distortion is: the logarithm of a probability of exact values, of a density, or,
for a likelihood of 0 and 1 on values between, of neither."""
Builder = Callable[..., Any] | str
"""A callable, or where it is found, ``"package.module:name"``, imported when it is first used."""
Section = Any
"""A section of the config, frozen; which fields it has depends on the kind of part."""
Module = Any
"""A part as it was built: a ``torch.nn.Module``, which has no type in here."""
Words = str | Callable[[Section], str]
"""A text, or a function that makes one of the part's section of the config."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What every entry has."""

    name: str
    """As it stands in a config and on the command line."""
    help: str
    """What it is in a few words, for the help of the command line."""


@dataclass(frozen=True, kw_only=True)
class Configured(Entry):
    """An entry with a section of the config, whose settings its builder gets."""

    settings: Mapping[str, str]
    """Keywords of the builder, each with the field of the section that it is read from."""
    options: "type[BaseModel] | None" = None
    """A pydantic model of the settings beyond the fields of the section; none where there are none.
    They stand in the section's ``options``, and the builder gets them as keywords."""


@dataclass(frozen=True, kw_only=True)
class Part(Configured):
    """A part of a model: what is written about it."""

    words: Words
    """What it is, for a report."""
    latex: Words
    """Its formula in LaTeX. ``\\allowbreak`` marks where a narrow page may break the line."""


@dataclass(frozen=True, kw_only=True)
class Prior(Part):
    """A prior p(z), a :class:`vaekit.models.Conditional` of an event shape (D,)."""

    build: Builder
    """``build(dim, **settings)``; with ``from_rows``, ``build(posterior, pseudo_inputs=rows,
    unit=unit)`` with the model's posterior and as many training rows as there are components."""
    closed_form: bool
    """Whether it is a diagonal Gaussian, so that the KL of another from it has a closed form."""
    from_rows: bool
    """Whether it is made of the posterior at pseudo-inputs."""
    picture: Callable[[Module], tuple[str, ...]]
    """From the module, lines for the computation graph."""


@dataclass(frozen=True, kw_only=True)
class Posterior(Part):
    """An approximate posterior q(z|x), a :class:`vaekit.models.Head` of an event shape (D,)."""

    build: Builder
    """``build(dim, **settings)``"""
    closed_form: bool
    """Whether it is a diagonal Gaussian with mean mu and variance sigma^2."""
    point: bool
    """Whether it draws no noise and has no density."""
    numbers: str
    """What the encoder puts out for it."""
    title: str
    """Name of the distribution, for the computation graph."""
    rule: str
    """From those numbers and noise to a code, for the computation graph."""


@dataclass(frozen=True, kw_only=True)
class Flow(Entry):
    """A normalizing flow on a posterior, a :class:`vaekit.models.Flow`."""

    build: Builder
    """``build(dim, length=length)``"""
    latex: str
    """One step in LaTeX, of a code u."""
    density_everywhere: bool
    """Whether the density of a code that it did not draw can be computed, by its inverse."""


@dataclass(frozen=True, kw_only=True)
class Likelihood(Part):
    r"""A likelihood p(x|z), a :class:`vaekit.models.Head` of an event shape (F,).

    In its LaTeX ``\sum_f`` is the sum over the features and ``F`` their number.
    """

    build: Builder
    """``build(features, **settings)``"""
    nats: Mapping[Support, Nats]
    """Values that it describes, and what its logarithm is on them."""
    default_for: tuple[Support, ...]
    """Values for which ``auto`` takes it."""
    values: Words
    """The set of values that a probability is spread over; empty for a density."""
    numbers: str
    """What the decoder puts out for it."""
    title: str
    """Its name, for the computation graph."""
    picture: Callable[[Module], tuple[str, ...]]
    """From the module, more lines for the computation graph."""
    browser_mean: str | None
    """How the static site computes the mean: identity, sigmoid, continuous-bernoulli,
    discretized-logistic; none where it cannot."""


@dataclass(frozen=True, kw_only=True)
class Network(Configured):
    """A pair of networks, flat in and flat out."""

    encoder: Builder
    """``encoder(in_features=F, out_features=outputs, **settings)``; with ``images``
    ``encoder(shape=(C, H, W), out_features=outputs, **settings)``."""
    decoder: Builder
    """``decoder(in_features=D, out_features=outputs, **settings)``; with ``images``
    ``decoder(in_features=D, shape=(C, H, W), groups=groups, **settings)``, with as many numbers
    for each feature as there are groups."""
    images: bool
    """Whether rows have to be images."""


@dataclass(frozen=True, kw_only=True)
class ObjectiveTerm(Entry):
    """A further term of the loss, weighed by ``objective.penalties``."""

    build: Builder
    """``build(weight)``, a :class:`vaekit.objectives.Objective`."""
    words: str
    """What is weighed, for a report."""
    latex: str
    """The term without its weight."""
    effect: str
    """What it does to the codes, as in "the last term draws the mean of the code to 0"."""
    batch: bool
    """Whether it depends on which rows share a batch, so that several processes cannot have it."""
    reads: tuple[str, ...]
    """What it looks at: names of nodes of the computation graph."""


@dataclass(frozen=True, kw_only=True)
class ModelKind(Configured):
    """A kind of model, a :class:`vaekit.models.Model`: how its parts make a whole."""

    build: Builder
    """``build(config, shape=shape, support=support, rows=rows, **options)``, of the section
    ``model`` of a config, (C, H, W) or (F,), the preprocessed values, and training rows or none."""
    step: Builder
    """``step(model, objective, preprocessing=preprocessing, samples=K)``, a
    :class:`vaekit.training.TrainingStep`."""
    words: str
    """What it is, for a report; empty for the composition of encoder, prior and decoder that the
    report spells out."""
    formula: tuple[str, ...] | None
    """Lines of LaTeX of what its step minimises; none where that is the section ``objective`` of
    the config."""
    symbols: tuple[tuple[str, str], ...] = ()
    """Symbols of the formula, in LaTeX, and what they are."""


@dataclass(frozen=True, kw_only=True)
class Source(Entry):
    """A named data set."""

    build: Builder
    """A function without arguments that returns :class:`vaekit.data.Contents`."""


def arguments(entry: Configured, section: Section) -> dict[str, Any]:
    """Keywords for the builder of a part.

    Args:
        entry: of the part.
        section: of the config.

    Returns:
        The fields that the builder reads, and the options of the part with their defaults.

    Raises:
        ConfigError: options that the part does not have, or out of range.
    """
    fields = {keyword: getattr(section, field) for keyword, field in entry.settings.items()}
    return fields | check_options(entry, section.options)


def check_options(entry: Configured, options: Mapping[str, Any]) -> dict[str, Any]:
    """Check options by the model of an entry.

    Args:
        entry: of the part.
        options: as in the config.

    Returns:
        All options of the part, those that are not given at their defaults.

    Raises:
        ConfigError: options that the part does not have, or out of range.
    """
    from pydantic import ValidationError

    known = {} if entry.options is None else entry.options.model_fields
    for name in options:
        if name not in known:
            hint = _nearest(name, known) if known else "it has none"
            raise ConfigError(f"{entry.name} has no option {name!r}; {hint}")
    try:
        return {} if entry.options is None else dict(entry.options.model_validate(dict(options)))
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, each['loc']))}: {each['msg'][:1].lower()}{each['msg'][1:]}"
            for each in error.errors()
        )
        raise ConfigError(f"options of {entry.name}: {wrong}") from None


def render(words: Words, section: Section) -> str:
    """Write words with the settings of a section in their places.

    Args:
        words: of an entry.
        section: of the config.

    Returns:
        The text.
    """
    return words if isinstance(words, str) else words(section)


E = TypeVar("E", bound=Entry)


class Table(Generic[E]):
    """Entries of one kind by their names.

    Args:
        what: the kind of part, for messages.
        entries: the built-in ones.
    """

    def __init__(self, what: str, *entries: E) -> None:
        self.what = what
        self._entries = {entry.name: entry for entry in entries}

    def __iter__(self) -> Iterator[E]:
        """All entries, those of plugins included."""
        load_plugins()
        return iter(list(self._entries.values()))

    def __contains__(self, name: object) -> bool:
        if name not in self._entries:
            load_plugins()
        return name in self._entries

    def names(self) -> tuple[str, ...]:
        """All names, those of plugins included."""
        return tuple(entry.name for entry in self)

    def built_in(self) -> tuple[E, ...]:
        """Entries that are registered so far; no plugin is loaded for it."""
        return tuple(self._entries.values())

    def get(self, name: str) -> E:
        """Find an entry.

        Args:
            name: as it stands in a config.

        Returns:
            The entry.

        Raises:
            ConfigError: there is none of this name, not even after the plugins are loaded.

        Example:
            >>> PRIORS.get("vamp").from_rows
            True
            >>> PRIORS.get("mixtur")
            Traceback (most recent call last):
            vaekit.errors.ConfigError: no prior is called 'mixtur'; did you mean "mixture"?
        """
        if name not in self:
            raise ConfigError(f"no {self.what} is called {name!r}; {_nearest(name, self._entries)}")
        return self._entries[name]

    def of(self, part: object) -> E | None:
        """Find the entry that builds instances of the class of a part; none where there is none."""
        kind = type(part)
        path = f"{kind.__module__}:{kind.__qualname__}"
        return next((each for each in self if getattr(each, "build", None) in (kind, path)), None)

    def add(self, entry: E) -> None:
        """Add an entry.

        Raises:
            ConfigError: the name is taken.
        """
        if entry.name in self._entries or entry.name in _RESERVED:
            raise ConfigError(f"a {self.what} called {entry.name!r} is registered already")
        self._entries[entry.name] = entry


_RESERVED = {"auto", "none"}


def _nearest(name: str, known: Mapping[str, object]) -> str:
    """The nearest of the known names, or all of them."""
    near = difflib.get_close_matches(name, known, n=1)
    return f'did you mean "{near[0]}"?' if near else f"known are {', '.join(known)}"


def resolve(builder: Builder) -> Callable[..., Any]:
    """Import what an entry names by its path.

    Args:
        builder: a callable, which is returned, or ``"package.module:name"``.

    Returns:
        The callable.

    Example:
        >>> resolve("math:prod")([2, 3])
        6
    """
    if not isinstance(builder, str):
        return builder
    module, _, name = builder.partition(":")
    found: Callable[..., Any] = getattr(import_module(module), name)
    return found


def register(*entries: Entry) -> None:
    """Add parts, so that configs can name them.

    Args:
        entries: each goes to the table of its class.

    Raises:
        ConfigError: a name is taken.
        TypeError: no entry.
    """
    for entry in entries:
        table = _TABLES.get(type(entry))
        if table is None:
            raise TypeError(f"expected an entry such as registry.Prior, got {entry!r}")
        table.add(entry)


_GROUP = "vaekit.plugins"
_asked: set[str] = set()


def load_plugins() -> None:
    """Load the plugins that are installed, once in a process.

    One that fails is left out, with a warning that names it.
    """
    if _GROUP in _asked:
        return
    _asked.add(_GROUP)
    for point in entry_points(group=_GROUP):
        try:
            found = point.load()
            if callable(found):
                found()
        except Exception as error:  # whatever somebody else's package raises
            package = "" if point.dist is None else f" of the package {point.dist.name}"
            warnings.warn(
                f"the plugin {point.name}{package} cannot be used: {type(error).__name__}: {error}",
                VaekitWarning,
                stacklevel=2,
            )


def auto_likelihood(support: Support) -> Likelihood:
    """The likelihood that ``auto`` stands for.

    Args:
        support: values of the preprocessed rows.

    Returns:
        Its entry.

    Example:
        >>> auto_likelihood("unit").name
        'continuous-bernoulli'
    """
    return next(each for each in LIKELIHOODS.built_in() if support in each.default_for)


def likelihood_for(kind: str, *, support: Support) -> Likelihood:
    """The likelihood that a config names.

    Args:
        kind: as in the config, "auto" included.
        support: values of the preprocessed rows.

    Returns:
        Its entry.

    Raises:
        ConfigError: there is none of this name.
    """
    return auto_likelihood(support) if kind == "auto" else LIKELIHOODS.get(kind)


def _nothing(module: Module) -> tuple[str, ...]:
    return ()


PRIORS: Table[Prior] = Table(
    "prior",
    Prior(
        name="normal",
        build="vaekit.models.priors:StandardNormal",
        settings={},
        help="N(0, I)",
        words="the standard normal N(0, I)",
        latex=r"N(z; 0, I)",
        closed_form=True,
        from_rows=False,
        picture=lambda prior: ("N(0, I)",),
    ),
    Prior(
        name="mixture",
        build="vaekit.models.priors:MixtureOfGaussians",
        settings={"components": "components"},
        help="learned mixture of diagonal Gaussians",
        words=lambda prior: f"a learned mixture of {prior.components} Gaussians",
        latex=lambda prior: (
            rf"\sum_{{c=1}}^{{{prior.components}}} \pi_c \, N(z; \mu_c, \sigma_c^2)"
        ),
        closed_form=False,
        from_rows=False,
        picture=lambda prior: ("mixture of", f"{len(prior.logits)} Gaussians"),
    ),
    Prior(
        name="vamp",
        build="vaekit.models.priors:VampPrior",
        settings={},
        help="mixture of the posteriors at learned pseudo-inputs",
        words=lambda prior: (
            f"a mixture of the posteriors at {prior.components} learned pseudo-inputs (VampPrior)"
        ),
        latex=lambda prior: (
            rf"\frac{{1}}{{{prior.components}}} \, \sum_{{c=1}}^{{{prior.components}}} q(z|x_c)"
        ),
        closed_form=False,
        from_rows=True,
        picture=lambda prior: (f"q of {len(prior.logits)}", "pseudo-inputs"),
    ),
    Prior(
        name="flow",
        build="vaekit.models.flows:FlowPrior",
        settings={"length": "flow_length"},
        help="autoregressive flow on N(0, I)",
        words=lambda prior: f"an autoregressive flow of length {prior.flow_length} on N(0, I)",
        latex=r"N(f(z); 0, I) \, |\det \partial f / \partial z|",
        closed_form=False,
        from_rows=False,
        picture=lambda prior: (f"flow of {len(prior.steps)} steps", "on N(0, I)"),
    ),
)

POSTERIORS: Table[Posterior] = Table(
    "posterior",
    Posterior(
        name="gaussian",
        build="vaekit.models.posteriors:DiagonalGaussian",
        settings={},
        help="diagonal covariance",
        words="a diagonal Gaussian with mean μ and variance σ² in each dimension",
        latex=r"N(z; \mu, \sigma^2)",
        closed_form=True,
        point=False,
        numbers="μ, log σ²",
        title="Gaussian q",
        rule="μ + \N{GREEK SMALL LETTER SIGMA} ⊙ ε",
    ),
    Posterior(
        name="full-gaussian",
        build="vaekit.models.posteriors:FullGaussian",
        settings={},
        help="full covariance",
        words="a Gaussian with a full covariance",
        latex=r"N(z; \mu, L L^\top)",
        closed_form=False,
        point=False,
        numbers="μ, factor L",
        title="Gaussian q, full covariance L Lᵀ",
        rule="μ + L ε",
    ),
    Posterior(
        name="point",
        build="vaekit.models.posteriors:Point",
        settings={},
        help="no noise, for the plain autoencoder",
        words="a point μ(x), without noise",
        latex=r"\delta(z - \mu(x))",
        closed_form=False,
        point=True,
        numbers="μ",
        title="point: all mass at μ",
        rule="μ",
    ),
)

FLOWS: Table[Flow] = Table(
    "flow",
    Flow(
        name="planar",
        build="vaekit.models.flows:PlanarFlow",
        help="pushes along one direction",
        latex=r"u + a \, \tanh(w \cdot u + b)",
        density_everywhere=False,
    ),
    Flow(
        name="radial",
        build="vaekit.models.flows:RadialFlow",
        help="pulls towards a centre or pushes away from it",
        latex=r"u + \frac{b}{a + |u - c|} (u - c)",
        density_everywhere=False,
    ),
    Flow(
        name="autoregressive",
        build="vaekit.models.flows:AutoregressiveFlow",
        help="scales and shifts each dimension depending on those before it",
        latex=r"u_d \, s_d(u_{<d}) + t_d(u_{<d})",
        density_everywhere=True,
    ),
    Flow(
        name="spline",
        build="vaekit.models.flows:SplineFlow",
        help="monotonic splines of each dimension, depending on those before it",
        latex=r"\text{spline}(u_d; u_{<d})",
        density_everywhere=True,
    ),
)


_CROSS_ENTROPY = r"\sum_f [x_f \log \pi_f \allowbreak + (1 - x_f) \log (1 - \pi_f)"
_SQUARED_ERROR = r"- \frac{1}{2} \, \sum_f "


def _gaussian_latex(section: Section) -> str:
    """Minus half the squared error in units of the variance, and what makes it a density."""
    if section.variance == "unit":
        constant = r"\allowbreak - \frac{F}{2} \, \log 2 \pi"
        return rf"{_SQUARED_ERROR} (x_f - \hat{{x}}_f)^2 {constant}"
    variance = r"\sigma_f^2" if section.variance == "per-feature" else r"\sigma^2"
    error = rf"\frac{{(x_f - \hat{{x}}_f)^2}}{{{variance}}}"
    return rf"{_SQUARED_ERROR} \left[{error} + \log (2 \pi \, {variance})\right]"


def _gaussian_words(section: Section) -> str:
    how = {
        "unit": "of variance 1",
        "shared": "with one learned variance σ²",
        "per-feature": "with a learned variance σ² for each feature",
    }
    mean = "x\N{COMBINING CIRCUMFLEX ACCENT}"
    return f"Gaussian around the reconstruction {mean}, {how[section.variance]}"


def _gaussian_picture(head: Module) -> tuple[str, ...]:
    learned = sum(each.numel() for each in head.parameters())
    how = {0: "variance 1", 1: "one variance, learned"}
    return (how.get(learned, "a variance for each feature"),)


def _levels(head: Module) -> tuple[str, ...]:
    return (f"{head.levels} levels",)


LIKELIHOODS: Table[Likelihood] = Table(
    "likelihood",
    Likelihood(
        name="bernoulli",
        build="vaekit.models.likelihoods:Bernoulli",
        settings={},
        help="values 0 and 1, a cross-entropy on values between",
        words="Bernoulli, with the probability π of each feature",
        latex=rf"{_CROSS_ENTROPY}]",
        nats={"binary": "probability", "unit": "cross-entropy"},
        default_for=("binary",),
        values="2 values of each feature",
        numbers="logits",
        title="Bernoulli",
        picture=_nothing,
        browser_mean="sigmoid",
    ),
    Likelihood(
        name="continuous-bernoulli",
        build="vaekit.models.likelihoods:ContinuousBernoulli",
        settings={},
        help="a density on [0, 1]",
        words="continuous Bernoulli, a density on [0, 1]; C is the constant that makes it one",
        latex=rf"{_CROSS_ENTROPY} \allowbreak + \log C(\pi_f)]",
        nats={"binary": "density", "unit": "density"},
        default_for=("unit",),
        values="",
        numbers="logits",
        title="continuous Bernoulli",
        picture=_nothing,
        browser_mean="continuous-bernoulli",
    ),
    Likelihood(
        name="gaussian",
        build="vaekit.models.likelihoods:Gaussian",
        settings={"variance": "variance"},
        help="a density on all numbers",
        words=_gaussian_words,
        latex=_gaussian_latex,
        nats={"binary": "density", "unit": "density", "real": "density"},
        default_for=("real",),
        values="",
        numbers="means",
        title="Gaussian",
        picture=_gaussian_picture,
        browser_mean="identity",
    ),
    Likelihood(
        name="discretized-logistic",
        build="vaekit.models.likelihoods:DiscretizedLogistic",
        settings={"levels": "levels"},
        help="values in [0, 1] on a grid, by a logistic distribution",
        words=lambda section: f"logistic, in {section.levels} levels, each with a probability P",
        latex=r"\sum_f \log P(x_f|z)",
        nats={"binary": "probability", "unit": "probability"},
        default_for=(),
        values=lambda section: f"{section.levels} values of each feature",
        numbers="locations, log-scales",
        title="discretized logistic",
        picture=_levels,
        browser_mean="discretized-logistic",
    ),
    Likelihood(
        name="categorical",
        build="vaekit.models.likelihoods:Categorical",
        settings={"levels": "levels"},
        help="values in [0, 1] on a grid, with a probability for each",
        words=lambda section: (
            f"categorical, with a probability P for each of {section.levels} levels"
        ),
        latex=r"\sum_f \log P(x_f|z)",
        nats={"binary": "probability", "unit": "probability"},
        default_for=(),
        values=lambda section: f"{section.levels} values of each feature",
        numbers="logits of each level",
        title="categorical",
        picture=_levels,
        browser_mean=None,
    ),
)

NETWORKS: Table[Network] = Table(
    "network",
    Network(
        name="mlp",
        encoder="vaekit.networks:MLP",
        decoder="vaekit.networks:MLP",
        settings={name: name for name in ("hidden", "activation", "batch_norm", "dropout", "init")},
        help="fully connected",
        images=False,
    ),
    Network(
        name="conv",
        encoder="vaekit.networks:ConvEncoder",
        decoder="vaekit.networks:ConvDecoder",
        settings={},
        help="two 3x3 convolutions with max-pooling as encoder, dense layers and 1x1 transposed "
        "convolutions as decoder",
        images=True,
    ),
    Network(
        name="resnet",
        encoder="vaekit.networks:ResNetEncoder",
        decoder="vaekit.networks:ResNetDecoder",
        settings={"channels": "hidden"},
        help="small residual convolutions for images of any size from 8x8 up",
        images=True,
    ),
)

OBJECTIVES: Table[ObjectiveTerm] = Table(
    "term of an objective",
    ObjectiveTerm(
        name="mean_penalty",
        build="vaekit.objectives:MeanPenalty",
        help="half the squared mean of the code",
        words="half the squared mean of the code",
        latex=r"\frac{1}{2} \, \|\mu(x)\|^2",
        effect="draws the mean of the code to 0",
        batch=False,
        reads=("parameters of q",),
    ),
    ObjectiveTerm(
        name="mmd",
        build="vaekit.objectives:MMD",
        help="maximum mean discrepancy between the codes of a batch and the prior (InfoVAE)",
        words="the maximum mean discrepancy between the codes of a batch and draws of the prior",
        latex=r"\text{MMD}(q(z), p(z))",
        effect="draws the codes of all rows together to the prior",
        batch=True,
        reads=("z", "p(z)"),
    ),
    ObjectiveTerm(
        name="total_correlation",
        build="vaekit.objectives:TotalCorrelation",
        help="dependence of the latent dimensions on each other (beta-TC-VAE)",
        words="the total correlation of the codes of a batch",
        latex=r"\text{KL}(q(z) \,\|\, \prod_d q(z_d))",
        effect="makes the latent dimensions independent of each other",
        batch=True,
        reads=("z", "parameters of q"),
    ),
)

MODELS: Table[ModelKind] = Table(
    "model",
    ModelKind(
        name="vae",
        help="a variational autoencoder of prior, posterior and likelihood",
        build="vaekit.builders:build_vae",
        step="vaekit.training.step:Step",
        settings={},
        words="",
        formula=None,
    ),
)

SOURCES: Table[Source] = Table(
    "data source",
    *(
        Source(name=name, build=f"vaekit.data.sources:{name.replace('-', '_')}", help=help)
        for name, help in {
            "digits": "1797 handwritten digits, 8x8 pixels of 17 greys, inside scikit-learn",
            "breast-cancer": "569 breast masses, 30 measures, malignant or benign, inside "
            "scikit-learn",
            "swiss-roll": "3000 points in space on a rolled-up sheet, made by scikit-learn",
            "mnist": "70,000 handwritten digits, 28x28 grey pixels, 10,000 of them for testing",
            "fashion-mnist": "70,000 articles of clothing, 28x28 grey pixels, 10,000 of them for "
            "testing",
            "binarized-mnist": "MNIST drawn once as 0 and 1 (Larochelle): 50,000, 10,000 and "
            "10,000 images",
        }.items()
    ),
)

_TABLES: dict[type[Entry], Table[Any]] = {
    Prior: PRIORS,
    Posterior: POSTERIORS,
    Flow: FLOWS,
    Likelihood: LIKELIHOODS,
    Network: NETWORKS,
    ObjectiveTerm: OBJECTIVES,
    ModelKind: MODELS,
    Source: SOURCES,
}
