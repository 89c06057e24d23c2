"""The application: routes over the runs, with every error in one form."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from anyio import CapacityLimiter
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from vaekit import __version__
from vaekit.errors import InputError
from vaekit.web import look, make, page
from vaekit.web.explorer import Explorer
from vaekit.web.guard import Guard
from vaekit.web.requests import LIMITS
from vaekit.web.shown import Shown
from vaekit.web.worker import Busy, Worker

__all__ = ["guarded", "make_app"]

_SLOW = 2  # answers beside the worker, such as GIFs, at once


def make_app(runs: Sequence[Shown], *, folder: Path = page.PAGE) -> FastAPI:
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
    for router in (look.router, make.router, page.router):
        app.include_router(router)
    page.add_page(app, folder)
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
