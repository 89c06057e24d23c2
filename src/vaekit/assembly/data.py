"""A dataset and its preprocessing by name."""

from vaekit.config import DataConfig
from vaekit.data import Dataset, Preprocessing, load_dataset

__all__ = ["load_data", "load_rows"]


def load_data(config: DataConfig) -> tuple[Dataset, Preprocessing]:
    """Read the rows and fit the preprocessing on those for training.

    Args:
        config: source, split, scaling.

    Returns:
        The dataset, and what turns its rows into what a model sees.

    Raises:
        DataError: the source cannot be read or used.
    """
    dataset = load_rows(config)
    return dataset, Preprocessing.fit(dataset, scale=config.scale, binarize=config.binarize)


def load_rows(config: DataConfig) -> Dataset:
    """Read the rows alone, for a model that brings its own preprocessing.

    Args:
        config: source and split.

    Returns:
        The dataset.

    Raises:
        DataError: the source cannot be read or used.
    """
    return load_dataset(
        config.source,
        label=config.label,
        image_size=config.image_size,
        validation=config.validation,
        test=config.test,
        seed=config.seed,
        limit=config.limit,
    )
