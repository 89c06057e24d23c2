"""A board that moves: every image in its place at every moment, and a file that stays small."""

import numpy as np
import pytest
from PIL import Image

from vaekit.errors import InputError
from vaekit.figures import save_board_animation

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
    path = save_board_animation(
        frames, shape=(1, 8, 8), rows=["cat", "dog"], columns=["a", "b", "c"],
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
    path = save_board_animation(
        frames, shape=(1, 28, 28), rows=FASHION, columns=FASHION, path=tmp_path / "b.webp",
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
        path = save_board_animation(
            blurred(2, 2), shape=(1, 28, 28), rows=["0", "1"], columns=names,
            path=tmp_path / "b.gif",
        )  # fmt: skip
        return opened(path)[0].shape[1]

    assert height(["Trouser", "Ankle boot"]) == height(["0", "1"])
    wide = "a name that is much wider than one image of the board can be"
    assert height(["0", wide]) > height(["0", "1"]) + 100


@pytest.mark.parametrize(("kind", "most"), [("webp", 2e6), ("gif", 5e6)])
def test_a_board_of_ten_classes_is_small(tmp_path, kind, most):
    digits = list("0123456789")
    path = save_board_animation(
        blurred(20, 10), shape=(1, 28, 28), rows=digits, columns=digits, path=tmp_path / f"b.{kind}"
    )
    with Image.open(path) as board:
        assert board.n_frames == 38
        assert 600 <= board.size[0] <= 800
    assert path.stat().st_size < most
    again = save_board_animation(
        blurred(20, 10), shape=(1, 28, 28), rows=digits, columns=digits, path=tmp_path / f"c.{kind}"
    )
    assert again.read_bytes() == path.read_bytes()


def test_a_board_in_colour(tmp_path):
    reds = np.zeros((2, 4, 3, 8, 8))
    reds[0, :, 0], reds[1, :, 2] = 1, 1
    path = save_board_animation(
        reds.reshape(2, 4, -1), shape=(3, 8, 8), rows=["a", "b"], columns=["a", "b"],
        path=tmp_path / "b.webp",
    )  # fmt: skip
    found, _ = opened(path)
    assert np.abs(found[0, -50, -50] - [255, 0, 0]).max() <= 5
    assert np.abs(found[1, -50, -50] - [0, 0, 255]).max() <= 5


def test_a_board_as_a_video(tmp_path):
    av = pytest.importorskip("av")
    path = save_board_animation(
        blurred(3, 2), shape=(1, 28, 28), rows=["0", "1"], columns=["0", "1"],
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
        save_board_animation(
            frames, shape=(1, 8, 8), rows=["a", "b"], columns=["a", "b"],
            path=tmp_path / f"b.{kind}",
        )  # fmt: skip
    assert list(tmp_path.iterdir()) == []
