"""The web application: routes, error responses and the files of the page."""

import html
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any, TypeVar

import numpy as np
from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Body, Depends, FastAPI, HTTPException, Query, Request, Response
from fastapi import Path as PathParameter
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from numpy.typing import NDArray
from starlette.exceptions import HTTPException as StarletteHTTPException

from vaekit import __version__
from vaekit.errors import ConfigError, DataError, InputError
from vaekit.web import schemas
from vaekit.web.explorer import Explorer
from vaekit.web.images import encode_gif, read_image
from vaekit.web.run_view import Plane, RunView
from vaekit.web.schemas import LIMITS
from vaekit.web.worker import QueueFullError, Worker

__all__ = ["PAGE", "make_app", "page_files"]


T = TypeVar("T")

PAGE = Path(__file__).with_name("page")
"""Folder of the files of the page."""

_MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
_PUBLIC_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
_MAX_THREADS = 2  # for slow responses, such as GIFs, beside the worker

_EXCEPTIONS: tuple[type[Exception], ...] = (
    StarletteHTTPException, RequestValidationError, InputError, QueueFullError, Exception
)  # fmt: skip

_Responses = dict[int | str, dict[str, Any]]
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_ERRORS: _Responses = {
    status: {"model": schemas.ErrorAnswer, "description": text}
    for status, text in {
        400: "The request cannot be read.",
        401: "A token is needed.",
        403: "The request comes from a page of another site.",
        404: "There is no such run or row.",
        408: "The body did not arrive in time.",
        413: "The body is too large.",
        421: "Another host was asked.",
        422: "Values that cannot be used.",
        503: "Too many requests wait.",
    }.items()
}
_ARRAY_200: _Responses = {
    200: {
        "description": "Little-endian array; X-Dtype and X-Shape say of which type and shape.",
        "content": {"application/octet-stream": _BINARY},
    }
}
_ARRAY: dict[str, Any] = {"response_class": Response, "responses": _ARRAY_200}
_UPLOAD = {f"image/{kind}": _BINARY for kind in ("png", "jpeg", "webp", "gif", "bmp")}


def page_files(folder: Path) -> dict[str, Path]:
    """Return the files of a page that may be served.

    Args:
        folder: where they are.

    Returns:
        Their paths by address, relative to that of the page.
    """
    files = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*"))}
    return {
        name: path
        for name, path in files.items()
        if path.is_file() and path.suffix in _MEDIA_TYPES and _PUBLIC_NAME.fullmatch(name)
    }


def make_app(views: Sequence[RunView], *, folder: Path = PAGE) -> FastAPI:
    """Make the application of one run, or of several to compare.

    Args:
        views: the runs.
        folder: where the files of the page are.

    Returns:
        The application, without access control; its worker stops when it is shut down.
    """
    worker = Worker(max_batch=LIMITS.codes)
    explorers = [Explorer(view, worker=worker) for view in views]

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.limiter = CapacityLimiter(_MAX_THREADS)
        for explorer in explorers:
            worker.run_when_idle(explorer.reference.compute())
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
        exception_handlers=dict.fromkeys(_EXCEPTIONS, _send_error),
    )
    app.state.explorers = explorers
    for router in (_queries, _computations, _page):
        app.include_router(router)
    files = page_files(folder)
    for name, path in {**files, "": files["index.html"]}.items():
        app.add_api_route(f"/{name}", partial(_send_file, path), include_in_schema=False)
    return app


def _send_file(path: Path) -> Response:
    headers = {"Cache-Control": "no-cache"}
    return Response(path.read_bytes(), media_type=_MEDIA_TYPES[path.suffix], headers=headers)


async def _send_error(_: Request, error: Exception) -> JSONResponse:
    """Respond to an exception with one sentence for a person."""
    status, headers = 500, None
    message = "something went wrong in the server; its log says what"
    if isinstance(error, StarletteHTTPException):
        status, message, headers = error.status_code, str(error.detail), error.headers
    elif isinstance(error, RequestValidationError):
        status, message = 422, _validation_message(error)
    elif isinstance(error, QueueFullError):
        status, message, headers = 503, str(error), {"Retry-After": "1"}
    elif isinstance(error, InputError):
        status, message = 422, str(error)
    return JSONResponse({"error": message}, status, headers)


def _validation_message(error: RequestValidationError) -> str:
    """Return the first errors and their locations, without the values that were sent."""
    found = error.errors()
    messages = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in found[:3]]
    more = f"; and {len(found) - 3} more" if len(found) > 3 else ""
    return "; ".join(messages) + more


