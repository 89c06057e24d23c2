"""``vaekit synthesize``: a file of rows in, a file of other rows out."""

import json

import numpy as np
import pandas as pd
import pytest

QUICK = ("--epochs", 2, "--quiet")


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    draw = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "name": [f"person {number}" for number in range(80)],
            "height": draw.normal(170, 9, 80).round(1),
            "children": draw.integers(0, 5, 80).astype(object),
            "town": draw.choice(["Aachen", "Bonn", "Celle"], 80),
        }
    )
    frame.loc[::9, "children"] = "-999"
    path = tmp_path_factory.mktemp("synthesize") / "people.csv"
    frame.to_csv(path, index=False)
    return path


def test_rows_are_made_up_and_judged(vaekit, table, tmp_path):
    out = tmp_path / "made.csv"
    result = vaekit("synthesize", table, "-n", 30, "--out", out, "--missing", "-999", *QUICK)
    assert result.code == 0, result.err
    made = pd.read_csv(out)
    assert made.columns.tolist() == ["name", "height", "children", "town"]
    assert len(made) == 30
    assert made["name"].isna().all()
    assert made["children"].dtype == np.int64
    assert set(made["town"]) <= {"Aachen", "Bonn", "Celle"}
    for said in (
        "on 16 held-out rows",
        "real rows",
        "independent columns",
        "no guarantee",
        str(out),
    ):
        assert said in result.out


def test_given_cells_are_in_every_row(vaekit, table, tmp_path):
    out = tmp_path / "made.parquet"
    flags = ("--given", "town=Bonn", "height=180.5", "--check", 0, "--missing", "-999")
    result = vaekit("synthesize", table, "-n", 8, "--out", out, *flags, *QUICK)
    assert result.code == 0, result.err
    made = pd.read_parquet(out)
    assert (made["town"] == "Bonn").all()
    assert (made["height"] == 180.5).all()
    assert "effective number of codes" in result.out
    assert "held-out" not in result.out


def test_json_says_what_the_lines_say(vaekit, table, tmp_path):
    out = tmp_path / "made.tsv"
    result = vaekit("synthesize", table, "-n", 5, "--out", out, "--json", *QUICK)
    said = json.loads(result.out)
    assert (said["rows"], said["out"]) == (5, str(out))
    assert set(said["nats"]) == {"height", "children", "town"}
    assert set(said["report"]["fidelity"]) == {"synthetic", "real rows", "independent columns"}
    assert said["report"]["privacy"]["held_out_rows"] == 16
    first = out.read_text(encoding="utf-8")
    vaekit("synthesize", table, "-n", 5, "--out", out, "--force", *QUICK)
    assert out.read_text(encoding="utf-8") == first


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("-n", 0), "-n 0"),
        (("--given", "twon=Bonn"), 'did you mean "town"'),
        (("--given", "town=Dresden"), "one of Aachen, Bonn, Celle"),
        (("--given", "height=tall"), "expects a number"),
        (("--given", "Bonn"), "column=value"),
        (("--given", "town=Bonn", "town=Celle"), "once"),
        (("--given", "name=person 3"), "identifier"),
        (("--check", 1), "--check"),
        (("--check", 0.05), "Take --check 0"),
        (("--columns", "heigth=real"), 'did you mean "height"'),
        (("--weights", "height=much"), "expected height to be a number"),
        (("--weights", "heigth=2"), 'did you mean "height"'),
        (("--out", "made.xlsx"), "--out"),
    ],
)
def test_what_makes_no_sense_is_refused_before_any_work(vaekit, table, tmp_path, flags, said):
    flags = (*(() if "-n" in flags else ("-n", 3)), *flags)
    out = () if "--out" in flags else ("--out", tmp_path / "made.csv")
    # so many epochs that a training would be noticed
    result = vaekit("synthesize", table, *out, *flags, "--epochs", 10**7)
    assert result.code == 2
    assert len(result.err.splitlines()) == 1
    assert said in result.err
    assert not (tmp_path / "made.csv").exists()
