"""One thread that holds the processor for all requests, and joins those that can go together."""

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from vaekit.errors import VaekitError

__all__ = ["Busy", "Worker"]

Work = Callable[[list[Any]], Sequence[Any]]


class Busy(VaekitError):
    """More requests wait than are answered in reasonable time."""


@dataclass(kw_only=True, eq=False)
class _Job:
    """One request: what it asks for, and where the answer goes."""

    work: Work
    payload: Any
    size: int
    future: "Future[Any]" = field(default_factory=Future)


class Worker:
    """Requests in, answers out, all worked on by one thread.

    Random noise and the threads of a model belong to the process, so two requests must not
    compute at once. Requests that ask the same work and wait together are joined into one call of
    it: the more clients there are, the larger the batches.

    Args:
        waiting: requests that may wait; one more is refused.
        joined: sizes of joined requests sum up to at most this.

    Example:
        >>> worker = Worker()
        >>> worker.submit(lambda: 6 * 7).result()
        42
        >>> worker.close()
    """

    def __init__(self, *, waiting: int = 512, joined: int = 4096) -> None:
        self._waiting = waiting
        self._joined = joined
        self._jobs: deque[_Job] = deque()
        self._idle: deque[Iterator[object]] = deque()
        self._wake = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="vaekit-worker", daemon=True)
        self._thread.start()

    def submit(self, task: Callable[[], Any]) -> "Future[Any]":
        """Have something done on its own.

        Args:
            task: what.

        Returns:
            Where its result comes.
        """
        return self._add(_Job(work=lambda _: [task()], payload=None, size=self._joined))

    def join(self, work: Work, *, payload: object, size: int) -> "Future[Any]":
        """Have something done together with whatever else waits for the same work.

        Args:
            work: takes a list of payloads and gives as many answers; the same object for all
                that may be joined.
            payload: of this request.
            size: of the payload; sums of it are bounded.

        Returns:
            Where its answer comes.
        """
        return self._add(_Job(work=work, payload=payload, size=size))

    def whenever(self, steps: Iterator[object]) -> None:
        """Go through something in steps while nobody waits.

        Args:
            steps: each a short piece of work.
        """
        with self._wake:
            self._idle.append(steps)
            self._wake.notify()

    def close(self) -> None:
        """Stop after the request that is worked on; those that wait are cancelled."""
        with self._wake:
            self._closed = True
            jobs, self._jobs = list(self._jobs), deque()
            self._wake.notify()
        for job in jobs:
            job.future.cancel()
        self._thread.join()

    def _add(self, job: _Job) -> "Future[Any]":
        with self._wake:
            if self._closed or len(self._jobs) >= self._waiting:
                raise Busy("the server has too many requests waiting; try again in a moment")
            self._jobs.append(job)
            self._wake.notify()
        return job.future

    def _run(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._closed or self._jobs or self._idle)
                if self._closed:
                    return
                jobs = self._take()
            if jobs:
                _answer(jobs)
            elif self._idle and not _step(self._idle[0]):
                self._idle.popleft()

    def _take(self) -> list[_Job]:
        """The request that waits longest, and all others that can go with it."""
        if not self._jobs:
            return []
        first = self._jobs.popleft()
        taken, left, size = [first], deque[_Job](), first.size
        for job in self._jobs:
            fits = job.work is first.work and size + job.size <= self._joined
            (taken if fits else left).append(job)
            size += job.size if fits else 0
        self._jobs = left
        return [job for job in taken if job.future.set_running_or_notify_cancel()]


def _step(steps: Iterator[object]) -> bool:
    """Do one step; false when there is none left, or it went wrong."""
    try:
        next(steps)
    except StopIteration:
        return False
    except Exception:
        logging.getLogger(__name__).exception("work in the background stopped")
        return False
    return True


def _answer(jobs: list[_Job]) -> None:
    """Do the work of joined requests; what goes wrong is told to each of them."""
    try:
        answers = jobs[0].work([job.payload for job in jobs])
    except BaseException as error:
        for job in jobs:
            job.future.set_exception(error)
        return
    for job, answer in zip(jobs, answers, strict=True):
        job.future.set_result(answer)
