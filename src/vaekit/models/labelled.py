"""Conditional and semi-supervised variational autoencoders."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.distributions import Categorical as CategoricalDistribution
from torch.distributions import Distribution

from vaekit.distributions import sample_with_log_prob
from vaekit.errors import ConfigError
from vaekit.models.base import (
    Amortized,
    Conditional,
    Head,
    Trace,
    TraceGroup,
    own_parameters,
)
from vaekit.models.columns import Columns, ColumnSpec
from vaekit.models.likelihoods import Bernoulli
from vaekit.models.missingness import TableInputs
from vaekit.models.posteriors import DiagonalGaussian
from vaekit.models.priors import StandardNormal
from vaekit.models.vae import row_log_prob, with_mask
from vaekit.networks import MLP, LabelledMLP

__all__ = [
    "Label",
    "LabelPrior",
    "LabelledAmortized",
    "LabelledConditional",
    "LabelledVAE",
    "RowParts",
    "SampledCodes",
    "build_labelled",
    "code_parts",
    "column_parts",
    "pixel_parts",
    "split_missing",
]


class LabelledConditional(nn.Module, ABC):
    """A conditional distribution given a context and a label: p(. | context, y).

    Attributes:
        sees_mask: as that of :class:`vaekit.Conditional`.
    """

    sees_mask: bool = False

    @abstractmethod
    def forward(self, context: Tensor, label: Tensor) -> Distribution:
        """Distribution given a context and labels.

        Args:
            context: (..., F).
            label: whole numbers from 0, of a shape that broadcasts with (...).

        Returns:
            A distribution whose batch shape is that of both together.
        """


class LabelledAmortized(LabelledConditional):
    """A network of context and label before a head: q(z|x,y), or p(x|y,z).

    Args:
        network: maps (..., F) and labels to (..., head.inputs).
        head: makes a distribution of that.
        sees_mask: the context is rows with their mask behind them, (..., 2 F).

    Example:
        >>> from vaekit.models.posteriors import DiagonalGaussian
        >>> from vaekit.networks import LabelledMLP
        >>> network = LabelledMLP(64, classes=10, hidden=[8], out_features=4)
        >>> posterior = LabelledAmortized(network, DiagonalGaussian(2))
        >>> posterior(torch.zeros(7, 64), torch.full((7,), 3)).rsample().shape
        torch.Size([7, 2])
    """

    def __init__(self, network: nn.Module, head: Head, *, sees_mask: bool = False) -> None:
        super().__init__()
        self.network = network
        self.head = head
        self.sees_mask = sees_mask

    def forward(self, context: Tensor, label: Tensor) -> Distribution:
        """Run the network, then the head in float32 whatever the network computed in."""
        distribution: Distribution = self.head(self.network(context, label).float())
        return distribution


class Label(Head):
    """A label, from logits: the classifier q(y|x) behind its network.

    Args:
        classes: C.

    Attributes:
        inputs: C.

    Example:
        >>> Label(4)(torch.zeros(7, 4)).probs[0]
        tensor([0.2500, 0.2500, 0.2500, 0.2500])
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.inputs = classes

    def forward(self, context: Tensor | None = None) -> Distribution:
        """Read logits (..., C): batch (...), event ()."""
        logits = own_parameters(self, context, inputs=self.inputs)
        return CategoricalDistribution(logits=logits, validate_args=False)


class LabelPrior(Conditional):
    """The prior p(y) of a label: fixed probabilities.

    Args:
        probabilities: C of them, above 0; they need not sum to 1.

    Raises:
        ConfigError: there are none, or one is not above 0.

    Example:
        >>> LabelPrior([1.0, 3.0])().probs
        tensor([0.2500, 0.7500])
    """

    logits: Tensor

    def __init__(self, probabilities: list[float]) -> None:
        super().__init__()
        if not probabilities or not all(each > 0 for each in probabilities):
            raise ConfigError(f"expected probabilities above 0, one a class; got {probabilities}")
        self.register_buffer("logits", torch.tensor(probabilities).log())

    def forward(self, context: Tensor | None = None) -> CategoricalDistribution:
        """Batch (), event ()."""
        return CategoricalDistribution(logits=self.logits, validate_args=False)


