"""``vaekit outliers``: a table in, scores and reasons out."""

import json

import numpy as np
import pandas as pd
import pytest


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """Two columns that go together, a third of words, and one row that breaks the rule."""
    draw = np.random.default_rng(0)
    first = draw.normal(size=200)
    town = draw.choice(["Aachen", "Bonn"], 200)
    frame = pd.DataFrame({"a": first, "b": first + draw.normal(0, 0.1, 200), "town": town})
    frame.loc[7, ["a", "b"]] = 2.0, -9.0
    frame.loc[20:25, "b"] = np.nan
    path = tmp_path_factory.mktemp("outliers") / "table.csv"
    frame.to_csv(path, index=False)
    return path


def test_the_row_that_breaks_the_rule_is_found_and_explained(vaekit, table, tmp_path):
    out = tmp_path / "odd.csv"
    result = vaekit("outliers", table, "--out", out, "--explain", "--epochs", 15, "--quiet")
    assert result.code == 0, result.err
    found = pd.read_csv(out)
    assert found.columns.tolist() == ["score", "p_value", "outlier", "why_a", "why_b", "why_town"]
    assert len(found) == 200
    assert found["outlier"][7]
    assert found["score"].idxmin() == 7
    assert found.loc[7, ["why_a", "why_b", "why_town"]].astype(float).idxmax() != "why_town"
    assert (found["outlier"] == (found["score"] <= found["score"][found["outlier"]].max())).all()
    assert "row 8: p = 0.0" in result.out


def test_json_has_the_counts(vaekit, table, tmp_path):
    out = tmp_path / "odd.parquet"
    result = vaekit("outliers", table, "--out", out, "--epochs", 2, "--json")
    assert result.code == 0, result.err
    values = json.loads(result.out)
    assert values["outliers"] == int(pd.read_parquet(out)["outlier"].sum())
    assert (values["rows"], values["out"]) == (200, str(out))
    assert 0 < values["false_alarm_rate"] <= 0.05


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--contamination", 0.7), "up to 0.5"),
        (("--columns", "tow=categorical"), 'did you mean "town"?'),
        (("--out", "odd.txt"), "ends in .csv"),
    ],
)
def test_bad_input_is_told_and_nothing_is_written(vaekit, table, tmp_path, flags, message):
    given = () if "--out" in flags else ("--out", tmp_path / "odd.csv")
    result = vaekit("outliers", table, *given, *flags)
    assert result.code == 2
    assert message in result.err
    assert not list(tmp_path.iterdir())
