"""A run knows its data and its model, and who is writing."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from small_runs import train_small, vaekit

from vaekit import load_run
from vaekit.cli import main
from vaekit.errors import RunError, VaekitWarning
from vaekit.estimators import VAEImputer
from vaekit.runs import RunFolder

COMMAND = [sys.executable, "-m", "vaekit"]


def table(path, rows=120, *, seed=0):
    draw = np.random.default_rng(seed)
    np.savetxt(path, draw.normal(size=(rows, 4)), delimiter=",", header="a,b,c,d", comments="")


@pytest.fixture
def run(tmp_path, plain_report):
    table(tmp_path / "rows.csv")
    sections = {"data": {"source": str(tmp_path / "rows.csv"), "limit": None}}
    train_small(tmp_path / "run", "run", sections)
    return tmp_path / "run"


def fails(capsys, *argv):
    """Call the command line, which has to refuse; what it says."""
    assert main([str(part) for part in argv]) == 2
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert "unexpected" not in said
    return said


def test_fits_in_threads_give_the_results_of_fits_one_after_another():
    draw = np.random.default_rng(0)
    tables = [
        np.where(draw.random((60, 3)) < 0.2, np.nan, draw.normal(size=(60, 3))) for _ in "abcd"
    ]
    settings = {"method": "vae", "hidden": (4,), "epochs": 3, "imputation_samples": 5}

    def fill(at):
        return VAEImputer(**settings, random_state=at).fit_transform(tables[at])

    expected = [fill(at) for at in range(4)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(fill, range(4)))
    assert all(np.array_equal(one, other) for one, other in zip(expected, found, strict=True))


def test_a_longer_training_that_was_killed_is_not_finished(run):
    model = (run / "model.safetensors").read_bytes()
    vaekit("train", "--resume", run, "--training.epochs", 2, "--quiet")
    longer = load_run(run).model.state_dict()
    (run / "model.safetensors").write_bytes(model)  # as killed before it was replaced
    vaekit("train", "--resume", run, "--training.epochs", 2, "--quiet")
    found = load_run(run).model.state_dict()
    assert all(found[name].equal(value) for name, value in longer.items())


@pytest.mark.parametrize("command", ["evaluate", "report", "explore"])
def test_shuffled_data_is_refused(run, tmp_path, capsys, command):
    lines = (tmp_path / "rows.csv").read_text().splitlines()
    (tmp_path / "rows.csv").write_text("\n".join([lines[0], *reversed(lines[1:])]) + "\n")
    more = ("--port", 0, "--no-open") if command == "explore" else ()
    assert "not the rows that" in fails(capsys, command, run, *more)


def test_other_data_is_refused_by_evaluate_and_resume_but_not_by_name(run, tmp_path, capsys):
    before = (run / "config.json").read_bytes()
    table(tmp_path / "rows.csv", rows=130)
    assert "rows: 120 then, 130 now" in fails(capsys, "evaluate", run)
    assert "rows: 120 then" in fails(
        capsys, "train", "--resume", run, "--training.epochs", 2, "--quiet"
    )
    vaekit("encode", run, "--data", tmp_path / "rows.csv", "--out", tmp_path / "codes.npy")
    vaekit("evaluate", run, "--data", tmp_path / "rows.csv", "--samples", 5)
    assert json.loads(before)["data"] == json.loads((run / "config.json").read_text())["data"]


@pytest.mark.parametrize("command", ["report", "explore"])
def test_other_rows_are_shown_by_name(run, tmp_path, monkeypatch, command):
    shown = []
    if command == "report":
        monkeypatch.setattr(
            "vaekit.cli.training.write_run_report",
            lambda run, *, dataset, wanted: shown.append(len(dataset.rows)) or [],
        )
        more = ()
    else:
        monkeypatch.setattr(
            "vaekit.web.export_site",
            lambda views, path, say: shown.append(views[0].rows) or {"files": 0, "bytes": 0},
        )
        more = ("--export", tmp_path / "site", "--split", "all")
    table(tmp_path / "rows.csv", rows=130)
    vaekit(command, run, "--data", tmp_path / "rows.csv", *more)
    assert shown == [130]


def test_the_data_are_found_from_another_folder(tmp_path, monkeypatch):
    table(tmp_path / "rows.csv")
    monkeypatch.chdir(tmp_path)
    train_small(tmp_path / "run", "run", {"data": {"source": "rows.csv", "limit": None}})
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    vaekit("evaluate", tmp_path / "run", "--samples", 5)


def test_a_run_of_an_earlier_version_has_no_identity_and_works(run, tmp_path):
    (run / "data.json").unlink()
    bundle = load_file(run / "model.safetensors")
    from safetensors import safe_open

    with safe_open(str(run / "model.safetensors"), framework="pt") as file:
        values = json.loads(file.metadata()["vaekit"])
    old = {"format": "1", "preprocessing": json.dumps(values["preprocessing"])}
    save_file(bundle, str(run / "model.safetensors"), metadata=old)
    vaekit("evaluate", run, "--samples", 5)


def test_another_model_in_the_config_is_refused(run, capsys):
    config = json.loads((run / "config.json").read_text())
    config["model"]["encoder"]["activation"] = "tanh"
    (run / "config.json").write_text(json.dumps(config))
    said = fails(capsys, "evaluate", run)
    assert "model.encoder.activation is 'tanh'" in said


def test_weights_that_are_not_finite_are_refused(run, capsys):
    from safetensors import safe_open

    with safe_open(str(run / "model.safetensors"), framework="pt") as file:
        metadata = file.metadata()
    weights = load_file(run / "model.safetensors")
    name = next(name for name in weights if name.endswith("weight"))
    weights[name][0] = torch.nan
    save_file(weights, str(run / "model.safetensors"), metadata=metadata)
    assert "not finite" in fails(capsys, "sample", run, "--out", run / "rows.csv")


def test_equal_runs_are_equal_files(run, tmp_path):
    sections = {"data": {"source": str(tmp_path / "rows.csv"), "limit": None}}
    train_small(tmp_path / "again", "run", sections)
    for name in ("config.json", "data.json", "model.safetensors", "evaluation.json"):
        assert (run / name).read_bytes() == (tmp_path / "again" / name).read_bytes(), name


@pytest.mark.parametrize("content", ["[1]", '{"format": 1, "model": 3}', "[" * 100_000, "{"])
def test_a_config_of_another_form_is_one_sentence(run, capsys, content):
    (run / "config.json").write_text(content)
    fails(capsys, "evaluate", run)


def test_a_damaged_line_of_the_metrics_is_told_and_kept_beside(run):
    folder = RunFolder(run)
    good = folder.metrics.read_text()
    folder.metrics.write_text('{"epoch": \n' + good + '{"epoch": 2, "tr')
    with pytest.warns(VaekitWarning, match="line 1 is damaged"):
        assert len(folder.read_metrics()) == 1
    main(["train", "--resume", str(run), "--training.epochs", "2", "--quiet"])
    assert '{"epoch": \n' in (run / "metrics.damaged.jsonl").read_text()
    assert len(folder.read_metrics()) == 2


def start(tmp_path, *extra):
    """A training of many epochs in a process of its own."""
    argv = ["train", "digits", "--data.limit", "100", "--training.epochs", "100000"]
    argv += ["--training.checkpoint-every", "1", "--out", str(tmp_path / "long"), "--quiet", *extra]
    return subprocess.Popen([*COMMAND, *argv], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def wait_for(path, process):
    deadline = time.monotonic() + 120
    while not path.exists() and time.monotonic() < deadline:
        assert process.poll() is None
        time.sleep(0.05)


@pytest.mark.slow
def test_a_second_writer_is_refused_and_a_dead_one_is_not(tmp_path, capsys, plain_report):
    process = start(tmp_path)
    try:
        wait_for(tmp_path / "long" / "checkpoints" / "last.pt", process)
        said = fails(capsys, "train", "--resume", tmp_path / "long", "--quiet")
        assert f"process {process.pid} on" in said
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    left = tmp_path / "long" / f".config.json.{32 * '0'}.tmp"
    left.touch()
    done = len(RunFolder(tmp_path / "long").read_metrics())
    vaekit("train", "--resume", tmp_path / "long", "--training.epochs", done + 1, "--quiet")
    assert not left.exists()
    assert not (tmp_path / "long" / ".lock").exists()


def test_a_run_killed_before_its_first_checkpoint_starts_anew(run, tmp_path):
    expected = load_run(run).model.state_dict()
    for path in [*run.glob("checkpoints/*"), run / "model.safetensors", run / "evaluation.json"]:
        path.unlink()
    vaekit("train", "--resume", run, "--quiet")
    assert all(
        value.equal(expected[name]) for name, value in load_run(run).model.state_dict().items()
    )


def test_the_lock_is_released_after_an_error(tmp_path):
    folder = RunFolder(tmp_path / "run")
    folder.make()
    with pytest.raises(KeyError), folder.locked():
        raise KeyError
    with folder.locked():
        with pytest.raises(RunError, match=f"process {os.getpid()}"), folder.locked():
            pass