class LabelledVAE(nn.Module):
    r"""p(y) p(z) p(x|y,z) with the posterior q(z|x,y) and the classifier q(y|x): "M2".

    Without a classifier it is a conditional VAE.

    Args:
        label_prior: p(y), called without a context; batch (), event (), C labels.
        prior: p(z), called without a context; event shape (D,).
        posterior: from rows and labels to a distribution over codes.
        likelihood: from codes and labels to a distribution over rows, independent over the
            features.
        classifier: from rows to a distribution over labels, where labels may be unknown.

    Example:
        >>> from vaekit.models import Amortized, Bernoulli, DiagonalGaussian, StandardNormal
        >>> from vaekit.networks import MLP, LabelledMLP
        >>> def network(inputs, outputs):
        ...     return LabelledMLP(inputs, classes=3, hidden=[8], out_features=outputs)
        >>> model = LabelledVAE(
        ...     label_prior=LabelPrior([1.0] * 3),
        ...     prior=StandardNormal(2),
        ...     posterior=LabelledAmortized(network(64, 4), DiagonalGaussian(2)),
        ...     likelihood=LabelledAmortized(network(2, 64), Bernoulli(64)),
        ...     classifier=Amortized(MLP(64, [8], 3), Label(3)),
        ... )
        >>> model(torch.zeros(5, 64), model.every_label).log_px.shape  # (K, C, B)
        torch.Size([1, 3, 5])

    Source:
        Kingma, Rezende, Mohamed and Welling 2014, arXiv:1406.5298, section 2 (M2).
    """

    every_label: Tensor

    def __init__(
        self,
        *,
        label_prior: LabelPrior,
        prior: Conditional,
        posterior: LabelledConditional,
        likelihood: LabelledConditional,
        classifier: Conditional | None = None,
    ) -> None:
        super().__init__()
        self.label_prior = label_prior
        self.prior = prior
        self.posterior = posterior
        self.likelihood = likelihood
        self.classifier = classifier
        every = torch.arange(len(label_prior.logits)).unsqueeze(-1)
        self.register_buffer("every_label", every, persistent=False)

    def forward(
        self, x: Tensor, label: Tensor, *, samples: int = 1, mask: Tensor | None = None
    ) -> Trace:
        """Encode, sample, decode, and keep every log-density on the way, given the label.

        Args:
            x: (B, F) rows; entries that the mask hides hold any finite fill value.
            label: (B,), or (C, 1) for each label with each row: ``every_label``.
            samples: K, samples of z for each row and label.
            mask: (B, F) true where an entry is observed; all are when absent.

        Returns:
            The trace; where labels are enumerated, (C, B) stands for (B,) but in ``x``.
        """
        q, prior = self.encode(x, label, mask=mask), self.prior()
        with torch.autocast(device_type=x.device.type, enabled=False):
            z, log_qz = sample_with_log_prob(q, (samples,))
            log_pz = prior.log_prob(z)
        p = self.decode(z, label)
        with torch.autocast(device_type=x.device.type, enabled=False):
            log_px = row_log_prob(p, x, mask)
        group = TraceGroup(name="z", z=z, log_pz=log_pz, log_qz=log_qz, q=q, p=prior)
        return Trace(x=x, log_px=log_px, groups=(group,))

    def encode(self, x: Tensor, label: Tensor, *, mask: Tensor | None = None) -> Distribution:
        """Return q(z|x,y), batch (B,), event (D,).

        Args:
            x: (B, F) rows; entries that the mask hides hold any finite fill value.
            label: (B,), or (C, 1) for each label with each row.
            mask: (B, F) true where an entry is observed; all are when absent.
        """
        q: Distribution = self.posterior(
            with_mask(x, mask) if self.posterior.sees_mask else x, label
        )
        return q

    def decode(self, z: Tensor, label: Tensor) -> Distribution:
        """Return p(x|y,z), batch (...), event (F,).

        Args:
            z: (..., D) codes.
            label: whole numbers from 0, of a shape that broadcasts with (...).
        """
        p: Distribution = self.likelihood(z, label)
        return p

    def code_distribution(self) -> Distribution:
        """Return p(z), batch (), event (D,)."""
        p: Distribution = self.prior()
        return p

    def log_py(self) -> Tensor:
        """Log-probabilities of the labels, (C,) in nats."""
        logits: Tensor = self.label_prior().logits
        return logits

    def log_qy(self, x: Tensor, *, mask: Tensor | None = None) -> Tensor:
        """Log-probabilities of the labels of rows, as the classifier tells them.

        Args:
            x: (B, F) rows.
            mask: (B, F) true where an entry is observed; all are when absent.

        Returns:
            (B, C) in nats.

        Raises:
            ConfigError: the model has no classifier.
        """
        if self.classifier is None:
            raise ConfigError("this model has no classifier: build it with classifier=")
        q = self.classifier(with_mask(x, mask) if self.classifier.sees_mask else x)
        assert isinstance(q, CategoricalDistribution)
        return q.logits


