"""Who may come in, and what every answer carries."""

import re
import socket
from http.cookiejar import DefaultCookiePolicy

import httpx
import pytest

from vaekit.errors import ConfigError
from vaekit.web import listen, page_url, resolve_token, sign_in_file

TOKEN = "t" * 20


@pytest.fixture(scope="module")
def locked(shown, serving):
    with serving([shown["cancer"]], token=TOKEN) as found:
        yield found


@pytest.fixture(scope="module")
def wide(shown, serving):
    """As if it were bound to all addresses of the machine."""
    with serving([shown["cancer"]], token=TOKEN, host="0.0.0.0") as found:
        yield found


@pytest.fixture(scope="module")
def bare():
    """A client that remembers no cookies."""
    with httpx.Client(verify=False) as client:
        client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        yield client


@pytest.mark.parametrize(
    "path", ["", "js/app.js", "api", "api/runs", "api/runs/0/codes", "nothing", "openapi.json"]
)
def test_every_answer_carries_the_headers(path, server):
    headers = server.client.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "access-control-allow-origin" not in headers
    assert "server" not in headers


def test_refusals_carry_them_too(server, locked):
    for answer in (
        server.client.get("api/runs", headers={"host": "evil.example"}),
        locked.client.get("api/runs"),
        server.client.post("api/runs/0/decode", content=bytes(2**21)),
    ):
        assert answer.status_code in (401, 413, 421)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'self'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("localhost:8421", 200),
        ("LOCALHOST", 200),
        ("[::1]:80", 200),
        ("evil.example", 421),
        ("evil.example:8421", 421),
        ("127.0.0.1.evil.example", 421),
        ("localhost.evil.example", 421),
        ("127.0.0.1@evil.example", 421),
        ("", 421),
        ("a b", 421),
    ],
)
def test_only_the_own_host_is_answered(host, status, server):
    assert server.client.get("api/runs", headers={"host": host}).status_code == status


@pytest.mark.parametrize(
    ("origin", "status"),
    [("http://evil.example", 403), ("null", 403), ("http://127.0.0.1:1", 403), (None, 200)],
)
def test_pages_of_other_sites_are_refused(origin, status, server):
    headers = {} if origin is None else {"origin": origin}
    answer = server.client.post("api/runs/1/sample", json={}, headers=headers)
    assert answer.status_code == status


def test_the_own_page_is_not(server):
    answer = server.client.post(
        "api/runs/1/sample", json={}, headers={"origin": server.url.rstrip("/")}
    )
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer wrong"},
        {"authorization": "Bearer"},
        {"authorization": f"Basic {TOKEN}"},
        {"authorization": f"Bearer {TOKEN}x"},
        {"cookie": "vaekit_token=wrong"},
        {"cookie": f"other={TOKEN}"},
        {"cookie": "vaekit_token=ü"},
        {"cookie": ";;;=;"},
    ],
)
@pytest.mark.parametrize("path", ["", "api/runs", "js/app.js", "openapi.json", "nothing"])
def test_nothing_is_answered_without_the_token(headers, path, locked, bare):
    sent = {name: value.encode() for name, value in headers.items()}
    answer = bare.get(locked.url + path, headers=sent)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "token" in answer.json()["error"]


def test_a_program_sends_the_token_in_a_header(locked, bare):
    sent = {"authorization": f"Bearer {TOKEN}"}
    assert bare.get(locked.url + "api/runs", headers=sent).status_code == 200


def test_a_browser_gets_a_cookie_and_an_address_without_the_token(locked, bare):
    answer = bare.get(f"{locked.url}?token={TOKEN}")
    assert (answer.status_code, answer.headers["location"]) == (303, "./")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()
    sent = {"cookie": cookie.partition(";")[0]}
    assert bare.get(locked.url, headers=sent).status_code == 200
    assert bare.get(f"{locked.url}?token=wrong", headers=sent).status_code == 401
    assert bare.get(f"{locked.url}api/runs?token={TOKEN}").status_code == 401


NAVIGATION = {"sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("site", "status"),
    [("cross-site", 403), ("same-site", 403), ("odd", 403), ("same-origin", 200), ("none", 200)],
)
def test_what_a_browser_says_of_the_asking_page_is_heeded(method, site, status, server):
    path = "api/runs" if method == "GET" else "api/runs/1/sample"
    body = None if method == "GET" else {}
    headers = {"sec-fetch-site": site}
    answer = server.client.request(method, path, json=body, headers=headers)
    assert answer.status_code == status
    linked = server.client.request(method, path, json=body, headers=headers | NAVIGATION)
    assert linked.status_code == status


