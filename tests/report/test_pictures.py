import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from vaekit.errors import InputError, VaekitWarning
from vaekit.report import write_report
from vaekit.report.page import embedded_figure, write_page


def frames(count):
    """Pictures of 30 by 20 dots that get brighter."""
    shades = np.linspace(0, 255, count).astype(np.uint8)
    return [Image.fromarray(np.full((20, 30), shade)).convert("RGB") for shade in shades]


def save(path, *, count):
    first, *others = frames(count)
    first.save(path, save_all=True, append_images=others, duration=100, lossless=True)
    return path


def decoded(address):
    return Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2])))


@pytest.mark.parametrize("kind", ["gif", "webp"])
def test_an_animation_stands_beside_its_first_frame(tmp_path, kind):
    path = save(tmp_path / f"walk.{kind}", count=3)
    found = embedded_figure("Walk", path=path, caption="")
    assert found["address"].startswith(f"data:image/{kind};base64,")
    assert (found["width"], found["height"]) == (30, 20)
    assert decoded(found["address"]).n_frames == 3
    still = decoded(found["still"])
    assert (still.format, still.size) == ("PNG", (30, 20))
    assert np.asarray(still.convert("L")).max() == 0


@pytest.mark.parametrize("kind", ["gif", "webp"])
def test_a_picture_of_one_frame_does_not_move(tmp_path, kind):
    path = save(tmp_path / f"one.{kind}", count=1)
    assert embedded_figure("One", path=path, caption="")["still"] == ""


def test_the_page_says_that_a_figure_moves_and_how_to_read_it(tmp_path):
    path = save(tmp_path / "walk.webp", count=3)
    figures = [("Walk", path, "A <walk>.", "Look & see. Then stop.")]
    text = write_report(tmp_path, config={}, figures=figures).read_text(encoding="utf-8")
    moving, still = re.findall(r"<img [^>]*>", text)
    assert 'class="moving"' in moving
    assert 'alt="Animation. Walk: A &lt;walk&gt;."' in moving
    assert 'class="still"' in still
    assert "<strong>How to read it.</strong> Look &amp; see. Then stop.</p>" in text


def test_a_figure_without_a_reading_has_only_its_caption(tmp_path):
    path = tmp_path / "one.png"
    frames(1)[0].save(path)
    figures = [("One", path, "A caption.")]
    text = write_report(tmp_path, config={}, figures=figures).read_text(encoding="utf-8")
    assert "<p>A caption.</p>" in text
    assert "How to read it" not in text


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"RIFF\0\0\0\0WEBP", b"\xff\xd8\xff\xe0"])
def test_what_is_no_picture_is_refused(tmp_path, content):
    path = tmp_path / "broken.gif"
    path.write_bytes(content)
    with pytest.raises(InputError, match="expected a PNG, GIF or WebP file"):
        embedded_figure("x", path=path, caption="")


def test_a_page_that_is_too_large_names_its_largest_figure(tmp_path):
    figures = [
        {"title": "small", "address": "x" * 100, "still": ""},
        {"title": "large", "address": "x" * 9_000_000, "still": "x" * 3_000_000},
    ]
    with pytest.warns(VaekitWarning, match=r'16\.0 MB .* under 15\.0 MB.*"large" with 12\.0 MB'):
        write_page(tmp_path / "p.html", page="x" * 16_000_000, figures=figures)
    assert (tmp_path / "p.html").stat().st_size == 16_000_000


def test_a_page_of_the_usual_size_warns_of_nothing(tmp_path):
    write_page(tmp_path / "p.html", page="x", figures=[])
    assert (tmp_path / "p.html").read_text() == "x"
