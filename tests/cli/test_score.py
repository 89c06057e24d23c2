"""``vaekit score``: one line for each row, which agrees with ``vaekit evaluate``."""

import json

import numpy as np
import pandas as pd
import pytest


def test_rows_are_scored_as_they_are_evaluated(copied, vaekit, tmp_path):
    out = tmp_path / "scores.csv"
    found = json.loads(vaekit("score", copied, "--samples", "50", "--out", out, "--json").out)
    scores = pd.read_csv(out)
    assert list(scores) == [
        "row", "label", "log_likelihood", "standard_error", "effective_samples"
    ]  # fmt: skip
    assert len(scores) == found["rows"] == 180
    assert scores["log_likelihood"].mean() == pytest.approx(found["log_likelihood"])
    expected = json.loads(vaekit("evaluate", copied, "--samples", "50", "--json").out)
    assert found["log_likelihood"] == pytest.approx(expected["log_likelihood"], abs=0.5)
    assert scores["effective_samples"].between(1, 50).all()
    assert np.isfinite(scores["standard_error"]).all()


def test_an_existing_file_stays(trained, vaekit, tmp_path):
    out = tmp_path / "scores.csv"
    out.write_text("mine")
    result = vaekit("score", trained, "--out", out)
    assert result.code == 2
    assert "--force" in result.err
    assert out.read_text() == "mine"


def test_another_ending_is_refused(trained, vaekit, tmp_path):
    result = vaekit("score", trained, "--out", tmp_path / "scores.txt")
    assert result.code == 2
    assert ".csv, .parquet" in result.err
