"""``vaekit impute``: a file with gaps in, files without gaps out."""

import json
import re

import numpy as np
import pandas as pd
import pytest

from vaekit.tables import read_table

QUICK = ("--epochs", 2, "--quiet")


@pytest.fixture
def table(tmp_path):
    """A csv file with numbers, whole numbers, texts and three ways to leave a gap."""
    draw = np.random.default_rng(0)
    rows = ["name,height,children,town"]
    for number in range(40):
        height = "NA" if number % 7 == 0 else f"{draw.normal(170, 9):.1f}"
        children = "-999" if number % 5 == 0 else str(draw.integers(0, 5))
        town = "" if number % 6 == 0 else draw.choice(["Aachen", "Bonn", "Celle"])
        rows.append(f"person {number},{height},{children},{town}")
    path = tmp_path / "people.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_the_table_comes_back_without_gaps(vaekit, table, tmp_path):
    out = tmp_path / "filled.csv"
    result = vaekit("impute", table, "--out", out, "--missing", "-999", *QUICK)
    assert result.code == 0, result.err
    before, after = read_table(table, missing=("NA", "", "-999")), pd.read_csv(out)
    assert not after.isna().any().any()
    assert after.columns.tolist() == before.columns.tolist()
    known = before["height"].notna()
    assert (after["height"] == before["height"])[known].all()
    assert after["children"].dtype == np.int64
    assert "mean or mode" in result.out
    assert "missing cells" in result.out


def test_draws_and_intervals_have_files_of_their_own(vaekit, table, tmp_path):
    out = tmp_path / "filled.parquet"
    flags = ("--multiple", 2, "--intervals", 0.8, "--check", 0, "--missing", "-999")
    result = vaekit("impute", table, "--out", out, *flags, *QUICK)
    assert result.code == 0, result.err
    names = ["filled", "filled-1", "filled-2", "filled-intervals"]
    made = [pd.read_parquet(tmp_path / f"{name}.parquet") for name in names]
    assert (made[1]["height"] != made[2]["height"]).any()
    assert made[3].columns.tolist() == [
        "height_low", "height_high", "children_low", "children_high"
    ]  # fmt: skip
    assert (made[3]["height_low"] <= made[3]["height_high"]).all()


def test_json_says_what_the_lines_say(vaekit, table, tmp_path):
    out = tmp_path / "filled.csv"
    result = vaekit("impute", table, "--out", out, "--missing", "-999", "--json", *QUICK)
    said = json.loads(result.out)
    assert said["rows"] == 40
    assert said["missing_cells"] == 6 + 8 + 7
    assert "iterative" in said["error_numbers"]
    assert said["out"] == [str(out)]


def test_kinds_can_be_given(vaekit, table, tmp_path):
    out = tmp_path / "filled.csv"
    flags = ("--columns", "height=bounded:100:250,children=real", "--missing", "-999")
    assert vaekit("impute", table, "--out", out, *flags, "--check", 0, *QUICK).code == 0
    assert pd.read_csv(out)["height"].between(100, 250).all()


def test_the_reason_of_the_gaps_can_be_given(vaekit, table, tmp_path):
    out = tmp_path / "filled.csv"
    flags = ("--missingness", "self-masking-known", "--missing-when", "height=high,children=low")
    result = vaekit("impute", table, "--out", out, "--missing", "-999", *flags, *QUICK)
    assert result.code == 0, result.err
    assert "hidden at random" in result.out
    assert not pd.read_csv(out).isna().any().any()


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--intervals", 90), "between 0 and 1"),
        (("--multiple", -1), "--multiple"),
        (("--columns", "heigth=real"), 'did you mean "height"'),
        (("--check", 1), "check"),
        (("--missingness", "because"), "missingness"),
        (("--missing-when", "often"), "--missing-when"),
        (("--missing-when", "high,children=low"), "--missing-when"),
        (("--missing-when", "heights=low"), "heights"),
        (("--out", "filled.xlsx"), "--out"),
    ],
)
def test_what_makes_no_sense_is_refused(vaekit, table, tmp_path, flags, said):
    out = () if "--out" in flags else ("--out", tmp_path / "filled.csv")
    result = vaekit("impute", table, *out, *flags, *QUICK)
    assert result.code == 2
    assert said in result.err
    assert not (tmp_path / "filled.csv").exists()


def test_files_that_are_there_stay_unless_forced(vaekit, table, tmp_path):
    out = tmp_path / "filled.csv"
    (tmp_path / "filled-1.csv").write_text("mine", encoding="utf-8")
    flags = ("--multiple", 1, "--check", 0, *QUICK)
    result = vaekit("impute", table, "--out", out, *flags)
    assert result.code == 2
    assert "exists already" in result.err
    assert vaekit("impute", table, "--out", out, "--force", *flags).code == 0


