"""Runs of a few seconds, made by the command line in this process."""

import contextlib
import io
import json

from vaekit.cli import main

SMALL = {
    "data": {"source": "digits", "limit": 100},
    "model": {"encoder": {"hidden": [8]}, "decoder": {"hidden": [8]}},
    "training": {"epochs": 1, "batch_size": 25, "device": "cpu", "threads": 1},
    "evaluation": {"samples": 5},
}


def vaekit(*argv):
    """Call the command line; what it prints."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main([str(part) for part in argv])
    assert code == 0, err.getvalue()
    return out.getvalue()


def train_small(folder, name, sections):
    """Train a small run whose config differs in some sections; what the command prints."""
    config = json.loads(json.dumps(SMALL)) | {"name": name.replace(" ", "-")}
    for path, section in sections.items():
        below = config
        for part in path.split("."):
            below = below.setdefault(part, {})
        below.update(section)
    path = folder.parent / f"{folder.name}.json"
    path.write_text(json.dumps(config), encoding="utf-8")
    return json.loads(vaekit("train", "--config", path, "--out", folder, "--quiet", "--json"))
