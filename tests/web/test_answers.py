"""Every answer is what the library says of the same rows and codes."""

import io
import re
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from vaekit import inference
from vaekit.evaluation.likelihood import score_rows
from vaekit.numerics import fixed_noise

ROOT = Path(__file__).parents[2]
DIGITS, CANCER, NOISY = "0", "1", "2"


def codes(count, width, seed=0):
    return np.random.default_rng(seed).normal(size=(count, width)).astype(np.float32)


def images(shown, z):
    """Decoded codes as bytes, by the plainest way: (B, H, W, C)."""
    pre, low, high = shown.run.preprocessing, *shown.dataset.value_range
    raw = pre.inverse(torch.from_numpy(inference.decode(shown.run.model, codes=z))).double().numpy()
    made = np.clip((raw - low) / (high - low), 0, 1) * 255
    return np.round(made).reshape(-1, *pre.shape).transpose(0, 2, 3, 1)


def cells(shown, z):
    pre = shown.run.preprocessing
    return pre.inverse(torch.from_numpy(inference.decode(shown.run.model, codes=z))).numpy()


def near_bytes(found, expected):
    """The same bytes, but for a rounding that fell the other way."""
    assert found.dtype == np.uint8
    assert found.shape == expected.shape
    assert np.abs(found.astype(int) - expected).max() <= 1
    assert (found == expected).mean() > 0.999


def test_the_server_says_which_runs_it_has(server):
    told = server.client.get("api/runs").json()
    assert [run["name"] for run in told["runs"]] == ["digits", "cancer", "noisy"]
    assert [run["index"] for run in told["runs"]] == [0, 1, 2]
    assert told["limits"]["codes"] == 4096


def test_a_run_of_images_is_described(server, shown):
    told, run = server.get(DIGITS).json(), shown["digits"]
    assert (told["kind"], told["shape"], told["columns"]) == ("image", [1, 8, 8], [])
    assert (told["latent_dim"], told["rows"], told["split"]) == (4, run.rows, "test")
    assert told["classes"] == [str(digit) for digit in range(10)]
    assert sorted(dim["dim"] for dim in told["dims"]) == [0, 1, 2, 3]
    variances = [dim["variance"] for dim in told["dims"]]
    assert variances == sorted(variances, reverse=True)
    assert [plane["id"] for plane in told["planes"]][1:] == ["pca", "tsne"]
    means = inference.class_means(run.codes.mean, labels=run.labels)
    for place in told["class_places"]:
        np.testing.assert_allclose(place["mean"], means[place["label"]], atol=1e-6)
    assert sum(place["count"] for place in told["class_places"]) == run.rows


def test_a_run_of_a_table_is_described(server, shown):
    told, rows = (
        server.get(CANCER).json(),
        shown["cancer"].data_rows(np.arange(shown["cancer"].rows)),
    )
    assert (told["kind"], told["shape"]) == ("table", [30])
    assert told["columns"][0] == "mean radius"
    stats = told["column_stats"]
    np.testing.assert_allclose([each["low"] for each in stats], rows.min(0), rtol=1e-6)
    np.testing.assert_allclose([each["median"] for each in stats], np.median(rows, 0), rtol=1e-6)
    assert not any(each["whole"] for each in stats)


def test_columns_over_the_rows_are_those_of_the_library(server, shown):
    run = shown["digits"]
    found = inference.encode(
        run.run.model, preprocessing=run.run.preprocessing, rows=run.dataset.rows, index=run.index
    )
    assert np.array_equal(server.array(server.get("0/codes")), found.mean)
    assert np.array_equal(server.array(server.get("0/spread")), np.sqrt(found.variance))
    assert np.array_equal(server.array(server.get("0/labels")), run.dataset.labels[run.index])


def test_rows_are_those_of_the_data(server, shown):
    raw = shown["digits"].data_rows(np.arange(5, 9))
    found = server.array(server.get("0/rows?start=5&count=4"))
    expected = np.round(raw / 16 * 255).reshape(4, 1, 8, 8).transpose(0, 2, 3, 1)
    assert np.array_equal(found, expected)
    table = server.array(server.get("1/rows?start=1&count=2"))
    np.testing.assert_allclose(table, shown["cancer"].data_rows(np.arange(1, 3)), rtol=1e-6)
    assert server.array(server.get("0/rows?start=100000")).shape == (0, 8, 8, 1)


