"""``vaekit report``."""

from vaekit.cli.options import AsJson, ReportFlags, RunPath, set_flags
from vaekit.cli.output import Output
from vaekit.cli.study_folder import is_study
from vaekit.config import merge, parse_config
from vaekit.errors import ConfigError

__all__ = ["report"]


def report(
    run: RunPath,
    /,
    *,
    data: str | None = None,
    as_json: AsJson = False,
    wanted: ReportFlags = None,
) -> None:
    """Redraw the figures of a run, or of a study, and rewrite its report.

    The optional parts of the report of a run are those it was configured with; flags change them
    for this report.

    Args:
        run: A run folder, or that of a study.
        data: A name or a path of other rows to draw; the data of the run when absent, which must
            not have changed since training.
        as_json: Print one JSON object to stdout and nothing else.
        wanted: Optional parts of the report of a run.

    Raises:
        ConfigError: flags for the report of a study.
    """
    changes = set_flags({"report": wanted}).get("report", {})
    if is_study(run):
        if changes or data is not None:
            raise ConfigError(
                f"{run} is a study, and --report flags and --data are for the report of a run: "
                "give the folder of one of its runs"
            )
        from vaekit.cli.study import report_study

        report_study(run, output=Output(as_json=as_json))
        return
    from vaekit.cli.training import write_run_report
    from vaekit.runs import load_run
    from vaekit.runs.run import rows_for

    loaded = load_run(run)
    config = parse_config(merge(loaded.config.model_dump(), {"report": changes}), origin="flags")
    dataset = rows_for(loaded, source=data)
    paths = write_run_report(loaded, dataset=dataset, wanted=config.report)
    figures, page = [str(path) for path in paths], str(loaded.folder.report)
    Output(as_json=as_json).result(
        {"report": page, "figures": figures}, lines=[f"report  {page}", *figures]
    )
