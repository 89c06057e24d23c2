"""Routes that compute: decode, encode, walk."""

from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Body, Query, Response
from numpy.typing import NDArray

from vaekit.errors import DataError
from vaekit.web.answers import CodeAnswer, Encoded, binary
from vaekit.web.asking import BYTES, ERRORS, Asked, Slow, apart, check_values, finished
from vaekit.web.explorer import Explorer
from vaekit.web.overview import encoded
from vaekit.web.pictures import animate, read_picture
from vaekit.web.requests import (
    ArithmeticRequest,
    BackgroundRequest,
    DecodeRequest,
    EncodeRequest,
    GifRequest,
    PathRequest,
    Place,
    SampleRequest,
    TraverseRequest,
)

__all__ = ["router"]

router = APIRouter(prefix="/api/runs/{run}", responses=ERRORS)
_GIF: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/gif": {"schema": {"type": "string", "format": "binary"}}}}
}
_FILES = ("image/png", "image/jpeg", "image/webp", "image/gif", "image/bmp")


@router.post("/decode", summary="Decode codes", response_class=Response, responses=BYTES)
async def _decode(explorer: Asked, asked: DecodeRequest) -> Response:
    check_values(explorer, rows=len(asked.codes))
    codes = explorer.codes(asked.codes)
    return binary(await finished(explorer.decode(codes, draw=asked.draw, seed=asked.seed)))


@router.post(
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


@router.post("/encode", summary="Encode a row, an image, or a row of a table with gaps")
async def _encode(explorer: Asked, asked: EncodeRequest) -> Encoded:
    row = _row(explorer, asked)
    told = await finished(explorer.tell(row, draws=asked.draws, seed=asked.seed))
    return encoded(told, reference=explorer.reference)


@router.post(
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


@router.post(
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


@router.post(
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


@router.post("/arithmetic", summary="The code a + scale (c - b)")
async def _arithmetic(explorer: Asked, asked: ArithmeticRequest) -> CodeAnswer:
    a, b, c = (_code(explorer, place) for place in (asked.a, asked.b, asked.c))
    return CodeAnswer(code=(a + asked.scale * (c - b)).tolist())


@router.post(
    "/sample", summary="Codes of the prior, float32 (count, D)", response_class=Response,
    responses=BYTES,
)  # fmt: skip
async def _sample(explorer: Asked, asked: SampleRequest) -> Response:
    codes = await finished(
        explorer.sample(count=asked.count, temperature=asked.temperature, seed=asked.seed)
    )
    return binary(codes)


@router.post(
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


def _row(explorer: Explorer, asked: EncodeRequest) -> int | NDArray[np.float32]:
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
