"""Access checks, request limits and security headers of the server."""

import asyncio
import hmac
import json
import re
from collections.abc import Awaitable, Callable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlsplit

__all__ = ["Guard"]


Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_COOKIE = "vaekit_token"
_LOCAL = {"127.0.0.1", "localhost", "::1"}
_POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-store",
}


class Guard:
    """An ASGI application around another one.

    Only requests to the host that the server is bound to come in, so that a name somewhere that
    is made to point here (DNS rebinding) reaches nothing; none that a page of another site sends;
    with a token only those who know it; and no body that is larger than is allowed, which is found
    out before it is read. Answers carry the headers that keep a browser from running what is not
    of the page.

    Args:
        app: what is guarded.
        host: that the server is bound to; "0.0.0.0" and "::" are reached by any name.
        token: that requests must carry in a header or a cookie; none without.
        limits: bytes of a body by the end of the path; "" for all others.
        patience: seconds in which a body has to arrive.

    Source:
        OWASP cheat sheets on HTTP headers and on cross-site request forgery.
    """

    def __init__(
        self,
        app: App,
        *,
        host: str,
        token: str | None,
        limits: MutableMapping[str, int],
        patience: float = 30.0,
    ) -> None:
        self.app = app
        self._hosts = None if host in ("0.0.0.0", "::") else _LOCAL | {host.lower()}
        self._token = token
        self._limits = limits
        self._patience = patience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or answer it here."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, _with_headers(send))
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        refused = self._refusal(scope, headers)
        if refused is not None:
            await _refuse(send, *refused)
            return
        if self._token and scope["path"] == "/" and b"token=" in scope["query_string"]:
            await self._sign_in(scope, send)
            return
        if self._token and not self._known(headers):
            await _refuse(send, 401, "this server needs a token: open the address that it printed")
            return
        most = self._most(scope["path"])
        try:
            reading = _body(receive, headers.get("content-length"), most=most)
            body = await asyncio.wait_for(reading, self._patience)
        except TimeoutError:
            await _refuse(send, 408, "the body did not arrive in time")
            return
        if body is None:
            await _refuse(send, 413, f"the body is too large: {most:,} bytes are the most")
            return
        await self.app(scope, _replay(body, receive), send)

    def _refusal(self, scope: Scope, headers: dict[str, str]) -> tuple[int, str] | None:
        """Status and reason, where a request may not come in whoever sends it."""
        host = headers.get("host", "")
        name = _host_name(host)
        if name is None or (self._hosts is not None and name not in self._hosts):
            return 421, "this server answers only under the address that it printed"
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            return 403, "requests from pages of other sites are refused"
        return None

    async def _sign_in(self, scope: Scope, send: Send) -> None:
        """Keep the token of the address in a cookie, and take it out of the address."""
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        if not self._same(given):
            await _refuse(send, 401, "this is not the token of this server")
            return
        cookie = f"{_COOKIE}={given}; Path=/; HttpOnly; SameSite=Strict"
        await _answer(send, 303, b"", {"location": "./", "set-cookie": cookie})

    def _known(self, headers: dict[str, str]) -> bool:
        """Whether a request carries the token."""
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self._same(given.strip()):
            return True
        try:
            cookies = SimpleCookie(headers.get("cookie", ""))
        except CookieError:
            return False
        return _COOKIE in cookies and self._same(cookies[_COOKIE].value)

    def _same(self, given: str) -> bool:
        """Compare with the token, in the same time wherever they differ."""
        return hmac.compare_digest(given.encode(), (self._token or "").encode())

    def _most(self, path: str) -> int:
        """Bytes that a body of this path may have."""
        return self._limits.get(path.rpartition("/")[2], self._limits[""])


def _host_name(host: str) -> str | None:
    """The name in a Host header, without its port; none where it is no host."""
    found = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?", host)
    return None if found is None else found[1].strip("[]").lower()


async def _body(receive: Receive, length: str | None, *, most: int) -> bytes | None:
    """The body of a request; none where it is larger than is allowed, of which little is read."""
    if length is not None and (not length.isdecimal() or int(length[:20]) > most):
        return None
    parts, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b""
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > most:
            return None
        more = message.get("more_body", False)
    return b"".join(parts)


def _replay(body: bytes, receive: Receive) -> Receive:
    """Give a body that was read once more, and then whatever comes."""
    waiting = [body]

    async def again() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return again


def _with_headers(send: Send) -> Send:
    """Add to every answer the headers that it does not have."""

    async def more(message: Message) -> None:
        if message["type"] == "http.response.start":
            there = {name.lower() for name, _ in message["headers"]}
            added = [(name.encode(), value.encode()) for name, value in _HEADERS.items()]
            message["headers"] = [
                *message["headers"], *(pair for pair in added if pair[0] not in there)
            ]  # fmt: skip
        await send(message)

    return more


async def _refuse(send: Send, status: int, reason: str) -> None:
    """Answer with an error, and end the connection: there may be a body that nobody reads."""
    extra = {"content-type": "application/json", "connection": "close"}
    if status == 401:
        extra["www-authenticate"] = "Bearer"
    await _answer(send, status, json.dumps({"error": reason}).encode(), extra)


async def _answer(send: Send, status: int, body: bytes, headers: dict[str, str]) -> None:
    lines = {**headers, "content-length": str(len(body))}
    pairs = [(name.encode(), value.encode()) for name, value in lines.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})
