"""What the routes have in common: which run is asked, and waiting for the worker."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import Annotated, Any, TypeVar

from anyio import CapacityLimiter, to_thread
from fastapi import Depends, HTTPException, Path, Request

from vaekit.errors import DataError
from vaekit.web.answers import ErrorAnswer
from vaekit.web.explorer import Explorer
from vaekit.web.requests import LIMITS

__all__ = ["BYTES", "ERRORS", "Asked", "Slow", "apart", "check_values", "finished"]

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
