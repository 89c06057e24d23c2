"""The web application: routes, static page, error format."""

import html
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from anyio import CapacityLimiter
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.exceptions import HTTPException

from vaekit import __version__
from vaekit.errors import InputError
from vaekit.web.explorer import Explorer
from vaekit.web.routes import compute_router, query_router
from vaekit.web.run_view import Shown
from vaekit.web.schemas import LIMITS
from vaekit.web.security import Guard
from vaekit.web.server import Busy, Worker

__all__ = ["PAGE", "add_page", "guarded", "make_app", "page_files", "page_router"]


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

page_router = APIRouter(include_in_schema=False)


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


@page_router.get("/site.json")
async def _site() -> JSONResponse:
    return JSONResponse({"mode": "server"})


@page_router.get("/api")
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


_SLOW = 2  # answers beside the worker, such as GIFs, at once


def make_app(runs: Sequence[Shown], *, folder: Path = PAGE) -> FastAPI:
    """Make the application of one run, or of several to compare.

    Args:
        runs: what is shown.
        folder: where the files of the page lie.

    Returns:
        The application, without its guard; its worker ends when it is shut down.
    """
    worker = Worker(joined=LIMITS.codes)
    explorers = [Explorer(shown, worker=worker) for shown in runs]

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.slow = CapacityLimiter(_SLOW)
        for explorer in explorers:
            worker.whenever(explorer.reference.steps())
        yield
        worker.close()

    app = FastAPI(
        title="vaekit explore",
        summary="A trained variational autoencoder: decode, encode, walk.",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    app.state.explorers = explorers
    for router in (query_router, compute_router, page_router):
        app.include_router(router)
    add_page(app, folder)
    for kind, handler in _HANDLERS.items():
        app.add_exception_handler(kind, handler)
    return app


def guarded(
    app: FastAPI,
    *,
    host: str = "127.0.0.1",
    token: str | None = None,
    patience: float = 30.0,
) -> Guard:
    """Put the guard before an application.

    Args:
        app: as ``make_app`` made it.
        host: that the server is bound to.
        token: that requests must carry; none without.
        patience: seconds in which the body of a request has to arrive.

    Returns:
        What a server runs.
    """
    limits = {"": LIMITS.body_bytes, "image": LIMITS.upload_bytes}
    return Guard(app, host=host, token=token, limits=limits, patience=patience)


async def _http(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": str(error.detail)}, error.status_code, headers=error.headers)


async def _input(_: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"error": str(error)}, 422)


async def _busy(_: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"error": str(error)}, 503, headers={"Retry-After": "1"})


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    """The first few things that are wrong, and where; never what was sent."""
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    told = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in found[:3]]
    more = f"; and {len(found) - 3} more" if len(found) > 3 else ""
    return JSONResponse({"error": "; ".join(told) + more}, 422)


async def _unexpected(_: Request, __: Exception) -> JSONResponse:
    return JSONResponse({"error": "something went wrong in the server; its log says what"}, 500)


_HANDLERS: dict[int | type[Exception], Any] = {
    HTTPException: _http,
    RequestValidationError: _invalid,
    InputError: _input,
    Busy: _busy,
    Exception: _unexpected,
}
