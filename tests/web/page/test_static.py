"""The exported site in a browser, from a server that knows nothing but files.

The browser is the Chromium of the machine; where there is none, these tests are skipped.
"""

import contextlib
import io
import re
import subprocess
import sys

import numpy as np
import pytest
import torch
from explorer import CODE, expected, shown, stage, until, wait_for_caption
from PIL import Image

from vaekit.cli import main
from vaekit.distributions import ContinuousBernoulli
from vaekit.inference import decode, walk
from vaekit.runs import load_run

DECODE = """async ([address, codes]) => {
  const {createDecoder} = await import('./js/mlp.js');
  const spec = (await (await fetch(address)).json()).decoder;
  const weights = await (await fetch(address.replace('run.json', spec.weights))).arrayBuffer();
  const decoder = createDecoder(spec, new Float32Array(weights));
  return codes.map(code => [...decoder(code)]);
}"""
LAYER = """async ([name, mean, inputs]) => {
  const {createDecoder} = await import('./js/mlp.js');
  const spec = {layers: [{kind: 'activation', name}], mean, gain: 0, offset: 1};
  if (name === 'none') spec.layers = [];
  return inputs.map(x => createDecoder(spec, new Float32Array([1, 0]))([x])[0]);
}"""
WAY = """async asked => {
  const {staticSource} = await import('./js/source-static.js');
  const source = await staticSource('run1/run.json');
  const codes = await source.codes();
  const rows = Array.from({length: codes.count}, (_, i) => codes.list(i));
  return [await source.path(asked), rows];
}"""
GIF = """async ([frames, grey]) => {
  const {writeGif} = await import('./js/gif.js');
  const settings = {width: 96, height: 64, milliseconds: 70, grey};
  const pixels = frames.map(frame => Uint8ClampedArray.from(frame));
  return [...new Uint8Array(await writeGif(pixels, settings).arrayBuffer())];
}"""


@contextlib.contextmanager
def files_served(folder):
    """The address of Python's own server of files."""
    command = [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "-d", folder]
    quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    with subprocess.Popen(command, **quiet) as server:
        try:
            port = re.search(r"port (\d+)", server.stdout.readline())[1]
            yield f"http://127.0.0.1:{port}/"
        finally:
            server.terminate()


@pytest.fixture(scope="module")
def site(explored, tmp_path_factory):
    """The address of an exported site of two runs on digits."""
    folder = tmp_path_factory.mktemp("site") / "digits"
    runs = [str(explored["digits"]), str(explored["four"])]
    assert main(["explore", *runs, "--export", str(folder)]) == 0
    with files_served(folder) as address:
        yield address


@pytest.fixture(scope="module")
def table_site(explored, tmp_path_factory):
    """The address of an exported site of a run on a table."""
    folder = tmp_path_factory.mktemp("site") / "table"
    assert main(["explore", str(explored["table"]), "--export", str(folder)]) == 0
    with files_served(folder) as address:
        yield address


def test_the_decoder_of_the_page_agrees_with_pytorch(visit, site, explored):
    page = visit(site)
    for index, name in enumerate(["digits", "four"]):
        run = load_run(explored[name])
        codes = np.random.default_rng(0).normal(0, 2, (40, run.config.model.latent_dim))
        got = np.array(page.evaluate(DECODE, [f"run{index}/run.json", codes.tolist()]))
        np.testing.assert_allclose(got, decode(run.model, codes=codes), atol=1e-4, err_msg=name)


def test_the_decoder_of_a_table_agrees_with_pytorch(visit, table_site, explored):
    run = load_run(explored["table"])
    codes = np.random.default_rng(0).normal(0, 1, (40, 3))
    rows = torch.from_numpy(decode(run.model, codes=codes))
    raw = run.preprocessing.inverse(rows).numpy()
    page = visit(table_site)
    got = np.array(page.evaluate(DECODE, ["run0/run.json", codes.tolist()]))
    np.testing.assert_allclose((got - raw) / raw.std(axis=0), 0, atol=1e-4)


ACTIVATIONS = {
    "relu": torch.relu,
    "tanh": torch.tanh,
    "gelu": torch.nn.functional.gelu,
    "softplus": torch.nn.functional.softplus,
}


