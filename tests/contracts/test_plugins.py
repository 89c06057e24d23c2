"""Parts of another package: found by their entry point, trained, reported, explored."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from vaekit import registry
from vaekit.errors import ConfigError, VaekitWarning

EXAMPLE = Path(__file__).parents[2] / "examples" / "plugin"

CONFIG = {
    "data": {"source": "digits", "limit": 100, "scale": "none"},
    "model": {
        "prior": {"kind": "laplace", "options": {"scale": 0.5}},
        "likelihood": {"kind": "poisson"},
        "encoder": {"hidden": [8]},
        "decoder": {"hidden": [8]},
    },
    "training": {"epochs": 1, "batch_size": 25, "threads": 1},
    "evaluation": {"samples": 5},
}
SCRIPT = """
import shutil, sys
from vaekit.cli import main, training
from vaekit.web import make_app, open_run
run, out, figures = sys.argv[1:]
if figures == "none":
    training.draw_figures = lambda *args, **more: []
assert main(["train", "--config", f"{out}/config.json", "--out", run, "--quiet", "--json"]) == 0
assert main(["graph", run, "--out", f"{out}/graph.json"]) == 0
shutil.copytree(run, f"{out}/copy")
assert main(["compare", run, f"{out}/copy"]) == 0
(explorer,) = make_app([open_run(run)]).state.explorers
print(explorer.overview(index=0).model_dump_json())
"""
"""Everything that is done with a run, in one process."""


def unpack(target):
    """Write what an installation leaves on ``sys.path``: the package and its entry points."""
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    shutil.copytree(EXAMPLE / "src", target)
    info = target / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    lines = ["Metadata-Version: 2.1", *(f"{k.title()}: {project[k]}" for k in ("name", "version"))]
    (info / "METADATA").write_text("\n".join([*lines, ""]), "utf-8")
    points = [
        "\n".join([f"[{group}]", *(f"{name} = {to}" for name, to in entries.items())])
        for group, entries in project["entry-points"].items()
    ]
    (info / "entry_points.txt").write_text("\n".join(points), "utf-8")


def install(source, target):
    """Install with pip, without the network."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, "--no-build-isolation", "--target", target, source], check=True)


@pytest.fixture(scope="module", params=["path", pytest.param("pip", marks=pytest.mark.slow)])
def installed(request, tmp_path_factory):
    """Folder with the example package and its metadata."""
    folder = tmp_path_factory.mktemp("plugin")
    target = folder / "site"
    if request.param == "path":
        unpack(target)
    else:
        install(shutil.copytree(EXAMPLE, folder / "source"), target)
    return target


@pytest.fixture(scope="module")
def run_python(installed):
    """Run Python where the package is installed; what it prints."""
    path = os.pathsep.join([str(installed), *filter(None, sys.path)])

    def run(*argv):
        return subprocess.run(
            [sys.executable, *map(str, argv)], env={**os.environ, "PYTHONPATH": path},
            capture_output=True, text=True, encoding="utf-8", check=False,
        )  # fmt: skip

    return run


def test_parts_of_a_plugin_are_trained_reported_compared_and_explored(
    request, run_python, tmp_path
):
    """With figures, which take the time, where pip installed it."""
    figures = "all" if request.node.callspec.params["installed"] == "pip" else "none"
    (tmp_path / "config.json").write_text(json.dumps(CONFIG), encoding="utf-8")
    done = run_python("-c", SCRIPT, tmp_path / "run", tmp_path, figures)
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "Poisson, with the expected count λ of each feature" in page
    assert "independent Laplace distributions" in page
    assert "log p(x|z) = sum_{f=1..64} [x_f log lambda_f - lambda_f - log x_f!]" in page
    assert "Laplace," in (tmp_path / "graph.json").read_text(encoding="utf-8")
    assert "The log-probability of exact values" in done.stdout
    overview = json.loads(done.stdout.splitlines()[-1])
    assert (overview["prior"], overview["likelihood"][:7]) == ("Laplace, scale 0.5", "Poisson")


def test_a_wrong_option_of_a_plugin_is_told_with_the_right_one(run_python):
    flags = ["--model.prior.kind", "laplace", "--model.prior.options.scales", "2"]
    done = run_python("-m", "vaekit", "train", *flags)
    assert done.returncode == 2
    assert """laplace has no option 'scales'; did you mean "scale"?""" in done.stderr


class BrokenPoint:
    name, dist = "broken", None

    def load(self):
        raise ImportError("no module named nowhere")


def test_a_broken_plugin_is_named_once_and_left_out(monkeypatch):
    monkeypatch.setattr(registry, "_asked", set())
    monkeypatch.setattr(registry, "entry_points", lambda group: [BrokenPoint()])
    with pytest.warns(VaekitWarning, match="plugin broken cannot be used: ImportError") as told:
        found = "unknown" in registry.PRIORS, "unknown" in registry.POSTERIORS
    assert found == (False, False)
    assert len(told) == 1


def test_a_name_is_registered_once():
    with pytest.raises(ConfigError, match="a prior called 'normal' is registered already"):
        registry.register(registry.PRIORS.get("normal"))
    with pytest.raises(TypeError, match="expected an entry"):
        registry.register("normal")
