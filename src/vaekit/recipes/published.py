"""Numbers in the literature."""

from dataclasses import dataclass
from typing import Literal

__all__ = ["Published"]


@dataclass(frozen=True, kw_only=True)
class Published:
    """A number in the literature that a run is compared to."""

    key: str
    """Where our own number stands: a key of ``evaluation.json``."""
    what: str
    """What it is."""
    value: float
    """As published."""
    unit: str
    """Its unit."""
    source: str
    """Who published it."""
    offset: float = 0.0
    """Added to our number to bring it to the published scale."""
    sign: float = 1.0
    """Multiplied before that: -1 where the publication gives a negative log-likelihood."""
    better: Literal["lower", "higher"] | None = None
    """Which way is better on the published scale; none where neither is."""
    se_key: str | None = None
    """Where the standard error of our number stands in ``evaluation.json``; none where none is
    known."""
