"""Training steps: map rows to a loss for each optimizer, and to named sums over the rows."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor, nn

from vaekit.models import Model
from vaekit.models.labelled import LabelledVAE
from vaekit.objectives import Bound, Objective, Terms, sum_out_label, with_label

if TYPE_CHECKING:
    from vaekit.training.executor import Executor

__all__ = ["Forward", "LabelStep", "Step", "StepOutput", "TrainingStep"]


_TERMS = ("loss", "distortion", "rate", "bound")


class StepOutput(NamedTuple):
    """What a training step makes of the rows of a batch."""

    losses: Mapping[str, Tensor]
    """Name of an optimizer to the scalar that it minimises: a mean over the rows."""
    sums: Mapping[str, Tensor]
    """Name of a quantity to its sum over the rows, a detached scalar."""


Forward = Callable[[Tensor], StepOutput]
"""A step, or a step with something around it."""


class TrainingStep(nn.Module, ABC):
    """What is trained: rows in; losses, and sums to report, out.

    Attributes:
        objective: the formula, whose rate a schedule may weigh; may be missing.
        optimized: for each optimizer the name of the submodule whose parameters it updates, ""
            for the step itself. The losses have the same names.
        sum_names: of the sums, in the order in which they are recorded and reported.
        data_dependent: whether control flow depends on the values of the rows, or on Python
            state that changes between batches. A long training of other steps is recorded or
            compiled.
        codes_per_row: from how many codes a pass decodes a row.
        executor: the class of an executor of its own, made from step and settings as ``fit``
            takes it; None for the usual ones.
    """

    objective: Objective
    optimized: Mapping[str, str] = {"model": ""}
    sum_names: tuple[str, ...] = _TERMS
    data_dependent: bool = False
    codes_per_row: int = 1
    executor: Callable[..., "Executor"] | None = None

    @abstractmethod
    def forward(self, rows: Tensor) -> StepOutput:
        """Compute the losses and sums of a batch.

        Args:
            rows: (B, ...) raw.
        """


class Step(TrainingStep):
    """Preprocess, run the model, apply the objective.

    The sums are loss, distortion, rate and bound; of a model with several groups of latent
    variables also the rate of each, "rate/z1" for one.

    Args:
        model: the model.
        objective: the formula.
        preprocessing: from raw rows to what the model sees; none where rows come ready.
        samples: K, samples of z for each row.
        has_missing: whether rows hold NaN where a value is missing: NaN becomes 0 before the
            preprocessing, and the model gets the mask of the values that are known.
        weights: (F,) weights of the features in the loss; the other sums are unweighted.

    Example:
        >>> from vaekit import MLP, VAE, Amortized, Bernoulli, Bound, DiagonalGaussian
        >>> from vaekit import StandardNormal
        >>> model = VAE(
        ...     prior=StandardNormal(2),
        ...     posterior=Amortized(MLP(8, [], 4), DiagonalGaussian(2)),
        ...     likelihood=Amortized(MLP(2, [], 8), Bernoulli(8)),
        ... )
        >>> losses, sums = Step(model, Bound())(torch.zeros(5, 8))
        >>> losses["model"].shape, list(sums)
        (torch.Size([]), ['loss', 'distortion', 'rate', 'bound'])
    """

    weights: Tensor | None

    def __init__(
        self,
        model: Model,
        objective: Objective,
        *,
        preprocessing: nn.Module | None = None,
        samples: int = 1,
        has_missing: bool = False,
        weights: Tensor | None = None,
    ) -> None:
        super().__init__()
        self.model = model
        self.objective = objective
        self.preprocessing = preprocessing if preprocessing is not None else nn.Identity()
        self.samples = self.codes_per_row = samples
        self.has_missing = has_missing
        self.register_buffer("weights", weights, persistent=False)
        groups = model.latent.groups
        if len(groups) > 1 and any(isinstance(part, Bound) for part in objective.modules()):
            self.sum_names = (*_TERMS, *(f"rate/{group.name}" for group in groups))

    def forward(self, rows: Tensor) -> StepOutput:
        """Compute the losses and sums of a batch.

        Args:
            rows: (B, F) raw; with ``has_missing``, NaN where a value is missing.
        """
        mask = None
        if self.has_missing:
            mask = rows == rows  # not NaN; a compiler has vector instructions for this one
            rows = torch.where(mask, rows, torch.zeros_like(rows))
        x = self.preprocessing(rows)
        terms: Terms = self.objective(
            self.model(x, samples=self.samples, mask=mask, weights=self.weights)
        )
        extra = [terms.extra[name] for name in self.sum_names[len(_TERMS) :]]
        sums = torch.stack([term.detach() for term in (*terms[:4], *extra)]).sum(-1)
        return StepOutput({"model": terms.loss.mean()}, _named(sums, self.sum_names))


class LabelStep(TrainingStep):
    r"""Rows followed by their label, -1 where it is unknown.

    .. math::
        \ell = s \, \overline{\ell(x, y)} + (1 - s) \, \overline{\ell(x)}
            + \alpha \, \overline{-\log q(y|x)}

    where the first and the last mean are over the rows whose label is known, and the second over
    the others. With s the share of labelled rows in the whole data set, it is the loss of that
    data set in nats per row, whatever the shares are in a batch. The classifier learns from
    labelled rows by the last term only.

    Args:
        model: the model; one without a classifier takes labelled rows only.
        objective: the formula of a row given its label.
        share: s.
        alpha: weight of the classifier's cross-entropy.
        preprocessing: from raw rows (without label) to what the model sees.
        samples: K, samples of z for each row and label.
        has_missing: whether rows hold NaN where a value is missing.

    Example:
        >>> from vaekit.models import Amortized, Bernoulli, DiagonalGaussian, StandardNormal
        >>> from vaekit.models import Label, LabelledAmortized, LabelPrior
        >>> from vaekit.networks import MLP, LabelledMLP
        >>> from vaekit.objectives import Bound
        >>> def network(inputs, outputs):
        ...     return LabelledMLP(inputs, classes=2, hidden=[8], out_features=outputs)
        >>> model = LabelledVAE(
        ...     label_prior=LabelPrior([1.0, 1.0]),
        ...     prior=StandardNormal(1),
        ...     posterior=LabelledAmortized(network(3, 2), DiagonalGaussian(1)),
        ...     likelihood=LabelledAmortized(network(1, 3), Bernoulli(3)),
        ...     classifier=Amortized(MLP(3, [8], 2), Label(2)),
        ... )
        >>> rows = torch.tensor([[0.0, 1.0, 1.0, -1.0], [1.0, 0.0, 1.0, 1.0]])
        >>> losses, sums = LabelStep(model, Bound(), share=0.1)(rows)
        >>> losses["model"].shape, len(sums)
        (torch.Size([]), 4)

    Source:
        Kingma, Rezende, Mohamed and Welling 2014, arXiv:1406.5298, equations 6 to 9.
    """

    data_dependent = True

    def __init__(
        self,
        model: LabelledVAE,
        objective: Objective,
        *,
        share: float,
        alpha: float = 0.1,
        preprocessing: nn.Module | None = None,
        samples: int = 1,
        has_missing: bool = False,
    ) -> None:
        super().__init__()
        self.model = model
        self.objective = objective
        self.share = share
        self.alpha = alpha
        self.preprocessing = preprocessing if preprocessing is not None else nn.Identity()
        self.samples = samples
        self.codes_per_row = samples * len(model.every_label)
        self.has_missing = has_missing

    def forward(self, rows: Tensor) -> StepOutput:
        """Compute the loss, and sums that are B times the means of the whole data set.

        Args:
            rows: (B, F + 1) raw, with the label or -1 last; NaN where missing with
                ``has_missing``.
        """
        x, label = rows[:, :-1], rows[:, -1].long()
        mask = None
        if self.has_missing:
            mask = ~x.isnan()
            x = torch.where(mask, x, torch.zeros_like(x))
        x, known = self.preprocessing(x), label >= 0
        means = torch.zeros(len(_TERMS), device=rows.device)
        loss = torch.zeros((), device=rows.device)
        for part, share in ((known, self.share), (~known, 1 - self.share)):
            if share and bool(part.any()):
                part_mask = None if mask is None else mask[part]
                terms, extra = self._terms(x[part], label[part], mask=part_mask)
                loss = loss + share * terms.loss.mean() + self.alpha * extra
                means += share * torch.stack([term.detach().mean() for term in terms[:4]])
        means[0] = loss.detach()
        return StepOutput({"model": loss}, _named(len(rows) * means, self.sum_names))

    def _terms(self, x: Tensor, label: Tensor, *, mask: Tensor | None) -> tuple[Terms, Tensor]:
        """Terms of rows whose labels are all known or all unknown, and the cross-entropy."""
        known = bool(label[0] >= 0)
        given = label if known else self.model.every_label
        terms: Terms = self.objective(self.model(x, given, samples=self.samples, mask=mask))
        log_py, none = self.model.log_py(), x.new_zeros(())
        if not known:
            log_qy = self.model.log_qy(x, mask=mask)
            return sum_out_label(terms, log_py=log_py, log_qy=log_qy), none
        terms = with_label(terms, log_py=log_py[label])
        if self.model.classifier is None:
            return terms, none
        log_qy = self.model.log_qy(x, mask=mask)
        return terms, -log_qy.gather(-1, label.unsqueeze(-1)).mean()


def _named(sums: Tensor, names: tuple[str, ...]) -> dict[str, Tensor]:
    return dict(zip(names, sums.unbind(), strict=True))
