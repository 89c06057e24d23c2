"""Encode the rows of a split, and resolve the latent points that a user names."""

import difflib
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vaekit.data import Dataset
from vaekit.errors import ConfigError, VaekitWarning
from vaekit.inference import Codes, class_place, encode, evenly, rank_dimensions
from vaekit.runs import Run
from vaekit.runs.run import rows_for

if TYPE_CHECKING:
    import pandas as pd

    from vaekit.evaluation import ProcessGroup

__all__ = [
    "CodedRows",
    "kl_per_dim",
    "most_informative_dims",
    "resolve_class",
    "resolve_latent_point",
    "rows_with_codes",
]


_LEAST_OWN_SHARE = 0.5  # of a class among the rows around its mean, below which a warning is due
_MOST_NAMES = 20


@dataclass(frozen=True, kw_only=True)
class CodedRows:
    """The rows of one split and their codes."""

    dataset: Dataset
    """The rows and their labels."""
    split: str
    """Which of them."""
    index: NDArray[np.int64]
    """(B,) positions in the data set."""
    codes: Codes
    """(B, D)."""

    @property
    def labels(self) -> NDArray[np.int64] | None:
        """(B,), where there are any."""
        return None if self.dataset.labels is None else self.dataset.labels[self.index]

    def class_names(self, labels: NDArray[np.int64]) -> list[str]:
        """Return the names of classes.

        Args:
            labels: their positions in the classes of the data.

        Returns:
            Their names.
        """
        return [self.dataset.classes[label] for label in labels.tolist()]

    def frame(self, columns: Mapping[str, NDArray[Any]]) -> "pd.DataFrame":
        """Make a table of the rows: their numbers, labels where there are any, and columns.

        Args:
            columns: (B, D) each, by name; a number from 1 is added to the name.

        Returns:
            The table.
        """
        import pandas as pd

        first = pd.DataFrame({"row": self.index})
        if self.labels is not None:
            first["label"] = self.class_names(self.labels)
        more = [
            pd.DataFrame(values, columns=[f"{name}{dim + 1}" for dim in range(values.shape[1])])
            for name, values in columns.items()
        ]
        return pd.concat([first, *more], axis=1)


def rows_with_codes(
    run: Run,
    *,
    split: str | None = None,
    most: int | None = None,
    dataset: Dataset | None = None,
    seed: int = 0,
    processes: "ProcessGroup | None" = None,
) -> CodedRows:
    """Encode the rows of a split.

    Args:
        run: whose model and data.
        split: train, validation, test or all; the one that the run is measured on when absent.
        most: take at most so many, spread evenly.
        dataset: the rows, where they were read before.
        seed: of the noise of a dynamic binarization.
        processes: that share the rows; one alone when absent.

    Returns:
        The rows and their codes.
    """
    dataset = rows_for(run) if dataset is None else dataset
    chosen = split or dataset.split.usable(run.config.evaluation.split, purpose="encoded")
    index = dataset.split.of(chosen)
    if most is not None and len(index):
        index = index[evenly(len(index), most=most)]
    codes = encode(
        run.model,
        preprocessing=run.preprocessing,
        rows=dataset.rows,
        index=index,
        seed=seed,
        processes=processes,
    )
    return CodedRows(dataset=dataset, split=chosen, index=index, codes=codes)


def resolve_class(coded: CodedRows, *, name: str, flag: str) -> int:
    """Return the label of a class that rows of the split belong to.

    Args:
        coded: the rows.
        name: of the class.
        flag: where it was given, for the message.

    Returns:
        Its position in the classes of the data.

    Raises:
        ConfigError: the data have no labels, no such class, or none of its rows in the split.
    """
    classes, labels = coded.dataset.classes, coded.labels
    if labels is None:
        raise ConfigError(
            f"{flag} {name}: {coded.dataset.name} has no labels, so it has no classes"
        )
    if name not in classes:
        near = difflib.get_close_matches(name, classes, n=1)
        more = f" and {len(classes) - _MOST_NAMES} more" if len(classes) > _MOST_NAMES else ""
        known = f"the classes are {', '.join(classes[:_MOST_NAMES])}{more}"
        hint = f"did you mean {near[0]}?" if near else known
        raise ConfigError(f"{flag} {name}: no such class in {coded.dataset.name}; {hint}")
    label = classes.index(name)
    if not (labels == label).any():
        raise ConfigError(
            f"{flag} {name}: no row of the {coded.split} split is of this class; take another "
            "--split"
        )
    return label


def resolve_latent_point(
    coded: CodedRows, *, name: str, flag: str
) -> tuple[str, NDArray[np.floating[Any]]]:
    """Return the code of a class or of a row. Warn where a class centroid is not typical of it.

    Args:
        coded: the rows.
        name: of a class, or the number of a row in the split from 0, with or without a #
            before it; where a class has a number as its name, # means the row.
        flag: where it was given, for the message.

    Returns:
        What to call it, and (D,): the mean code of the class, or the code of the row.

    Raises:
        ConfigError: no such class or row.
    """
    number = name.removeprefix("#")
    if not number.isdecimal() or (name == number and name in coded.dataset.classes):
        return name, _class_centroid(coded, resolve_class(coded, name=name, flag=flag))
    rows = len(coded.index)
    if int(number) >= rows:
        raise ConfigError(
            f"{flag} {name}: the {coded.split} split has {rows:,} rows; take one from 0 to "
            f"{rows - 1}"
        )
    return f"row {int(number)}", coded.codes.mean[int(number)]


def _class_centroid(coded: CodedRows, label: int) -> NDArray[np.float64]:
    """Return the mean code (D,) of a class; warn where it lies among rows of other classes."""
    assert coded.labels is not None
    place = class_place(coded.codes.mean, labels=coded.labels, label=label)
    if place.own < _LEAST_OWN_SHARE:
        name = coded.dataset.classes[label]
        warnings.warn(
            f"the mean code of {name} lies among rows of other classes and may decode to one of "
            f'them; "#{place.densest}" is a row where {name} is dense',
            VaekitWarning,
            stacklevel=2,
        )
    return place.mean


def kl_per_dim(run: Run) -> list[float] | None:
    """Return the KL divergence of each latent dimension from the prior, if it was measured.

    Args:
        run: the run.

    Returns:
        (D,) in nats per row; none where nothing was measured or no closed form is known.
    """
    folder = run.folder
    found: list[float] | None = None
    if folder.evaluation.is_file():
        found = folder.read_json(folder.evaluation).get("kl_per_dim")
    return found


def most_informative_dims(run: Run) -> tuple[int, int]:
    """Return the two latent dimensions with the largest KL, the smaller number first.

    Args:
        run: whose model; its rows are read only where it has more than two dimensions.

    Returns:
        Dimensions from 0.

    Raises:
        ConfigError: there is only one dimension.
    """
    dims = run.config.model.latent_dim
    if dims == 1:
        raise ConfigError(
            f"{run.folder.path}: the latent space has a single dimension and no plane; take "
            "vaekit traverse"
        )
    if dims == 2:
        return 0, 1
    order = rank_dimensions(rows_with_codes(run).codes, kl=kl_per_dim(run))
    first, second = sorted(order[:2].tolist())
    return first, second
