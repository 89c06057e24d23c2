"""The unit that is compiled, captured and distributed: rows in, loss and sums out."""

import torch
from torch import Tensor, nn

from vaekit.models.vae import VAE
from vaekit.objectives import Objective
from vaekit.training.unit import Unit

__all__ = ["Step"]


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
        model: VAE,
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
        sums = torch.stack([term.detach() for term in terms]).sum(-1)
        return terms.loss.mean(), sums
