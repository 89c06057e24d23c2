"""The configuration of a run: frozen, documented, JSON round trip."""

import difflib
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from vaekit.errors import ConfigError
from vaekit.registry import (
    FLOWS,
    LIKELIHOODS,
    MODELS,
    NETWORKS,
    OBJECTIVES,
    POSTERIORS,
    PRIORS,
    Table,
    auto_likelihood,
    check_options,
)

__all__ = [
    "Config",
    "DataConfig",
    "EvaluationConfig",
    "LabelsConfig",
    "LikelihoodConfig",
    "ModelConfig",
    "NetworkConfig",
    "ObjectiveConfig",
    "PosteriorConfig",
    "PriorConfig",
    "ReportConfig",
    "Section",
    "TrainingConfig",
]


class Section(BaseModel):
    """A frozen group of settings; unknown keys are refused, field docstrings are its help."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False
    )


def _check_name(name: str, table: Table[Any], *more: str) -> str:
    """Refuse what is neither the name of a registered part nor one of ``more``."""
    if name in more or name in table:
        return name
    known = [*more, *table.names()]
    *names, last = map(repr, known)
    near = difflib.get_close_matches(name, known, n=1)
    values = {
        "known": f"{', '.join(names)} or {last}" if names else last,
        "hint": f" (did you mean {near[0]!r}?)" if near else "",
    }
    raise PydanticCustomError("unknown_part", "input should be {known}{hint}", values)


def _one_of(table: Table[Any], *more: str) -> AfterValidator:
    """Accept the name of a registered part, or one of ``more``."""
    return AfterValidator(lambda name: _check_name(name, table, *more))


def _help(table: Table[Any]) -> str:
    """What each of the built-in parts is; no plugin is loaded for a help text."""
    return "; ".join(f"{entry.name}: {entry.help}" for entry in table.built_in()) + "."


def _auto_help() -> str:
    binary, unit, real = (auto_likelihood(support).name for support in ("binary", "unit", "real"))
    return f"auto: {binary} for 0 and 1, {unit} for values in [0, 1], {real} otherwise; "


class _PartSection(Section):
    """A section that chooses one of the registered parts by its ``kind``."""

    table: ClassVar[Table[Any]]
    """The parts."""

    @field_validator("options", check_fields=False)
    @classmethod
    def _check_options(cls, options: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        """Refuse options that the part does not have."""
        kind = info.data.get("kind")
        try:
            if kind == "auto" and options:
                raise ConfigError("auto has no options: set the kind")
            if kind is not None and kind != "auto":
                check_options(cls.table.get(kind), options)
        except ConfigError as error:
            raise PydanticCustomError("options", "{why}", {"why": str(error)}) from None
        return options


class DataConfig(Section):
    """Where the rows come from and what happens to them before the model sees them."""

    source: str = "digits"
    """A name (digits, breast-cancer, swiss-roll, mnist, fashion-mnist, binarized-mnist), or a
    path: idx, npy, npz, csv, parquet, a folder of images or of npy or parquet files."""

    label: str | None = None
    """Column of a table that holds the labels, by name or by position from 0 (negative counts
    from the end); a column named "label" is found by itself."""

    image_size: int | None = Field(default=None, ge=2)
    """Side in pixels to which the images of a folder are scaled and cropped."""

    header: bool | None = None
    """Whether the first line of a delimited file holds the names of the columns; detected when
    absent, as are the four below."""

    sep: str | None = None
    """What separates cells of a delimited file: one character, or comma, semicolon, tab, pipe or
    whitespace."""

    decimal: Literal[".", ","] | None = None
    """Decimal mark of a delimited file."""

    encoding: str | None = None
    """Encoding of a delimited file, such as utf-8, latin-1 or utf-16."""

    comment: str | None = Field(default=None, min_length=1, max_length=1)
    """Character of a delimited file from which the rest of a line is skipped."""

    scale: Literal["auto", "unit", "standard", "none"] = "auto"
    """unit: to [0, 1]; standard: mean 0 and variance 1 of each column, from the training rows;
    none: as it is; auto: unit for images and for values in [0, 1], standard for tables."""

    binarize: Literal["none", "threshold", "dynamic"] = "none"
    """threshold: 1 where a value is at least one half; dynamic: a new Bernoulli draw of each
    value at each use, with the value as its probability."""

    validation: float = Field(default=0.1, ge=0.0, lt=1.0)
    """Share of the training rows that is set aside for validation; 0 for none."""

    test: float = Field(default=0.1, ge=0.0, lt=1.0)
    """Share of all rows that is set aside for testing, where the source brings no test rows."""

    seed: int = Field(default=0, ge=0, lt=2**32)
    """Seed of the split: the same rows are set aside whatever the seed of training."""

    limit: int | None = Field(default=None, ge=2)
    """Use only so many rows of each split, for a first look."""


Width = Annotated[int, Field(ge=1)]


class NetworkConfig(_PartSection):
    """A network from rows to parameters (encoder) or from codes to parameters (decoder)."""

    table = NETWORKS

    kind: Annotated[str, _one_of(NETWORKS)] = Field(default="mlp", description=_help(NETWORKS))

    hidden: tuple[Width, ...] = (256, 128)
    """Widths of the hidden layers (mlp), or channels of the residual blocks (resnet), from input
    to output; conv has its own widths."""

    activation: Literal["relu", "tanh", "gelu", "softplus"] = "relu"
    """Non-linearity between layers."""

    batch_norm: bool = False
    """Batch normalisation before each activation (mlp)."""

    dropout: float = Field(default=0.0, ge=0.0, lt=1.0)
    """Share of the hidden units dropped in training (mlp)."""

    init: Literal["default", "xavier"] = "default"
    """Initial weights: those of PyTorch, or Xavier-Glorot uniform with zero biases, as Keras has
    them."""

    options: dict[str, Any] = {}
    """Settings of a network that a plugin brings, by name."""


class PosteriorConfig(_PartSection):
    """The approximate posterior q(z|x)."""

    table = POSTERIORS

    kind: Annotated[str, _one_of(POSTERIORS)] = Field(
        default="gaussian", description=_help(POSTERIORS)
    )

    flow: Annotated[str, _one_of(FLOWS, "none")] = Field(
        default="none", description=f"Normalizing flow on top of it, or none; {_help(FLOWS)}"
    )

    flow_length: int = Field(default=4, ge=0)
    """Number of transformations in the flow."""

    options: dict[str, Any] = {}
    """Settings of a posterior that a plugin brings, by name."""


class PriorConfig(_PartSection):
    """The prior p(z)."""

    table = PRIORS

    kind: Annotated[str, _one_of(PRIORS)] = Field(default="normal", description=_help(PRIORS))

    components: int = Field(default=32, ge=1)
    """Number of components of mixture and vamp."""

    flow_length: int = Field(default=3, ge=1)
    """Number of transformations of the flow prior."""

    options: dict[str, Any] = {}
    """Settings of a prior that a plugin brings, by name."""


class LikelihoodConfig(_PartSection):
    """The likelihood p(x|z)."""

    table = LIKELIHOODS

    kind: Annotated[str, _one_of(LIKELIHOODS, "auto")] = Field(
        default="auto", description=_auto_help() + _help(LIKELIHOODS)
    )

    variance: Literal["unit", "shared", "per-feature"] = "shared"
    """Variance of the gaussian likelihood: 1, which makes it half the squared error plus a
    constant; one learned value; one learned value for each feature."""

    start: Literal["network", "mean"] = "network"
    """Where the decoder starts: as its network does, or at the mean of the training rows, by its
    last bias (bernoulli, mlp)."""

    levels: int = Field(default=256, ge=2)
    """Grid points of discretized-logistic and categorical: 256 for 8-bit pixels."""

    options: dict[str, Any] = {}
    """Settings of a likelihood that a plugin brings, by name."""


class ModelConfig(_PartSection):
    """Three conditional distributions and the two networks that feed them."""

    table = MODELS

    kind: Annotated[str, _one_of(MODELS)] = Field(default="vae", description=_help(MODELS))

    options: dict[str, Any] = {}
    """Settings of a model that a plugin brings, by name."""

    latent_dim: int = Field(default=2, ge=1)
    """Number of latent dimensions."""

    encoder: NetworkConfig = NetworkConfig()
    """From a row to the parameters of the posterior."""

    decoder: NetworkConfig = NetworkConfig(hidden=(128, 256))
    """From a code to the parameters of the likelihood."""

    posterior: PosteriorConfig = PosteriorConfig()
    """The approximate posterior q(z|x)."""

    prior: PriorConfig = PriorConfig()
    """The prior p(z)."""

    likelihood: LikelihoodConfig = LikelihoodConfig()
    """The likelihood p(x|z)."""


class ObjectiveConfig(Section):
    """What training minimises: -reduce_k[log p(x|z) + beta (log p(z) - entropy log q(z|x))]."""

    reduce: Literal["mean", "logmeanexp"] = "mean"
    """Over the samples of z: mean gives the evidence lower bound (VAE), logmeanexp the
    importance-weighted bound (IWAE)."""

    samples: int = Field(default=1, ge=1)
    """Samples of z for each row in a training step (k)."""

    beta: float = Field(default=1.0, ge=0.0)
    """Weight of the rate KL(q || p), the C of the classic examples; 0 for an autoencoder."""

    entropy: float = Field(default=1.0, ge=0.0)
    """Weight of the entropy of q within the rate; 0 for the EM autoencoder."""

    analytic: bool = True
    """Use the closed form of the rate where there is one (reduce = mean only)."""

    mean_penalty: float = Field(default=0.0, ge=0.0)
    """Weight of |mean of q|^2 / 2; with beta = 0 and weight 1, the EM variant of the R article."""

    penalties: dict[str, Annotated[float, Field(ge=0.0)]] = Field(
        default={},
        description=f"Weights of further terms of the loss, by their names. {_help(OBJECTIVES)}",
    )

    free_bits: float = Field(default=0.0, ge=0.0)
    """Nats of each latent dimension that the rate does not penalise."""

    schedule: Literal["constant", "linear", "cyclical"] = "constant"
    """How the weight of the rate grows from 0: linear over the warm-up, or in cycles."""

    warmup: int = Field(default=10, ge=1)
    """Epochs until the weight is full (linear), or of one cycle (cyclical: it rises over the
    first half of the cycle and stays full over the second)."""

    @field_validator("penalties")
    @classmethod
    def _check_names(cls, penalties: dict[str, float]) -> dict[str, float]:
        for name in penalties:
            _check_name(name, OBJECTIVES)
        return penalties

    def terms(self) -> dict[str, float]:
        """Weights of the terms of the loss beside the bound; those of 0 are left out.

        Returns:
            By the name of the term, that of ``mean_penalty`` first.

        Example:
            >>> ObjectiveConfig(mean_penalty=1.0).terms()
            {'mean_penalty': 1.0}
        """
        weights = {"mean_penalty": self.mean_penalty}
        for name, weight in self.penalties.items():
            weights[name] = weights.get(name, 0.0) + weight
        return {name: weight for name, weight in weights.items() if weight}


class TrainingConfig(Section):
    """How the parameters are found."""

    epochs: int = Field(default=50, ge=1)
    """Passes over the training rows."""

    batch_size: int = Field(default=128, ge=1)
    """Rows in a step."""

    optimizer: Literal["adam", "adamw"] = "adam"
    """Fused where PyTorch has the kernel for the device."""

    learning_rate: float = Field(default=1e-3, gt=0.0)
    """Step size at the start."""

    beta1: float = Field(default=0.9, ge=0.0, lt=1.0)
    """Decay of the mean of the gradients."""

    beta2: float = Field(default=0.999, ge=0.0, lt=1.0)
    """Decay of the mean of their squares."""

    eps: float = Field(default=1e-8, gt=0.0)
    """Added to the root of the mean square."""

    weight_decay: float = Field(default=0.0, ge=0.0)
    """Decoupled weight decay (adamw), or L2 penalty (adam)."""

    schedule: Literal["constant", "cosine", "step", "iwae"] = "constant"
    """Learning rate over the epochs: cosine to zero; step: times gamma every step_epochs; iwae:
    eight stages of length 3^i, times 10^(-1/7) each, stretched over the epochs."""

    step_epochs: int = Field(default=10, ge=1)
    """Epochs between two changes of the step schedule."""

    gamma: float = Field(default=0.5, gt=0.0, le=1.0)
    """Factor of the step schedule."""

    clip_norm: float | None = Field(default=None, gt=0.0)
    """Largest norm of the gradient of all parameters; none for no clipping."""

    early_stopping: int | None = Field(default=None, ge=1)
    """Stop after so many epochs without a better validation bound, and keep the best weights."""

    precision: Literal["auto", "32", "tf32", "bf16"] = "auto"
    """Of the matrix products in training; sums and log-densities are float32. auto: bf16 where
    the processor has instructions for it and, on a CPU, products are large enough to gain from
    it, four million multiplications in the mean (batch x samples x inputs x outputs); dense
    layers of less than two million stay float32 there. tf32: float32 numbers of which a GPU
    multiplies ten bits instead of 23."""

    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """Where to compute; auto takes cuda, then mps, then cpu."""

    threads: int | None = Field(default=None, ge=1)
    """Threads of the CPU; PyTorch's number when absent. A resumed run takes the number it began
    with; give a number where two runs should have the same bits."""

    compile: Literal["auto", "always", "never"] = "auto"
    """Let PyTorch's compiler fuse the small operations of a step, in one process, on a CPU or an
    NVIDIA GPU. It needs a C++ compiler and ten to sixty seconds, three when the same step was
    compiled before; auto: trainings of 5,000 steps or more. Results differ by rounding; on a GPU
    dropout draws other numbers too."""

    watch: Literal["validation", "test"] = "validation"
    """Split measured after every epoch. Curves on test rows are for repeating published figures;
    early stopping refuses them."""

    checkpoint_every: int = Field(default=1, ge=1)
    """Epochs between two checkpoints."""

    checkpoint_minutes: float = Field(default=10.0, gt=0.0)
    """Minutes after which a checkpoint is written in the middle of an epoch."""

    tensorboard: bool = False
    """Write TensorBoard logs too; needs the extra "tensorboard"."""


class EvaluationConfig(Section):
    """How a trained model is measured."""

    split: Literal["train", "validation", "test"] = "test"
    """Rows to measure on."""

    samples: int = Field(default=500, ge=1)
    """Importance samples for each row in the log-likelihood."""

    memory_mb: int = Field(default=16, ge=1)
    """Size in MB of the largest intermediate array; decides how many samples go at once. What
    fits the cache of the processor is faster than more."""

    compile: Literal["auto", "always", "never"] = "auto"
    """Let PyTorch's compiler fuse the small operations of the decoder, on a CPU. It needs a C++
    compiler and eight to twenty seconds; auto: where rows x samples x weights of the decoder are
    2e12 or more, a minute of a core. Numbers differ by rounding."""

    seed: int = Field(default=0, ge=0, lt=2**32)
    """Seed of the samples: the same run measured twice gives the same numbers."""


Count = Annotated[int, Field(ge=1)]


class LabelsConfig(Section):
    """Classifiers that learn from few labels, on the codes of the trained model (M1+M2)."""

    counts: tuple[Count, ...] = ()
    """Numbers of labels, the same for each class; a labelled model of the codes is learned from
    each, and measured on the rows that are measured. None for no classifier."""

    latent_dim: int = Field(default=10, ge=1)
    """Latent dimensions of the labelled model: the style of a row within its class."""

    hidden: tuple[Count, ...] = (300,)
    """Widths of the hidden layers of its encoder and classifier; its decoder has them reversed."""

    epochs: int = Field(default=20, ge=1)
    """Passes over the training rows, for each number of labels."""

    batch_size: int = Field(default=200, ge=1)
    """Rows without a label in a step; a quarter as many with one come on top."""

    learning_rate: float = Field(default=3e-3, gt=0.0)
    """Step size at the start; it falls to 0 along a cosine."""

    alpha: float = Field(default=1.0, ge=0.0)
    """Weight of the classifier's cross-entropy on labelled rows."""

    seed: int = Field(default=0, ge=0, lt=2**32)
    """Seed of the choice of labels."""


