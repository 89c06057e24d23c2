"""sample, encode, reconstruct and report: the files that they leave."""

import csv
import json

import numpy as np
import pytest

PNG = b"\x89PNG\r\n\x1a\n"


def read_csv(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


@pytest.fixture(scope="module")
def table_run(vaekit, tmp_path_factory):
    """A run on a csv file with labels, in units far from those that the model sees."""
    folder = tmp_path_factory.mktemp("table")
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(60, 3)) * [1.0, 50.0, 0.1] + [0.0, 1000.0, 7.0]
    lines = ["width,height ($),depth,kind"]
    lines += [f"{a:.4f},{b:.4f},{c:.4f},{'ab'[i % 2]}" for i, (a, b, c) in enumerate(rows)]
    (folder / "things.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    result = vaekit(
        *("train", "--data", folder / "things.csv", "--data.label", "kind", "--quiet"),
        *("--training.epochs", "1", "--evaluation.samples", "2", "--model.latent-dim", "3"),
        *("--out", folder / "run"),
    )
    assert result.code == 0, result.err
    return folder / "run"


def test_samples_of_images(trained, vaekit, tmp_path):
    array, picture = tmp_path / "s.npy", tmp_path / "s.png"
    assert vaekit("sample", trained, "-n", 5, "--out", array).code == 0
    made = np.load(array)
    assert (made.shape, made.dtype) == ((5, 8, 8), np.float32)
    assert 1.0 < made.max() <= 16.0  # in the units of the data, which go to 16
    assert vaekit("sample", trained, "--out", picture).code == 0
    assert picture.read_bytes().startswith(PNG)


