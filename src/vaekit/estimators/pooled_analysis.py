"""Analyses of imputed tables that a line of text asks for, pooled by Rubin's rules."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vaekit.errors import ConfigError
from vaekit.estimators.pooling import Pooled, pool
from vaekit.tables import nearest

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PooledAnalysis", "parse_analysis"]

_FORM = (
    'mean(COLUMN), share(COLUMN > NUMBER), share(COLUMN = VALUE) or slope(Y ~ X), and "by COLUMN"'
)
_MIN_ROWS = 3


@dataclass(frozen=True, kw_only=True)
class PooledAnalysis:
    """A mean, a share or a slope, of all rows or of groups.

    Args:
        kind: "mean", "share" or "slope".
        column: whose mean or share; y of a slope.
        relation: of a share: one of >, <, >=, <=, = and !=.
        value: of a share: what cells are compared with.
        regressor: x of a slope.
        group: column whose values make the groups; none for all rows.
    """

    kind: str
    column: str
    relation: str = ""
    value: str = ""
    regressor: str = ""
    group: str | None = None

    def pool(self, tables: Sequence[pd.DataFrame], *, coverage: float = 0.95) -> dict[str, Pooled]:
        r"""Analyse every table, and pool by Rubin's rules.

        The variance of a mean is :math:`s^2 / n`, of a share :math:`p (1 - p) / n`, and of the
        slope of least squares :math:`s_e^2 / \sum (x - \bar x)^2`. The degrees of freedom of the
        complete table are n - 1, and n - 2 of a slope.

        Args:
            tables: M, filled.
            coverage: of the intervals.

        Returns:
            Group to its result, sorted; "all" where there are no groups. Groups of fewer than
            three rows in a table are left out.

        Raises:
            ConfigError: an unknown column, one of words where numbers are needed, or no group
                with enough rows.
        """
        self.check_columns([str(each) for each in tables[0].columns])
        names = ["all"]
        if self.group is not None:
            names = sorted({str(each) for each in tables[0][self.group].dropna()})
        found = {}
        for name in names:
            parts = [self._rows(table, name) for table in tables]
            if min(map(len, parts)) >= _MIN_ROWS:
                results = [self._estimate(part) for part in parts]
                rows = min(map(len, parts)) - (2 if self.kind == "slope" else 1)
                estimates, variances = zip(*results, strict=True)
                found[name] = pool(estimates, variances, complete_df=rows, coverage=coverage)
        if not found:
            raise ConfigError(f"{self}: no group has {_MIN_ROWS} rows")
        return found

    def check_columns(self, names: Sequence[str]) -> None:
        """Refuse columns that a table does not have.

        Args:
            names: of its columns.

        Raises:
            ConfigError: there is no such column.
        """
        for name in filter(None, (self.column, self.regressor, self.group)):
            if name not in names:
                raise ConfigError(
                    f"{self}: there is no column {name!r}{nearest(name, among=names)}"
                )

    def __str__(self) -> str:
        inner = self.column
        if self.kind == "share":
            inner = f"{self.column} {self.relation} {self.value}"
        elif self.kind == "slope":
            inner = f"{self.column} ~ {self.regressor}"
        return f"{self.kind}({inner})" + (f" by {self.group}" if self.group else "")

    def _rows(self, table: pd.DataFrame, name: str) -> pd.DataFrame:
        return table if self.group is None else table[table[self.group].astype(str) == name]

    def _numbers(self, table: pd.DataFrame, column: str) -> NDArray[np.float64]:
        import pandas as pd

        if not pd.api.types.is_numeric_dtype(table[column]):
            raise ConfigError(f"{self}: expected numbers in {column!r}; it has words or dates")
        values = table[column].to_numpy(np.float64, na_value=np.nan)
        if np.isnan(values).any():
            raise ConfigError(f"{self}: cells of {column!r} are still missing")
        return values

    def _estimate(self, table: pd.DataFrame) -> tuple[float, float]:
        """The estimate of a table and its variance."""
        count = len(table)
        if self.kind == "mean":
            values = self._numbers(table, self.column)
            return float(values.mean()), float(values.var(ddof=1)) / count
        if self.kind == "share":
            share = float(self._holds(table).mean())
            return share, share * (1 - share) / count
        x, y = self._numbers(table, self.regressor), self._numbers(table, self.column)
        x = x - x.mean()
        square = float(x @ x)
        if not square > 0:
            raise ConfigError(f"{self}: {self.regressor!r} has a single value")
        slope = float(x @ y) / square
        rest = y - y.mean() - slope * x
        return slope, float(rest @ rest) / (count - 2) / square

    def _holds(self, table: pd.DataFrame) -> NDArray[np.bool_]:
        """(N,) whether the relation holds."""
        if self.relation in ("=", "!="):
            try:
                same = table[self.column].to_numpy(np.float64) == float(self.value)
            except (TypeError, ValueError):
                same = (table[self.column].astype(str) == self.value).to_numpy()
            wanted: NDArray[np.bool_] = same if self.relation == "=" else ~same
            return wanted
        try:
            bound = float(self.value)
        except ValueError:
            raise ConfigError(f"{self}: expected a number after {self.relation}") from None
        values = self._numbers(table, self.column)
        compare = {">": np.greater, "<": np.less, ">=": np.greater_equal, "<=": np.less_equal}
        held: NDArray[np.bool_] = compare[self.relation](values, bound)
        return held


def parse_analysis(text: str) -> PooledAnalysis:
    """Read an analysis from text.

    Args:
        text: ``mean(income)``, ``share(income > 2000)``, ``share(town = Bath)`` or
            ``slope(income ~ age)``; with ``by COLUMN`` behind it for groups.

    Returns:
        The analysis.

    Raises:
        ConfigError: another form.

    Example:
        >>> parse_analysis("mean(income) by town").group
        'town'
    """
    found = re.fullmatch(r"\s*(mean|share|slope)\s*\((.*)\)\s*(?:by\s+(.+?)\s*)?", text, re.DOTALL)
    if found is None:
        raise ConfigError(f"{text}: expected {_FORM}")
    kind, inner, group = found[1], found[2].strip(), found[3]
    if kind == "share":
        parts = re.fullmatch(r"(.+?)\s*(>=|<=|!=|>|<|=)\s*(.+)", inner, re.DOTALL)
        if parts is None:
            raise ConfigError(f"{text}: expected share(COLUMN > NUMBER) or share(COLUMN = VALUE)")
        return PooledAnalysis(
            kind=kind, column=parts[1], relation=parts[2], value=parts[3], group=group
        )
    if kind == "slope":
        y, tilde, x = (part.strip() for part in inner.partition("~"))
        if not (y and tilde and x):
            raise ConfigError(f"{text}: expected slope(Y ~ X)")
        return PooledAnalysis(kind=kind, column=y, regressor=x, group=group)
    if not inner:
        raise ConfigError(f"{text}: expected {_FORM}")
    return PooledAnalysis(kind=kind, column=inner, group=group)
