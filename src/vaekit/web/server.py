"""The network side of the explorer: access control, request limits, sockets and uvicorn."""

import asyncio
import contextlib
import errno
import hmac
import html
import re
import secrets
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import parse_qs

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vaekit.errors import ConfigError
from vaekit.web.connections import Connection, ConnectionTimer
from vaekit.web.schemas import LIMITS

if TYPE_CHECKING:
    import uvicorn

__all__ = [
    "PAGE_POLICY",
    "SecurityMiddleware",
    "listen",
    "make_server",
    "page_url",
    "resolve_token",
    "serve",
    "sign_in_file",
]


_COOKIE = "vaekit_token"
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_ANY_ADDRESS = {"0.0.0.0", "::"}
_TOKEN = r"[A-Za-z0-9_-]{16,200}"
_MAX_REQUESTS = 256  # answered at the same time; half as many may send their bodies
_DISCARDED_BYTES = 2**16  # read of a refused request
_DISCARD_SECONDS = 0.25
_SIGN_IN = "/sign-in"
_SHUTDOWN_SECONDS = 3  # for open requests
PAGE_POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'"
)
"""Content security policy of the page, also in a static export."""

_HEADERS = {
    "content-security-policy": f"{PAGE_POLICY}; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-store",
}


class SecurityMiddleware:
    """ASGI middleware that restricts access and adds security headers.

    A request is refused

    - with 421 if its ``Host`` is not the host that the server is bound to, which defeats DNS
      rebinding,
    - with 403 if its ``Origin`` or ``Sec-Fetch-Site`` is another site; a link to the page is not,
    - with 401 without the token, where one is required,
    - with 400 if it has both ``Content-Length`` and ``Transfer-Encoding``, on whose meaning a
      proxy and this server could differ,
    - with 408 or 413 if its body arrives too slowly or is too large; a body whose declared length
      is too large is not read,
    - with 503 if too many requests are answered, or send their bodies, at the same time.

    Args:
        app: the application.
        host: host that the server is bound to; "0.0.0.0" and "::" accept any ``Host``.
        token: token that a request must carry in a header or a cookie; none without.
        body_timeout: seconds in which the body of a request must arrive.
        on_sign_in: called when a browser has sent the token in the form of ``sign_in_file``.

    Source:
        OWASP cheat sheets on HTTP headers and on cross-site request forgery.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        host: str = "127.0.0.1",
        token: str | None = None,
        body_timeout: float = 30.0,
        on_sign_in: Callable[[], object] = lambda: None,
    ) -> None:
        self.app = app
        self._on_sign_in = on_sign_in
        self._requests = self._uploads = 0
        self._hosts = None if host in _ANY_ADDRESS else _LOOPBACK | {host.lower()}
        self._token = token
        self._body_timeout = body_timeout

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            await self._http(Request(scope, receive), _with_headers(send))
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _http(self, request: Request, send: Send) -> None:
        refusal = self._check_access(request)
        if refusal is None and self._requests >= _MAX_REQUESTS:
            refusal = _refuse(503, "too many requests wait; try again")
        if refusal is not None:
            await _discard_body(request)
            await refusal(request.scope, request.receive, send)
            return
        self._requests += 1
        try:
            answer = await self._receive_body(request)
            if isinstance(answer, bytes) and _is_sign_in(request):
                answer = self._sign_in_by_form(answer)
            if isinstance(answer, bytes):
                await self.app(request.scope, _replay(answer, request.receive), send)
            elif answer is not None:
                await answer(request.scope, request.receive, send)
        finally:
            self._requests -= 1

    async def _receive_body(self, request: Request) -> bytes | Response | None:
        """Return the body of a request, or a refusal; None where the client has gone."""
        declared = {"content-length", "transfer-encoding"} & set(request.headers.keys())
        if not declared:
            return b""
        if len(declared) > 1:
            return _refuse(400, "expected Content-Length or Transfer-Encoding; got both")
        if self._uploads >= _MAX_REQUESTS // 2:
            await _discard_body(request)
            return _refuse(503, "too many requests wait; try again")
        upload = request.url.path.endswith("/image")
        limit = LIMITS.upload_bytes if upload else LIMITS.body_bytes
        self._uploads += 1
        try:
            return await asyncio.wait_for(_read_body(request, limit=limit), self._body_timeout)
        except TimeoutError:
            return _refuse(408, "the body did not arrive in time")
        except _TooLargeError:
            return _refuse(413, f"the body is too large: {limit:,} bytes are the most")
        except ClientDisconnect:
            return None
        finally:
            self._uploads -= 1

    def _check_access(self, request: Request) -> Response | None:
        """Check the host, the origin and the token of a request."""
        host = request.headers.get("host", "")
        name = _host_name(host)
        if name is None or (self._hosts is not None and name not in self._hosts):
            return _refuse(421, "this server answers only under the address that it printed")
        if self._token is not None and _is_sign_in(request):
            return None  # comes from a file; the token is in the body
        if _is_foreign(request, host=host):
            return _refuse(403, "requests from pages of other sites are refused")
        if self._token is None:
            return None
        if request.url.path == "/" and "token" in request.query_params:
            return self._sign_in(request.query_params["token"])
        if not self._carries_token(request):
            return _refuse(401, "this server needs a token: open the address that it printed")
        return None

    def _sign_in(self, given: str) -> Response:
        """Move the token from the address to a cookie."""
        if not self._is_token(given):
            return _refuse(401, "this is not the token of this server")
        return _with_cookie(RedirectResponse("./", 303), token=given)

    def _sign_in_by_form(self, body: bytes) -> Response:
        """Move the token from a form to a cookie."""
        given = parse_qs(body.decode("ascii", "replace")).get("token", [""])[0]
        if not self._is_token(given):
            return _refuse(401, "this is not the token of this server")
        self._on_sign_in()
        # A redirection would still count as coming from the file, which gets no strict cookie.
        page = '<!doctype html><meta http-equiv="refresh" content="0; url=./">'
        return _with_cookie(HTMLResponse(page), token=given)

    def _carries_token(self, request: Request) -> bool:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        bearer = scheme.lower() == "bearer" and self._is_token(given.strip())
        return bearer or self._is_token(request.cookies.get(_COOKIE, ""))

    def _is_token(self, given: str) -> bool:
        """Compare with the token in constant time."""
        return hmac.compare_digest(given.encode(), (self._token or "").encode())


def _is_sign_in(request: Request) -> bool:
    return request.method == "POST" and request.url.path == _SIGN_IN


def _is_foreign(request: Request, *, host: str) -> bool:
    """Return whether a request comes from a page of another site; links to the page may."""
    headers = request.headers
    origin = headers.get("origin")
    if origin is not None and origin.partition("://")[2].lower() != host.lower():
        return True
    if headers.get("sec-fetch-site", "none") in ("same-origin", "none"):
        return False
    linked = headers.get("sec-fetch-mode"), headers.get("sec-fetch-dest")
    return linked != ("navigate", "document") or (request.method, request.url.path) != ("GET", "/")


def _with_cookie(response: Response, *, token: str) -> Response:
    response.set_cookie(_COOKIE, token, httponly=True, samesite="strict")
    return response


class _TooLargeError(Exception):
    """The body of a request exceeds its limit."""


def _host_name(host: str) -> str | None:
    """Return the name in a Host header without its port; none where it is malformed."""
    found = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?", host)
    return None if found is None else found[1].strip("[]").lower()


async def _read_body(request: Request, *, limit: int) -> bytes:
    """Read the body of a request, up to a limit."""
    length = request.headers.get("content-length", "0")
    if not length.isdecimal() or int(length[:20]) > limit:
        raise _TooLargeError
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > limit:
            raise _TooLargeError
    return bytes(body)


async def _discard_body(request: Request) -> None:
    """Read a short body that arrives soon: closing a socket with unread bytes resets it."""
    with contextlib.suppress(TimeoutError, ClientDisconnect, _TooLargeError):
        await asyncio.wait_for(_read_body(request, limit=_DISCARDED_BYTES), _DISCARD_SECONDS)


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return a ``receive`` that gives a body that was read already, and then the original's."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return messages.pop() if messages else await receive()

    return replay


def _with_headers(send: Send) -> Send:
    """Return a ``send`` that adds the security headers that a response lacks."""

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return send_with_headers


def _refuse(status: int, reason: str) -> Response:
    """Return an error that closes the connection, as its body may not have been read."""
    headers = {"connection": "close"}
    if status == 401:
        headers["www-authenticate"] = "Bearer"
    return JSONResponse({"error": reason}, status, headers)


def resolve_token(host: str, *, token: str | None) -> str | None:
    """Check that a host may be listened on with a token, and generate the token for "auto".

    Args:
        host: to listen on; any but a loopback address requires a token.
        token: what requests must carry; "auto" for a new one; none without.

    Returns:
        The token.

    Raises:
        ConfigError: other machines can reach the host and there is no token, or the token is easy
            to guess.

    Example:
        >>> resolve_token("127.0.0.1", token=None) is None
        True
        >>> len(resolve_token("0.0.0.0", token="auto"))
        32
    """
    if token is None and host not in _LOOPBACK:
        raise ConfigError(
            f"--host {host}: other machines could reach this server; give --token auto as well, "
            "or a token of your own in the environment variable VAEKIT_TOKEN"
        )
    if token == "auto":
        return secrets.token_urlsafe(24)
    if token is not None and re.fullmatch(_TOKEN, token) is None:
        raise ConfigError(
            "--token or VAEKIT_TOKEN: expected auto, or at least 16 letters, digits, underscores "
            "and hyphens"
        )
    return token


def listen(host: str, *, port: int) -> socket.socket:
    """Open a listening socket.

    Args:
        host: a name or an address of this machine.
        port: from 0 to 65535; 0 for any free port.

    Returns:
        The socket; clients that connect before the server runs are queued.

    Raises:
        ConfigError: the port is in use, or the host is not of this machine.
    """
    if not 0 <= port < 2**16:
        raise ConfigError(f"--port {port}: expected 0 to 65535, 0 for any that is free")
    try:
        family, *_, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError):
        raise ConfigError(f"--host {host}: there is no such host") from None
    dual = family == socket.AF_INET6 and socket.has_dualstack_ipv6()
    try:
        made = socket.create_server(address, family=family, backlog=128, dualstack_ipv6=dual)
    except OSError as error:
        reason = error.strerror
        if error.errno == errno.EADDRINUSE:
            reason = "the port is taken; give another, or 0 for any that is free"
        raise ConfigError(f"--host {host} --port {port}: {reason}") from None
    # asyncio sets TCP_NODELAY only where the protocol is named, and without it each response on a
    # connection that stays open waits 40 ms for the acknowledgement of the one before
    return socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP, fileno=made.detach())


def page_url(host: str, *, port: int, token: str | None) -> str:
    """Return the address to open in a browser.

    Args:
        host: that the server listens on.
        port: that the server listens on.
        token: that the server requires.

    Returns:
        The address, with the token.

    Example:
        >>> page_url("::1", port=80, token=None)
        'http://[::1]:80/'
    """
    name = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    name = f"[{name}]" if ":" in name else name
    return f"http://{name}:{port}/" + (f"?token={token}" if token else "")


@contextlib.contextmanager
def sign_in_file(url: str, *, token: str) -> Iterator[Path]:
    """Write a page that sends the token to the server, and remove it afterwards.

    The command line of a browser can be read by every user of a machine, and this file only by
    its owner.

    Args:
        url: of the server, without the token.
        token: that the server requires.

    Yields:
        The file to open in a browser; it may be removed before.
    """
    with tempfile.TemporaryDirectory(prefix="vaekit-", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "explore.html"
        path.touch(mode=0o600)
        path.write_text(
            '<!doctype html><html lang="en"><meta charset="utf-8"><title>vaekit explore</title>'
            f'<form method="post" action="{html.escape(url.rstrip("/") + _SIGN_IN)}">'
            f'<input type="hidden" name="token" value="{html.escape(token)}">'
            "<button>Open the explorer</button></form>"
            "<script>document.forms[0].submit()</script></html>",
            encoding="utf-8",
        )
        yield path


def make_server(app: ASGIApp, *, timer: ConnectionTimer | None = None) -> "uvicorn.Server":
    """Return a uvicorn server that logs no requests and finishes open ones before it stops.

    Args:
        app: the application, in its ``SecurityMiddleware``.
        timer: deadlines of connections, checked once a second.

    Returns:
        The server, not yet running.
    """
    import uvicorn

    timer = timer or ConnectionTimer()

    async def close_expired() -> None:
        timer.close_expired(cast("set[Connection]", server.server_state.connections))

    server = uvicorn.Server(
        uvicorn.Config(
            app,
            http="h11",
            log_level="warning",
            access_log=False,
            server_header=False,
            ws="none",
            lifespan="on",
            callback_notify=close_expired,
            timeout_notify=1,
            timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
        )
    )
    return server


def serve(app: ASGIApp, *, listening: socket.socket) -> None:
    """Serve an application until SIGINT.

    Args:
        app: the application, in its ``SecurityMiddleware``.
        listening: as returned by ``listen``.
    """
    # uvicorn shuts down in order and raises the signal again
    with contextlib.suppress(KeyboardInterrupt):
        make_server(app).run(sockets=[listening])
