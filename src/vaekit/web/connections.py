"""Close connections that send no request in time, or do not read their response."""

import time
from asyncio import Transport
from collections.abc import Collection, Hashable
from dataclasses import dataclass, field
from typing import Any, Protocol
from weakref import WeakKeyDictionary

__all__ = ["Connection", "ConnectionTimer"]


class Connection(Protocol, Hashable):
    """What uvicorn keeps of a connection."""

    transport: Transport
    """The socket."""
    cycle: Any
    """The last request and its response, with ``response_complete``; None before the first."""


@dataclass(kw_only=True, eq=False)
class ConnectionTimer:
    """Deadlines of open connections.

    A connection is closed

    - when it has been open, or its last response was complete, for ``wait_seconds`` and the
      headers of a request have not arrived whole,
    - after a tenth of that while more than ``most`` connections are open,
    - when it has read nothing of a response for ``stall_seconds``.
    """

    wait_seconds: float = 10.0
    """Time for the headers of a request."""
    stall_seconds: float = 30.0
    """Time without progress of a response."""
    most: int = 128
    """Open connections above which idle ones are closed earlier."""
    _seen: WeakKeyDictionary[Connection, tuple[object, float]] = field(
        default_factory=WeakKeyDictionary
    )
    """State of each connection, and since when it is in that state."""

    def close_expired(
        self, connections: Collection[Connection], *, now: float | None = None
    ) -> int:
        """Close the connections whose time is over.

        Args:
            connections: all that are open.
            now: monotonic time in seconds.

        Returns:
            How many were closed.
        """
        now = time.monotonic() if now is None else now
        crowded = len(connections) > self.most
        closed = 0
        for connection in list(connections):
            cycle, unsent = connection.cycle, connection.transport.get_write_buffer_size()
            idle = cycle is None or cycle.response_complete
            state = id(cycle), idle, unsent
            before, since = self._seen.get(connection, (None, now))
            if state != before:
                self._seen[connection] = state, now
            elif unsent and now - since >= self.stall_seconds:
                connection.transport.abort()
                closed += 1
            elif idle and not unsent and now - since >= self._patience(crowded=crowded):
                connection.transport.close()
                closed += 1
        return closed

    def _patience(self, *, crowded: bool) -> float:
        return self.wait_seconds / 10 if crowded else self.wait_seconds