EUROPEAN = "plz;size;since;sure;note\n01067;1,50;01.02.2020;TRUE;\n01069;;03.02.2020;FALSE;\n"


def test_a_file_is_written_as_it_came(vaekit, tmp_path):
    rows = [f"0106{n % 3};{n % 7},50;{n % 28 + 1:02}.03.2020;TRUE;" for n in range(40)]
    text = EUROPEAN + "\n".join([*rows, "01067;2,25;;;", ""])
    path, out = tmp_path / "people.csv", tmp_path / "filled.csv"
    path.write_text(text, encoding="latin-1")
    result = vaekit("impute", path, "--out", out, "--check", 0, *QUICK)
    assert result.code == 0, result.err
    assert "5 columns separated by semicolons, names in the first line, decimal comma" in result.out
    assert "still missing: 43 cells of 'note' (no cell is known)" in result.out
    before, after = text.splitlines(), out.read_text(encoding="latin-1").splitlines()
    assert len(before) == len(after)
    assert [place for place, line in enumerate(before) if line != after[place]] == [2, 43]
    assert after[2].startswith("01069;")
    assert re.fullmatch(r"01069;-?\d+,\d+;03\.02\.2020;FALSE;", after[2])
    assert re.fullmatch(r"01067;2,25;\d\d\.\d\d\.\d{4};(TRUE|FALSE);", after[43])


def test_what_is_not_to_be_detected_can_be_said(vaekit, tmp_path):
    path, out = tmp_path / "t.txt", tmp_path / "filled.csv"
    path.write_text("5^NA\n6^\n" + "7^DE\n8^NA\n" * 20)
    flags = ("--no-header", "--sep", "^", "--keep-missing", "NA", "--check", 0)
    result = vaekit("impute", path, "--out", out, *flags, *QUICK)
    assert result.code == 0, result.err
    assert "1 missing cells in 1 of 42 rows" in result.out
    lines = out.read_text().splitlines()
    assert lines[0].split(",") == ["5", "NA"]
    assert lines[1] in ("6,NA", "6,DE")


def test_a_table_of_few_rows_says_that_no_network_was_trained(vaekit, tmp_path):
    path = tmp_path / "few.csv"
    path.write_text("a,b\n1,2\n2,\n3,6\n,8\n5,10\n6,12\n7,14\n")
    result = vaekit("impute", path, "--out", tmp_path / "filled.csv", "--quiet")
    assert result.code == 0, result.err
    assert "imputed by the weighted mean of: gaussian" in result.out
    assert "too few known cells to train the network" in result.out


def test_draws_are_pooled(vaekit, table, tmp_path):
    flags = ("--missing", "-999", "--check", 0, "--multiple", 3, "--json")
    wanted = "mean(height) by town; share(children >= 2)"
    result = vaekit("impute", table, "--out", tmp_path / "f.csv", *flags, "--pool", wanted, *QUICK)
    assert result.code == 0, result.err
    pooled = json.loads(result.out)["pooled"]
    assert list(pooled["mean(height) by town"]) == ["Aachen", "Bonn", "Celle"]
    share = pooled["share(children >= 2)"]["all"]
    assert 0 < share["low"] < share["estimate"] < share["high"]


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--pool", "mean(height)"), "--multiple"),
        (("--pool", "mean(hight)", "--multiple", 3), 'did you mean "height"'),
        (("--pool", "height", "--multiple", 3), "expected mean"),
    ],
)
def test_an_impossible_pooling_is_refused_before_training(vaekit, table, tmp_path, flags, said):
    result = vaekit("impute", table, "--out", tmp_path / "f.csv", *flags, *QUICK)
    assert result.code == 2
    assert said in result.err
    assert not (tmp_path / "f.csv").exists()


@pytest.mark.parametrize("check", [0.1, 0])
def test_implausible_values_are_not_written_without_force(vaekit, tmp_path, check):
    draw = np.random.default_rng(0)
    day = 20_240_101 + draw.integers(0, 30, 60)
    frame = pd.DataFrame({"day": day, "x": draw.normal(size=60)}).astype({"day": "Int64"})
    frame.loc[::5, "day"] = pd.NA
    path, out = tmp_path / "days.csv", tmp_path / "filled.csv"
    frame.to_csv(path, index=False)
    flags = ("--columns", "day=count", "--method", "vae", "--check", check, *QUICK)
    refused = vaekit("impute", path, "--out", out, *flags)
    assert refused.code == 2
    assert "imputed values of 'day' are implausible" in refused.err
    assert not out.exists()
    forced = vaekit("impute", path, "--out", out, "--force", *flags)
    assert forced.code == 0, forced.err
    assert out.exists()
