"""Compare trained runs: their numbers on one scale, and why some cannot be compared."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from math import prod
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

from vaekit.comparison.published import (
    compare_to_published,
    published_lines,
    shared_recipe_differences,
)
from vaekit.comparison.scales import Scale, group_by_scale, reasons, scale_of
from vaekit.data import Dataset
from vaekit.errors import ConfigError, RunError
from vaekit.io import columns
from vaekit.registry import MODELS
from vaekit.report import format_number, with_error
from vaekit.runs import Run, load_run
from vaekit.runs.run import rows_for

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Comparison", "Member", "compare", "name_runs"]


Line = dict[str, Any]
"""One quantity: ``label``, ``unit``, ``values`` and ``texts`` by run, ``best`` (names)."""

# Key in evaluation.json, label, unit, and 1 where higher is better, -1 where lower is.
_ON_ONE_SCALE = (
    ("log_likelihood", "Log-likelihood", "nats per row", 1),
    ("elbo", "ELBO", "nats per row", 1),
    ("distortion", "Distortion", "nats per row", -1),
    ("bits_per_dim", "Bits per dimension", "bits", -1),
)
_ON_ANY_SCALE = (
    ("rate", "Rate", "nats per row"),
    ("active_units", "Active units", "latent dimensions"),
    ("latent_dim", "Latent dimensions", ""),
    ("effective_sample_size", "Effective sample size", "importance samples"),
    ("samples", "Importance samples", "for each row"),
)
_NEEDS_DENSITY = {"elbo", "rate"}


@dataclass(frozen=True, kw_only=True)
class Member:
    """One run of a comparison, with the rows and the numbers that it was measured with."""

    run: Run
    """Model, config and preprocessing."""
    dataset: Dataset
    """The rows it was trained on."""
    evaluation: Mapping[str, Any]
    """As in ``evaluation.json``."""
    records: list[dict[str, Any]]
    """Metrics of its epochs, as in ``metrics.jsonl``."""
    scale: Scale
    """What its nats measure."""

    @property
    def has_density(self) -> bool:
        """Whether its posterior is a distribution, not a point, so that there is an ELBO."""
        section = self.run.config.model
        composed = not MODELS.get(section.kind).words  # of the posterior that the config names
        point = composed and section.posterior.kind == "point"
        return self.run.model.latent.encoder and not point

    def number(self, key: str) -> Any:  # noqa: ANN401 - whatever an evaluation holds
        """Return a number of the evaluation.

        Args:
            key: as in ``evaluation.json``.

        Returns:
            The number; none where it was not measured, or is not defined for a point posterior.
        """
        return self.evaluation.get(key) if self.has_density or key not in _NEEDS_DENSITY else None


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Several trained runs compared. All fields but ``members`` are plain data.

    ``print(comparison)`` shows the tables.
    """

    runs: dict[str, str]
    """Run folders by the names that they have in the comparison."""
    groups: list[dict[str, Any]]
    """Runs whose nats are on one scale: ``runs`` (names), ``what`` is measured, ``kind``
    (probability, density or cross-entropy), ``notes``, and ``lines``: one for each quantity, with
    ``label``, ``unit``, ``values`` and ``texts`` by run, and ``best`` (names)."""
    refusals: list[str]
    """Why groups cannot be compared with each other in nats; a sentence for each two."""
    shared: list[Line]
    """Quantities that mean the same in every run; lines as those of a group."""
    published: list[dict[str, Any]]
    """Published numbers, each with the name of its ``run`` and ``ours`` on the same scale."""
    notes: list[str]
    """What a reader has to know: notes of the evaluations, and differences from the recipes."""
    configs: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The full config of each run."""
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Rows of each run as its model sees them: ``features`` and ``support``."""
    members: Mapping[str, Member] = field(default_factory=dict, repr=False)
    """The loaded runs by name; the figures are drawn from them."""

    def to_dict(self, *, report: Path | None = None) -> dict[str, Any]:
        """Return the plain data that ``vaekit compare --json`` prints.

        Args:
            report: path of the page, where one was written.

        Returns:
            ``runs``, ``report``, ``groups``, ``refusals``, ``shared``, ``published``, ``notes``.
        """
        return {
            "runs": self.runs,
            "report": None if report is None else str(report),
            "groups": self.groups,
            "refusals": self.refusals,
            "shared": self.shared,
            "published": self.published,
            "notes": self.notes,
        }

    def lines(self) -> list[str]:
        """Return the tables as lines of text; an asterisk marks the best run of a line."""
        lines = []
        if self.refusals:
            lines += ["not all of these runs can be compared in nats:"]
            lines += [f"  {text}" for text in self.refusals]
        for group in self.groups:
            lines += [f"{', '.join(group['runs'])}: {group['what']}"]
            lines += _table(group["lines"], names=group["runs"])
            lines += [f"  note: {note}" for note in group["notes"]]
        lines += ["on any scale", *_table(self.shared, names=list(self.runs))]
        lines += published_lines(self.published)
        return lines + [f"note: {note}" for note in self.notes]

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def figures(self) -> dict[str, "Figure"]:
        """Draw the figures of the comparison: learning curves, bounds, samples, latent planes.

        Returns:
            Matplotlib figures by name, such as ``curves-1``, ``levels-1`` or ``samples``.
        """
        from vaekit.comparison.figures import comparison_figures

        return {each.name: each.drawing for each in comparison_figures(self)}

    def write_page(
        self, path: str | Path, *, title: str = "", text: str = "", command: str = ""
    ) -> Path:
        """Write one page with all tables and figures, which needs no network.

        Args:
            path: of the page. The figures are also kept, in the folder ``figures`` beside it,
                where it is called ``report.html``.
            title: of the page; the number of runs when empty.
            text: what is compared and what to look for; paragraphs with an empty line between.
            command: that repeats the comparison.

        Returns:
            Path of the page.

        Raises:
            WriteError: the folder cannot be written, or the disk is full.
        """
        from vaekit.comparison.page import write_page

        return write_page(self, Path(path), title=title, text=text, command=command)


