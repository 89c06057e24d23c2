"""Learning from few labels."""

from vaekit.config import (
    Config,
    DataConfig,
    EvaluationConfig,
    LabelsConfig,
    LikelihoodConfig,
    ModelConfig,
    NetworkConfig,
    ObjectiveConfig,
    TrainingConfig,
)
from vaekit.recipes.published import Published

__all__ = ["LABELS_TABLE", "mnist_semi_supervised"]

_SOURCE = "Kingma, Rezende, Mohamed and Welling 2014, arXiv:1406.5298, table 1 (M1+M2)"

LABELS_TABLE = tuple(
    Published(
        key=f"error_{count}_labels",
        what=f"test error with {count:,} labels",
        value=value,
        unit="%",
        source=_SOURCE,
        better="lower",
    )
    for count, value in ((100, 3.33), (600, 2.59), (1000, 2.40), (3000, 2.18))
)
"""Means over draws of the labels; the standard deviation is .14 with 100 and .02 with 1000."""


def mnist_semi_supervised() -> Config:
    """Digits from 100, 600, 1000 and 3000 labels of 60,000 rows: M1+M2.

    A VAE of all training rows, without labels: 784-600-600-50 and back, ReLU, the rate warmed up
    over 10 epochs (M1). Then, for each number of labels, a labelled model of its codes, which
    are drawn afresh at each step, and in which unknown labels are summed out (M2): the paper's
    300 hidden units, and 10 latent dimensions where it has 50. The schedule is ours and short, 30
    and 20 epochs: some ten minutes of one idle core.

    Source: Kingma, Rezende, Mohamed and Welling 2014, arXiv:1406.5298, table 1.
    """
    return Config(
        name="mnist-semi-supervised",
        data=DataConfig(source="mnist", validation=0.0),
        model=ModelConfig(
            latent_dim=50,
            encoder=NetworkConfig(hidden=(600, 600)),
            decoder=NetworkConfig(hidden=(600, 600)),
            likelihood=LikelihoodConfig(kind="bernoulli"),
        ),
        objective=ObjectiveConfig(schedule="linear", warmup=10),
        training=TrainingConfig(epochs=30, batch_size=200, schedule="cosine", watch="test"),
        evaluation=EvaluationConfig(samples=50),
        labels=LabelsConfig(counts=(100, 600, 1000, 3000)),
    )
