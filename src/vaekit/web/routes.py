"""Routes of the explorer."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import Annotated, Any, TypeVar

import numpy as np
from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Body, Depends, HTTPException, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from numpy.typing import NDArray

from vaekit import __version__
from vaekit.errors import ConfigError, DataError
from vaekit.web.explorer import Explorer
from vaekit.web.media import animate, read_picture
from vaekit.web.overview import encoded, overview, reference_answer, row_answer
from vaekit.web.planes import Plane
from vaekit.web.schemas import (
    LIMITS,
    ArithmeticRequest,
    BackgroundRequest,
    CodeAnswer,
    DecodeRequest,
    Encoded,
    EncodeRequest,
    ErrorAnswer,
    GifRequest,
    Overview,
    PathRequest,
    Place,
    ReferenceAnswer,
    RowAnswer,
    RunName,
    Runs,
    SampleRequest,
    TraverseRequest,
    Working,
    binary,
)

__all__ = [
    "BYTES",
    "ERRORS",
    "Asked",
    "Slow",
    "apart",
    "check_values",
    "compute_router",
    "finished",
    "query_router",
]


T = TypeVar("T")

ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorAnswer, "description": text}
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
"""What any route may answer when something is wrong."""

BYTES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Little-endian array; X-Dtype and X-Shape say of which type and shape.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
"""What a route answers that gives an array."""


def _asked(
    request: Request, run: Annotated[int, Path(ge=0, le=99, description="Number of the run")]
) -> Explorer:
    """The run that an address names."""
    explorers: list[Explorer] = request.app.state.explorers
    if run >= len(explorers):
        raise HTTPException(404, f"no run {run}; there are 0 to {len(explorers) - 1}")
    return explorers[run]


Asked = Annotated[Explorer, Depends(_asked)]


def _slow(request: Request) -> CapacityLimiter:
    """How many slow answers are worked on at once."""
    limiter: CapacityLimiter = request.app.state.slow
    return limiter


Slow = Annotated[CapacityLimiter, Depends(_slow)]


async def apart(task: Callable[[], T], *, slow: CapacityLimiter) -> T:
    """Do something beside the worker, few of it at once: it takes time and memory.

    Args:
        task: what.
        slow: how many at once.

    Returns:
        Its result.
    """
    return await to_thread.run_sync(task, limiter=slow)


async def finished(future: "Future[T]") -> T:
    """Wait for the worker without holding up others; who stops waiting takes the request back.

    Args:
        future: what the worker gave.

    Returns:
        Its result.
    """
    return await asyncio.wrap_future(future)


def check_values(explorer: Explorer, *, rows: int) -> None:
    """Refuse an answer that would be too large.

    Args:
        explorer: of the run.
        rows: that would be in it.

    Raises:
        DataError: it would be.
    """
    features = len(explorer.shown.display.gain)
    most = LIMITS.values // features
    if rows > min(most, LIMITS.codes):
        raise DataError(
            f"{rows:,} rows of {features:,} values in one answer are too many; ask for at most "
            f"{min(most, LIMITS.codes):,}"
        )


query_router = APIRouter(prefix="/api", responses=ERRORS)

PlaneId = Annotated[str, Query(max_length=40, description="pca, tsne, line, or dims:A,B")]
_WORKING: dict[int | str, dict[str, Any]] = {
    202: {"model": Working, "description": "Being computed: ask again."}
}


@query_router.get("/runs", summary="The runs of this server")
async def _runs(request: Request) -> Runs:
    shown = [explorer.shown for explorer in request.app.state.explorers]
    names = [
        RunName(index=index, name=each.run.config.name, folder=each.run.folder.path.resolve().name)
        for index, each in enumerate(shown)
    ]
    return Runs(version=__version__, runs=names, limits=LIMITS)


@query_router.get("/runs/{run}", summary="A run")
async def _run(run: int, explorer: Asked) -> Overview:
    return overview(explorer, index=run)


@query_router.get(
    "/runs/{run}/map", summary="Places of the rows on a plane, float32 (n, 2)",
    response_class=Response, responses={**BYTES, **_WORKING},
)  # fmt: skip
async def _map(explorer: Asked, plane: PlaneId) -> Response:
    if plane != "tsne":
        return binary(_known(explorer, plane).points)
    points = explorer.neighbours.points() if explorer.neighbours.possible else None
    if not explorer.neighbours.possible:
        raise HTTPException(404, "these codes have no t-SNE: they are few, or a plane already")
    return JSONResponse(Working().model_dump(), 202) if points is None else binary(points)


@query_router.get(
    "/runs/{run}/map/rows", summary="Which rows the points of a plane are, int32 (n,)",
    response_class=Response, responses=BYTES,
)  # fmt: skip
async def _map_rows(explorer: Asked, plane: PlaneId) -> Response:
    if plane == "tsne":
        return binary(explorer.neighbours.places.astype(np.int32))
    return binary(np.arange(len(_known(explorer, plane).points), dtype=np.int32))


@query_router.get(
    "/runs/{run}/codes", summary="Posterior means, float32 (N, D)",
    response_class=Response, responses=BYTES,
)  # fmt: skip
async def _codes(explorer: Asked) -> Response:
    return binary(explorer.shown.codes.mean.astype(np.float32))


@query_router.get(
    "/runs/{run}/spread", summary="Posterior standard deviations, float32 (N, D)",
    response_class=Response, responses=BYTES,
)  # fmt: skip
async def _spread(explorer: Asked) -> Response:
    return binary(np.sqrt(explorer.shown.codes.variance).astype(np.float32))


@query_router.get(
    "/runs/{run}/labels", summary="Labels of the rows, int32 (N,), -1 for none",
    response_class=Response, responses=BYTES,
)  # fmt: skip
async def _labels(explorer: Asked) -> Response:
    labels, none = explorer.shown.labels, np.full(explorer.shown.rows, -1)
    return binary((none if labels is None else labels).astype(np.int32))


@query_router.get(
    "/runs/{run}/rows", summary="The rows themselves, as they are in the data",
    response_class=Response, responses=BYTES,
)  # fmt: skip
async def _rows(
    explorer: Asked,
    slow: Slow,
    start: Annotated[int, Query(ge=0, lt=2**31)] = 0,
    count: Annotated[int, Query(ge=1, le=LIMITS.count)] = 256,
) -> Response:
    shown = explorer.shown
    places = np.arange(min(start, shown.rows), min(start + count, shown.rows))
    check_values(explorer, rows=len(places))
    return binary(await apart(lambda: shown.display.raw(shown.raw(places)), slow=slow))


@query_router.get("/runs/{run}/rows/{row}", summary="A row")
async def _row(
    explorer: Asked, row: Annotated[int, Path(ge=0, lt=2**31, description="From 0 to N - 1")]
) -> RowAnswer:
    if row >= explorer.shown.rows:
        raise HTTPException(404, f"no row {row}; there are 0 to {explorer.shown.rows - 1}")
    return row_answer(explorer.shown, row=row)


@query_router.get("/runs/{run}/reference", summary="Log-likelihoods of rows of the split")
async def _reference(explorer: Asked) -> ReferenceAnswer:
    return reference_answer(explorer.reference)


def _known(explorer: Explorer, plane: str) -> Plane:
    """A plane, or that there is none."""
    try:
        return explorer.plane(plane)
    except ConfigError as error:
        raise HTTPException(404, str(error)) from None


compute_router = APIRouter(prefix="/api/runs/{run}", responses=ERRORS)
_GIF: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/gif": {"schema": {"type": "string", "format": "binary"}}}}
}
_FILES = ("image/png", "image/jpeg", "image/webp", "image/gif", "image/bmp")


@compute_router.post("/decode", summary="Decode codes", response_class=Response, responses=BYTES)
async def _decode(explorer: Asked, asked: DecodeRequest) -> Response:
    check_values(explorer, rows=len(asked.codes))
    codes = explorer.codes(asked.codes)
    return binary(await finished(explorer.decode(codes, draw=asked.draw, seed=asked.seed)))


@compute_router.post(
    "/background", summary="What a part of a plane decodes to", response_class=Response,
    responses=BYTES,
)  # fmt: skip
async def _background(explorer: Asked, asked: BackgroundRequest) -> Response:
    check_values(explorer, rows=asked.side**2)
    left, right, bottom, top = asked.extent
    codes = explorer.background(
        explorer.plane(asked.plane), extent=(left, right, bottom, top), side=asked.side,
        base=None if asked.base is None else explorer.codes([asked.base])[0],
    )  # fmt: skip
    made = await finished(explorer.decode(codes))
    tiles = made.reshape(asked.side, asked.side, *made.shape[1:])
    if not explorer.shown.display.is_image:
        return binary(tiles)
    _, _, height, width, channels = tiles.shape
    sheet = tiles.swapaxes(1, 2)
    return binary(sheet.reshape(asked.side * height, asked.side * width, channels))


@compute_router.post("/encode", summary="Encode a row, an image, or a row of a table with gaps")
async def _encode(explorer: Asked, asked: EncodeRequest) -> Encoded:
    row = _row_make(explorer, asked)
    told = await finished(explorer.tell(row, draws=asked.draws, seed=asked.seed))
    return encoded(told, reference=explorer.reference)


@compute_router.post(
    "/image", summary="Bring an image file to the size that the model knows, uint8 (1, H, W, C)",
    response_class=Response, responses=BYTES,
    openapi_extra={"requestBody": {"required": True, "content": {
        kind: {"schema": {"type": "string", "format": "binary"}} for kind in _FILES
    }}},
)  # fmt: skip
async def _image(
    explorer: Asked,
    slow: Slow,
    data: Annotated[bytes, Body(media_type="image/*")],
    invert: Annotated[bool, Query(description="Make white black and black white")] = False,
    centre: Annotated[bool, Query(description="As the digits of MNIST are centred")] = False,
) -> Response:
    shape = explorer.shown.display.shape
    if not explorer.shown.display.is_image:
        raise DataError("this run is of a table and reads no images; send cells to encode")
    pixels = await apart(
        lambda: read_picture(data, shape=shape, invert=invert, centre=centre), slow=slow
    )
    return binary(pixels[None])


@compute_router.post(
    "/traverse", summary="Strips along single dimensions, with two leading axes dims and steps",
    response_class=Response, responses=BYTES,
)  # fmt: skip
async def _traverse(explorer: Asked, asked: TraverseRequest) -> Response:
    rows = len(asked.dims) * asked.steps
    check_values(explorer, rows=rows)
    code = explorer.codes([asked.code])[0]
    made = await finished(
        explorer.decode(explorer.strips(code, dims=asked.dims, steps=asked.steps))
    )
    return binary(made.reshape(len(asked.dims), asked.steps, *made.shape[1:]))


@compute_router.post(
    "/path", summary="Codes on the way from one place to another, float32 (frames, D)",
    response_class=Response, responses=BYTES,
)  # fmt: skip
async def _path(explorer: Asked, slow: Slow, asked: PathRequest) -> Response:
    start, end = _code(explorer, asked.start), _code(explorer, asked.end)
    return binary(
        await apart(
            lambda: explorer.walk(start, end, frames=asked.frames, path=asked.path), slow=slow
        )
    )


@compute_router.post("/arithmetic", summary="The code a + scale (c - b)")
async def _arithmetic(explorer: Asked, asked: ArithmeticRequest) -> CodeAnswer:
    a, b, c = (_code(explorer, place) for place in (asked.a, asked.b, asked.c))
    return CodeAnswer(code=(a + asked.scale * (c - b)).tolist())


@compute_router.post(
    "/sample", summary="Codes of the prior, float32 (count, D)", response_class=Response,
    responses=BYTES,
)  # fmt: skip
async def _sample(explorer: Asked, asked: SampleRequest) -> Response:
    codes = await finished(
        explorer.sample(count=asked.count, temperature=asked.temperature, seed=asked.seed)
    )
    return binary(codes)


@compute_router.post(
    "/gif", summary="An animation of decoded codes", response_class=Response, responses=_GIF
)
async def _gif(explorer: Asked, slow: Slow, asked: GifRequest) -> Response:
    if not explorer.shown.display.is_image:
        raise DataError("this run is of a table: there is nothing to animate")
    check_values(explorer, rows=len(asked.codes))
    made = await finished(explorer.decode(explorer.codes(asked.codes)))
    file = await apart(
        lambda: animate(
            made, milliseconds=asked.milliseconds, scale=asked.scale, bounce=asked.bounce
        ),
        slow=slow,
    )
    return Response(file, media_type="image/gif")


def _code(explorer: Explorer, place: Place) -> NDArray[np.float64]:
    """The code (D,) of a place that was sent."""
    return explorer.place(place.row, place.label, place.code).astype(np.float64)


def _row_make(explorer: Explorer, asked: EncodeRequest) -> int | NDArray[np.float32]:
    """The number of a row, or one (F,) in units of the data, NaN where a cell is missing."""
    shown = explorer.shown
    if asked.row is not None:
        return asked.row
    if asked.pixels is not None:
        pixels = np.array(asked.pixels, dtype=np.uint8)
        if shown.display.is_image and pixels.size == len(shown.display.gain):
            channels, height, width = shown.display.shape
            pixels = pixels.reshape(height, width, channels)
        return shown.display.from_bytes(pixels)
    cells = np.array([np.nan if cell is None else cell for cell in asked.cells or ()], np.float32)
    if shown.display.is_image or cells.shape != shown.display.shape:
        image = shown.display.is_image
        wanted = "pixels" if image else f"{len(shown.display.gain)} cells"
        raise DataError(f"expected {wanted} for a row of this run, got {len(cells)} cells")
    return cells
