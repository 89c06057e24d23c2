"""What the documents name is there."""

import re

import pytest

DOCUMENTS = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")

PATH = re.compile(r"`((?:src|tests|examples|docs)/[^\s`]*)`")
"""A file or a folder of the repository, in backquotes."""

MAKE = re.compile(r"(?<![\w-])make ([a-z-]+)")
"""A target of the Makefile."""


def read(root, name):
    return (root / name).read_text(encoding="utf-8")


def blocks_and_code(text):
    """What stands in backquotes or in an indented or fenced block: commands, not sentences."""
    return "\n".join(re.findall(r"```.*?```|`[^`\n]+`", text, flags=re.DOTALL))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_path_leads_somewhere(name, root):
    assert [path for path in PATH.findall(read(root, name)) if not (root / path).exists()] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_target_is_in_the_makefile(name, root):
    targets = set(re.findall(r"^([a-z-]+):", read(root, "Makefile"), flags=re.MULTILINE))
    assert set(MAKE.findall(blocks_and_code(read(root, name)))) - targets == set()


def test_every_target_is_explained(root):
    lines = re.findall(r"^[a-z-]+:.*$", read(root, "Makefile"), flags=re.MULTILINE)
    assert [line for line in lines if " ## " not in line] == []


def test_a_new_part_is_told_with_the_list_that_tests_it(root):
    text = read(root, "CONTRIBUTING.md")
    named = re.findall(r"`([A-Z]{3,})`\s+(?:of|in)\s+`((?:src|tests)/[^`]*)`", text)
    assert len(named) >= 5
    for table, path in named:
        assert re.search(rf"^{table}\b.* = ", read(root, path), flags=re.MULTILINE), (table, path)
