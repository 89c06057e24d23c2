"""Animations and videos, decoded again."""

import sys
from importlib.util import find_spec

import numpy as np
import pytest
from PIL import Image

from vaekit.errors import InputError, MissingExtraError, WriteError
from vaekit.figures import animation_kind, save_animation, write_frames

GREY = (1, 8, 8)
VIDEO = pytest.mark.skipif(find_spec("av") is None, reason="PyAV is not installed")


def shades(count, height=20, width=30):
    """A slope that grows brighter from frame to frame."""
    slope = np.linspace(0, 60, width)[None].repeat(height, axis=0)
    return [np.round(slope + 180 * turn / (count - 1)).astype(np.uint8) for turn in range(count)]


def decoded(path):
    """What a video is, and its frames as a player shows them."""
    import av

    with av.open(str(path)) as box:
        stream = box.streams.video[0]
        frames = np.stack([frame.to_ndarray(format="rgb24") for frame in box.decode(stream)])
        told = stream.codec_context
        facts = (told.name, told.pix_fmt, float(stream.average_rate))
    return facts, frames.astype(int)


@VIDEO
def test_a_video_goes_there_and_back_rests_and_plays_everywhere(tmp_path):
    frames = shades(5)
    facts, found = decoded(write_frames(frames, path=tmp_path / "walk.mp4"))
    assert facts == ("h264", "yuv420p", 12.5)
    # 600 ms at 80 ms a frame: eight frames at either end, one of the first at the very end.
    order = [0] * 7 + [1, 2, 3] + [4] * 8 + [3, 2, 1] + [0]
    assert found.shape == (len(order), 20, 30, 3)
    expected = np.stack(frames)[order][..., None]
    assert np.abs(found - expected).max() <= 6
    assert np.abs(found - expected).mean() < 1.5


@VIDEO
def test_a_video_keeps_its_colours(tmp_path):
    colours = np.array([[220, 40, 60], [30, 200, 90]])
    frames = [np.full((32, 32, 3), colour, dtype=np.uint8) for colour in colours]
    _, found = decoded(write_frames(frames, path=tmp_path / "a.mp4"))
    assert np.abs(found[[0, 8]] - colours[:, None, None]).max() <= 4


@VIDEO
@pytest.mark.parametrize(("height", "width"), [(5, 7), (1, 1), (16, 9)])
def test_a_video_has_even_sides(tmp_path, height, width):
    path = write_frames(shades(2, height, width), path=tmp_path / "odd.mp4")
    assert decoded(path)[1].shape[1:3] == (height + height % 2, width + width % 2)


@VIDEO
def test_a_walk_as_a_video_has_whole_dots(tmp_path):
    images = np.random.default_rng(0).uniform(size=(3, 64)).round()
    _, found = decoded(save_animation(images, shape=GREY, path=tmp_path / "walk.mp4"))
    middle = found[0, 16::32, 16::32, 0]  # the centres of the squares
    assert np.abs(middle - 255 * images[0].reshape(8, 8)).max() <= 3
    again = save_animation(images, shape=GREY, path=tmp_path / "again.mp4")
    assert again.read_bytes() == (tmp_path / "walk.mp4").read_bytes()


@VIDEO
def test_a_video_starts_before_it_is_loaded(tmp_path):
    data = write_frames(shades(3), path=tmp_path / "walk.mp4").read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")


@VIDEO
def test_a_video_that_cannot_be_written_leaves_nothing(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(WriteError, match=r"walk\.mp4: could not be written"):
        write_frames(shades(2), path=tmp_path / "file" / "walk.mp4")


def test_without_pyav_the_extra_is_named_before_anything_else(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    path = tmp_path / "walk.mp4"
    with pytest.raises(MissingExtraError, match=r"\.mp4 needs .* av: pip install 'vaekit\[video\]"):
        save_animation("no images at all", shape=GREY, path=path)
    with pytest.raises(MissingExtraError):
        write_frames(shades(2), path=path)
    assert list(tmp_path.iterdir()) == []
    assert animation_kind("walk.webp") == ".webp"


@VIDEO
def test_a_pyav_without_the_encoder_is_told(monkeypatch):
    import av

    monkeypatch.setattr(av, "codecs_available", {"mpeg4"})
    with pytest.raises(InputError, match="built without; take"):
        animation_kind("walk.mp4")


@pytest.mark.parametrize("kind", ["gif", "webp"])
@pytest.mark.parametrize(("small", "levels"), [(True, 64), (False, 256)])
def test_greys_are_kept_or_become_fewer(tmp_path, kind, small, levels):
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
    path = write_frames([ramp, ramp[::-1].copy()], path=tmp_path / f"a.{kind}", small=small)
    with Image.open(path) as found:
        shown = np.asarray(found.convert("L")).astype(int)
    assert len(np.unique(shown)) == levels
    assert (shown.min(), shown.max()) == (0, 255)
    assert np.abs(shown - ramp).max() <= 255 / (levels - 1) / 2


def test_small_colours_are_close(tmp_path):
    colours = np.array([[220, 40, 60], [30, 200, 90]])
    frames = [np.full((32, 32, 3), colour, dtype=np.uint8) for colour in colours]
    with Image.open(write_frames(frames, path=tmp_path / "a.webp", small=True)) as found:
        shown = np.asarray(found.convert("RGB")).astype(int)
    assert np.abs(shown - colours[0]).max() <= 4


@pytest.mark.parametrize("kind", ["gif", "webp", "mp4"])
def test_one_frame_does_not_move(tmp_path, kind):
    if kind == "mp4":
        pytest.importorskip("av")
    with pytest.raises(InputError, match="at least 2 images for an animation, got 1"):
        write_frames(shades(2)[:1], path=tmp_path / f"a.{kind}")


def test_other_endings_are_refused():
    with pytest.raises(InputError, match=r"ends in \.gif, \.webp, \.mp4"):
        animation_kind("walk.avi")
