"""Serve the application: one worker thread batches the requests."""

import contextlib
import errno
import logging
import re
import secrets
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from vaekit.errors import ConfigError, VaekitError

if TYPE_CHECKING:
    import uvicorn

__all__ = ["Busy", "Worker", "address", "check_door", "listen", "make_server", "serve"]


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


_LOCAL = ("127.0.0.1", "localhost", "::1")
_TOKEN = r"[A-Za-z0-9_-]{16,200}"
_MOST_CONNECTIONS = 256
_PATIENCE = 3  # seconds for open requests when the server ends


def check_door(host: str, *, token: str | None) -> str | None:
    """Whether a server may listen there: other machines get in with a token only.

    Args:
        host: to listen on.
        token: what requests must carry; "auto" for a new one; none without.

    Returns:
        The token.

    Raises:
        ConfigError: another host than this machine without a token, or a token that is easy to
            guess.

    Example:
        >>> check_door("127.0.0.1", token=None) is None, len(check_door("0.0.0.0", token="auto"))
        (True, 32)
    """
    if token is None and host not in _LOCAL:
        raise ConfigError(
            f"--host {host}: other machines could reach this server; give --token auto as well, "
            "or a token of your own"
        )
    if token == "auto":
        return secrets.token_urlsafe(24)
    if token is not None and re.fullmatch(_TOKEN, token) is None:
        raise ConfigError(
            "--token: expected auto, or at least 16 letters, digits, underscores and hyphens"
        )
    return token


def listen(host: str, *, port: int) -> socket.socket:
    """Take a port.

    Args:
        host: a name or an address of this machine.
        port: 0 for any that is free.

    Returns:
        A socket that listens; who connects now waits for the server.

    Raises:
        ConfigError: the port is taken, or the host is not of this machine.
    """
    if not 0 <= port < 2**16:
        raise ConfigError(f"--port {port}: expected 0 to 65535, 0 for any that is free")
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        found = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError):
        raise ConfigError(f"--host {host}: there is no such host") from None
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(place)
        found.listen(128)
    except OSError as error:
        found.close()
        taken = error.errno == errno.EADDRINUSE
        why = "is taken; give another, or 0 for any that is free" if taken else error.strerror
        raise ConfigError(
            f"--host {host} --port {port}: {'the port ' if taken else ''}{why}"
        ) from None
    return found


def address(host: str, *, port: int, token: str | None) -> str:
    """What to open in a browser.

    Args:
        host: that the server listens on.
        port: the same.
        token: that it asks for.

    Returns:
        The address, with the token.

    Example:
        >>> address("::1", port=80, token=None)
        'http://[::1]:80/'
    """
    name = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    name = f"[{name}]" if ":" in name else name
    return f"http://{name}:{port}/" + (f"?token={token}" if token else "")


def serve(app: Callable[..., Any], *, listening: socket.socket) -> None:
    """Answer requests until Ctrl-C.

    Args:
        app: as ``guarded`` gives it.
        listening: as ``listen`` gives it.
    """
    # uvicorn ends in order, and then hands the Ctrl-C on
    with contextlib.suppress(KeyboardInterrupt):
        make_server(app).run(sockets=[listening])


def make_server(app: Callable[..., Any]) -> "uvicorn.Server":
    """Make a server that says nothing of itself and is patient with open requests for a moment.

    Args:
        app: as ``guarded`` gives it.

    Returns:
        The server, which does not run yet.
    """
    import uvicorn

    return uvicorn.Server(
        uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            server_header=False,
            ws="none",
            lifespan="on",
            limit_concurrency=_MOST_CONNECTIONS,
            timeout_graceful_shutdown=_PATIENCE,
        )
    )
