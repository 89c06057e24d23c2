"""The repository speaks of the project alone: no place on someone's machine, nothing unfinished."""

import re
import shutil
import subprocess

import pytest

# One letter of each word stands in brackets, so that this file passes its own test.
FORBIDDEN = {
    "a path of someone's machine": (
        r"(?<![\w.~])/(?:hom[e]|roo[t]|Use[r]s|tm[p]|wor[k])/|[A-Z]:\\Use[r]s"
    ),
    "a folder of someone's machine": r"(?<!\w)[.]librar[y]\b",
    "a word for unfinished work": r"\b(?:TOD[O]|FIXM[E]|XX[X]|HAC[K])\b",
    "a stub": r"\braise NotImplementedErro[r]\b",
}


@pytest.fixture(scope="module")
def texts(root):
    """Every text file of the repository that git does not ignore."""
    if not (root / ".git").exists() or shutil.which("git") is None:
        pytest.skip("no git checkout: what belongs to the repository cannot be told")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        check=False,
    )
    if listed.returncode != 0:
        pytest.skip(f"git cannot tell: {listed.stderr.decode().strip()}")
    names = listed.stdout.decode().split("\0")
    paths = [root / name for name in names if name and (root / name).is_file()]
    return {path.relative_to(root): text for path in paths if (text := read(path))}


def read(path):
    """The text of a file; empty for an image, an array and other such."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


@pytest.mark.parametrize("what", FORBIDDEN)
def test_files_hold_no(what, texts):
    found = [
        f"{path}:{number}: {line.strip()[:100]}"
        for path, text in texts.items()
        for number, line in enumerate(text.splitlines(), start=1)
        if re.search(FORBIDDEN[what], line)
    ]
    assert not found, f"{what} in\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("line", "seen"),
    [
        ("/".join(("", "home", "me", "data")), True),
        ("see https://example.org/home/page", False),
        ("# " + "TO" + "DO: later", True),
        ("raise NotImplemented" + "Error", True),
        ("except NotImplementedError:", False),
        ("~/data and ../shared/data", False),
    ],
)
def test_the_measure_sees_what_it_should(line, seen):
    assert any(re.search(pattern, line) for pattern in FORBIDDEN.values()) is seen
