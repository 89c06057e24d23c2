"""``vaekit compare``."""

from pathlib import Path

from vaekit.cli.options import AsJson, RunPath
from vaekit.cli.output import Output
from vaekit.cli.study_folder import expand_studies
from vaekit.errors import ConfigError

__all__ = ["compare", "page_path"]


def compare(*runs: RunPath, out: Path | None = None, as_json: AsJson = False) -> None:
    """Compare runs: numbers on one scale, curves on one axis, figures side by side.

    Nats are compared only where they measure the same: the same rows, binarized alike, under
    likelihoods of the same kind. Otherwise the reason is given.

    Args:
        runs: Run folders, or the folder of a study, which stands for all of its members.
        out: Write a page with figures: a folder, which gets report.html and figures, or a file
            that ends in .html. Without it only the tables are printed.
        as_json: Print one JSON object to stdout and nothing else.

    Raises:
        ConfigError: fewer than two runs, or a page that cannot be written there.
    """
    page = None if out is None else page_path(out)
    from vaekit import comparison

    found = comparison.compare(expand_studies(runs))
    lines = found.lines()
    if page is not None:
        command = " ".join(["vaekit compare", *map(str, runs), "--out", str(out)])
        found.write_page(page, command=command)
        lines.append(f"report      {page}")
    Output(as_json=as_json).result(found.to_dict(report=page), lines=lines)


def page_path(out: Path) -> Path:
    """Return where a page goes.

    Args:
        out: a folder, or a file that ends in .html.

    Returns:
        Path of the page.

    Raises:
        ConfigError: a file of another kind, or a folder that holds a run.
    """
    if out.suffix.lower() == ".html":
        return out
    if out.is_file() or out.suffix:
        raise ConfigError(f"--out {out}: expected a folder, or a file that ends in .html")
    if (out / "config.json").exists():
        raise ConfigError(
            f"--out {out}: holds a run, whose report would be overwritten; take another folder"
        )
    return out / "report.html"
