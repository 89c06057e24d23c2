"""Training steps: map rows to a loss and to named sums."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from vaekit.models import Model
from vaekit.models.labelled import LabelledVAE
from vaekit.objectives import Objective, Terms, sum_out_label, with_label

__all__ = ["SUMS", "LabelStep", "Step", "Unit"]


SUMS = ("loss", "distortion", "rate", "bound")
"""What the second output of a unit holds, each summed over the rows, in nats."""


class Unit(nn.Module, ABC):
    """The unit that is trained: rows in, loss and sums out.

    Attributes:
        objective: the formula, whose rate a schedule may weigh.
        codes_per_row: from how many codes a pass decodes a row.
        models: how many models a step trains at once.
    """

    objective: Objective
    codes_per_row: int = 1
    models: int = 1

    @abstractmethod
    def forward(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """One pass.

        Args:
            rows: (B, ...) raw.

        Returns:
            The mean loss, in nats per row, and the four sums over the rows, detached.
        """


class Step(Unit):
    """Preprocess, run the model, apply the objective.

    Args:
        model: the model.
        objective: the formula.
        preprocessing: from raw rows to what the model sees; none where rows come ready.
        samples: K, samples of z for each row.
        gaps: rows hold NaN where an entry is missing: they become 0 before the preprocessing,
            and the model gets the mask of what is there.
        weights: (F,) how much each feature counts in the loss; the other sums stay those of
            weights of 1, as the model itself does, which knows of none.

    Example:
        >>> from vaekit import MLP, VAE, Amortized, Bernoulli, Bound, DiagonalGaussian
        >>> from vaekit import StandardNormal
        >>> model = VAE(
        ...     prior=StandardNormal(2),
        ...     posterior=Amortized(MLP(8, [], 4), DiagonalGaussian(2)),
        ...     likelihood=Amortized(MLP(2, [], 8), Bernoulli(8)),
        ... )
        >>> loss, sums = Step(model, Bound())(torch.zeros(5, 8))
        >>> loss.shape, sums.shape
        (torch.Size([]), torch.Size([4]))
    """

    weights: Tensor | None

    def __init__(
        self,
        model: Model,
        objective: Objective,
        *,
        preprocessing: nn.Module | None = None,
        samples: int = 1,
        gaps: bool = False,
        weights: Tensor | None = None,
    ) -> None:
        super().__init__()
        self.model = model
        self.objective = objective
        self.preprocessing = preprocessing if preprocessing is not None else nn.Identity()
        self.samples = self.codes_per_row = samples
        self.gaps = gaps
        self.register_buffer("weights", weights, persistent=False)

    def forward(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """One pass.

        Args:
            rows: (B, F) raw; with ``gaps``, NaN where an entry is missing.

        Returns:
            The mean loss, in nats per row, and the four sums over the rows, detached.
        """
        mask = None
        if self.gaps:
            mask = rows == rows  # not NaN; a compiler has vector instructions for this one
            rows = torch.where(mask, rows, torch.zeros_like(rows))
        x = self.preprocessing(rows)
        terms = self.objective(self.model(x, samples=self.samples, mask=mask, weights=self.weights))
        sums = torch.stack([term.detach() for term in terms[:4]]).sum(-1)
        return terms.loss.mean(), sums


class LabelStep(Unit):
    r"""Rows with their label behind them, -1 where it is unknown.

    .. math::
        \ell = s \, \overline{\ell(x, y)} + (1 - s) \, \overline{\ell(x)}
            + \alpha \, \overline{-\log q(y|x)}

    where the first and the last mean are over the rows whose label is known, and the second over
    the others. With s the share of labelled rows among all that there are, it is the loss of the
    whole data set in nats per row, whatever the shares are in a batch. The classifier is not
    learned from labelled rows but by the last term.

    Args:
        model: the model; one without a classifier takes labelled rows only.
        objective: the formula of a row given its label.
        share: s.
        alpha: weight of the classifier's cross-entropy.
        preprocessing: from raw rows (without label) to what the model sees.
        samples: K, samples of z for each row and label.
        gaps: rows hold NaN where an entry is missing.

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
        >>> loss, sums = LabelStep(model, Bound(), share=0.1)(rows)
        >>> loss.shape, sums.shape
        (torch.Size([]), torch.Size([4]))

    Source:
        Kingma, Rezende, Mohamed and Welling 2014, arXiv:1406.5298, equations 6 to 9.
    """

    def __init__(
        self,
        model: LabelledVAE,
        objective: Objective,
        *,
        share: float,
        alpha: float = 0.1,
        preprocessing: nn.Module | None = None,
        samples: int = 1,
        gaps: bool = False,
    ) -> None:
        super().__init__()
        self.model = model
        self.objective = objective
        self.share = share
        self.alpha = alpha
        self.preprocessing = preprocessing if preprocessing is not None else nn.Identity()
        self.samples = samples
        self.codes_per_row = samples * len(model.every_label)
        self.gaps = gaps

    def forward(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """One pass.

        Args:
            rows: (B, F + 1) raw, with the label or -1 last; with ``gaps``, NaN where missing.

        Returns:
            The mean loss, in nats per row, and the four sums, detached: B times the means of the
            whole data set, by the shares.
        """
        x, label = rows[:, :-1], rows[:, -1].long()
        mask = None
        if self.gaps:
            mask = ~x.isnan()
            x = torch.where(mask, x, torch.zeros_like(x))
        x, known = self.preprocessing(x), label >= 0
        means = torch.zeros(4, device=rows.device)
        loss = torch.zeros((), device=rows.device)
        for part, share in ((known, self.share), (~known, 1 - self.share)):
            if share and bool(part.any()):
                seen = None if mask is None else mask[part]
                terms, extra = self._terms(x[part], label[part], mask=seen)
                loss = loss + share * terms.loss.mean() + self.alpha * extra
                means += share * torch.stack([term.detach().mean() for term in terms[:4]])
        means[0] = loss.detach()
        return loss, len(rows) * means

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