@dataclass(frozen=True, kw_only=True)
class RowParts:
    """How networks read rows, and the distribution that they write."""

    width: int
    """Numbers that the first layer of an encoder reads."""
    head: Head
    """The likelihood of a row."""
    inputs: nn.Module | None = None
    """What makes these numbers of a row; none where they are the row."""
    sees_mask: bool = False
    """Whether rows may have missing values, so that the encoder reads their mask."""


def pixel_parts(features: int) -> RowParts:
    """Rows of numbers in [0, 1], each with a Bernoulli distribution.

    Args:
        features: F.

    Returns:
        The parts.
    """
    return RowParts(width=features, head=Bernoulli(features))


def column_parts(specs: Sequence[ColumnSpec]) -> RowParts:
    """Rows of a table, with missing values.

    Args:
        specs: F columns.

    Returns:
        The parts.
    """
    inputs = TableInputs(specs)
    return RowParts(width=inputs.out_features, head=Columns(specs), inputs=inputs, sees_mask=True)


def code_parts(dim: int) -> RowParts:
    """Codes of another model, each number Gaussian with the mean and variance of the network.

    Args:
        dim: of the codes.

    Returns:
        The parts.
    """
    return RowParts(width=dim, head=Columns([ColumnSpec("real")] * dim, tails="gaussian"))


class SampledCodes(nn.Module):
    """Codes drawn afresh from their posteriors at each step of training; elsewhere their means.

    A model of drawn codes cannot learn the rows of training by heart.

    Example:
        >>> sampled = SampledCodes().eval()
        >>> sampled(torch.tensor([[1.0, 2.0, 0.1, 0.1]]))
        tensor([[1., 2.]])
    """

    def forward(self, rows: Tensor) -> Tensor:
        """Map means with standard deviations behind them, (B, 2 D), to codes (B, D)."""
        mean, scale = rows.chunk(2, -1)
        return mean + scale * torch.randn_like(mean) if self.training else mean


def split_missing(rows: Tensor) -> tuple[Tensor, Tensor]:
    """Return rows with 0 where a number is missing, and the mask of what is observed.

    Args:
        rows: (N, F) NaN where missing.

    Returns:
        (N, F), and (N, F) true where observed.
    """
    return rows.nan_to_num(0.0), ~rows.isnan()


def build_labelled(
    parts: RowParts,
    *,
    latent_dim: int,
    hidden: Sequence[int],
    label_prior: Sequence[float],
) -> LabelledVAE:
    """A labelled model of perceptrons: encoder, decoder and classifier of the same widths.

    Args:
        parts: how rows are read and written.
        latent_dim: D, of z.
        hidden: widths of the hidden layers of encoder and classifier; the decoder's are reversed.
        label_prior: C probabilities.

    Returns:
        The model, untrained.

    Example:
        >>> model = build_labelled(
        ...     code_parts(5), latent_dim=2, hidden=[8], label_prior=[1.0] * 3
        ... )
        >>> model.log_qy(torch.zeros(7, 5)).shape
        torch.Size([7, 3])
    """
    classes = len(label_prior)
    encoder = LabelledMLP(
        parts.width,
        classes=classes,
        hidden=hidden,
        out_features=2 * latent_dim,
        inputs=parts.inputs,
    )
    decoder = LabelledMLP(
        latent_dim, classes=classes, hidden=hidden[::-1], out_features=parts.head.inputs
    )
    classifier: nn.Module = MLP(parts.width, hidden, classes)
    if parts.inputs is not None:
        classifier = nn.Sequential(parts.inputs, classifier)
    return LabelledVAE(
        label_prior=LabelPrior(list(label_prior)),
        prior=StandardNormal(latent_dim),
        posterior=LabelledAmortized(
            encoder, DiagonalGaussian(latent_dim), sees_mask=parts.sees_mask
        ),
        likelihood=LabelledAmortized(decoder, parts.head),
        classifier=Amortized(classifier, Label(classes), sees_mask=parts.sees_mask),
    )
