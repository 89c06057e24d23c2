"""How probable rows of the split are: what the log-likelihood of a row is held against."""

import time
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from vaekit.tasks import evenly
from vaekit.web.posteriors import log_likelihoods
from vaekit.web.shown import Shown

__all__ = ["Reference"]

_MOST_ROWS = 1000
_MOST_AT_ONCE = 64
_SHORT, _LONG = 0.02, 0.06  # seconds of a step


class Reference:
    """Log-likelihoods of rows of the split, measured a few at a time.

    Args:
        shown: whose rows; at most 1000, spread evenly, are measured.
    """

    def __init__(self, shown: Shown) -> None:
        self._shown = shown
        self._places = evenly(shown.rows, most=_MOST_ROWS)
        self._found: list[float] = []
        self._done = 0

    @property
    def rows(self) -> int:
        """How many rows are measured in the end."""
        return len(self._places)

    @property
    def done(self) -> float:
        """Share of them that is measured."""
        return self._done / self.rows

    @property
    def ready(self) -> bool:
        """Whether all are measured."""
        return self._done == self.rows

    @property
    def values(self) -> NDArray[np.float64]:
        """(R,) ascending, in nats; empty before all are there, or where there is no density."""
        return np.sort(np.array(self._found)) if self.ready else np.empty(0)

    def percentile(self, log_likelihood: float) -> float | None:
        """Share of the rows below a log-likelihood.

        Args:
            log_likelihood: of a row, in nats.

        Returns:
            From 0 to 100; none before all are measured.
        """
        values = self.values
        if len(values) == 0:
            return None
        return 100.0 * float(np.searchsorted(values, log_likelihood)) / len(values)

    def steps(self) -> Iterator[int]:
        """Measure the rows, in steps of a few hundredths of a second.

        Yields:
            Rows measured so far.
        """
        size = 4
        while not self.ready:
            began = time.perf_counter()
            places = self._places[self._done : self._done + size]
            found = log_likelihoods(self._shown.run, self._shown.seen(places), seed=self._done)
            self._found += found[np.isfinite(found)].tolist()
            self._done += len(places)
            spent = time.perf_counter() - began
            size = max(1, size // 2) if spent > _LONG else size
            size = min(_MOST_AT_ONCE, 2 * size) if spent < _SHORT else size
            yield self._done
