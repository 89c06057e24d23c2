"""What `make lint` and the hooks run."""

import yaml


def test_hooks_before_a_commit_fetch_nothing(root):
    text = (root / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    assert {repository["repo"] for repository in yaml.safe_load(text)["repos"]} == {"local"}


def test_ci_runs_lint_and_the_commands_of_the_readme(root):
    lines = (root / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith("make ")] == [
        "make lint",
        "make demo",
        "make test",
    ]
