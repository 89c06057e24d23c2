"""The files of the page, and a plain list of what the server answers."""

import html
import re
from functools import partial
from pathlib import Path

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse

__all__ = ["PAGE", "add_page", "page_files", "router"]

PAGE = Path(__file__).with_name("page")
"""Where the files of the page lie."""

_KINDS = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".json": "application/json",
    ".woff2": "font/woff2",
    ".webmanifest": "application/manifest+json",
}
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")

router = APIRouter(include_in_schema=False)


def page_files(folder: Path) -> dict[str, Path]:
    """All files of a page.

    Args:
        folder: where they lie.

    Returns:
        By their address, relative to that of the page.
    """
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    named = {path.relative_to(folder).as_posix(): path for path in found}
    return {
        name: path
        for name, path in named.items()
        if _NAME.fullmatch(name) and path.suffix in _KINDS
    }


@router.get("/site.json")
async def _site() -> JSONResponse:
    return JSONResponse({"mode": "server"})


@router.get("/api")
async def _list(request: Request) -> HTMLResponse:
    """What the server answers, as a page without anything that is fetched from elsewhere."""
    lines = [
        f"<tr><td>{method.upper()}</td><td><code>{html.escape(path)}</code></td>"
        f"<td>{html.escape(told.get('summary', ''))}</td></tr>"
        for path, methods in request.app.openapi()["paths"].items()
        for method, told in methods.items()
    ]
    return HTMLResponse(
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>vaekit explore: API</title>'
        '<h1>What this server answers</h1><p>In full: <a href="/openapi.json">openapi.json</a></p>'
        f"<table>{''.join(lines)}</table></html>"
    )


def add_page(app: FastAPI, folder: Path) -> None:
    """Let an application serve the files of a page, each under its own address, and no others.

    Args:
        app: the application.
        folder: where the files lie.
    """
    for name, path in page_files(folder).items():
        serve = partial(_file, path)
        for address in (f"/{name}", *(["/"] if name == "index.html" else [])):
            app.add_api_route(address, serve, include_in_schema=False, response_class=Response)


def _file(path: Path) -> Response:
    kind = _KINDS[path.suffix]
    return Response(path.read_bytes(), media_type=kind, headers={"Cache-Control": "no-cache"})