def test_a_link_on_another_page_leads_to_the_explorer(server):
    headers = {"sec-fetch-site": "cross-site", **NAVIGATION}
    assert server.client.get("", headers=headers).status_code == 200
    framed = headers | {"sec-fetch-dest": "iframe"}
    assert server.client.get("", headers=framed).status_code == 403


def test_the_token_is_given_by_a_file_that_only_its_owner_reads(shown, serving, bare):
    gone = []
    with serving([shown["cancer"]], token=TOKEN, on_sign_in=lambda: gone.append(1)) as found:
        with sign_in_file(found.url, token=TOKEN) as path:
            assert path.stat().st_mode & 0o077 == 0
            assert path.parent.stat().st_mode & 0o077 == 0
            form = path.read_text()
        assert not path.exists()
        action, token = (re.search(f'{name}="([^"]+)"', form)[1] for name in ("action", "value"))
        from_file = {"origin": "null", "sec-fetch-site": "cross-site", **NAVIGATION}
        wrong = bare.post(action, data={"token": "wrong"}, headers=from_file)
        assert (wrong.status_code, gone) == (401, [])
        assert bare.post(action, content=b"\xff", headers=from_file).status_code == 401
        answer = bare.post(action, data={"token": token}, headers=from_file)
        assert (answer.status_code, gone) == (200, [1])
        assert TOKEN not in answer.text
        assert "samesite=strict" in answer.headers["set-cookie"].lower()
        sent = {"cookie": answer.headers["set-cookie"].partition(";")[0]}
        assert bare.get(found.url, headers=sent).status_code == 200
        assert bare.get(action, headers=sent).status_code == 404


def test_two_lengths_of_one_body_are_refused(server):
    where = server.client.base_url.host, server.client.base_url.port
    with socket.create_connection(where, timeout=20) as line:
        line.sendall(
            b"POST /api/runs/0/decode HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 4\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
        )
        assert line.recv(100).startswith(b"HTTP/1.1 400")


def test_a_body_that_never_ends_is_not_waited_for(shown, serving):
    with (
        serving([shown["cancer"]], body_timeout=0.2) as found,
        socket.create_connection(
            (found.client.base_url.host, found.client.base_url.port), timeout=20
        ) as line,
    ):
        line.sendall(
            b"POST /api/runs/0/decode HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\n{"
        )
        assert line.recv(100).startswith(b"HTTP/1.1 408")


def test_a_server_for_all_addresses_goes_by_the_token_alone(wide, bare):
    sent = {"authorization": f"Bearer {TOKEN}", "host": "machine.example"}
    assert bare.get(wide.url + "api/runs", headers=sent).status_code == 200
    assert bare.get(wide.url + "api/runs", headers={"host": "x"}).status_code == 401


def test_another_host_needs_a_token():
    with pytest.raises(ConfigError, match="--token auto"):
        resolve_token("0.0.0.0", token=None)
    assert resolve_token("0.0.0.0", token=TOKEN) == TOKEN
    assert resolve_token("127.0.0.1", token=None) is None


@pytest.mark.parametrize("token", ["", "short", "x" * 15, "space " * 4, "a;b" * 8, "ü" * 20])
def test_a_token_is_hard_to_guess_and_fits_a_cookie(token):
    with pytest.raises(ConfigError, match="at least 16"):
        resolve_token("127.0.0.1", token=token)


def test_no_two_new_tokens_are_alike():
    first, second = (resolve_token("::", token="auto") for _ in range(2))
    assert first != second
    assert page_url("0.0.0.0", port=80, token=first) == f"http://127.0.0.1:80/?token={first}"


def test_a_port_that_is_taken_is_named():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(ConfigError, match=f"--port {port}: the port is taken"):
            listen("127.0.0.1", port=port)


@pytest.mark.parametrize(
    ("host", "port"), [("127.0.0.1", 70_000), ("no.such.host.invalid", 0), ("192.0.2.1", 0)]
)
def test_places_where_nobody_can_listen(host, port):
    with pytest.raises(ConfigError, match=r"--host|--port"):
        listen(host, port=port)
