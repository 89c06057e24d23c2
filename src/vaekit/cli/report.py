"""``vaekit report``."""

from vaekit.cli.flags import AsJson, RunPath
from vaekit.cli.output import Output
from vaekit.cli.study_folder import is_study

__all__ = ["report"]


def report(run: RunPath, /, *, as_json: AsJson = False) -> None:
    """Draw the figures of a run, or of a study, anew and rewrite its report.

    Args:
        run: A run folder, or that of a study.
        as_json: Print one JSON object to stdout and nothing else.
    """
    if is_study(run):
        from vaekit.cli.study import show_study

        show_study(run, output=Output(as_json=as_json))
        return
    from vaekit.cli.pipeline import write_page
    from vaekit.cli.rows import rows_for
    from vaekit.runs import load_run

    found = load_run(run)
    write_page(found, dataset=rows_for(found))
    drawn = sorted(str(path) for path in found.folder.figures.glob("*.png"))
    page = str(found.folder.report)
    Output(as_json=as_json).result(
        {"report": page, "figures": drawn}, lines=[f"report  {page}", *drawn]
    )
