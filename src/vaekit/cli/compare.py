"""``vaekit compare``."""

from pathlib import Path

from vaekit.cli.options import AsJson, RunPath
from vaekit.cli.output import Output
from vaekit.cli.study_folder import is_study, member_paths, named_paths
from vaekit.errors import ConfigError

__all__ = ["compare", "page_path"]


def compare(*runs: RunPath, out: Path | None = None, as_json: AsJson = False) -> None:
    """Compare runs: numbers on one scale, curves on one axis, figures side by side.

    Nats are compared only where they measure the same: the same rows, binarized alike, under
    likelihoods of the same kind. Otherwise it is said why not.

    Args:
        runs: Run folders, or the folder of a study, which stands for all of its members.
        out: Write a page with figures: a folder, which gets report.html and figures, or a file
            that ends in .html. Without it only the tables are printed.
        as_json: Print one JSON object to stdout and nothing else.

    Raises:
        ConfigError: fewer than two runs, or a page that cannot be written there.
    """
    paths = [
        path for run in runs for path in (member_paths(run).values() if is_study(run) else [run])
    ]
    if len(paths) < 2:
        raise ConfigError(
            f"vaekit compare needs at least two runs, got {len(paths)}: vaekit compare RUN RUN"
        )
    named = named_paths(paths)
    page = None if out is None else page_path(out)
    from vaekit.comparison.compare import compare_numbers, comparison_lines, read_sides
    from vaekit.comparison.page import write_comparison_page

    sides = read_sides(named)
    found = compare_numbers(sides)
    lines = comparison_lines(found, names=list(sides))
    if page is not None:
        command = " ".join(["vaekit compare", *map(str, runs), "--out", str(out)])
        title = f"{len(sides)} runs compared"
        write_comparison_page(sides, found=found, page=page, title=title, command=command)
        lines.append(f"report      {page}")
    values = {
        "runs": {name: str(path) for name, path in named.items()},
        "report": None if page is None else str(page),
        **found,
    }
    Output(as_json=as_json).result(values, lines=lines)


def page_path(out: Path) -> Path:
    """Find where a page goes.

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
        raise ConfigError(f"--out {out}: holds a run, whose report would be lost; take another")
    return out / "report.html"
