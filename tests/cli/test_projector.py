"""projector: what TensorBoard's own plugin makes of the folder."""

import io
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import numpy as np
import pytest
from PIL import Image

FILES = {"tensors.tsv", "metadata.tsv", "sprite.png", "projector_config.pbtxt"}
ROUTE = "/data/plugin/projector"


@pytest.fixture(scope="module")
def folder(trained, vaekit, tmp_path_factory):
    """The folder of thirty rows of the digits, moved after it was written."""
    home = tmp_path_factory.mktemp("projector")
    result = vaekit("projector", trained, "--rows", 30, "--out", home / "first", "--json")
    assert result.code == 0, result.err
    assert json.loads(result.out) == {
        "out": str(home / "first"), "rows": 30, "split": "test", "latent_dim": 2,
        "thumbnail": [8, 8],
    }  # fmt: skip
    return (home / "first").rename(home / "moved")


@pytest.fixture(scope="module")
def codes(trained, vaekit, tmp_path_factory):
    """Codes, labels and row numbers of the same split, by another command."""
    out = tmp_path_factory.mktemp("codes") / "codes.csv"
    assert vaekit("encode", trained, "--split", "test", "--out", out).code == 0
    table = np.loadtxt(out, delimiter=",", skiprows=1, usecols=(0, 1, 2, 3))
    return {int(row): (int(label), codes) for row, label, *codes in table}


@pytest.fixture
def table(vaekit, tmp_path):
    """A run on a table without labels."""
    rows = np.random.default_rng(0).normal(size=(40, 3))
    np.savetxt(tmp_path / "t.csv", rows, delimiter=",", header="a,b,c", comments="")
    result = vaekit(
        *("train", "--data", tmp_path / "t.csv", "--quiet", "--training.epochs", "1"),
        *("--evaluation.samples", "2", "--out", tmp_path / "run"),
    )
    assert result.code == 0, result.err
    return tmp_path / "run"


def ask_plugin(folder):
    """Answers of the plugin's own web application, without a server."""
    pytest.importorskip("tensorboard", reason="the plugin that reads the folder is TensorBoard's")
    from tensorboard.plugins.base_plugin import TBContext
    from tensorboard.plugins.projector.projector_plugin import ProjectorPlugin
    from werkzeug.test import Client

    class NoRuns:
        """A data provider: no run has logged anything."""

        def list_runs(self, ctx, *, experiment_id):
            return []

    apps = ProjectorPlugin(TBContext(logdir=str(folder), data_provider=NoRuns())).get_plugin_apps()

    def ask(route, **query):
        answer = Client(apps[f"/{route}"]).get("/", query_string=query)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return answer.get_data()

    return ask


def hold_against(ask, folder, codes):
    """Every answer about the folder against the codes that another command gives."""
    assert json.loads(ask("runs")) == ["."]
    (embedding,) = json.loads(ask("info", run="."))["embeddings"]
    name = embedding["tensorName"]
    assert embedding["tensorShape"] == [30, 2]
    tensor = np.frombuffer(ask("tensor", run=".", name=name), dtype=np.float32).reshape(30, 2)
    header, *lines = ask("metadata", run=".", name=name).decode().splitlines()
    assert header == "label\trow"
    cells = [tuple(map(int, line.split("\t"))) for line in lines]
    assert [label for label, _ in cells] == [codes[row][0] for _, row in cells]
    assert tensor == pytest.approx(np.array([codes[row][1] for _, row in cells]), abs=1e-4)
    sheet = ask("sprite_image", run=".", name=name)
    assert sheet == (folder / "sprite.png").read_bytes()
    with Image.open(io.BytesIO(sheet)) as image:
        assert image.size == (48, 48)  # six by six thumbnails
    assert embedding["sprite"]["singleImageDim"] == [8, 8]


def test_the_config_is_that_of_the_plugin(folder):
    config = pytest.importorskip("tensorboard.plugins.projector.projector_config_pb2")
    from google.protobuf import text_format

    text = (folder / "projector_config.pbtxt").read_text(encoding="utf-8")
    (embedding,) = text_format.Parse(text, config.ProjectorConfig()).embeddings
    named = (embedding.tensor_path, embedding.metadata_path, embedding.sprite.image_path)
    assert {*named, "projector_config.pbtxt"} == FILES  # relative: names and no folders
    assert {path.name for path in folder.iterdir()} == FILES


def test_the_plugin_answers_with_codes_labels_and_thumbnails(folder, codes):
    hold_against(ask_plugin(folder), folder, codes)


def test_thumbnails_are_the_rows(folder):
    from vaekit import load_dataset

    lines = (folder / "metadata.tsv").read_text(encoding="utf-8").splitlines()
    rows = load_dataset("digits").rows
    with Image.open(folder / "sprite.png") as image:
        sheet = np.asarray(image)
    for place in (0, 7, 29):
        row = int(lines[1 + place].split("\t")[1])
        top, left = place // 6 * 8, place % 6 * 8
        shown = sheet[top : top + 8, left : left + 8].ravel()
        assert shown == pytest.approx(rows[row] / 16 * 255, abs=1)


