"""Routes that show what is known of the runs."""

from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, HTTPException, Path, Query, Request, Response
from fastapi.responses import JSONResponse

from vaekit import __version__
from vaekit.errors import ConfigError
from vaekit.web.answers import (
    Overview,
    ReferenceAnswer,
    RowAnswer,
    RunName,
    Runs,
    Working,
    binary,
)
from vaekit.web.asking import BYTES, ERRORS, Asked, Slow, apart, check_values
from vaekit.web.explorer import Explorer
from vaekit.web.overview import overview, reference_answer, row_answer
from vaekit.web.planes import Plane
from vaekit.web.requests import LIMITS

__all__ = ["router"]

router = APIRouter(prefix="/api", responses=ERRORS)

PlaneId = Annotated[str, Query(max_length=40, description="pca, tsne, line, or dims:A,B")]
_WORKING: dict[int | str, dict[str, Any]] = {
    202: {"model": Working, "description": "Being computed: ask again."}
}


@router.get("/runs", summary="The runs of this server")
async def _runs(request: Request) -> Runs:
    shown = [explorer.shown for explorer in request.app.state.explorers]
    names = [
        RunName(index=index, name=each.run.config.name, folder=each.run.folder.path.resolve().name)
        for index, each in enumerate(shown)
    ]
    return Runs(version=__version__, runs=names, limits=LIMITS)


@router.get("/runs/{run}", summary="A run")
async def _run(run: int, explorer: Asked) -> Overview:
    return overview(explorer, index=run)


@router.get(
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


@router.get(
    "/runs/{run}/map/rows", summary="Which rows the points of a plane are, int32 (n,)",
    response_class=Response, responses=BYTES,
)  # fmt: skip
async def _map_rows(explorer: Asked, plane: PlaneId) -> Response:
    if plane == "tsne":
        return binary(explorer.neighbours.places.astype(np.int32))
    return binary(np.arange(len(_known(explorer, plane).points), dtype=np.int32))


@router.get(
    "/runs/{run}/codes", summary="Posterior means, float32 (N, D)",
    response_class=Response, responses=BYTES,
)  # fmt: skip
async def _codes(explorer: Asked) -> Response:
    return binary(explorer.shown.codes.mean.astype(np.float32))


@router.get(
    "/runs/{run}/spread", summary="Posterior standard deviations, float32 (N, D)",
    response_class=Response, responses=BYTES,
)  # fmt: skip
async def _spread(explorer: Asked) -> Response:
    return binary(np.sqrt(explorer.shown.codes.variance).astype(np.float32))


@router.get(
    "/runs/{run}/labels", summary="Labels of the rows, int32 (N,), -1 for none",
    response_class=Response, responses=BYTES,
)  # fmt: skip
async def _labels(explorer: Asked) -> Response:
    labels, none = explorer.shown.labels, np.full(explorer.shown.rows, -1)
    return binary((none if labels is None else labels).astype(np.int32))


@router.get(
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


@router.get("/runs/{run}/rows/{row}", summary="A row")
async def _row(
    explorer: Asked, row: Annotated[int, Path(ge=0, lt=2**31, description="From 0 to N - 1")]
) -> RowAnswer:
    if row >= explorer.shown.rows:
        raise HTTPException(404, f"no row {row}; there are 0 to {explorer.shown.rows - 1}")
    return row_answer(explorer.shown, row=row)


@router.get("/runs/{run}/reference", summary="Log-likelihoods of rows of the split")
async def _reference(explorer: Asked) -> ReferenceAnswer:
    return reference_answer(explorer.reference)


def _known(explorer: Explorer, plane: str) -> Plane:
    """A plane, or that there is none."""
    try:
        return explorer.plane(plane)
    except ConfigError as error:
        raise HTTPException(404, str(error)) from None
