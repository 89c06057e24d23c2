"""What cannot be answered is refused with a sentence, and the server stays well."""

import contextlib
import io
import json
import struct
import zlib

import httpx
import pytest
from PIL import Image

ZERO = [0.0] * 4
MAP = "0/map?plane="


def chunk(kind, data):
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def bomb(width, height):
    """A PNG of a few kilobytes that would unpack to width times height bytes."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = zlib.compress(bytes(1_000_000), 9)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        chunk(kind, body) for kind, body in ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
    )


BODIES = {
    "too few numbers": (
        "0/decode",
        {"codes": [[0.0]]},
        "expected codes of 4 numbers, got one of 1",
    ),
    "codes of many lengths": ("0/decode", {"codes": [ZERO, [1.0]]}, "expected codes of 4 numbers"),
    "no codes": ("0/decode", {"codes": []}, "at least 1 item"),
    "too many codes": ("0/decode", {"codes": [[0]] * 4097}, "at most 4096 items"),
    "a huge number": ("0/decode", {"codes": [[1e30, 0, 0, 0]]}, "less than or equal to 1000"),
    "text for a number": ("0/decode", {"codes": [["1", 0, 0, 0]]}, "valid number"),
    "true for a number": ("0/decode", {"codes": [[True, 0, 0, 0]]}, "valid number"),
    "a number for codes": ("0/decode", {"codes": 3}, "valid list"),
    "an unknown field": ("0/decode", {"codes": [ZERO], "code": 1}, "Extra inputs"),
    "a negative seed": ("0/decode", {"codes": [ZERO], "seed": -1}, "greater than or equal to 0"),
    "no such row": ("0/encode", {"row": 100_000}, "no row 100000; there are 0 to 179"),
    "nothing to encode": ("0/encode", {}, "exactly one of row, pixels, cells; got 0"),
    "two things to encode": ("0/encode", {"row": 1, "pixels": [1]}, "exactly one"),
    "too few pixels": ("0/encode", {"pixels": [0] * 63}, "an image of 8 x 8 pixels"),
    "a pixel too bright": ("0/encode", {"pixels": [256] * 64}, "less than or equal to 255"),
    "half a pixel": ("0/encode", {"pixels": [0.5] * 64}, "valid integer"),
    "cells for an image": ("0/encode", {"cells": [1.0] * 64}, "expected pixels"),
    "pixels for a table": ("1/encode", {"pixels": [0] * 30}, "reads no images; send cells"),
    "too few cells": ("1/encode", {"cells": [1.0] * 29}, "expected 30 cells for a row of this run"),
    "too many draws": ("0/encode", {"row": 1, "draws": 65}, "less than or equal to 64"),
    "no such dimension": ("0/traverse", {"code": ZERO, "dims": [4]}, "dimensions from 0 to 3"),
    "no dimensions": ("0/traverse", {"code": ZERO, "dims": []}, "at least 1 item"),
    "one step": (
        "0/traverse",
        {"code": ZERO, "dims": [0], "steps": 1},
        "greater than or equal to 2",
    ),
    "no such plane": ("0/background", {"plane": "x", "extent": [0, 1, 0, 1]}, "no such plane"),
    "t-SNE backwards": ("0/background", {"plane": "tsne", "extent": [0, 1, 0, 1]}, "no such plane"),
    "a flat extent": ("0/background", {"plane": "pca", "extent": [1, 1, 0, 1]}, "smallest x"),
    "too many parts": (
        "0/background",
        {"plane": "pca", "extent": [0, 1, 0, 1], "side": 65},
        "equal to 64",
    ),
    "no such class": (
        "0/path",
        {"start": {"label": 10}, "end": {"row": 0}},
        "no row that is shown has the label",
    ),
    "an empty place": (
        "0/path",
        {"start": {}, "end": {"row": 0}},
        "exactly one of row, label, code",
    ),
    "an unknown path": (
        "0/path",
        {"start": {"row": 0}, "end": {"row": 1}, "path": "scenic"},
        "'linear'",
    ),
    "too many frames": (
        "0/path",
        {"start": {"row": 0}, "end": {"row": 1}, "frames": 241},
        "equal to 240",
    ),
    "arithmetic in words": ("0/arithmetic", {"a": "seven", "b": {}, "c": {}}, "body.a"),
    "no temperature": ("0/sample", {"temperature": -1}, "greater than or equal to 0"),
    "too many samples": ("0/sample", {"count": 2049}, "less than or equal to 2048"),
    "a GIF of one frame": ("0/gif", {"codes": [ZERO]}, "at least 2 items"),
    "a GIF of a table": ("1/gif", {"codes": [[0, 0]] * 2}, "nothing to animate"),
    "a GIF that is too large": (
        "0/gif",
        {"codes": [ZERO] * 240, "scale": 32, "bounce": True},
        None,
    ),
}


def is_refused(answer, status, words):
    assert answer.status_code == status, answer.text
    told = answer.json()
    assert list(told) == ["error"]
    assert words in told["error"]
    assert "Traceback" not in answer.text
    assert ".py" not in answer.text


@pytest.mark.parametrize("what", BODIES)
def test_values_that_cannot_be_used(what, server):
    where, body, words = BODIES[what]
    answer = server.post(where, **body)
    if words is None:
        assert answer.status_code == 200  # 240 frames of 256 x 256 dots are allowed
    else:
        is_refused(answer, 422, words)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_are_none(number, server):
    text = f'{{"codes": [[{number}, 0, 0, 0]]}}'
    answer = server.client.post(
        "api/runs/0/decode", content=text, headers={"content-type": "application/json"}
    )
    is_refused(answer, 422, "body.codes.0.0")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b'{"codes": [[0', "application/json"),
        (b"\xff\xfe", "application/json"),
        (b"[" * 20_000, "application/json"),
        (b"codes=1", "application/x-www-form-urlencoded"),
        (b'{"codes": [[0, 0, 0, 0]]}', "text/plain"),
        (b"", "application/json"),
    ],
)
def test_bodies_that_are_no_json(content, kind, server):
    answer = server.client.post(
        "api/runs/0/decode", content=content, headers={"content-type": kind}
    )
    assert answer.status_code in (400, 422), answer.text
    assert list(answer.json()) == ["error"]


@pytest.mark.parametrize(
    ("where", "status"),
    [
        ("9", 404),
        ("-1", 422),
        ("x", 422),
        ("9" * 5000, 422),
        ("0/rows/180", 404),
        ("0/rows/-1", 422),
        ("0/rows?start=-1", 422),
        ("0/rows?count=2049", 422),
        ("0/rows?count=1e9", 422),
        ("0/map", 422),
        (MAP + "dims:0,0", 404),
        (MAP + "dims:0,4", 404),
        (MAP + "dims:0", 404),
        (MAP + "dims:0,1,2", 404),
        (MAP + "dims:0,-1", 404),
        (MAP + "dims:0,999999999999", 404),
        (MAP + "dims:٣,1", 404),
        (MAP + "x" * 41, 422),
        (MAP + "../../etc/passwd", 404),
    ],
)
def test_addresses_of_nothing(where, status, server):
    is_refused(server.get(where), status, "")


@pytest.mark.parametrize(
    "path",
    [
        "/nothing.html", "/.hidden.js", "/notes.py", "/js", "/js/", "/api/", "/api/runs/0/",
        "/../conftest.py", "/..%2f..%2fconftest.py", "/js/..%2f.hidden.js", "/%2e%2e/notes.py",
        "/js/%00app.js", "//etc/passwd", "/js\\app.js", "/C:/notes.py", "/docs", "/redoc",
    ],
)  # fmt: skip
def test_files_that_are_not_of_the_page(path, server):
    answer = server.client.get(server.client.base_url.copy_with(raw_path=path.encode()))
    is_refused(answer, 404, "")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods(method, server):
    assert server.client.request(method, "api/runs/0/decode").status_code == 405


def upload(server, data, run="0"):
    return server.client.post(
        f"api/runs/{run}/image", content=data, headers={"content-type": "image/png"}
    )


def test_a_bomb_is_not_unpacked(server):
    is_refused(upload(server, bomb(30_000, 30_000)), 422, "pixels")
    is_refused(upload(server, bomb(5000, 5000)), 422, "16,777,216 are the most")


def whole_picture():
    file = io.BytesIO()
    Image.effect_noise((64, 64), 50).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(
    "data",
    [b"", b"GIF89a", b"not an image", bomb(100, 20_000), whole_picture()[:200], b"\x00" * 4000,
     b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.4\n", b"%!PS-Adobe-3.0 EPSF-3.0\n"],
)  # fmt: skip
def test_files_that_are_no_image(data, server):
    answer = upload(server, data)
    is_refused(answer, 422, "")


def test_a_table_reads_no_images(server):
    is_refused(upload(server, whole_picture(), run="1"), 422, "reads no images")


def answered(post):
    """The answer to a body that is not read.

    The server closes the connection while the client is still sending; where the client notices
    that before it reads the answer, it has to ask again.
    """
    for _ in range(9):
        with contextlib.suppress(httpx.ReadError, httpx.WriteError):
            return post()
    return post()


def test_bodies_are_refused_by_their_size_before_they_are_read(server):
    large = json.dumps({"codes": [[0.0] * 4] * 60_000})
    kind = {"content-type": "application/json"}
    answer = answered(lambda: server.client.post("api/runs/0/decode", content=large, headers=kind))
    is_refused(answer, 413, "1,048,576 bytes are the most")
    picture = b"\x89PNG" + bytes(9 * 2**20)
    is_refused(answered(lambda: upload(server, picture)), 413, "8,388,608")


def test_bodies_of_unknown_size_are_read_to_the_limit_and_no_further(server):
    sent = []

    def endless():
        for part in range(1000):
            sent.append(part)
            yield bytes(2**16)

    try:
        answer = server.client.post(
            "api/runs/0/decode", content=endless(), headers={"content-type": "application/json"}
        )
        is_refused(answer, 413, "too large")
    except OSError:  # the connection ended while the client was still sending
        pass
    except Exception as error:
        assert "Error" in type(error).__name__  # noqa: PT017 - what httpx makes of the same
    assert len(sent) < 500


def test_the_server_is_well_after_all_of_this(server):
    assert server.array(server.post("0/decode", codes=[ZERO])).shape == (1, 8, 8, 1)