def test_activations_are_those_of_pytorch(visit, site):
    page = visit(site)
    inputs = torch.linspace(-12, 40, 521, dtype=torch.float64)
    for name, function in ACTIVATIONS.items():
        got = page.evaluate(LAYER, [name, "identity", inputs.tolist()])
        np.testing.assert_allclose(got, function(inputs), rtol=1e-7, atol=1e-8, err_msg=name)


def test_means_are_those_of_the_library(visit, site):
    inputs = torch.tensor([-2000, -50, -3, -0.06, -0.04, 0, 1e-9, 0.04, 0.06, 3, 50, 2000])
    page = visit(site)
    sigmoid = page.evaluate(LAYER, ["none", "sigmoid", inputs.tolist()])
    np.testing.assert_allclose(sigmoid, torch.sigmoid(inputs.double()), atol=1e-12)
    found = page.evaluate(LAYER, ["none", "continuous-bernoulli", inputs.tolist()])
    means = ContinuousBernoulli(inputs.double()).mean
    np.testing.assert_allclose(found, means, atol=1e-8)


def test_the_site_decodes_what_is_under_the_pointer(visit, site, explored):
    page = visit(f"{site}#z=0.5,-1.25")
    wait_for_caption(page, "as set")
    difference = np.abs(np.array(shown(page)) - expected(explored["digits"], [0.5, -1.25]))
    assert difference.max() <= 1
    x, y = stage(page)
    page.mouse.move(x + 40, y - 40, steps=4)
    wait_for_caption(page, "Under the pointer")
    page.mouse.move(x - 100, y)
    page.mouse.down()
    page.mouse.move(x + 100, y, steps=10)
    page.mouse.up()
    wait_for_caption(page, "Frame")
    page.get_by_label("Decoded plane").check()
    until(page, "document.querySelector('.strip').dataset.steps === '9'")


def test_the_site_says_what_it_cannot_do_and_does_the_rest(visit, site, explored):
    page = visit(f"{site}#input=row:3")
    page.get_by_text("without a server and has no encoder").wait_for()
    assert page.locator(".pad, input[type=file]").count() == 0
    assert page.locator(".panel:visible .figures canvas").count() == 8
    page.get_by_role("button", name="Sample the prior").click()
    until(page, f"({CODE})() !== '0.00,0.00'")
    page.get_by_role("tab", name="Arithmetic").click()
    page.locator(".panel:visible .figures canvas").nth(3).wait_for()
    page.get_by_role("tab", name="Compare").click()
    page.locator(".side figure").nth(9).wait_for()


def test_ways_are_those_of_the_library(visit, site):
    page = visit(site)
    for path in ("linear", "spherical", "density"):
        asked = {"start": {"row": 3}, "end": {"row": 8}, "frames": 12, "path": path}
        got, rows = page.evaluate(WAY, asked)
        codes = np.array(rows)
        wanted = walk(codes[3], codes[8], frames=12, path=path, codes=codes)
        np.testing.assert_allclose(got, wanted, atol=1e-5, err_msg=path)


@pytest.mark.parametrize("grey", [True, False])
def test_a_saved_gif_holds_its_pictures(visit, site, grey):
    # Noise fills the table of the compression over and over; a flat picture hardly begins it.
    noise = np.random.default_rng(0).integers(0, 256, (64, 96, 3))
    flat = np.full((64, 96, 3), 200)
    frames = [np.dstack([rgb, np.full((64, 96), 255)]) for rgb in (noise, flat)]
    if grey:
        frames = [np.dstack([frame[..., :1]] * 3 + [frame[..., 3:]]) for frame in frames]
    told = visit(site).evaluate(GIF, [[frame.ravel().tolist() for frame in frames], grey])
    with Image.open(io.BytesIO(bytes(told))) as gif:
        assert gif.n_frames == 2
        assert gif.info["duration"] == 70
        for k, frame in enumerate(frames):
            gif.seek(k)
            away = np.abs(np.asarray(gif.convert("RGB")).astype(int) - frame[..., :3]).max()
            assert away <= (0 if grey else 26)  # 6 or 7 levels of a colour are up to 51 apart
