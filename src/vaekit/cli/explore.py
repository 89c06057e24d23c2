"""``vaekit explore``."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from vaekit.cli.options import AsJson, RunPath
from vaekit.cli.output import Output

if TYPE_CHECKING:
    from vaekit.web import RunView

__all__ = ["explore"]


def explore(
    run: RunPath,
    other: Annotated[Path | None, Parameter(name="RUN2")] = None,
    /,
    *,
    data: str | None = None,
    host: str = "127.0.0.1",
    port: int = 8421,
    token: str | None = None,
    no_open: Annotated[bool, Parameter(name="--no-open")] = False,
    split: Literal["all", "train", "validation", "test"] | None = None,
    most: int = 20_000,
    export: Path | None = None,
    as_json: AsJson = False,
) -> None:
    """Explore a trained model in the browser.

    The page shows the codes of rows on a map, decodes what is under the pointer, moves along
    single latent dimensions, and encodes images and rows of a table. Only this machine can reach
    it, until --host and --token say otherwise. Ctrl-C ends it.

    Args:
        run: A run folder.
        other: A second run, to compare.
        data: A name or a path of other rows to show; the data of each run when absent, which must
            not have changed since training.
        host: Where to listen; another than 127.0.0.1 needs a token.
        port: Where to listen; 0 for any that is free.
        token: What requests must carry: 16 letters or more, or "auto" for a new one, which is
            part of the address that is printed. The browser gets it in a file that only you can
            read. Other users of this machine can read a token of your own in the list of
            processes: set the environment variable VAEKIT_TOKEN instead, which is read when this
            flag is absent.
        no_open: Open no browser.
        split: Rows to show; when absent those that the run is measured on.
        most: Rows to show at most, spread evenly over the split.
        export: Write the page to this folder instead, new or empty, with a decoder that runs in
            the browser: it works from any web server, without Python.
        as_json: Print the address as one JSON object; no browser is opened.

    Raises:
        ConfigError: --most is below 1.
    """
    from vaekit.errors import ConfigError

    if most < 1:
        raise ConfigError(f"--most {most}: expected at least 1 row")
    _need_web()
    from vaekit import web

    output = Output(as_json=as_json)
    token = web.resolve_token(host, token=token or os.environ.get("VAEKIT_TOKEN") or None)
    runs = [path for path in (run, other) if path is not None]
    if export is not None:
        web.check_export_folder(export)
        views = [web.open_run(path, split=split, most=most, source=data) for path in runs]
        _export(output, views, export)
        return
    with web.listen(host, port=port) as listening:
        output.say(f"reading {' and '.join(map(str, runs))}")
        views = [web.open_run(path, split=split, most=most, source=data) for path in runs]
        port = listening.getsockname()[1]
        _print_address(output, web.page_url(host, port=port, token=token), views=views)
        url = web.page_url(host, port=port, token=None)
        with _page_to_open(url, token=token) as (page, done):
            app = web.SecurityMiddleware(
                web.make_app(views), host=host, token=token, on_sign_in=done
            )
            if not (no_open or as_json):
                import webbrowser

                webbrowser.open(page)
            web.serve(app, listening=listening)
    output.say("stopped")


@contextmanager
def _page_to_open(url: str, *, token: str | None) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield the address to open in a browser, without a token, and what removes it again."""
    from vaekit import web

    if token is None:
        yield url, lambda: None
        return
    with web.sign_in_file(url, token=token) as path:
        yield path.as_uri(), partial(path.unlink, missing_ok=True)


def _need_web() -> None:
    """Refuse to begin without the packages of the server."""
    from importlib.util import find_spec

    from vaekit.errors import MissingExtraError

    for package in ("fastapi", "uvicorn"):
        if find_spec(package) is None:
            raise MissingExtraError(package, extra="web", purpose="vaekit explore")


def _export(output: Output, views: "list[RunView]", path: Path) -> None:
    """Write a static site."""
    from vaekit import web

    made = web.export_site(views, path, say=output.say)
    output.result(
        {"out": str(path), **made},
        lines=[
            f"{made['files']} files, {made['bytes'] / 1e6:.1f} MB: {path}",
            f"any web server shows it: python -m http.server -d {path}",
        ],
    )


def _print_address(output: Output, url: str, *, views: "list[RunView]") -> None:
    """Print where the page is."""
    import sys

    runs = [
        {"run": str(each.run.folder.path), "rows": each.rows, "split": each.split} for each in views
    ]
    lines = [f"{each['run']}: {each['rows']:,} {each['split']} rows" for each in runs]
    output.result({"address": url, "runs": runs}, lines=[*lines, f"open {url} (Ctrl-C ends)"])
    sys.stdout.flush()
