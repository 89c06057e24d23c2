"""Processes killed at any moment: what they did is resumed, or whole, and nothing is left over."""

import random
import shutil
import time

import numpy as np
import pandas as pd
import pytest
from killed_processes import (
    call,
    ended,
    ending,
    fork,
    killed_after,
    killed_before_rename,
    temporary_files,
)

from vaekit.config import parse_config
from vaekit.io import write_atomically
from vaekit.recipes import STUDIES, Study


def resumed(run, begin, *, is_begun):
    """Resume; where nothing was saved, the message says so and the first command works again."""
    if not run.exists():  # killed while the data were read
        assert call(*begin, "--out", run).code == 0
        return
    result = call("train", "--resume", run, "--quiet")
    if not is_begun:
        assert result.code == 2
        assert "start anew" in result.err
        result = call(*begin, "--out", run)
    assert result.code == 0, result.err


@pytest.mark.parametrize("number", [1, 4])
def test_a_run_killed_before_its_config_or_a_checkpoint_ends_as_ever(
    begin, trained, tmp_path, number
):
    run = tmp_path / "runs" / "trained"
    assert killed_before_rename(number, *begin, "--out", run)
    resumed(run, begin, is_begun=(run / "config.json").exists())
    assert ending(run) == ending(trained)


@pytest.mark.slow
def test_a_run_killed_before_any_rename_ends_like_one_that_was_not(begin, trained, tmp_path):
    number = 0
    while True:
        number += 1
        run = tmp_path / "runs" / str(number) / "trained"
        if not killed_before_rename(number, *begin, "--out", run):
            break
        resumed(run, begin, is_begun=(run / "config.json").exists())
        assert ending(run) == ending(trained), f"killed before rename {number}"
        shutil.rmtree(run)
    # config, data, metrics, a checkpoint for each of two epochs, model, evaluation, report
    assert number == 9


@pytest.mark.slow
def test_a_run_trained_for_longer_is_not_finished_before_its_model_is(begin, trained, tmp_path):
    longer = ("train", "--quiet", "--training.epochs", "4", "--resume")
    expected = shutil.copytree(trained, tmp_path / "expected")
    assert call(*longer, expected).code == 0
    number = 0
    while True:
        number += 1
        run = shutil.copytree(trained, tmp_path / str(number))
        if not killed_before_rename(number, *longer, run):
            break
        assert call(*longer, run).code == 0
        assert ending(run) == ending(expected), f"killed before rename {number}"
    assert number > 5


def small():
    """Two autoencoders.

    Source: this test.
    """
    network = {"encoder": {"hidden": [4]}, "decoder": {"hidden": [4]}}
    settings = {"model": network, "training": {"threads": 1, "precision": "32", "epochs": 1}}
    wide = {**settings, "model": {**network, "latent_dim": 3}}
    return {"one": parse_config(settings), "two": parse_config(wide)}


@pytest.mark.slow
def test_a_study_killed_before_any_rename_is_resumed(table, tmp_path, plain_report, monkeypatch):
    monkeypatch.setitem(STUDIES, "small", Study(name="small", members=small))
    monkeypatch.setattr("vaekit.cli.study.compare", lambda runs: Page(runs))
    begin = ("train", "small", "--data", table, "--evaluation.samples", "5", "--quiet")
    whole = tmp_path / "study"
    assert call(*begin, "--out", whole).code == 0
    expected = [ending(whole / name) for name in ("one", "two")]
    number = 0
    while True:
        number += 1
        study = tmp_path / str(number)
        if not killed_before_rename(number, *begin, "--out", study):
            break
        begun = (study / "study.json").exists()
        result = call("train", "--resume", study, "--quiet") if begun else None
        result = result or call(*begin, "--out", study)
        assert result.code == 0, result.err
        assert [ending(study / name) for name in ("one", "two")] == expected, number
        assert not temporary_files(study)
        shutil.rmtree(study)
    assert number > 14


class Page:
    """A comparison that draws nothing."""

    def __init__(self, runs):
        self.runs = runs

    def write_page(self, path, **_):
        write_atomically(path, lambda beside: beside.write_text("a page"))

    def lines(self):
        return list(self.runs)

    def to_dict(self, *, report):
        return {"report": str(report)}


@pytest.fixture
def gaps(table):
    """The table with cells missing."""
    frame = pd.read_csv(table)
    frame = frame.mask(np.random.default_rng(1).random(frame.shape) < 0.1)
    frame.to_csv(table, index=False)
    return table


@pytest.mark.slow
def test_multiple_imputation_replaces_its_set_as_one(gaps, tmp_path):
    (tmp_path / "out").mkdir()
    out = tmp_path / "out" / "filled.csv"
    command = ["impute", gaps, "--out", out, "--multiple", "2", "--force", "--quiet"]
    command += ["--check", "0", "--epochs", "1", "--method", "vae", "--seed"]
    paths = [out, *(out.with_name(f"filled-{number}.csv") for number in (1, 2))]

    def content():
        return [path.read_bytes() for path in paths]

    sets = []
    for seed in ("0", "1"):
        assert call(*command, seed).code == 0
        sets.append(content())
    assert all(one != two for one, two in zip(*sets, strict=True))
    number = 0
    while True:
        number += 1
        assert call(*command, "0").code == 0
        if not killed_before_rename(number, *command, "1"):
            break
        write_atomically(out.with_name("other.txt"), lambda path: path.write_text("any file"))
        # the list of the set is renamed first, and from then on the set is the new one
        assert content() == sets[number > 1], f"killed before rename {number}"
        assert not temporary_files(out.parent)
    assert number == 5


def test_a_larger_set_is_not_mixed_with_a_new_one(gaps, tmp_path):
    out = tmp_path / "filled.csv"
    (tmp_path / "filled-3.csv").write_text("of a set of three", encoding="utf-8")
    result = call("impute", gaps, "--out", out, "--multiple", "2", "--force", "--quiet")
    assert result.code == 2
    assert "filled-3.csv" in result.err
    assert not out.exists()


def test_a_table_that_is_killed_is_the_old_or_the_new_one(table, tmp_path):
    out = tmp_path / "made.csv"
    out.write_text("old", encoding="utf-8")
    command = ("synthesize", table, "--out", out, "--number", "5", "--check", "0", "--epochs", "1")
    assert killed_before_rename(1, *command, "--force", "--quiet")
    assert out.read_text(encoding="utf-8") == "old"
    assert call(*command, "--force", "--quiet").code == 0
    assert len(pd.read_csv(out)) == 5
    assert not temporary_files(tmp_path)


@pytest.mark.slow
def test_fifty_kills_and_fifty_equal_endings(begin, tmp_path):
    whole = tmp_path / "whole" / "run"
    began = time.monotonic()
    assert ended(fork(lambda: call(*begin, "--out", whole).code)) == 0
    seconds, draw = time.monotonic() - began, random.Random(0)
    begun = saved = trained = 0
    for number in range(50):
        run = tmp_path / str(number) / "run"
        while not killed_after(draw.uniform(0.0, seconds), *begin, "--out", run):
            shutil.rmtree(run)
        is_begun = (run / "config.json").exists()
        begun += is_begun
        saved += (run / "checkpoints" / "last.pt").exists()
        trained += (run / "model.safetensors").exists()
        resumed(run, begin, is_begun=is_begun)
        assert ending(run) == ending(whole), number
        shutil.rmtree(run)
    print(f"50 kills: {begun} after the config was written, {saved} after the first checkpoint, ")
    print(f"{trained} after training; 50 equal endings")
    assert begun > 0
