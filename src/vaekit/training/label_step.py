"""The step of rows whose labels are known for some and summed out for the others."""

import torch
from torch import Tensor, nn

from vaekit.models.labelled import LabelledVAE
from vaekit.objectives import Objective, Terms, sum_out_label, with_label
from vaekit.training.unit import Unit

__all__ = ["LabelStep"]


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
                means += share * torch.stack([term.detach().mean() for term in terms])
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
