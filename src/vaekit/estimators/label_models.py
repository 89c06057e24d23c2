"""What a classifier from few labels has learned: M1, M2, and M2 on the codes of M1."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.distributions import Distribution

from vaekit.errors import ConfigError
from vaekit.estimators.writing import centre
from vaekit.models import VAE, ColumnSpec, LabelledVAE
from vaekit.models.row_parts import masked

__all__ = ["CodesAndClassifier", "LabelModel", "Labelled", "Rows", "Specs", "Stacked"]

Rows = NDArray[np.float32]
Specs = Sequence[ColumnSpec] | None
"""Columns of a table; none of pixels."""


class LabelModel(ABC):
    """What was learned of rows and their labels."""

    @abstractmethod
    def probabilities(self, seen: Rows) -> NDArray[np.float64]:
        """Probabilities of the classes.

        Args:
            seen: (N, F) rows as the model sees them.

        Returns:
            (N, C)
        """

    @abstractmethod
    def draw(self, n: int, *, place: int | None) -> NDArray[np.float64]:
        """New rows.

        Args:
            n: how many.
            place: of which class; of all when absent.

        Returns:
            (n, F) as the model sees them.
        """

    @abstractmethod
    def relabel(self, seen: Rows, *, place: int) -> NDArray[np.float64]:
        """Rows in the style of others, with another label.

        Args:
            seen: (N, F) rows as the model sees them.
            place: position of the other label.

        Returns:
            (N, F)
        """


class CodesAndClassifier(LabelModel):
    """M1: a model of rows, and a classifier of scikit-learn on the means of its codes.

    Args:
        features: of rows.
        classifier: of codes, fitted; none where there is one class.
        specs: columns; none of pixels.
    """

    def __init__(self, features: VAE, classifier: Any, *, specs: Specs) -> None:  # noqa: ANN401
        self.features = features
        self.classifier = classifier
        self.specs = specs

    def probabilities(self, seen: Rows) -> NDArray[np.float64]:
        """See the interface."""
        codes = _each(lambda rows: self.features.posterior(rows).mean, self._read(seen))
        found: NDArray[np.float64] = self.classifier.predict_proba(codes.numpy())
        return found

    def draw(self, n: int, *, place: int | None) -> NDArray[np.float64]:
        """See the interface; without a class."""
        with torch.no_grad():
            z = self.features.prior().sample(torch.Size([n]))
            return _drawn(self.features.likelihood(z), specs=self.specs)

    def relabel(self, seen: Rows, *, place: int) -> NDArray[np.float64]:
        """There is no label in this model.

        Raises:
            ConfigError: always.
        """
        raise ConfigError("M1 has no model of rows given a label")

    def _read(self, seen: Rows) -> Tensor:
        return _read(seen, specs=self.specs)


class Labelled(LabelModel):
    """M2.

    Args:
        model: of rows and labels.
        specs: columns; none of pixels.
    """

    def __init__(self, model: LabelledVAE, *, specs: Specs) -> None:
        self.model = model
        self.specs = specs

    def probabilities(self, seen: Rows) -> NDArray[np.float64]:
        """See the interface."""
        return _probabilities(self.model, _read(seen, specs=self.specs))

    def draw(self, n: int, *, place: int | None) -> NDArray[np.float64]:
        """See the interface."""
        with torch.no_grad():
            return _drawn(_given_label(self.model, n, place=place), specs=self.specs)

    def relabel(self, seen: Rows, *, place: int) -> NDArray[np.float64]:
        """See the interface."""
        with torch.no_grad():
            p = _other_label(self.model, _read(seen, specs=self.specs), place=place)
            return centre(p, specs=self.specs)


class Stacked(LabelModel):
    """M1+M2: a labelled model of the codes of another.

    Args:
        features: of rows.
        model: of their codes and labels.
        specs: columns; none of pixels.
    """

    def __init__(self, features: VAE, model: LabelledVAE, *, specs: Specs) -> None:
        self.features = features
        self.model = model
        self.specs = specs

    def probabilities(self, seen: Rows) -> NDArray[np.float64]:
        """See the interface."""
        return _probabilities(self.model, self._codes(seen))

    def draw(self, n: int, *, place: int | None) -> NDArray[np.float64]:
        """See the interface."""
        with torch.no_grad():
            codes = _given_label(self.model, n, place=place).sample()
            return _drawn(self.features.likelihood(codes), specs=self.specs)

    def relabel(self, seen: Rows, *, place: int) -> NDArray[np.float64]:
        """See the interface."""
        with torch.no_grad():
            codes = _other_label(self.model, self._codes(seen), place=place).mean
            return centre(self.features.likelihood(codes), specs=self.specs)

    def _codes(self, seen: Rows) -> Tensor:
        rows = _read(seen, specs=self.specs)
        return _each(lambda row: self.features.posterior(row).mean, rows)


def _read(seen: Rows, *, specs: Specs) -> Tensor:
    """Rows as an encoder reads them: those of a table with their mask."""
    rows = torch.from_numpy(seen)
    return rows if specs is None else masked(rows)


def _each(function: Callable[[Tensor], Tensor], rows: Tensor) -> Tensor:
    """Apply to one row at a time: the result is the same whatever rows go with it."""
    with torch.no_grad():
        return torch.cat([function(row) for row in torch.split(rows, 1)])


def _log_qy(model: LabelledVAE, rows: Tensor) -> Tensor:
    """(N, C) for rows that have their mask behind them already, where they have one."""
    assert model.classifier is not None
    classify: Any = model.classifier
    return _each(lambda row: classify(row).logits, rows)


def _probabilities(model: LabelledVAE, rows: Tensor) -> NDArray[np.float64]:
    """(N, C) of the classes."""
    found: NDArray[np.float64] = _log_qy(model, rows).double().softmax(-1).numpy()
    return found


def _given_label(model: LabelledVAE, n: int, *, place: int | None) -> Distribution:
    """p(x|y,z) of n codes from the prior."""
    size = torch.Size([n])
    label = model.label_prior().sample(size) if place is None else torch.full((n,), place)
    p: Distribution = model.likelihood(model.prior().sample(size), label)
    return p


def _other_label(model: LabelledVAE, rows: Tensor, *, place: int) -> Distribution:
    """p(x|y',z) at the mean of q(z|x,y), y the most probable label and y' another."""
    z = model.posterior(rows, _log_qy(model, rows).argmax(-1)).mean
    p: Distribution = model.likelihood(z, torch.full((len(rows),), place))
    return p


def _drawn(p: Distribution, *, specs: Specs) -> NDArray[np.float64]:
    """Draws of a table, and the means of pixels: noise of each on its own is no picture."""
    rows = p.mean if specs is None else p.sample()
    found: NDArray[np.float64] = rows.double().numpy()
    return found