class ReportConfig(Section):
    """Figures that take a choice or some time.

    Learning curves, reconstructions, samples and the latent space are in every report.
    """

    walk: tuple[str, str] | None = None
    """Two classes: a strip and an animation walk from the one to the other, and a map of a latent
    plane shows the way (images)."""

    walk_path: Literal["linear", "spherical", "density"] = "linear"
    """How that walk goes: straight, around the origin, or from row to near row."""

    extent: Annotated[float, Field(gt=0.0)] | None = None
    """The map of a latent plane goes from minus this to this; over the part that holds 98% of the
    codes when absent (images)."""

    add: str | None = None
    """A class that is added to the mean code of every class, in eight steps (images)."""

    morph: bool = False
    """Animate a board on which every class turns into every other (images)."""

    tsne: tuple[Literal[2, 3], ...] = ()
    """Dimensions of t-SNE projections of the codes; some ten seconds each."""

    projector: bool = False
    """Write a folder that TensorBoard's embedding projector opens, with thumbnails of images."""


class Config(Section):
    """All settings of a run; written whole into its folder.

    Example:
        >>> config = Config(name="mine", data=DataConfig(source="digits"))
        >>> Config.model_validate_json(config.model_dump_json()) == config
        True
    """

    name: str = Field(default="run", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    """Name of the recipe, and the first part of the run folder's name."""

    seed: int = Field(default=0, ge=0, lt=2**32)
    """Seed of the initial weights, the order of rows and all noise in training."""

    data: DataConfig = DataConfig()
    """Where the rows come from and what happens to them before the model sees them."""

    model: ModelConfig = ModelConfig()
    """Three conditional distributions and the two networks that feed them."""

    objective: ObjectiveConfig = ObjectiveConfig()
    """What training minimises."""

    training: TrainingConfig = TrainingConfig()
    """How the parameters are found."""

    evaluation: EvaluationConfig = EvaluationConfig()
    """How the trained model is measured."""

    labels: LabelsConfig = LabelsConfig()
    """What is learned from few labels once the model is trained."""

    report: ReportConfig = ReportConfig()
    """What the report shows beside what every report shows."""
