"""Pictures that move: morph, and walks as videos; projections by UMAP."""

import json
import sys

import numpy as np
import pytest
from PIL import Image


def done(result):
    assert result.code == 0, result.err
    return json.loads(result.out)


@pytest.mark.parametrize("kind", ["gif", "webp"])
def test_a_board_moves(trained, vaekit, tmp_path, kind):
    out = tmp_path / f"morph.{kind}"
    values = done(vaekit("morph", trained, "--frames", 4, "--out", out, "--json"))
    assert values == {
        "out": str(out), "classes": list("0123456789"), "path": "linear", "frames": 4,
        "split": "test",
    }  # fmt: skip
    with Image.open(out) as board:
        assert board.n_frames <= 6
        assert 600 <= board.size[0] <= 800
    refused = vaekit("morph", trained, "--out", out)
    assert (refused.code, "--force" in refused.err) == (2, True)


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_the_middle_is_a_figure(trained, vaekit, tmp_path, kind):
    out = tmp_path / f"morph.{kind}"
    result = vaekit("morph", trained, "--path", "spherical", "--split", "train", "--out", out)
    assert result.code == 0, result.err
    assert "10 classes turning into each other in 20 images" in result.out
    assert out.stat().st_size > 1000


def test_a_walk_and_a_board_as_videos(trained, vaekit, tmp_path):
    av = pytest.importorskip("av")
    walk, board = tmp_path / "walk.mp4", tmp_path / "board.mp4"
    ends = ("--from", "0", "--to", "7", "--frames", 5)
    assert done(vaekit("interpolate", trained, *ends, "--out", walk, "--json"))["frames"] == 5
    assert vaekit("morph", trained, "--frames", 3, "--out", board).code == 0
    for path, frames in ((walk, 7 + 3 + 8 + 3 + 1), (board, 7 + 1 + 8 + 1 + 1)):
        with av.open(str(path)) as box:
            assert len(list(box.decode(box.streams.video[0]))) == frames
    strip = tmp_path / "walk.npy"
    assert vaekit("interpolate", trained, *ends, "--out", strip).code == 0
    with av.open(str(walk)) as box:
        first = next(box.decode(box.streams.video[0])).to_ndarray(format="gray")
    assert np.abs(first[16::32, 16::32] / 255 - np.load(strip)[0] / 16).max() < 0.1


@pytest.mark.parametrize("command", ["interpolate", "morph"])
def test_a_missing_package_is_told_before_the_run_is_read(vaekit, tmp_path, monkeypatch, command):
    monkeypatch.setitem(sys.modules, "av", None)
    ends = ("--from", "0", "--to", "1") if command == "interpolate" else ()
    result = vaekit(command, tmp_path / "no run", *ends, "--out", tmp_path / "a.mp4")
    assert (result.code, "pip install 'vaekit[video]'" in result.err) == (2, True)
    assert list(tmp_path.iterdir()) == []


def test_a_projection_without_umap_names_the_extra(trained, vaekit, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "umap", None)
    result = vaekit("project", trained, "--method", "umap", "--out", tmp_path / "a.png")
    assert (result.code, "pip install 'vaekit[umap]'" in result.err) == (2, True)
    assert list(tmp_path.iterdir()) == []


def test_a_table_has_no_images_to_turn(vaekit, tmp_path):
    np.savetxt(tmp_path / "t.csv", np.random.default_rng(0).normal(size=(40, 4)), delimiter=",")
    flags = ("--quiet", "--training.epochs", "1", "--evaluation.samples", "2")
    run = tmp_path / "run"
    assert vaekit("train", "--data", tmp_path / "t.csv", *flags, "--out", run).code == 0
    refused = vaekit("morph", run, "--out", tmp_path / "a.gif")
    assert (refused.code, "no images" in refused.err) == (2, True)


def test_of_many_classes_the_largest_are_taken(trained, vaekit, tmp_path, monkeypatch):
    from vaekit.cli import morph

    monkeypatch.setattr(morph, "_MOST_CLASSES", 3)
    out = tmp_path / "a.gif"
    values = done(vaekit("morph", trained, "--frames", 2, "--out", out, "--json"))
    table = tmp_path / "z.csv"
    assert vaekit("project", trained, "--out", table).code == 0
    labels = [line.split(",")[1] for line in table.read_text(encoding="utf-8").splitlines()[1:]]
    sizes = sorted((-labels.count(name), name) for name in set(labels))
    assert values["classes"] == sorted(name for _, name in sizes[:3])


def test_images_without_labels_have_no_classes(vaekit, tmp_path):
    rng = np.random.default_rng(0)
    np.save(tmp_path / "rows.npy", rng.integers(0, 256, (60, 6, 6), dtype=np.uint8))
    flags = ("--quiet", "--training.epochs", "1", "--evaluation.samples", "2")
    run = tmp_path / "run"
    made = vaekit("train", "--data", tmp_path / "rows.npy", *flags, "--out", run)
    assert made.code == 0, made.err
    refused = vaekit("morph", run, "--out", tmp_path / "a.gif")
    assert (refused.code, "has no labels" in refused.err) == (2, True)


@pytest.mark.parametrize(
    ("flags", "message"),
    [(("--frames", 1), "at least 2 frames"), (("--frames", 0), "at least 2 frames")],
)
def test_what_does_not_fit_is_named(trained, vaekit, tmp_path, flags, message):
    result = vaekit("morph", trained, *flags, "--out", tmp_path / "a.gif")
    assert (result.code, message in result.err) == (2, True)
    wrong = vaekit("morph", trained, "--out", tmp_path / "a.csv")
    assert (wrong.code, ".png, .svg, .gif, .webp, .mp4" in wrong.err) == (2, True)
    assert list(tmp_path.iterdir()) == []
