"""What a comparison reads of each run."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vaekit.cli.rows import rows_for
from vaekit.cli.scales import Scale, scale_of
from vaekit.data import Dataset
from vaekit.errors import ConfigError
from vaekit.runs import Run, load_run

__all__ = ["Side", "read_sides"]


@dataclass(frozen=True, kw_only=True)
class Side:
    """One of the runs that are compared."""

    run: Run
    """The run."""
    dataset: Dataset
    """The rows it was trained on."""
    evaluation: Mapping[str, Any]
    """As in ``evaluation.json``."""
    records: list[dict[str, Any]]
    """Of its epochs."""
    scale: Scale
    """What its nats measure."""

    @property
    def has_density(self) -> bool:
        """Whether its posterior is more than a point, so that there is a bound."""
        return self.run.config.model.posterior.kind != "point"


def read_sides(paths: Mapping[str, Path]) -> dict[str, Side]:
    """Read the runs that are compared; runs on the same data share its rows.

    Args:
        paths: run folders by the names that they get in the comparison.

    Returns:
        The sides by name, in the same order.

    Raises:
        RunError: no run, or an unfinished or damaged one.
        ConfigError: a run that was not measured.
        DataError: the rows of a run cannot be read.
    """
    sides: dict[str, Side] = {}
    for name, path in paths.items():
        run = load_run(path)
        if not run.folder.evaluation.is_file():
            raise ConfigError(f"{path}: this run was not measured yet: vaekit evaluate {path}")
        same = (each for each in sides.values() if each.run.config.data == run.config.data)
        known = next(same, None)
        dataset = rows_for(run) if known is None else known.dataset
        evaluation = run.folder.read_json(run.folder.evaluation)
        sides[name] = Side(
            run=run,
            dataset=dataset,
            evaluation=evaluation,
            records=run.folder.read_metrics(),
            scale=scale_of(run, dataset=dataset, evaluation=evaluation),
        )
    return sides