# Dependencies and helpers of the routes.


async def _find_run(  # a plain function would be called in a thread, for each request
    request: Request,
    run: Annotated[int, PathParameter(ge=0, le=99, description="Number of the run")],
) -> Explorer:
    """Return the run of an address."""
    explorers: list[Explorer] = request.app.state.explorers
    if run >= len(explorers):
        raise HTTPException(404, f"no run {run}; there are 0 to {len(explorers) - 1}")
    return explorers[run]


_Run = Annotated[Explorer, Depends(_find_run)]
_PlaneId = Annotated[str, Query(max_length=40, description="pca, tsne, line, or dims:A,B")]


async def _in_thread(request: Request, function: Callable[[], T]) -> T:
    """Call a slow function in one of few threads."""
    return await to_thread.run_sync(function, limiter=request.app.state.limiter)


def _find_plane(explorer: Explorer, plane: str) -> Plane:
    """Return a plane, or respond with 404."""
    try:
        return explorer.plane(plane)
    except ConfigError as error:
        raise HTTPException(404, str(error)) from None


def _array_response(array: NDArray[Any]) -> Response:
    """Send an array as little-endian bytes in C order, its type and shape in headers."""
    headers = {"X-Dtype": array.dtype.name, "X-Shape": ",".join(map(str, array.shape))}
    content = array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
    return Response(content, media_type="application/octet-stream", headers=headers)


# Routes that describe the server, a run and its rows.

_queries = APIRouter(prefix="/api", responses=_ERRORS)


@_queries.get("/runs", summary="The runs of this server")
async def _runs(request: Request) -> schemas.Runs:
    views = [explorer.view for explorer in request.app.state.explorers]
    names = [
        schemas.RunName(
            index=index, name=view.run.config.name, folder=view.run.folder.path.resolve().name
        )
        for index, view in enumerate(views)
    ]
    return schemas.Runs(version=__version__, runs=names, limits=LIMITS)


@_queries.get("/runs/{run}", summary="A run")
async def _run(run: int, explorer: _Run) -> schemas.Overview:
    return explorer.overview(index=run)


@_queries.get(
    "/runs/{run}/map",
    summary="Points of the rows on a plane, float32 (n, 2)",
    response_class=Response,
    responses={
        **_ARRAY_200,
        202: {"model": schemas.Working, "description": "Being computed: ask again."},
    },
)
async def _map(explorer: _Run, plane: _PlaneId) -> Response:
    if plane != "tsne":
        return _array_response(_find_plane(explorer, plane).points)
    if not explorer.tsne.available:
        raise HTTPException(404, "these codes have no t-SNE: they are few, or a plane already")
    points = explorer.tsne.points()
    if points is None:
        return JSONResponse(schemas.Working().model_dump(), 202)
    return _array_response(points)


@_queries.get(
    "/runs/{run}/map/rows", summary="Which rows the points of a plane are, int32 (n,)", **_ARRAY
)
async def _map_rows(explorer: _Run, plane: _PlaneId) -> Response:
    if plane == "tsne":
        return _array_response(explorer.tsne.rows.astype(np.int32))
    return _array_response(np.arange(len(_find_plane(explorer, plane).points), dtype=np.int32))


@_queries.get("/runs/{run}/codes", summary="Posterior means, float32 (N, D)", **_ARRAY)
async def _codes(explorer: _Run) -> Response:
    return _array_response(explorer.view.arrays()["codes"])


@_queries.get(
    "/runs/{run}/spread", summary="Posterior standard deviations, float32 (N, D)", **_ARRAY
)
async def _spread(explorer: _Run) -> Response:
    return _array_response(explorer.view.arrays()["spread"])


@_queries.get("/runs/{run}/labels", summary="Labels of the rows, int32 (N,), -1 for none", **_ARRAY)
async def _labels(explorer: _Run) -> Response:
    return _array_response(explorer.view.arrays()["labels"])


@_queries.get("/runs/{run}/rows", summary="The rows themselves, as they are in the data", **_ARRAY)
async def _rows(
    request: Request,
    explorer: _Run,
    start: Annotated[int, Query(ge=0, lt=2**31)] = 0,
    count: Annotated[int, Query(ge=1, le=LIMITS.count)] = 256,
) -> Response:
    view = explorer.view
    rows = np.arange(min(start, view.rows), min(start + count, view.rows))
    explorer.check_size(len(rows))
    return _array_response(
        await _in_thread(request, lambda: view.display.from_data(view.data_rows(rows)))
    )