@pytest.mark.slow
def test_a_real_server_answers_the_same(folder, codes):
    pytest.importorskip("tensorboard", reason="the server is TensorBoard's")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["-m", "tensorboard.main", "--logdir", str(folder), "--port", str(port)]
    server = subprocess.Popen(
        [sys.executable, *command, "--host", "127.0.0.1", "--reload_interval", "0"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "NO_PROXY": "*"},
    )  # fmt: skip
    open_url = urllib.request.build_opener(urllib.request.ProxyHandler({})).open

    def ask(route, **query):
        text = urllib.parse.urlencode(query)
        with open_url(f"http://127.0.0.1:{port}{ROUTE}/{route}?{text}", timeout=30) as answer:
            return answer.read()

    try:
        until = time.monotonic() + 120
        while time.monotonic() < until and server.poll() is None:
            try:
                ask("runs")
            except urllib.error.URLError:
                time.sleep(0.5)
            else:
                break
        hold_against(ask, folder, codes)
    finally:
        server.terminate()
        server.wait(30)


def test_a_table_without_labels_has_numbers_alone(table, vaekit, tmp_path):
    out = tmp_path / "out"
    result = vaekit("projector", table, "--split", "all", "--out", out)
    assert result.code == 0, result.err
    assert f"40 all codes of 2 dimensions: {out}" in result.out
    assert {path.name for path in out.iterdir()} == FILES - {"sprite.png"}
    # A file with a single column has no header: the first line is a row like the others.
    numbers = (out / "metadata.tsv").read_text(encoding="utf-8").split("\n")
    assert numbers == [*map(str, range(40)), ""]
    ask = ask_plugin(out)
    (embedding,) = json.loads(ask("info", run="."))["embeddings"]
    assert "sprite" not in embedding
    assert len(ask("metadata", run=".", name="codes", num_rows=5).splitlines()) == 5


def test_a_folder_that_is_not_empty_is_refused(folder, table, trained, vaekit, tmp_path):
    out = shutil.copytree(folder, tmp_path / "out")
    (out / "mine.txt").write_text("mine", encoding="utf-8")
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    refused = vaekit("projector", trained, "--out", out)
    assert (refused.code, "--force" in refused.err) == (2, True)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    assert vaekit("projector", table, "--out", out, "--force").code == 0
    # The thumbnails of other rows went, and what is not the projector's stayed.
    assert {path.name for path in out.iterdir()} == FILES - {"sprite.png"} | {"mine.txt"}


def test_an_empty_folder_will_do(trained, vaekit, tmp_path):
    (tmp_path / "out").mkdir()
    assert vaekit("projector", trained, "--rows", 1, "--out", tmp_path / "out").code == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == FILES
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (("--rows", 0), "--rows 0: expected at least 1 row"),
        (("--rows", -3), "--rows -3"),
        (("--out", "file"), "is a file; name a folder"),
        (("--out", "file", "--force"), "is a file; name a folder"),
        (("--out", "nowhere/deep"), "there is no folder"),
        (("--split", "other"), "--split"),
    ],
)
def test_what_does_not_fit_is_named(trained, vaekit, tmp_path, monkeypatch, argv, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    flags = argv if "--out" in argv else (*argv, "--out", "new")
    result = vaekit("projector", trained, *flags)
    assert result.code == 2
    assert message in result.err
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text(encoding="utf-8") == "mine"


def test_no_run_is_named(vaekit, tmp_path):
    result = vaekit("projector", tmp_path / "none", "--out", tmp_path / "out")
    assert (result.code, "there is no such folder" in result.err) == (2, True)
    assert list(tmp_path.iterdir()) == []


def test_a_failure_leaves_nothing(trained, vaekit, tmp_path, monkeypatch):
    def full(self, path, format):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", full)
    result = vaekit("projector", trained, "--out", tmp_path / "out")
    assert (result.code, "No space left" in result.err) == (1, True)
    assert list(tmp_path.iterdir()) == []


def test_cells_hold_no_tabs(trained, tmp_path):
    import dataclasses

    from vaekit.cli.latent_points import rows_with_codes
    from vaekit.cli.projector import write_projector
    from vaekit.runs import load_run

    run = load_run(trained)
    coded = rows_with_codes(run, most=4)
    names = tuple(f"a\tb\n{name}" for name in coded.dataset.classes)
    renamed = dataclasses.replace(coded.dataset, classes=names)
    write_projector(run, coded=dataclasses.replace(coded, dataset=renamed), path=tmp_path / "p")
    lines = (tmp_path / "p" / "metadata.tsv").read_text(encoding="utf-8").splitlines()
    assert [line.count("\t") for line in lines] == [1] * 5
    assert lines[1].startswith("a b ")