def test_a_row_is_told_with_its_place_in_the_data(server, shown):
    run, told = shown["digits"], server.get("0/rows/7").json()
    assert told["position"] == run.index[7]
    assert told["class"] == run.dataset.classes[told["label"]] == str(run.labels[7])
    np.testing.assert_allclose(told["mean"], run.codes.mean[7])


def test_codes_are_decoded(server, shown):
    z = codes(5, 4)
    found = server.array(server.post("0/decode", codes=z.tolist()))
    near_bytes(found, images(shown["digits"], z))
    z = codes(5, 2)
    found = server.array(server.post("1/decode", codes=z.tolist()))
    np.testing.assert_allclose(found, cells(shown["cancer"], z), rtol=1e-5, atol=1e-5)


def test_rows_are_drawn_where_that_is_asked(server, shown):
    z, run = codes(2, 1), shown["noisy"]
    found = server.array(server.post("2/decode", codes=z.tolist(), draw=True, seed=3))
    drawn = inference.decode(run.run.model, codes=z, draw=True, seed=3)
    assert set(np.unique(found)) <= {0, 255}
    assert np.array_equal(found.reshape(2, 64), drawn * 255)


def test_a_background_is_one_sheet_of_decoded_places(server, shown):
    extent, side = [-2.0, 2.0, -1.0, 3.0], 4
    answer = server.post("0/background", plane="dims:2,0", extent=extent, side=side)
    sheet = server.array(answer)
    assert sheet.shape == (32, 32, 1)
    z = np.zeros((side * side, 4), np.float32)
    z[:, 2] = np.tile([-1.5, -0.5, 0.5, 1.5], side)
    z[:, 0] = np.repeat([2.5, 1.5, 0.5, -0.5], side)
    tiles = images(shown["digits"], z)
    for at, tile in enumerate(tiles):
        line, column = divmod(at, side)
        part = sheet[8 * line : 8 * line + 8, 8 * column : 8 * column + 8]
        near_bytes(part, tile)


def test_a_background_keeps_what_is_off_the_plane(server, shown):
    base = [0.5, -1.0, 2.0, 1.5]
    made = server.array(
        server.post("0/background", plane="dims:0,1", extent=[0, 1, 0, 1], side=1, base=base)
    )
    near_bytes(made[None], images(shown["digits"], np.array([[0.5, 0.5, 2.0, 1.5]])))


def test_a_background_of_a_table_holds_all_columns(server, shown):
    made = server.array(
        server.post("1/background", plane="dims:0,1", extent=[-1, 1, -1, 1], side=3)
    )
    assert made.shape == (3, 3, 30)
    np.testing.assert_allclose(
        made[1, 1], cells(shown["cancer"], np.zeros((1, 2)))[0], rtol=1e-5, atol=1e-5
    )


def test_the_plane_of_pca_leads_there_and_back(server, shown):
    (plane,) = (each for each in server.get(DIGITS).json()["planes"] if each["id"] == "pca")
    points = server.array(server.get("0/map?plane=pca"))
    run = shown["digits"]
    np.testing.assert_allclose(points, inference.project(run.codes.mean).points, atol=1e-5)
    origin, axes = np.array(plane["linear"]["origin"]), np.array(plane["linear"]["axes"])
    np.testing.assert_allclose(axes @ axes.T, np.eye(2), atol=1e-6)
    np.testing.assert_allclose((run.codes.mean - origin) @ axes.T, points, atol=1e-5)


def test_any_two_dimensions_are_a_plane(server, shown):
    points = server.array(server.get("0/map?plane=dims:3,1"))
    assert np.array_equal(points, shown["digits"].codes.mean[:, [3, 1]])
    rows = server.array(server.get("0/map/rows?plane=dims:3,1"))
    assert np.array_equal(rows, np.arange(len(points)))


def test_a_single_dimension_is_a_line(server, shown):
    (plane,) = server.get(NOISY).json()["planes"]
    points = server.array(server.get("2/map?plane=line"))
    assert plane["id"] == "line"
    assert np.array_equal(points[:, 0], shown["noisy"].codes.mean[:, 0])
    assert (points[0, 1], points[-1, 1]) == (-1, 1)


