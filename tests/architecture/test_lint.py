"""Style and types hold, with the same tools and settings as `make lint`."""

import subprocess
import sys

import pytest
import yaml


@pytest.mark.parametrize("tool", ["ruff check", "ruff format --check", "mypy"])
def test_tool_has_nothing_to_say(tool, root):
    name, *options = tool.split()
    targets = [] if name == "mypy" else ["."]
    done = subprocess.run(
        [sys.executable, "-m", name, *options, *targets],
        cwd=root,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_hooks_before_a_commit_fetch_nothing(root):
    text = (root / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    assert {repository["repo"] for repository in yaml.safe_load(text)["repos"]} == {"local"}
