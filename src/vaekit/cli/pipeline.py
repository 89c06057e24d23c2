"""What follows training: measure, draw, report, and say what came out."""

from datetime import datetime
from math import prod
from pathlib import Path

from vaekit import __version__
from vaekit.cli.few_labels import learn_labels
from vaekit.cli.measuring import measure, summary
from vaekit.cli.output import Output
from vaekit.cli.places import coded_rows
from vaekit.cli.projector_folder import write_projector
from vaekit.cli.published import comparisons, differences
from vaekit.config import ReportConfig
from vaekit.data import Dataset
from vaekit.evaluation.share import Shared
from vaekit.gallery import draw_figures
from vaekit.report import write_report
from vaekit.runs import Run, RunFolder, load_run

__all__ = ["finish", "measure_run", "show", "write_page"]

_THUMBNAILS = 2000  # rows in a projector's folder


def finish(folder: RunFolder, *, dataset: Dataset, output: Output, measured: bool = False) -> None:
    """Measure a run that was just trained, draw its figures and write its report.

    Args:
        folder: of the run.
        dataset: the rows it was trained on.
        output: where to print.
        measured: whether several processes have measured it together, which leaves the figures.
    """
    run = load_run(folder.path)
    if not measured:
        learn_labels(run, dataset=dataset, output=output)
        measure_run(run, dataset=dataset, output=output)
    output.say("drawing figures and writing the report")
    write_page(run, dataset=dataset)


def measure_run(
    run: Run, *, dataset: Dataset, output: Output, processes: Shared | None = None
) -> None:
    """Measure a run as it was configured.

    Args:
        run: the run.
        dataset: the rows it was trained on.
        output: where to print.
        processes: that share the rows; one alone when absent.
    """
    wanted = run.config.evaluation
    settings = wanted.model_copy(
        update={"split": dataset.split.usable(wanted.split, purpose="measured")}
    )
    measure(
        run,
        dataset=dataset,
        settings=settings,
        device=run.config.training.device,
        output=output,
        processes=processes,
    )


def write_page(run: Run, *, dataset: Dataset, wanted: ReportConfig | None = None) -> list[Path]:
    """Draw the figures of a run and write its report, from what lies in its folder.

    Args:
        run: the run.
        dataset: the rows it was trained on.
        wanted: what to show beside what every report shows; as the run was configured when
            absent.

    Returns:
        Paths of the figures.
    """
    folder, pre = run.folder, run.preprocessing
    evaluation = folder.read_json(folder.evaluation) if folder.evaluation.is_file() else None
    measured = (evaluation or {}).get("split") or run.config.evaluation.split
    split = dataset.split.usable(measured, purpose="drawn")
    chosen = wanted or run.config.report
    if chosen.projector:
        coded = coded_rows(run, split=split, most=_THUMBNAILS, dataset=dataset)
        write_projector(run, coded=coded, path=folder.path / "projector")
    drawn = draw_figures(run, dataset=dataset, split=split, evaluation=evaluation, wanted=chosen)
    write_report(
        folder.path,
        config=run.config.model_dump(mode="json"),
        evaluation=evaluation,
        metrics=folder.read_metrics(),
        figures=drawn,
        notes=[] if evaluation is None else differences(run.config, evaluation),
        published=[] if evaluation is None else comparisons(run.config, evaluation),
        version=__version__,
        created=datetime.fromtimestamp(folder.model.stat().st_mtime).astimezone(),
        rows={"features": prod(pre.shape), "support": pre.support},
    )
    return [path for _, path, _, _ in drawn]


def show(folder: RunFolder, *, output: Output) -> None:
    """Print what came out of a run, from its folder.

    Args:
        folder: of a run that was measured.
        output: where to print.
    """
    run = load_run(folder.path)
    evaluation = folder.read_json(folder.evaluation)
    page = folder.report if folder.report.is_file() else None
    values = {
        "run": str(folder.path),
        "report": None if page is None else str(page),
        "evaluation": evaluation,
        "published": comparisons(run.config, evaluation),
    }
    lines = [f"run folder  {folder.path}", *summary(run, evaluation)]
    output.result(values, lines=[*lines, *([] if page is None else [f"report      {page}"])])
