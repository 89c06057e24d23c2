"""Runs that are made in a moment, and a real server over them."""

import contextlib
import threading
import time
from dataclasses import dataclass

import httpx
import numpy as np
import pytest
import torch

from vaekit.builders import build_model, load_data
from vaekit.config import Config
from vaekit.numerics import fixed_noise
from vaekit.runs import RunFolder, save_run
from vaekit.web import SecurityMiddleware, listen, make_app, make_server, open_run

PAGE = {"index.html": "<!doctype html><title>page</title>", "js/app.js": "export const one = 1;\n"}


def write_run(path, settings):
    """A run folder of an untrained model, which decodes as well as any for a test."""
    config = Config.model_validate({"name": path.name, **settings})
    folder = RunFolder(path)
    folder.make()
    dataset, preprocessing = load_data(config.data)
    with fixed_noise(1):
        torch.manual_seed(1)
        model = build_model(config.model, shape=dataset.shape, support=preprocessing.support)
        for layer in model.modules():
            if isinstance(layer, torch.nn.BatchNorm1d):  # as if it had seen rows
                layer.running_mean.normal_()
                layer.running_var.uniform_(0.5, 2.0)
    folder.write_json(folder.config, config.model_dump(mode="json"))
    save_run(folder, model, preprocessing)
    return path


def network(*hidden, **more):
    return {"kind": "mlp", "hidden": list(hidden), **more}


SETTINGS = {
    "digits": {
        "data": {"source": "digits"},
        "model": {
            "latent_dim": 4,
            "encoder": network(16),
            "decoder": network(16, 24, batch_norm=True, activation="gelu"),
        },
    },
    "cancer": {
        "data": {"source": "breast-cancer", "test": 0.3},
        "model": {"latent_dim": 2, "encoder": network(8), "decoder": network(8)},
    },
    "noisy": {
        "data": {"source": "digits", "binarize": "dynamic"},
        "model": {"latent_dim": 1, "encoder": network(8), "decoder": network(8, activation="tanh")},
    },
}


@pytest.fixture(scope="session")
def folders(tmp_path_factory):
    """Run folders by name; not to be changed."""
    root = tmp_path_factory.mktemp("runs")
    return {name: write_run(root / name, settings) for name, settings in SETTINGS.items()}


@pytest.fixture(scope="session")
def shown(folders):
    """The runs, their rows and their codes."""
    return {name: open_run(path) for name, path in folders.items()}


@dataclass(frozen=True)
class Served:
    """A server that runs, and a client of it."""

    client: httpx.Client
    url: str
    app: object

    def array(self, answer):
        """What a binary answer holds."""
        assert answer.status_code == 200, answer.text
        shape = [int(size) for size in answer.headers["x-shape"].split(",")]
        return np.frombuffer(answer.content, answer.headers["x-dtype"]).reshape(shape).copy()

    def get(self, where, /):
        return self.client.get(f"api/runs/{where}")

    def post(self, where, /, **body):
        return self.client.post(f"api/runs/{where}", json=body)


@contextlib.contextmanager
def served(runs, folder, timer=None, **access):
    """Run a server in a thread, as ``vaekit explore`` does in a process."""
    app = make_app(runs, folder=folder)
    with listen("127.0.0.1", port=0) as listening:
        server = make_server(SecurityMiddleware(app, **access), timer=timer)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        try:
            limits = httpx.Limits(max_connections=64)
            with httpx.Client(base_url=url, timeout=60, verify=False, limits=limits) as client:
                yield Served(client, url, app)
        finally:
            server.should_exit = True
            thread.join(20)
            assert not thread.is_alive()


@pytest.fixture(scope="session")
def page(tmp_path_factory):
    """A page of two files."""
    folder = tmp_path_factory.mktemp("page")
    for name, text in PAGE.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    (folder / ".hidden.js").write_text("secret", encoding="utf-8")
    (folder / "notes.py").write_text("secret", encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def serving(page):
    """Run a server over runs, with access options of one's own."""
    return lambda runs, folder=page, **access: served(runs, folder, **access)


@pytest.fixture(scope="session")
def server(shown, page):
    """Three runs: digits is 0, cancer is 1, noisy is 2."""
    with served(list(shown.values()), page) as found:
        yield found


@pytest.fixture(scope="session")
def measured(server):
    """The server, once the log-likelihoods of all reference rows are there."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if all(server.get(f"{run}/reference").json()["ready"] for run in range(3)):
            return server
        time.sleep(0.05)
    pytest.fail("the reference rows were never measured")
