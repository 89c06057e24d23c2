"""Two small runs on digits and one on a table, their explorer, and a browser to open it with."""

import contextlib
import json
import subprocess
import sys
from dataclasses import dataclass

import pytest
from browser import chromium, watched

from vaekit.config import Config, merge, parse_config
from vaekit.recipes import recipe
from vaekit.runs import RunFolder
from vaekit.training import train


def trained(folder, config, changes):
    train(parse_config(merge(config.model_dump(), changes)), folder=RunFolder(folder))
    return folder


@pytest.fixture(scope="session")
def explored(tmp_path_factory):
    """Folders of runs: two on the same digits and one on a table, with a likelihood each."""
    above = tmp_path_factory.mktemp("explored")
    digits = recipe("digits")
    shape = {"hidden": [64]}
    small = {
        "training": {"epochs": 10},
        "model": {"encoder": shape, "decoder": shape},
    }
    two = {"model": {"likelihood": {"kind": "continuous-bernoulli"}}}
    four = {"name": "digits-of-4", "seed": 1, "model": {"latent_dim": 4}}
    table = {
        "name": "cells",
        "data": {"source": "breast-cancer"},
        "training": {"epochs": 20, "batch_size": 50},
        "model": {"latent_dim": 3, "encoder": shape, "decoder": shape},
    }
    return {
        "digits": trained(above / "digits", digits, merge(small, two)),
        "four": trained(above / "four", digits, merge(small, four)),
        "table": trained(above / "table", Config(), table),
    }


@contextlib.contextmanager
def served(*runs):
    """The address of an explorer in a process of its own."""
    command = [sys.executable, "-m", "vaekit", "explore", *map(str, runs)]
    flags = ["--port", "0", "--no-open", "--json"]
    with subprocess.Popen([*command, *flags], stdout=subprocess.PIPE, text=True) as server:
        try:
            told = "".join(iter(server.stdout.readline, "}\n"))
            yield json.loads(told + "}")["address"]
        finally:
            server.terminate()


@pytest.fixture(scope="session")
def images(explored):
    """The address of both runs on digits."""
    with served(explored["digits"], explored["four"]) as address:
        yield address


@pytest.fixture(scope="session")
def cells(explored):
    """The address of the run on a table."""
    with served(explored["table"]) as address:
        yield address


@pytest.fixture(scope="module")
def context(tmp_path_factory):
    """A browser that lives as long as a file of tests."""
    with chromium(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@dataclass(frozen=True)
class Opener:
    """Opens pages, and closes them after the test."""

    context: object
    pages: list

    def __call__(self, address, *, width=1400, height=900, ready=True):
        page = self.context.new_page()
        page.set_viewport_size({"width": width, "height": height})
        page.set_default_timeout(10_000)
        self.pages.append(watched(page, address))
        page.goto(address)
        if ready:
            page.wait_for_selector("body[data-ready]")
        return page


@pytest.fixture
def visit(context):
    """Open an address; afterwards nothing was complained of, and no other host was asked."""
    opener = Opener(context, [])
    yield opener
    for seen in opener.pages:
        seen.page.close()
    host = {"/".join(seen.path.split("/")[:3]) for seen in opener.pages}
    asked = [url for seen in opener.pages for url in seen.requests]
    outside = [url for url in asked if "/".join(url.split("/")[:3]) not in host]
    assert [url for url in outside if not url.startswith(("blob:", "data:"))] == []
    assert [said for seen in opener.pages for said in seen.complaints] == []
