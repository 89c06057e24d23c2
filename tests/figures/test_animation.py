"""Animations and videos, decoded again."""

import sys
from importlib.util import find_spec

import numpy as np
import pytest
from PIL import Image

from vaekit.errors import InputError, MissingExtraError, WriteError
from vaekit.figures import animation_kind, save_animation, save_grid_animation
from vaekit.figures.animation import write_frames

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


FASHION = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker")


def opened(path):
    """Frames (T, height, width) or (T, height, width, 3), and how long each stays."""
    frames, times = [], []
    with Image.open(path) as board:
        for turn in range(board.n_frames):
            board.seek(turn)
            board.load()
            frames.append(np.asarray(board.convert("RGB")).astype(int))
            times.append(board.info["duration"])
    return np.stack(frames), times


def blurred(count, classes, seed=0):
    """Blobs (T, C * C, 784) that move and change, about as smooth as what a decoder makes."""
    rng = np.random.default_rng(seed)
    down, right = np.mgrid[:28, :28]
    frames = np.zeros((count, classes * classes, 28, 28))
    for image in range(classes * classes):
        start, end = rng.uniform(6, 22, (2, 4, 2))
        for turn in range(count):
            for y, x in start + (end - start) * turn / (count - 1):
                frames[turn, image] += np.exp(-((down - y) ** 2 + (right - x) ** 2) / 8)
    return frames.clip(0, 1).reshape(count, classes * classes, -1)


@pytest.mark.parametrize("kind", ["gif", "webp"])
def test_each_image_stands_in_its_place_at_each_moment(tmp_path, kind):
    shade = np.random.default_rng(0).integers(0, 64, (4, 6)) * 255 / 63
    frames = np.repeat(shade[..., None] / 255, 64, axis=2)
    path = save_grid_animation(
        frames, shape=(1, 8, 8), row_labels=["cat", "dog"], column_labels=["a", "b", "c"],
        path=tmp_path / f"b.{kind}",
    )  # fmt: skip
    found, times = opened(path)
    assert times == [600, 80, 80, 600, 80, 80]
    # At the largest magnification a step is (8 + 1) * 12 dots; the last image ends 6 from the edge.
    high, wide = found.shape[1:3]
    rows = high - 6 - 48 - 108 * np.arange(2)[::-1]
    columns = wide - 6 - 48 - 108 * np.arange(3)[::-1]
    seen = found[:, rows][:, :, columns, 0].reshape(6, 6)
    assert np.abs(seen - shade.round()[[0, 1, 2, 3, 2, 1]]).max() <= 1


def test_names_stand_still_and_stand_on_the_page(tmp_path):
    frames = blurred(3, 8)
    path = save_grid_animation(
        frames, shape=(1, 28, 28), row_labels=FASHION, column_labels=FASHION,
        path=tmp_path / "b.webp",
        title="Every class turning into every other",
    )  # fmt: skip
    found, _ = opened(path)
    assert 600 <= found.shape[2] <= 800
    edges = np.concatenate([found[:, 0].ravel(), found[:, :, 0].ravel(), found[:, :, -1].ravel()])
    assert (edges == 255).all()  # nothing runs off
    moved = (found != found[0]).any((0, 3))
    left, top = moved.any(0).argmax(), moved.any(1).argmax()
    assert (found[0, :, : left - 1] < 128).any()
    assert (found[0, : top - 1] < 128).any()


def test_slanted_names_only_where_they_are_too_wide(tmp_path):
    def height(names):
        path = save_grid_animation(
            blurred(2, 2), shape=(1, 28, 28), row_labels=["0", "1"], column_labels=names,
            path=tmp_path / "b.gif",
        )  # fmt: skip
        return opened(path)[0].shape[1]

    assert height(["Trouser", "Ankle boot"]) == height(["0", "1"])
    wide = "a name that is much wider than one image of the board can be"
    assert height(["0", wide]) > height(["0", "1"]) + 100