def compare(runs: Mapping[str, str | Path | Run] | Sequence[str | Path | Run]) -> Comparison:
    """Compare trained runs: numbers on one scale, curves on one axis, figures side by side.

    Nats are compared only where they measure the same: the same rows, binarized alike, under
    likelihoods of the same kind. Otherwise ``refusals`` say why not.

    Args:
        runs: two or more run folders, or runs that `load_run` returned. A mapping names them;
            otherwise each gets the shortest end of its path that no other run shares.

    Returns:
        The numbers, with methods for text, figures and a page.

    Raises:
        ConfigError: fewer than two runs, or one that was not measured.
        RunError: the same run twice, no run, or an unfinished or damaged one.
        DataError: the rows of a run cannot be read.

    Example:
        >>> import tempfile
        >>> from vaekit import Batches, Config, evaluate
        >>> from vaekit.config import DataConfig, ObjectiveConfig, TrainingConfig
        >>> from vaekit.runs import RunFolder
        >>> from vaekit.training import train
        >>> folder = tempfile.TemporaryDirectory()
        >>> for name, beta in (("vae", 1.0), ("beta-vae", 4.0)):
        ...     config = Config(
        ...         data=DataConfig(limit=60),
        ...         objective=ObjectiveConfig(beta=beta),
        ...         training=TrainingConfig(epochs=1),
        ...     )
        ...     run_folder = RunFolder(Path(folder.name) / name)
        ...     dataset = train(config, folder=run_folder)
        ...     run = load_run(run_folder.path)
        ...     rows = Batches(dataset.rows, dataset.split.test, batch_size=100)
        ...     numbers = evaluate(run.model, rows, preprocessing=run.preprocessing, samples=5)
        ...     run_folder.write_json(run_folder.evaluation, numbers.as_dict())
        >>> comparison = compare([f"{folder.name}/vae", f"{folder.name}/beta-vae"])
        >>> [group["runs"] for group in comparison.groups], comparison.refusals
        ([['vae', 'beta-vae']], [])
        >>> print(comparison.lines()[2].split()[0])
        Log-likelihood
        >>> folder.cleanup()
    """
    named = dict(runs) if isinstance(runs, Mapping) else name_runs(runs)
    if len(named) < 2:
        raise ConfigError(f"expected at least two runs to compare, got {len(named)}")
    members: dict[str, Member] = {}
    for name, run in named.items():
        members[name] = _read_member(run, known=members)
    scales = {name: member.scale for name, member in members.items()}
    groups = group_by_scale(scales)
    return Comparison(
        runs={name: str(member.run.folder.path) for name, member in members.items()},
        groups=[_group({name: members[name] for name in names}) for names in groups],
        refusals=list(_refusals(groups, scales)),
        shared=list(_shared(members)),
        published=[
            {"run": name, **each}
            for name, member in members.items()
            for each in compare_to_published(member.run.config, member.evaluation)
        ],
        notes=list(_notes(members)),
        configs={
            name: member.run.config.model_dump(mode="json") for name, member in members.items()
        },
        rows={
            name: {"features": prod(pre.shape), "support": pre.support}
            for name, pre in ((n, m.run.preprocessing) for n, m in members.items())
        },
        members=members,
    )


