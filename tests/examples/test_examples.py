"""Every example runs as it is written, in a folder of its own, and prints what it promises."""

import re
import runpy
import tempfile
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"

PRINTED = {
    "compose.py": r"\['-?\d+\.\d nats'(, '-?\d+\.\d nats'){4}\]",
    "impute.py": r"VAEImputer +\d\.\d{3}(.|\n)+\d\d% of the true values lie in the 90 % intervals",
    "iwae_vs_vae.py": r"mean: -\d+\.\d nats per row\n +logmeanexp: -\d+\.\d nats per row",
    "latent_map.py": r"latent_map\.png",
    "outliers.py": r"alcohol +\d+\.\d(.|\n)+outlier because of alcohol",
    "own_prior.py": r"rate -?\d+\.\d\d, distortion \d+\.\d\d nats per row",
    "plot_results.py": r"results\.png",
    "quickstart.py": r"-\d+\.\d nats per row, \d active units",
    "synthesize.py": (
        r"two-sample AUC +0\.\d{3}(.|\n)+no guarantee(.|\n)+( +\d\.\d){3} +1\.8 virginica"
    ),
    "semi_supervised.py": r"50 labels: \d\d% without .+, \d\d% with them",
}
"""What each example prints last; a new example is one new line."""


SLOW = {"impute.py", "outliers.py", "semi_supervised.py", "synthesize.py"}
"""Examples that fit an estimator of a table: seconds each."""


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] * (name in SLOW)) for name in PRINTED]
)
def test_example_runs(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    runpy.run_path(str(EXAMPLES / name), run_name="__main__")
    printed = capsys.readouterr().out.rstrip()
    assert re.search(rf"{PRINTED[name]}\Z", printed), printed


def test_every_example_is_run():
    assert {path.name for path in EXAMPLES.glob("*.py")} == set(PRINTED)


@pytest.mark.parametrize("name", PRINTED)
def test_an_example_is_short(name):
    lines = (EXAMPLES / name).read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 30