def test_neighbours_come_when_they_are_there(server, shown):
    answer = server.get("0/map?plane=tsne")
    assert answer.status_code in (200, 202)
    deadline = time.monotonic() + 60
    while answer.status_code == 202 and time.monotonic() < deadline:
        assert answer.json()["state"] == "working"
        time.sleep(0.2)
        answer = server.get("0/map?plane=tsne")
    points = server.array(answer)
    assert points.shape == (len(server.array(server.get("0/map/rows?plane=tsne"))), 2)
    assert np.isfinite(points).all()
    assert server.get("1/map?plane=tsne").status_code == 404


def test_a_row_is_encoded_as_on_the_map(measured, shown):
    for index, name in enumerate(("digits", "cancer", "noisy")):
        told = measured.post(f"{index}/encode", row=3, draws=5).json()
        run = shown[name]
        np.testing.assert_allclose(told["mean"], run.codes.mean[3], atol=1e-5)
        np.testing.assert_allclose(told["spread"], np.sqrt(run.codes.variance[3]), atol=1e-5)
        assert np.array(told["draws"]).shape == (5, run.latent_dim)
        values = measured.get(f"{index}/reference").json()["values"]
        below = np.mean(np.array(values) < told["log_likelihood"]) * 100
        assert told["percentile"] == pytest.approx(below)
        assert len(values) == run.rows


def test_the_log_likelihood_is_that_of_importance_sampling(server, shown):
    run = shown["digits"].run
    told = server.post("0/encode", row=2, seed=5).json()
    x = run.preprocessing(torch.from_numpy(shown["digits"].data_rows(np.array([2]))))
    with fixed_noise(11), torch.no_grad():
        q = run.model.encode(x)
        scores = score_rows(run.model, x, q=q, samples=20_000, chunk=2000)
    assert told["log_likelihood"] == pytest.approx(float(scores.log_likelihood), abs=1.0)
    assert told["rate"] == pytest.approx(float(scores.rate), rel=0.05)


def test_pixels_and_a_row_are_encoded_alike(server):
    painted = server.array(server.get("0/rows?start=4&count=1"))[0]
    row = server.post("0/encode", row=4).json()
    pixels = server.post("0/encode", pixels=painted.reshape(-1).tolist()).json()
    # sixteen levels in 255: a painted pixel is half of one in 255 off
    np.testing.assert_allclose(pixels["mean"], row["mean"], atol=0.02)


def test_cells_and_a_row_are_encoded_alike(server):
    cells = server.array(server.get("1/rows?start=4&count=1"))[0]
    row = server.post("1/encode", row=4, draws=3).json()
    sent = server.post("1/encode", cells=cells.tolist(), draws=3).json()
    assert {**row, "draws": None} == {**sent, "draws": None}
    np.testing.assert_allclose(sent["draws"], row["draws"], atol=1e-6)
    assert row["filled"] is None


def test_gaps_are_filled_as_by_imputation(server, shown):
    cells = [float(cell) for cell in server.array(server.get("1/rows?start=4&count=1"))[0]]
    gaps = [0, 7, 29]
    sent = [None if at in gaps else cell for at, cell in enumerate(cells)]
    told = server.post("1/encode", cells=sent, draws=4).json()
    for at, (cell, filled) in enumerate(zip(cells, told["filled"], strict=True)):
        low, high = told["low"][at], told["high"][at]
        assert (low < filled < high) if at in gaps else (low == filled == high == cell)
    assert told["percentile"] is None
    pre, model = shown["cancer"].run.preprocessing, shown["cancer"].run.model
    row = np.array([np.nan if cell is None else cell for cell in sent], np.float32)
    seen = pre(torch.from_numpy(row[None])).numpy()
    expected = inference.score(model, rows=seen, samples=20_000).log_likelihood[0]
    assert told["log_likelihood"] == pytest.approx(expected, abs=0.3)
    made = inference.impute(model, rows=seen, samples=20_000).filled
    wanted = pre.inverse(torch.from_numpy(made))[0].numpy()[gaps]
    scale = 1 / pre.scale.numpy()[gaps]
    assert (np.abs(np.array(told["filled"])[gaps] - wanted) / scale).max() < 0.1


def test_a_row_of_gaps_alone_is_the_prior(server):
    told = server.post("1/encode", cells=[None] * 30, draws=64).json()
    assert np.abs(told["mean"]).max() < 0.2
    np.testing.assert_allclose(told["spread"], 1.0, atol=0.15)
    assert told["log_likelihood"] == pytest.approx(0.0, abs=0.2)


