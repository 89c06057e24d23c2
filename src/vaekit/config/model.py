"""The parts of a model: two networks, a posterior, a prior, a likelihood."""

from typing import Annotated, Literal

from pydantic import Field

from vaekit.config.section import Section

__all__ = [
    "LikelihoodConfig",
    "ModelConfig",
    "NetworkConfig",
    "PosteriorConfig",
    "PriorConfig",
]

Width = Annotated[int, Field(ge=1)]


class NetworkConfig(Section):
    """A network from rows to parameters (encoder) or from codes to parameters (decoder)."""

    kind: Literal["mlp", "conv", "resnet"] = "mlp"
    """mlp: fully connected; conv: two 3x3 convolutions with max-pooling as encoder, dense layers
    and 1x1 transposed convolutions as decoder; resnet: small residual convolutions for images
    of any size from 8x8 up."""

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


class PosteriorConfig(Section):
    """The approximate posterior q(z|x)."""

    kind: Literal["gaussian", "full-gaussian", "point"] = "gaussian"
    """gaussian: diagonal covariance; full-gaussian: full covariance; point: no noise, for the
    plain autoencoder."""

    flow: Literal["none", "planar", "radial", "autoregressive", "spline"] = "none"
    """Normalizing flow on top of it."""

    flow_length: int = Field(default=4, ge=0)
    """Number of transformations in the flow."""


class PriorConfig(Section):
    """The prior p(z)."""

    kind: Literal["normal", "mixture", "vamp", "flow"] = "normal"
    """normal: N(0, I); mixture: learned mixture of diagonal Gaussians; vamp: mixture of the
    posteriors at learned pseudo-inputs; flow: autoregressive flow on N(0, I)."""

    components: int = Field(default=32, ge=1)
    """Number of components of mixture and vamp."""

    flow_length: int = Field(default=3, ge=1)
    """Number of transformations of the flow prior."""


class LikelihoodConfig(Section):
    """The likelihood p(x|z)."""

    kind: Literal[
        "auto",
        "bernoulli",
        "continuous-bernoulli",
        "gaussian",
        "discretized-logistic",
        "categorical",
    ] = "auto"
    """auto: bernoulli for binary values, continuous-bernoulli for values in [0, 1], gaussian
    otherwise. discretized-logistic and categorical describe values in [0, 1] on a grid."""

    variance: Literal["unit", "shared", "per-feature"] = "shared"
    """Variance of the gaussian likelihood: 1, which makes it half the squared error plus a
    constant; one learned value; one learned value for each feature."""

    start: Literal["network", "mean"] = "network"
    """Where the decoder starts: as its network does, or at the mean of the training rows, by its
    last bias (bernoulli, mlp)."""

    levels: int = Field(default=256, ge=2)
    """Grid points of discretized-logistic and categorical: 256 for 8-bit pixels."""


class ModelConfig(Section):
    """Three conditional distributions and the two networks that feed them."""

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