def name_runs(runs: Sequence[str | Path | Run]) -> dict[str, str | Path | Run]:
    """Give each run the shortest name that tells it from the others.

    Args:
        runs: run folders or loaded runs.

    Returns:
        The runs by name: the last part of the path, or as many parts as are needed.

    Raises:
        RunError: the same folder twice.

    Example:
        >>> list(name_runs(["a/vae", "b/vae", "b/em"]))
        ['a/vae', 'b/vae', 'em']
    """
    paths = [Path(run.folder.path if isinstance(run, Run) else run).resolve() for run in runs]
    for path in paths:
        if paths.count(path) > 1:
            raise RunError(f"{path}: given twice; a run is compared with others, not with itself")
    names = []
    for path in paths:
        others = [other for other in paths if other != path]
        depth = 1
        while any(other.parts[-depth:] == path.parts[-depth:] for other in others):
            depth += 1
        names.append("/".join(path.parts[-depth:]))
    return dict(zip(names, runs, strict=True))


def _read_member(run: str | Path | Run, *, known: Mapping[str, Member]) -> Member:
    """Load a run with its rows, which are shared with a known run of the same data."""
    run = run if isinstance(run, Run) else load_run(run)
    folder = run.folder
    if not folder.evaluation.is_file():
        raise ConfigError(
            f"{folder.path}: this run was not measured yet: "
            f"vaekit evaluate {quote(str(folder.path))}"
        )
    same = (each.dataset for each in known.values() if each.run.config.data == run.config.data)
    dataset = next(same, None) or rows_for(run)
    evaluation = folder.read_json(folder.evaluation)
    return Member(
        run=run,
        dataset=dataset,
        evaluation=evaluation,
        records=folder.read_metrics(),
        scale=scale_of(run, dataset=dataset, evaluation=evaluation),
    )


def _table(lines: Sequence[Line], *, names: Sequence[str]) -> list[str]:
    """Align columns; an asterisk marks the best of each line."""
    rows = [("", *names, "unit")]
    for line in lines:
        cells = [line["texts"][name] + (" *" if name in line["best"] else "") for name in names]
        rows.append((line["label"], *cells, line["unit"]))
    return columns(rows, indent="  ")