@_queries.get("/runs/{run}/rows/{row}", summary="A row")
async def _row(
    explorer: _Run,
    row: Annotated[int, PathParameter(ge=0, lt=2**31, description="From 0 to N - 1")],
) -> schemas.RowAnswer:
    try:
        return explorer.summarize_row(row)
    except DataError as error:
        raise HTTPException(404, str(error)) from None


@_queries.get("/runs/{run}/reference", summary="Log-likelihoods of rows of the split")
async def _reference(explorer: _Run) -> schemas.ReferenceAnswer:
    return explorer.reference.summarize()


# Routes that compute with a model.

_computations = APIRouter(prefix="/api/runs/{run}", responses=_ERRORS)


@_computations.post("/decode", summary="Decode codes", **_ARRAY)
async def _decode(explorer: _Run, body: schemas.DecodeRequest) -> Response:
    return _array_response(await explorer.decode(body))


@_computations.post("/background", summary="What a part of a plane decodes to", **_ARRAY)
async def _background(explorer: _Run, body: schemas.BackgroundRequest) -> Response:
    return _array_response(await explorer.background(body))


@_computations.post(
    "/encode", summary="Encode a row, an image, or a row of a table with missing values"
)
async def _encode(explorer: _Run, body: schemas.EncodeRequest) -> schemas.Encoded:
    return await explorer.encode(body)


@_computations.post(
    "/image",
    summary="Bring an image file to the size that the model knows, uint8 (1, H, W, C)",
    openapi_extra={"requestBody": {"required": True, "content": _UPLOAD}},
    **_ARRAY,
)
async def _image(
    request: Request,
    explorer: _Run,
    data: Annotated[bytes, Body(media_type="image/*")],
    invert: Annotated[bool, Query(description="Make white black and black white")] = False,
    centre: Annotated[bool, Query(description="As the digits of MNIST are centred")] = False,
) -> Response:
    display = explorer.view.display
    if not display.is_image:
        raise DataError("this run is of a table and reads no images; send cells to encode")
    pixels = await _in_thread(
        request, lambda: read_image(data, shape=display.shape, invert=invert, centre=centre)
    )
    return _array_response(pixels[None])


@_computations.post(
    "/traverse",
    summary="Traversals of single dimensions, with two leading axes dims and steps",
    **_ARRAY,
)
async def _traverse(explorer: _Run, body: schemas.TraverseRequest) -> Response:
    return _array_response(await explorer.traverse(body))


@_computations.post(
    "/path", summary="Codes on a path from one place to another, float32 (frames, D)", **_ARRAY
)
async def _path(request: Request, explorer: _Run, body: schemas.PathRequest) -> Response:
    return _array_response(await _in_thread(request, lambda: explorer.interpolate(body)))


@_computations.post("/arithmetic", summary="The code a + scale (c - b)")
async def _arithmetic(explorer: _Run, body: schemas.ArithmeticRequest) -> schemas.CodeAnswer:
    return explorer.arithmetic(body)


@_computations.post("/sample", summary="Codes of the prior, float32 (count, D)", **_ARRAY)
async def _sample(explorer: _Run, body: schemas.SampleRequest) -> Response:
    return _array_response(await explorer.sample(body))


@_computations.post(
    "/gif",
    summary="An animation of decoded codes",
    response_class=Response,
    responses={200: {"content": {"image/gif": _BINARY}}},
)
async def _gif(request: Request, explorer: _Run, body: schemas.GifRequest) -> Response:
    if not explorer.view.display.is_image:
        raise DataError("this run is of a table: there is nothing to animate")
    frames = await explorer.decode_codes(explorer.parse_codes(body.codes))
    options = body.model_dump(exclude={"codes"})
    content = await _in_thread(request, lambda: encode_gif(frames, **options))
    return Response(content, media_type="image/gif")


# Routes of the page.

_page = APIRouter(include_in_schema=False)


@_page.get("/site.json")
async def _site() -> JSONResponse:
    return JSONResponse({"mode": "server"})


@_page.get("/api")
async def _list(request: Request) -> HTMLResponse:
    """List the routes on a page that loads nothing from elsewhere."""
    lines = [
        f"<tr><td>{method.upper()}</td><td><code>{html.escape(path)}</code></td>"
        f"<td>{html.escape(operation.get('summary', ''))}</td></tr>"
        for path, methods in request.app.openapi()["paths"].items()
        for method, operation in methods.items()
    ]
    return HTMLResponse(
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>vaekit explore: API</title>'
        '<h1>API of this server</h1><p>In full: <a href="/openapi.json">openapi.json</a></p>'
        f"<table>{''.join(lines)}</table></html>"
    )
