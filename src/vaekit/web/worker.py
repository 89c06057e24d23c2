"""The thread on which all models compute, with dynamic batching of requests."""

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from vaekit.errors import VaekitError

__all__ = ["QueueFullError", "Worker"]


BatchFunction = Callable[[list[Any]], Sequence[Any]]


class QueueFullError(VaekitError):
    """The queue of requests is full."""


@dataclass(kw_only=True, eq=False)
class _Job:
    """A queued request and the future of its result."""

    function: BatchFunction
    payload: Any
    size: int
    future: "Future[Any]" = field(default_factory=Future)


class Worker:
    """A queue of requests that a single thread works off.

    The random number generator and the threads of a model belong to the process, so two requests
    must not compute at once. Queued requests for the same function are joined into one call of it:
    the more clients there are, the larger the batches.

    Args:
        max_queue: requests that may wait; further ones are refused.
        max_batch: bound of the summed sizes of the requests of a batch.

    Example:
        >>> worker = Worker()
        >>> worker.submit(lambda: 6 * 7).result()
        42
        >>> worker.close()
    """

    def __init__(self, *, max_queue: int = 512, max_batch: int = 4096) -> None:
        self._max_queue = max_queue
        self._max_batch = max_batch
        self._jobs: deque[_Job] = deque()
        self._idle_tasks: deque[Iterator[object]] = deque()
        self._wake = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="vaekit-worker", daemon=True)
        self._thread.start()

    def submit(self, function: Callable[[], Any]) -> "Future[Any]":
        """Queue a function that is called on its own.

        Args:
            function: takes no arguments.

        Returns:
            The future of its result.

        Raises:
            QueueFullError: too many requests wait, or the worker is closed.
        """
        return self.submit_batched(lambda _: [function()], payload=None, size=self._max_batch)

    def submit_batched(
        self, function: BatchFunction, *, payload: object, size: int
    ) -> "Future[Any]":
        """Queue a request that may be joined with others for an equal function.

        Args:
            function: maps a list of payloads to as many results.
            payload: of this request.
            size: of the payload.

        Returns:
            The future of its result.

        Raises:
            QueueFullError: too many requests wait, or the worker is closed.
        """
        job = _Job(function=function, payload=payload, size=size)
        with self._wake:
            if self._closed or len(self._jobs) >= self._max_queue:
                raise QueueFullError(
                    "the server has too many requests waiting; try again in a moment"
                )
            self._jobs.append(job)
            self._wake.notify()
        return job.future

    def run_when_idle(self, steps: Iterator[object]) -> None:
        """Advance an iterator while no request waits.

        Args:
            steps: each step is a short piece of work.
        """
        with self._wake:
            self._idle_tasks.append(steps)
            self._wake.notify()

    def close(self) -> None:
        """Stop after the current batch, and cancel the requests that wait."""
        with self._wake:
            self._closed = True
            jobs, self._jobs = self._jobs, deque()
            self._wake.notify()
        for job in jobs:
            job.future.cancel()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._closed or self._jobs or self._idle_tasks)
                if self._closed:
                    return
                batch = self._next_batch()
            if batch:
                _compute(batch)
            elif self._idle_tasks and not _advance(self._idle_tasks[0]):
                self._idle_tasks.popleft()

    def _next_batch(self) -> list[_Job]:
        """Remove the oldest request from the queue, and all that can be joined with it."""
        if not self._jobs:
            return []
        first = self._jobs.popleft()
        batch, remaining, size = [first], deque[_Job](), first.size
        for job in self._jobs:
            fits = job.function == first.function and size + job.size <= self._max_batch
            (batch if fits else remaining).append(job)
            size += job.size if fits else 0
        self._jobs = remaining
        return [job for job in batch if job.future.set_running_or_notify_cancel()]


def _advance(steps: Iterator[object]) -> bool:
    """Take one step; return False when there is none left or it fails."""
    try:
        next(steps)
    except StopIteration:
        return False
    except Exception:
        logging.getLogger(__name__).exception("a background task failed")
        return False
    return True


def _compute(batch: list[_Job]) -> None:
    """Call the function of a batch; an exception goes to every request in it."""
    try:
        results = batch[0].function([job.payload for job in batch])
    except BaseException as error:
        for job in batch:
            job.future.set_exception(error)
        return
    for job, result in zip(batch, results, strict=True):
        job.future.set_result(result)
