"""What the README shows works as it stands."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_python_runs(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    trained, composed = re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL)
    exec(compile(trained, "README.md", "exec"), {})
    assert "2 latent dimensions" in capsys.readouterr().out
    exec(compile(composed, "README.md", "exec"), {})
    value, unit = capsys.readouterr().out.split(maxsplit=1)
    assert -40 < float(value) < 0
    assert unit.strip() == "nats per row"


def test_every_flag_it_names_is_one():
    surface = (ROOT / "tests" / "cli" / "surface.txt").read_text(encoding="utf-8")
    named = set(re.findall(r"(--[a-z][a-z.-]+)", TEXT))
    assert named
    assert {flag for flag in named if flag not in surface.split()} == set()


@pytest.mark.parametrize("page", ["README.md", "docs/gallery.md"])
def test_every_picture_is_there_and_described(page):
    path = ROOT / page
    pictures = re.findall(r"!\[(.*?)\]\((.*?)\)", path.read_text(encoding="utf-8"))
    assert pictures
    for description, picture in pictures:
        assert (path.parent / picture).is_file(), picture
        assert len(description) > 20, picture


@pytest.mark.parametrize("recipe", re.findall(r"`vaekit train ([a-z][a-z-]+)`", TEXT))
def test_every_recipe_it_names_is_one(recipe):
    from vaekit.recipes import RECIPES, STUDIES

    assert recipe in RECIPES or recipe in STUDIES