def _group(members: Mapping[str, Member]) -> dict[str, Any]:
    """Make the table of runs whose nats are on one scale."""
    scales = [member.scale for member in members.values()]
    shifts = [scale.to_raw for scale in scales]
    rescaled = max(shifts) - min(shifts) > 1e-6
    notes = []
    if rescaled:
        notes.append(
            "The runs scale the data differently, so the densities are brought to the units of "
            "the data, and differ from those on the runs' own pages by a constant."
        )
    if scales[0].kind == "cross-entropy" and len(members) > 1:
        notes.append(
            "A cross-entropy of grey values orders these runs among themselves, but is not a "
            "log-likelihood that can be compared with published ones."
        )
    if len({member.number("samples") for member in members.values()}) > 1:
        notes.append(
            "The log-likelihoods were estimated with different numbers of importance samples, "
            "and more samples raise the estimate: vaekit evaluate RUN --samples N."
        )
    errors = {name: member.number("log_likelihood_se") for name, member in members.items()}
    lines = []
    for key, label, unit, better in _ON_ONE_SCALE:
        if rescaled and key == "bits_per_dim":
            continue
        values = {name: member.number(key) for name, member in members.items()}
        if rescaled:
            values = {
                name: None if value is None else value + better * members[name].scale.to_raw
                for name, value in values.items()
            }
        own_errors = errors if key == "log_likelihood" else {}
        lines.append(_line(label, unit, values, better=better, errors=own_errors))
    meaning = scales[0].meaning
    return {
        "runs": list(members),
        "what": f"{meaning[0].upper()}{meaning[1:]}, on {scales[0].rows}.",
        "kind": scales[0].kind,
        "lines": lines,
        "notes": notes,
    }


def _line(
    label: str,
    unit: str,
    values: Mapping[str, float | None],
    *,
    better: int = 0,
    errors: Mapping[str, float | None] | None = None,
) -> Line:
    """Format one quantity of each run, and mark the best where one is better than another."""
    signed = {name: better * value for name, value in values.items() if value is not None}
    best = [name for name, value in signed.items() if better and value == max(signed.values())]
    texts = {}
    for name, value in values.items():
        error = (errors or {}).get(name)
        if value is None or error is None:
            texts[name] = format_number(value)
        else:
            texts[name] = with_error(value, error=error)
    return {
        "label": label,
        "unit": unit,
        "values": dict(values),
        "texts": texts,
        "best": best if len(best) < len(signed) else [],
    }


def _shared(members: Mapping[str, Member]) -> Iterator[Line]:
    """Yield the quantities that mean the same in every run."""
    for key, label, unit in _ON_ANY_SCALE:
        yield _line(label, unit, {name: member.number(key) for name, member in members.items()})
    units = {
        (m.scale.fingerprint, m.scale.binarize, *m.run.preprocessing.scale.tolist())
        for m in members.values()
    }
    if len(units) == 1:
        errors = {name: member.number("reconstruction_error") for name, member in members.items()}
        yield _line("Reconstruction error", "squared error per row", errors, better=-1)
    yield _line("Epochs", "", {name: len(member.records) for name, member in members.items()})
    parameters = {
        name: sum(each.numel() for each in member.run.model.parameters())
        for name, member in members.items()
    }
    yield _line("Parameters", "", parameters)
    seconds = {
        name: round(sum(each.get("seconds") or 0.0 for each in member.records), 1)
        for name, member in members.items()
    }
    yield _line("Training", "seconds", seconds)


def _refusals(groups: Sequence[Sequence[str]], scales: Mapping[str, Scale]) -> Iterator[str]:
    """Say why each two groups cannot be compared."""
    for first, second in combinations(groups, 2):
        why = "; ".join(reasons(scales[first[0]], scales[second[0]]))
        yield f"{', '.join(first)} against {', '.join(second)}: {why}."


def _notes(members: Mapping[str, Member]) -> Iterator[str]:
    """Collect notes of the evaluations, and differences from the recipes."""
    for name, member in members.items():
        for note in member.evaluation.get("notes", ()):
            yield f"{name}: {note}"
        if member.evaluation["split"] == "train":
            yield f"{name}: measured on the rows that it was trained on, which is optimistic."
    yield from shared_recipe_differences(
        {name: (member.run.config, member.evaluation) for name, member in members.items()}
    )
