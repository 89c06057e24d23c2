"""A server for the application: where it listens, and how it ends."""

import contextlib
import errno
import re
import secrets
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from vaekit.errors import ConfigError

if TYPE_CHECKING:
    import uvicorn

__all__ = ["address", "check_door", "listen", "make_server", "serve"]

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
