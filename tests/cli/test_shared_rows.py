"""Two processes that torchrun starts measure and encode what one does, and the first one writes."""

import json

import numpy as np
import pytest
from processes import finished, torchrun


@pytest.mark.slow
def test_two_processes_measure_what_one_does(copied, vaekit):
    """An odd number of rows in an odd number of batches."""
    command = ["evaluate", copied, "--split", "train", "--rows", "233", "--samples", "7"]
    alone = json.loads(vaekit(*command, "--json").out)
    (copied / "evaluation.json").unlink()
    printed = finished(torchrun("-m", "vaekit", *command))
    assert printed.count("samples each (cpu, 2 processes)") == 1
    assert printed.count("measured on the train rows") == 1
    together = json.loads((copied / "evaluation.json").read_text(encoding="utf-8"))
    assert together["rows"] == 233
    for name in {*alone} & {*together}:
        assert together[name] == pytest.approx(alone[name]), name  # within a millionth


@pytest.fixture
def together(tmp_path):
    """A run that two processes trained, and what they printed."""
    path = tmp_path / "two"
    command = ["train", "digits", "--quick", "--training.epochs", "1", "--out", path]
    return path, finished(torchrun("-m", "vaekit", *command))


def measured(path):
    return json.loads((path / "evaluation.json").read_text(encoding="utf-8"))


@pytest.mark.slow
def test_those_who_trained_a_run_measure_it_together(together, vaekit):
    path, printed = together
    assert printed.count("samples each (cpu, 2 processes)") == 1
    assert (path / "report.html").is_file()
    found = measured(path)
    vaekit("evaluate", path, "--quiet")
    for name, value in measured(path).items():
        assert found[name] == pytest.approx(value), name


@pytest.mark.slow
def test_a_run_that_was_trained_and_not_measured_is_measured_together(together):
    path, _ = together
    found = measured(path)
    (path / "evaluation.json").unlink()
    printed = finished(torchrun("-m", "vaekit", "train", "--resume", path))
    assert "epoch 1/" not in printed
    assert printed.count("samples each (cpu, 2 processes)") == 1
    assert measured(path) == found


@pytest.mark.slow
def test_two_processes_encode_what_one_does(trained, vaekit, tmp_path):
    command = ["encode", trained, "--seed", "3", "--json", "--out"]
    assert vaekit(*command, tmp_path / "one.npy").code == 0
    printed = finished(torchrun("-m", "vaekit", *command, tmp_path / "two.npy"))
    assert printed.count('"rows": 1797') == 1
    one, two = (np.load(tmp_path / f"{name}.npy") for name in ("one", "two"))
    np.testing.assert_allclose(two, one, rtol=1e-5, atol=1e-6)


@pytest.mark.slow
def test_an_error_of_the_first_process_ends_the_others(trained, tmp_path):
    command = ["encode", trained, "--out", tmp_path / "codes.npy", "--data", tmp_path / "none.csv"]
    printed = finished(torchrun("-m", "vaekit", *command), code=1)
    assert "none.csv" in printed
    assert not (tmp_path / "codes.npy").exists()
