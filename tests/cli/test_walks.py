"""interpolate, arithmetic, manifold, traverse and project: what they print and leave."""

import csv
import json

import numpy as np
import pytest
from PIL import Image

PNG = b"\x89PNG\r\n\x1a\n"
WALKS = {
    "interpolate": ("--from", "0", "--to", "7"),
    "arithmetic": ("--add", "0"),
    "manifold": ("--size", 3),
    "traverse": ("--columns", 3),
    "project": (),
}


@pytest.fixture(scope="module")
def wide(vaekit, tmp_path_factory):
    """A run with four latent dimensions, measured."""
    folder = tmp_path_factory.mktemp("wide") / "run"
    result = vaekit(
        *("train", "digits", "--quiet", "--training.epochs", "8", "--model.latent-dim", "4"),
        *("--evaluation.samples", "2", "--out", folder),
    )
    assert result.code == 0, result.err
    return folder


@pytest.fixture(scope="module")
def table(vaekit, tmp_path_factory):
    """A run on a table without labels."""
    folder = tmp_path_factory.mktemp("table")
    rows = np.random.default_rng(0).normal(size=(40, 3))
    np.savetxt(folder / "t.csv", rows, delimiter=",", header="a,b,c", comments="")
    result = vaekit(
        *("train", "--data", folder / "t.csv", "--quiet", "--training.epochs", "1"),
        *("--evaluation.samples", "2", "--out", folder / "run"),
    )
    assert result.code == 0, result.err
    return folder / "run"


def done(result):
    assert result.code == 0, result.err
    return json.loads(result.out)


