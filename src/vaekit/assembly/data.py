"""A dataset and its preprocessing by name."""

from vaekit.config import DataConfig
from vaekit.data import Dataset, Preprocessing, load_dataset

__all__ = ["load_data"]


def load_data(config: DataConfig) -> tuple[Dataset, Preprocessing]:
    """Read the rows and fit the preprocessing on those for training.

    Args:
        config: source, split, scaling.

    Returns:
        The dataset, and what turns its rows into what a model sees.

    Raises:
        DataError: the source cannot be read or used.
    """
    dataset = load_dataset(
        config.source,
        label=config.label,
        image_size=config.image_size,
        validation=config.validation,
        test=config.test,
        seed=config.seed,
        limit=config.limit,
    )
    return dataset, Preprocessing.fit(dataset, scale=config.scale, binarize=config.binarize)
