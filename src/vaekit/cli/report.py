"""``vaekit report``."""

from vaekit.cli.options import AsJson, ReportFlags, RunPath, given
from vaekit.cli.output import Output
from vaekit.cli.study_folder import is_study
from vaekit.config import merge, parse_config
from vaekit.errors import ConfigError

__all__ = ["report"]


def report(run: RunPath, /, *, as_json: AsJson = False, wanted: ReportFlags = None) -> None:
    """Draw the figures of a run, or of a study, anew and rewrite its report.

    What the report of a run shows beside what every report shows is what the run was configured
    with; flags change that for this report.

    Args:
        run: A run folder, or that of a study.
        as_json: Print one JSON object to stdout and nothing else.
        wanted: What the report of a run shows beside what every report shows.

    Raises:
        ConfigError: flags for the report of a study.
    """
    changes = given({"report": wanted}).get("report", {})
    if is_study(run):
        if changes:
            raise ConfigError(
                f"{run} is a study, and --report flags are for the report of a run: give the "
                "folder of one of its runs"
            )
        from vaekit.cli.study import show_study

        show_study(run, output=Output(as_json=as_json))
        return
    from vaekit.cli.training import write_page
    from vaekit.runs import load_run
    from vaekit.runs.run import rows_for

    found = load_run(run)
    config = parse_config(merge(found.config.model_dump(), {"report": changes}), origin="flags")
    drawn = [str(path) for path in write_page(found, dataset=rows_for(found), wanted=config.report)]
    page = str(found.folder.report)
    Output(as_json=as_json).result(
        {"report": page, "figures": drawn}, lines=[f"report  {page}", *drawn]
    )