def test_an_image_file_is_brought_to_the_size_of_the_run(server):
    square = np.kron(np.arange(64, dtype=np.uint8).reshape(8, 8), np.ones((4, 4), np.uint8))
    file = io.BytesIO()
    Image.fromarray(square).save(file, "PNG")
    answer = server.client.post(
        "api/runs/0/image", content=file.getvalue(), headers={"content-type": "image/png"}
    )
    pixels = server.array(answer)
    assert np.array_equal(pixels[0, :, :, 0], np.arange(64).reshape(8, 8))
    answer = server.client.post(
        "api/runs/0/image?invert=true",
        content=file.getvalue(),
        headers={"content-type": "application/octet-stream"},
    )
    assert np.array_equal(server.array(answer), 255 - pixels)


def test_strips_move_one_dimension_each(server, shown):
    base = [0.1, -0.2, 0.3, 0.4]
    made = server.array(server.post("0/traverse", code=base, dims=[2, 0], steps=5))
    ranges = {
        each["dim"]: (each["low"], each["high"]) for each in server.get(DIGITS).json()["dims"]
    }
    assert made.shape == (2, 5, 8, 8, 1)
    for line, dim in enumerate([2, 0]):
        z = np.tile(np.array(base, np.float32), (5, 1))
        z[:, dim] = np.linspace(*ranges[dim], 5)
        near_bytes(made[line], images(shown["digits"], z))


@pytest.mark.parametrize("path", ["linear", "spherical", "density"])
def test_paths_are_those_of_the_library(path, server, shown):
    run = shown["digits"]
    answer = server.post(
        "0/path", start={"row": 3}, end={"code": [1, 0, 0, 2]}, frames=7, path=path
    )
    expected = inference.walk(
        run.codes.mean[3], np.array([1.0, 0, 0, 2]), frames=7, path=path, codes=run.codes.mean
    )
    np.testing.assert_allclose(server.array(answer), expected, atol=1e-6)


def test_arithmetic_adds_a_difference(server, shown):
    run = shown["digits"]
    means = inference.class_means(run.codes.mean, labels=run.labels)
    answer = server.post(
        "0/arithmetic", a={"label": 3}, b={"row": 5}, c={"code": [1, 2, 3, 4]}, scale=0.5
    )
    expected = means[3] + 0.5 * (np.array([1, 2, 3, 4]) - run.codes.mean[5])
    np.testing.assert_allclose(answer.json()["code"], expected, atol=1e-6)


def test_samples_decode_to_those_of_the_library(server, shown):
    model = shown["digits"].run.model
    z = server.array(server.post("0/sample", count=6, temperature=0.7, seed=9))
    expected = inference.sample(model, n=6, temperature=0.7, seed=9)
    np.testing.assert_allclose(inference.decode(model, codes=z), expected, atol=1e-6)


def test_a_gif_shows_every_code(server, shown):
    z = codes(6, 4)
    answer = server.post("0/gif", codes=z.tolist(), scale=2, milliseconds=100, bounce=True)
    assert answer.headers["content-type"] == "image/gif"
    with Image.open(io.BytesIO(answer.content)) as film:
        assert (film.n_frames, film.size, film.info["duration"]) == (10, (16, 16), 100)
        film.seek(2)
        frame = np.asarray(film.convert("L"))[::2, ::2]
    assert np.abs(frame.astype(int) - images(shown["digits"], z)[2, :, :, 0]).max() <= 1


def test_the_page_and_the_list_of_answers_are_served(server):
    assert server.client.get("/").headers["content-type"] == "text/html; charset=utf-8"
    assert server.client.get("/js/app.js").text == "export const one = 1;\n"
    assert server.client.get("/site.json").json() == {"mode": "server"}
    listed, described = server.client.get("/api").text, server.client.get("/openapi.json").json()
    assert all(path in listed for path in described["paths"])
    assert "http" not in listed.replace("openapi.json", "")


def test_the_program_in_the_document_works(server):
    text = (ROOT / "docs" / "explore.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    # the run of the table is the one with two latent dimensions
    code = code.replace("http://127.0.0.1:8421/api/runs/0/", f"{server.url}api/runs/1/")
    names = {}
    exec(compile(code, "explore.md", "exec"), names)
    assert names["images"].shape == (2, 30)