@pytest.mark.parametrize(("kind", "most"), [("webp", 2e6), ("gif", 5e6)])
@pytest.mark.slow
def test_a_board_of_ten_classes_is_small(tmp_path, kind, most):
    digits = {"row_labels": "0123456789", "column_labels": "0123456789"}
    path = save_grid_animation(
        blurred(20, 10),
        shape=(1, 28, 28),
        **digits,
        path=tmp_path / f"b.{kind}",
    )
    with Image.open(path) as board:
        assert board.n_frames == 38
        assert 600 <= board.size[0] <= 800
    assert path.stat().st_size < most
    again = save_grid_animation(
        blurred(20, 10),
        shape=(1, 28, 28),
        **digits,
        path=tmp_path / f"c.{kind}",
    )
    assert again.read_bytes() == path.read_bytes()


def test_a_board_in_colour(tmp_path):
    reds = np.zeros((2, 4, 3, 8, 8))
    reds[0, :, 0], reds[1, :, 2] = 1, 1
    path = save_grid_animation(
        reds.reshape(2, 4, -1), shape=(3, 8, 8), row_labels=["a", "b"], column_labels=["a", "b"],
        path=tmp_path / "b.webp",
    )  # fmt: skip
    found, _ = opened(path)
    assert np.abs(found[0, -50, -50] - [255, 0, 0]).max() <= 5
    assert np.abs(found[1, -50, -50] - [0, 0, 255]).max() <= 5


def test_a_board_as_a_video(tmp_path):
    av = pytest.importorskip("av")
    path = save_grid_animation(
        blurred(3, 2), shape=(1, 28, 28), row_labels=["0", "1"], column_labels=["0", "1"],
        path=tmp_path / "b.mp4",
    )  # fmt: skip
    with av.open(str(path)) as box:
        frames = list(box.decode(box.streams.video[0]))
    assert len(frames) == 7 + 1 + 8 + 1 + 1
    assert (frames[0].width % 2, frames[0].height % 2) == (0, 0)


@pytest.mark.parametrize(
    ("frames", "kind", "message"),
    [
        (np.zeros((3, 4, 64)), "png", r"\.gif, \.webp, \.mp4"),
        (np.zeros((3, 5, 64)), "gif", r"2 rows times 2 images, features\), got the shape \(3, 5"),
        (np.zeros((0, 4, 64)), "gif", "got the shape"),
        (np.zeros((4, 64)), "gif", "got the shape"),
        (np.zeros((3, 4, 60)), "gif", "expected 64 features"),
        (np.zeros((1, 4, 64)), "gif", "at least 2 images"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path, frames, kind, message):
    with pytest.raises(InputError, match=message):
        save_grid_animation(
            frames, shape=(1, 8, 8), row_labels=["a", "b"], column_labels=["a", "b"],
            path=tmp_path / f"b.{kind}",
        )  # fmt: skip
    assert list(tmp_path.iterdir()) == []


def flat_shades(count):
    """Images of one shade each, from black to white."""
    return np.repeat(np.linspace(0, 1, count)[:, None], 64, axis=1)


@pytest.mark.parametrize("kind", ["gif", "webp"])
def test_an_animation_goes_there_and_back_and_rests(tmp_path, kind):
    path = save_animation(flat_shades(4), shape=GREY, path=tmp_path / f"walk.{kind}")
    with Image.open(path) as walk:
        assert (walk.n_frames, walk.size) == (6, (256, 256))
        seen = []
        for frame in range(6):
            walk.seek(frame)
            walk.load()
            seen.append((np.asarray(walk.convert("L"))[0, 0], walk.info["duration"]))
    assert [int(shade) for shade, _ in seen] == [0, 85, 170, 255, 170, 85]
    assert [time for _, time in seen] == [600, 80, 80, 600, 80, 80]
    again = save_animation(flat_shades(4), shape=GREY, path=tmp_path / f"again.{kind}")
    assert again.read_bytes() == path.read_bytes()


@pytest.mark.parametrize("kind", ["gif", "webp"])
def test_an_animation_in_colour(tmp_path, kind):
    reds = np.zeros((2, 3, 4, 4))
    reds[0, 0], reds[1, 2] = 1, 1
    path = save_animation(reds.reshape(2, -1), shape=(3, 4, 4), path=tmp_path / f"a.{kind}")
    with Image.open(path) as walk:
        assert walk.convert("RGB").getpixel((9, 9)) == (255, 0, 0)