def test_the_same_seed_gives_the_same_samples(trained, vaekit, tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        out = tmp_path / f"{name}.csv"
        assert vaekit("sample", trained, "-n", 4, "--seed", seed, "--out", out).code == 0
    a, b, c = (read_csv(tmp_path / f"{name}.csv") for name in "abc")
    assert a == b
    assert a != c
    assert a[0][:2] == ["pixel0", "pixel1"]
    assert (len(a), len(a[0])) == (5, 64)


def test_without_temperature_all_samples_are_one(trained, vaekit, tmp_path):
    out = tmp_path / "s.npy"
    assert vaekit("sample", trained, "-n", 3, "--temperature", 0, "--out", out).code == 0
    made = np.load(out)
    assert np.array_equal(made[0], made[1])
    assert np.array_equal(made[0], made[2])


def test_codes_of_all_rows(trained, vaekit, tmp_path):
    table, means = tmp_path / "z.csv", tmp_path / "z.npy"
    result = vaekit("encode", trained, "--out", table, "--json")
    assert json.loads(result.out) == {"out": str(table), "rows": 1797, "latent_dim": 2}
    assert vaekit("encode", trained, "--out", means).code == 0
    rows = read_csv(table)
    assert rows[0] == ["row", "label", "z1", "z2", "sd1", "sd2"]
    assert rows[1][:2] == ["0", "0"]
    assert rows[-1][:2] == ["1796", "8"]
    written = np.array([row[2:4] for row in rows[1:]], dtype=np.float32)
    assert np.array_equal(written, np.load(means))


def test_codes_as_parquet(trained, vaekit, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    out = tmp_path / "z.parquet"
    assert vaekit("encode", trained, "--split", "test", "--out", out).code == 0
    table = parquet.read_table(out)
    assert table.column_names == ["row", "label", "z1", "z2", "sd1", "sd2"]
    assert table.num_rows == 180


def test_reconstructions_of_images(trained, vaekit, tmp_path):
    picture, array = tmp_path / "r.png", tmp_path / "r.npy"
    assert vaekit("reconstruct", trained, "--out", picture).code == 0
    assert picture.read_bytes().startswith(PNG)
    result = vaekit("reconstruct", trained, "--rows", 7, "--out", array, "--json")
    values = json.loads(result.out)
    assert (values["rows"], values["split"]) == (7, "test")
    assert np.load(array).shape == (7, 8, 8)


def test_rows_of_a_table_come_back_in_its_units(table_run, vaekit, tmp_path):
    names = ["width", "height ($)", "depth"]
    for command in (("sample", table_run, "-n", 30), ("reconstruct", table_run, "--split", "all")):
        out = tmp_path / f"{command[0]}.csv"
        result = vaekit(*command, "--out", out)
        assert result.code == 0, result.err
        rows = read_csv(out)
        assert rows[0] == names
        middle = np.array(rows[1:], dtype=float).mean(0)
        assert abs(middle[1] - 1000) < 50
        assert abs(middle[2] - 7) < 0.1
    assert len(rows) == 61


def test_rows_of_a_table_are_drawn_and_means_on_demand(table_run, vaekit, tmp_path):
    spread = {}
    for flags in ((), ("--draw",), ("--mean",)):
        out = tmp_path / f"rows{''.join(flags)}.csv"
        assert vaekit("sample", table_run, "-n", 400, "--out", out, *flags).code == 0
        spread[flags] = np.array(read_csv(out)[1:], dtype=float).std(0)
    np.testing.assert_array_equal(spread[()], spread["--draw",])
    assert (spread["--mean",] < spread[()]).all()
    refused = vaekit("sample", table_run, "--draw", "--mean", "--out", tmp_path / "no.csv")
    assert refused.code == 2
    assert "--draw and --mean exclude each other" in refused.err


def test_pictures_of_a_table(table_run, vaekit, tmp_path):
    for command in ("sample", "reconstruct"):
        out = tmp_path / f"{command}.png"
        result = vaekit(command, table_run, "--out", out)
        assert result.code == 0, result.err
        assert out.read_bytes().startswith(PNG)


def test_new_rows_need_no_label(table_run, vaekit, tmp_path):
    fresh = tmp_path / "fresh.csv"
    fresh.write_text("width,height ($),depth\n0,1000,7\n1,1010,7.1\n", encoding="utf-8")
    flags = ("--data", fresh, "--label", "none", "--out", tmp_path / "z.csv")
    result = vaekit("encode", table_run, *flags)
    assert result.code == 0, result.err
    assert read_csv(tmp_path / "z.csv")[0] == ["row", "z1", "z2", "z3", "sd1", "sd2", "sd3"]


@pytest.mark.parametrize("command", ["encode", "reconstruct"])
def test_rows_of_another_kind_are_refused(trained, vaekit, tmp_path, command):
    out = tmp_path / "out.npy"
    result = vaekit(command, trained, "--data", "breast-cancer", "--out", out)
    assert result.code == 2
    assert "(1, 8, 8)" in result.err
    assert "(30,)" in result.err
    assert not out.exists()


@pytest.mark.parametrize("command", ["sample", "encode", "reconstruct"])
def test_the_output_file_is_checked_first(trained, vaekit, tmp_path, command):
    known = ".npy, .csv, .parquet" if command == "encode" else ".png, .npy, .csv"
    assert known in vaekit(command, trained, "--out", tmp_path / "a.gif").err
    assert "no folder" in vaekit(command, trained, "--out", tmp_path / "no" / "a.npy").err
    there = tmp_path / "there.npy"
    there.write_bytes(b"mine")
    result = vaekit(command, trained, "--out", there)
    assert result.code == 2
    assert "--force" in result.err
    assert there.read_bytes() == b"mine"
    assert vaekit(command, trained, "--out", there, "--force").code == 0
    assert np.load(there).ndim >= 2


def test_numbers_out_of_range_are_refused(trained, vaekit, tmp_path):
    out = tmp_path / "a.npy"
    assert "at least 1 sample" in vaekit("sample", trained, "-n", 0, "--out", out).err
    assert "temperature" in vaekit("sample", trained, "--temperature", -1, "--out", out).err
    assert "--rows 0" in vaekit("reconstruct", trained, "--rows", 0, "--out", out).err


def test_a_report_is_written_anew_from_the_folder(copied, vaekit):
    (copied / "report.html").unlink()
    (copied / "evaluation.json").unlink()
    for path in (copied / "figures").iterdir():
        path.unlink()
    result = vaekit("report", copied, "--json")
    assert result.code == 0, result.err
    values = json.loads(result.out)
    assert values["report"] == str(copied / "report.html")
    # Without an evaluation nothing is known of the rate of each dimension.
    drawn = {path.rpartition("/")[2] for path in values["figures"]}
    assert "latent.png" in drawn
    assert "kl-per-dim.png" not in drawn
    assert (copied / "report.html").is_file()


def test_a_report_shows_what_flags_ask_for(copied, vaekit):
    plain = (copied / "config.json").read_bytes()
    result = vaekit("report", copied, "--report.walk", "1", "2", "--report.extent", "1", "--json")
    assert result.code == 0, result.err
    page = (copied / "report.html").read_text(encoding="utf-8")
    assert "A walk from 1 to 2" in page
    assert (copied / "config.json").read_bytes() == plain