def read_csv(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


@pytest.mark.parametrize("command", WALKS)
def test_each_leaves_a_picture_and_numbers(trained, vaekit, tmp_path, command):
    for kind in ("png", "svg", "npy"):
        out = tmp_path / f"{command}.{kind}"
        values = done(vaekit(command, trained, *WALKS[command], "--out", out, "--json"))
        assert values["out"] == str(out)
    assert (tmp_path / f"{command}.png").read_bytes().startswith(PNG)
    assert np.isfinite(np.load(out)).all()


@pytest.mark.parametrize("command", WALKS)
def test_the_output_file_is_checked_first(trained, vaekit, tmp_path, command):
    wrong = vaekit(command, trained, *WALKS[command], "--out", tmp_path / "a.bmp")
    assert (wrong.code, ".png, .svg, .npy, .csv" in wrong.err) == (2, True)
    there = tmp_path / "there.npy"
    there.write_bytes(b"mine")
    refused = vaekit(command, trained, *WALKS[command], "--out", there)
    assert (refused.code, "--force" in refused.err) == (2, True)
    assert there.read_bytes() == b"mine"
    assert vaekit(command, trained, *WALKS[command], "--out", there, "--force").code == 0


@pytest.mark.parametrize(
    ("kind", "frames"), [("gif", None), ("webp", 5), ("npy", None), ("npy", 30)]
)
def test_a_walk_has_the_frames_that_its_kind_needs(trained, vaekit, tmp_path, kind, frames):
    out = tmp_path / f"walk.{kind}"
    flags = () if frames is None else ("--frames", frames)
    ends = ("--from", "0", "--to", "#3", "--path", "density")
    values = done(vaekit("interpolate", trained, *ends, *flags, "--out", out, "--json"))
    assert (values["from"], values["to"], values["split"]) == ("0", "row 3", "test")
    if kind == "npy":
        assert values["frames"] == (frames or 10)
        assert np.load(out).shape == (values["frames"], 8, 8)
    else:
        assert values["frames"] == (frames or 40)
        with Image.open(out) as walk:
            # Frames that are alike to the eye are stored as one that stays longer.
            times = []
            for frame in range(walk.n_frames):
                walk.seek(frame)
                walk.load()
                times.append(walk.info["duration"])
        assert len(times) <= 2 * values["frames"] - 2
        assert sum(times) == 2 * 600 + 2 * (values["frames"] - 2) * 80


def test_a_walk_ends_at_reconstructions_of_its_rows(trained, vaekit, tmp_path):
    walk, back = tmp_path / "walk.npy", tmp_path / "back.npy"
    ends = ("--from", "#0", "--to", "17")  # no class of that name: row 17
    assert vaekit("interpolate", trained, *ends, "--out", walk).code == 0
    assert vaekit("reconstruct", trained, "--out", back).code == 0
    assert np.load(walk)[[0, -1]] == pytest.approx(np.load(back)[[0, 17]], abs=1e-4)


def test_arithmetic_without_a_sum_decodes_the_mean_codes(trained, vaekit, tmp_path):
    board, walk = tmp_path / "board.npy", tmp_path / "walk.npy"
    flags = ("--add", "3", "--subtract", "5", "--scale=-1:1:3", "--json")
    values = done(vaekit("arithmetic", trained, *flags, "--out", board))
    assert values["classes"] == list("0123456789")
    assert values["scales"] == [-1, 0, 1]
    made = np.load(board).reshape(10, 3, 8, 8)
    assert vaekit("interpolate", trained, "--from", 5, "--to", 3, "--out", walk).code == 0
    ends = np.load(walk)[[0, -1]]
    assert made[[5, 5], [1, 2]] == pytest.approx(ends, abs=1e-4)
    assert made[[3, 3], [0, 1]] == pytest.approx(ends, abs=1e-4)


def test_a_map_of_more_dimensions_takes_those_that_carry_most(wide, vaekit, tmp_path):
    kl = json.loads((wide / "evaluation.json").read_text(encoding="utf-8"))["kl_per_dim"]
    best = [f"z{dim + 1}" for dim in sorted(np.argsort(kl)[-2:])]
    result = vaekit("manifold", wide, "--size", 4, "--out", tmp_path / "map.png")
    assert f"{' and '.join(best)} carry most of 4, the others are at 0" in result.out
    values = done(vaekit("manifold", wide, "--quantiles", "--out", tmp_path / "m.npy", "--json"))
    assert (values["dims"], values["extent"], values["size"]) == (best, None, 20)
    assert np.load(tmp_path / "m.npy").shape == (400, 8, 8)


def test_dimensions_are_traversed_in_the_order_of_their_rate(wide, vaekit, tmp_path):
    kl = json.loads((wide / "evaluation.json").read_text(encoding="utf-8"))["kl_per_dim"]
    out = tmp_path / "t.npy"
    values = done(vaekit("traverse", wide, "--columns", 5, "--out", out, "--json"))
    assert values["carried"] == sorted(values["carried"], reverse=True)
    assert values["carried"] == [kl[int(name[1:]) - 1] for name in values["dims"]]
    assert sorted(values["dims"] + values["inactive"]) == ["z1", "z2", "z3", "z4"]
    assert len(np.load(out)) == 5 * len(values["dims"])


def test_a_run_that_was_not_measured_is_ranked_by_variance(copied, vaekit, tmp_path):
    (copied / "evaluation.json").unlink()
    values = done(vaekit("traverse", copied, "--out", tmp_path / "t.png", "--json"))
    assert values["unit"] == "variance of the mean"


@pytest.mark.parametrize(("method", "dims"), [("pca", 3), ("tsne", 2)])
def test_projections_have_rows_labels_and_coordinates(wide, vaekit, tmp_path, method, dims):
    flags = ("--method", method, "--dims", dims)
    values = done(vaekit("project", wide, *flags, "--out", tmp_path / "p.csv", "--json"))
    assert (values["rows"], values["explained"] is None) == (180, method == "tsne")
    header, *rows = read_csv(tmp_path / "p.csv")
    assert header == ["row", "label", *(f"{method}{axis + 1}" for axis in range(dims))]
    assert len(rows) == 180
    assert vaekit("project", wide, *flags, "--out", tmp_path / "p.png").code == 0


@pytest.mark.parametrize("command", ["interpolate", "manifold", "traverse"])
def test_a_table_is_no_picture_but_has_values(table, vaekit, tmp_path, command):
    flags = ("--from", "#0", "--to", "#3") if command == "interpolate" else WALKS[command]
    refused = vaekit(command, table, *flags, "--out", tmp_path / "a.png")
    assert (refused.code, "no images" in refused.err, ".csv" in refused.err) == (2, True, True)
    result = vaekit(command, table, *flags, "--out", tmp_path / "a.csv")
    assert result.code == 0, result.err
    assert read_csv(tmp_path / "a.csv")[0] == ["a", "b", "c"]


def test_without_labels_there_are_no_classes(table, vaekit, tmp_path):
    out = tmp_path / "a.csv"
    assert "no labels" in vaekit("arithmetic", table, "--add", "x", "--out", out).err
    assert vaekit("project", table, "--out", out).code == 0
    assert read_csv(out)[0] == ["row", "pca1", "pca2"]


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (("interpolate", "--from", "zero", "--to", "1"), "--from zero: no such class in digits"),
        (("interpolate", "--from", "0", "--to", "#180"), "180 rows; take one from 0 to 179"),
        (("interpolate", "--from", "0", "--to", "1", "--frames", 0), "at least 2 frames"),
        (("arithmetic", "--add", "0", "--subtract", "12"), "--subtract 12: no such class"),
        (("arithmetic", "--add", "0", "--scale", "0:2"), "--scale 0:2: expected the first"),
        (("arithmetic", "--add", "0", "--scale", "0:inf:3"), "--scale 0:inf:3"),
        (("manifold", "--size", 1), "--size 1"),
        (("manifold", "--extent", 1, "--quantiles"), "take one"),
        (("manifold", "--extent", -1), "--extent -1"),
        (("traverse", "--columns", 1), "at least 2 places"),
        (("project", "--dims", 3), "the 3 to project to, got 2"),
    ],
)
def test_what_does_not_fit_is_named(trained, vaekit, tmp_path, argv, message):
    command, *flags = argv
    result = vaekit(command, trained, *flags, "--out", tmp_path / "a.png")
    assert result.code == 2
    assert message in result.err
    assert list(tmp_path.iterdir()) == []


def test_one_dimension_is_no_plane(vaekit, tmp_path):
    run = tmp_path / "run"
    flags = ("--quiet", "--training.epochs", "1", "--evaluation.samples", "2")
    assert vaekit("train", "digits", *flags, "--model.latent-dim", "1", "--out", run).code == 0
    result = vaekit("manifold", run, "--out", tmp_path / "map.png")
    assert (result.code, "vaekit traverse" in result.err) == (2, True)
    assert vaekit("traverse", run, "--out", tmp_path / "t.png").code == 0


def test_a_class_in_several_places_is_told(trained, vaekit, tmp_path, monkeypatch):
    from vaekit.cli import latent_points

    monkeypatch.setattr(latent_points, "_LEAST_OWN_SHARE", 1.1)
    walk = ("interpolate", trained, "--from", "8", "--to", "0")
    result = vaekit(*walk, "--out", tmp_path / "a.png")
    assert result.code == 0
    assert "the mean code of 8 lies among rows of other classes" in result.err
    row = result.err.split('"#')[1].split('"')[0]
    monkeypatch.undo()
    table = tmp_path / "z.csv"
    assert vaekit("project", trained, "--out", table).code == 0
    assert read_csv(table)[1 + int(row)][1] == "8"
