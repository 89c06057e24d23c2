"""Slow and silent clients on real sockets, whose connections end while others are answered."""

import contextlib
import socket
import time

import pytest

from vaekit.web import ConnectionTimer, listen

QUICK = {"wait_seconds": 1.0, "stall_seconds": 2.0}
REQUEST = b"GET /api/runs HTTP/1.1\r\nHost: 127.0.0.1\r\n"


@pytest.fixture
def quick(shown, serving):
    with serving([shown["digits"]], timer=ConnectionTimer(**QUICK)) as found:
        yield found


def connect(server):
    where = server.client.base_url.host, server.client.base_url.port
    return socket.create_connection(where, timeout=10)


def ends(line):
    """Return once the server has closed a connection; fails after 10 seconds of silence."""
    with contextlib.suppress(ConnectionResetError):
        while line.recv(4096):
            pass
    return True


def test_a_request_that_does_not_come_is_not_waited_for(quick):
    """Neither silence nor headers that drip hold a connection, be it the first request or not."""
    with connect(quick) as silent, connect(quick) as drip, connect(quick) as second:
        drip.sendall(REQUEST)
        second.sendall(REQUEST + b"\r\n")
        assert second.recv(12) == b"HTTP/1.1 200"
        second.sendall(b"G")  # ends uvicorn's own limit of idle connections
        began = time.monotonic()
        with contextlib.suppress(OSError):
            while time.monotonic() - began < 9:
                drip.sendall(b"X-More: 1\r\n")
                time.sleep(0.1)
        assert time.monotonic() - began < 5
        assert ends(silent)
        assert ends(second)
        assert time.monotonic() - began < 5


def test_a_connection_in_use_stays_open(quick):
    for _ in range(4):
        assert quick.client.get("api/runs").status_code == 200
        (connection,) = quick.client._transport._pool.connections
        time.sleep(0.5)
        assert not connection.is_closed()


@pytest.mark.slow
def test_a_response_that_nobody_reads_is_given_up(quick):
    with connect(quick) as line:
        line.sendall((REQUEST.replace(b"runs", b"runs/0/codes") + b"\r\n") * 1500)  # 43 MB
        time.sleep(5)
        received = 0
        with contextlib.suppress(ConnectionResetError):
            while block := line.recv(2**20):
                received += len(block)
        assert received < 40_000_000


def test_silent_connections_lock_nobody_out(shown, serving):
    """More of them than requests are answered at once; all are closed soon."""
    timer = ConnectionTimer(wait_seconds=10)
    with serving([shown["digits"]], timer=timer) as found, contextlib.ExitStack() as stack:
        lines = [stack.enter_context(connect(found)) for _ in range(300)]
        began = time.monotonic()
        assert found.client.get("api/runs").status_code == 200
        assert time.monotonic() - began < 1
        assert all(ends(line) for line in lines[:200])
        assert time.monotonic() - began < 6


def test_slow_bodies_leave_room_for_reading(shown, serving):
    with serving([shown["digits"]], body_timeout=3.0) as found, contextlib.ExitStack() as stack:
        start = b"POST /api/runs/0/decode HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\n{"
        lines = [stack.enter_context(connect(found)) for _ in range(150)]
        for line in lines:
            line.sendall(start)
        assert found.client.get("api/runs").status_code == 200
        assert found.client.post("api/runs/0/sample", json={}).status_code == 503
        answers = [line.recv(12)[-3:] for line in lines]
        assert answers.count(b"408") == 128
        assert answers.count(b"503") == 22
        assert found.client.post("api/runs/0/sample", json={}).status_code == 200


def test_a_response_waits_for_no_acknowledgement(shown, serving):
    """On a connection that stays open, Nagle's algorithm would hold each back for 40 ms."""
    with listen("127.0.0.1", port=0) as listening:
        with socket.create_connection(listening.getsockname()), listening.accept()[0] as accepted:
            assert accepted.proto == socket.IPPROTO_TCP  # for which asyncio sets TCP_NODELAY
    with serving([shown["digits"]]) as found:
        seconds = []
        for _ in range(20):
            began = time.monotonic()
            found.client.post("api/runs/0/sample", json={}).raise_for_status()
            seconds.append(time.monotonic() - began)
        assert min(seconds) < 0.035
