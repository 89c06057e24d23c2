"""The tools of the explorer in a browser: rows, drawing, walks, arithmetic, comparison, tables.

The browser is the Chromium of the machine; where there is none, these tests are skipped.
"""

import io

import numpy as np
import pytest
from explorer import CODE, PIXELS, expected, shown, stage, until, wait_for_caption
from PIL import Image

from vaekit.builders import load_data
from vaekit.runs import load_run


def pictures(page):
    """Pixels of the pictures in the open tab, one after another."""
    found = page.locator(".panel:visible .figures canvas")
    found.first.wait_for()
    return [np.array(each.evaluate(PIXELS), dtype=float) for each in found.all()]


def code_of(page):
    """The code in the order of its dimensions, as the sliders tell it."""
    names = page.evaluate("[...document.querySelectorAll('.slider label')].map(e => e.textContent)")
    values = [float(text.replace("\u2212", "-")) for text in page.evaluate(CODE).split(",")]
    by_name = dict(zip(names, values, strict=True))
    return [by_name[f"z{d + 1}"] for d in range(len(names))]


def means(page):
    """Mean code of every class, as the server tells it."""
    told = page.request.get(f"{page.url.split('#')[0]}api/runs/0").json()
    return {each["label"]: np.array(each["mean"]) for each in told["class_places"]}


def test_a_row_is_encoded_rebuilt_and_placed_among_the_others(visit, images, explored):
    page = visit(images)
    page.get_by_label("Row", exact=True).fill("11")
    page.get_by_label("Row", exact=True).press("Enter")
    given, mean, *draws = pictures(page)
    dataset, _ = load_data(load_run(explored["digits"]).config.data)
    row = dataset.rows[np.sort(dataset.split.test)[11]].astype(float)
    np.testing.assert_allclose(given, 255 * row / 16, atol=1)
    assert len(draws) == 6
    assert not np.array_equal(draws[0], draws[1])
    until(page, "location.hash.includes('input=row:11')")
    assert np.abs(mean - expected(explored["digits"], code_of(page))).max() <= 3
    page.get_by_role("button", name="Next").click()
    until(page, "location.hash.includes('input=row:12')")
    told = page.locator(".panel:visible figcaption", has_text="log p(x)")
    told.wait_for()  # the likelihoods of the others are computed in the background
    page.get_by_role("button", name="Draw again").click()
    until(page, "/seed=[1-9]/.test(location.hash)")
    assert "% of" in told.inner_text()


def test_a_drawn_digit_is_encoded(visit, images):
    page = visit(images)
    pad = page.locator(".pad")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    x, y, side = box["x"], box["y"], box["width"]
    page.mouse.move(x + 0.5 * side, y + 0.15 * side)
    page.mouse.down()
    page.mouse.move(x + 0.5 * side, y + 0.85 * side, steps=12)
    page.mouse.up()
    given = pictures(page)[0].reshape(8, 8)
    assert given[1:7, 3:5].min() > 100
    assert given[:, [0, 1, 6, 7]].max() == 0
    until(page, "location.hash.includes('input=pixels:')")
    again = visit(page.evaluate("location.href"))
    np.testing.assert_array_equal(pictures(again)[0].reshape(8, 8), given)


def test_an_image_is_uploaded(visit, images):
    page = visit(images)
    file = io.BytesIO()
    Image.fromarray(np.kron(np.eye(2, dtype=np.uint8) * 200, np.ones((32, 32), np.uint8))).save(
        file, "PNG"
    )
    upload = {"name": "x.png", "mimeType": "image/png", "buffer": file.getvalue()}
    page.get_by_label("Upload an image").set_input_files(upload)
    given = pictures(page)[0].reshape(8, 8)
    np.testing.assert_allclose(given, np.kron(np.eye(2) * 200, np.ones((4, 4))), atol=2)
    page.get_by_label("Upload an image").set_input_files(
        {"name": "x.png", "mimeType": "image/png", "buffer": b"no image"}
    )
    page.locator(".message.wrong").wait_for()
    visit.pages[0].complaints.clear()  # the browser's own line about the status


@pytest.mark.parametrize("way", ["Straight", "On a sphere", "Along the data"])
def test_interpolation_goes_from_one_place_to_the_other(visit, images, explored, way, tmp_path):
    page = visit(f"{images}#tab=walk&from=class:3&to=class:7")
    page.get_by_label("Way", exact=True).select_option(way)
    page.wait_for_timeout(500)
    stops, ends = pictures(page), means(page)
    assert len(stops) == 14
    for stop, label in ((stops[0], 3), (stops[-1], 7)):
        assert np.abs(stop - expected(explored["digits"], ends[label])).max() <= 1
    with page.expect_download() as saved:
        page.locator(".panel:visible").get_by_role("button", name="Save as GIF").click()
    saved.value.save_as(tmp_path / "walk.gif")
    with Image.open(tmp_path / "walk.gif") as gif:
        assert gif.n_frames == 40
        first = np.asarray(gif.convert("L"), dtype=float)[14::28, 14::28].ravel()
    assert np.abs(first - stops[0]).max() <= 1


def test_arithmetic_adds_and_subtracts(visit, images, explored):
    page = visit(f"{images}#tab=arithmetic&a=class:3&b=class:7&c=row:5&scale=0.5")
    a, b, _, result = pictures(page)
    known = means(page)
    assert np.abs(a - expected(explored["digits"], known[3])).max() <= 1
    assert np.abs(b - expected(explored["digits"], known[7])).max() <= 1
    row = page.request.get(f"{images}api/runs/0/rows/5").json()["mean"]
    sum_of_three = known[3] + 0.5 * (np.array(row) - known[7])
    assert np.abs(result - expected(explored["digits"], sum_of_three)).max() <= 1
    page.get_by_role("button", name="Set the sliders to the result").click()
    assert code_of(page) == pytest.approx(sum_of_three.tolist(), abs=0.006)


def test_two_runs_are_compared_on_the_same_input(visit, images, explored):
    page = visit(f"{images}#input=row:4&tab=compare")
    sides = page.locator(".side")
    page.locator(".side figure").nth(5).wait_for()
    assert sides.count() == 2
    assert sides.locator("h2").all_inner_texts() == ["digits", "digits-of-4"]
    given = [side.locator("figure canvas").first.evaluate(PIXELS) for side in sides.all()]
    rebuilt = [side.locator("figure canvas").nth(1).evaluate(PIXELS) for side in sides.all()]
    assert given[0] == given[1]
    assert rebuilt[0] != rebuilt[1]
    other = page.request.get(f"{images}api/runs/1/rows/4").json()["mean"]
    difference = np.abs(np.array(rebuilt[1]) - expected(explored["four"], other))
    assert difference.max() <= 1
    sides.nth(1).locator(".stage").hover()
    sides.nth(1).locator(".caption", has_text="Under the pointer").wait_for()


def test_any_two_dimensions_make_a_plane(visit, images):
    page = visit(f"{images}#run=1")
    page.get_by_label("Plane", exact=True).select_option("Two dimensions …")
    page.get_by_label("Across").select_option("z2")
    page.get_by_label("Up", exact=True).select_option("z4")
    until(page, "location.hash.includes('plane=dims:1,3')")
    page.locator(".wait").wait_for(state="hidden")
    x, y = stage(page)
    page.mouse.move(x + 50, y - 50)
    wait_for_caption(page, "Under the pointer")
    assert [value != 0 for value in code_of(page)] == [False, True, False, True]


def test_a_place_on_the_tsne_map_decodes_to_the_rows_nearby(visit, images):
    page = visit(f"{images}#run=1&plane=tsne")
    page.locator(".wait").wait_for(state="hidden")
    x, y = stage(page)
    page.mouse.move(x + 20, y + 20)
    wait_for_caption(page, "Under the pointer")
    assert page.evaluate(CODE) != "0.00,0.00"
    assert page.get_by_label("Decoded plane").is_disabled()


def test_gaps_of_a_table_are_filled_while_one_types(visit, cells):
    page = visit(cells)
    first = page.request.get(f"{cells}api/runs/0").json()
    values = ["" if f == 3 else "1.5" for f in range(len(first["columns"]))]
    page.get_by_label("Paste a row of the table").fill("\t".join(values))
    page.get_by_role("button", name="Encode the row").click()
    gaps = page.locator(".cells tr.gap")
    gaps.first.wait_for()
    assert gaps.count() == 1
    assert first["columns"][3] in gaps.first.inner_text()
    page.get_by_label(f"{first['columns'][0]}, given").fill("")
    until(page, "document.querySelectorAll('.cells tr.gap').length === 2")
    filled = gaps.first.locator(".number").inner_text()
    page.locator(".slider input").first.press("Home")
    page.wait_for_timeout(300)
    assert gaps.first.locator(".number").inner_text() != filled
    page.get_by_label("Paste a row of the table").fill("1, 2")
    page.get_by_role("button", name="Encode the row").click()
    page.locator(".message", has_text=f"has {len(values)} cells").wait_for()


def test_sliders_of_a_table_change_its_row(visit, cells):
    page = visit(cells)
    wait_for_caption(page, "as set")
    before = page.locator(".record").inner_text()
    until(page, "document.querySelector('.strip-text').textContent.includes('%')")
    page.locator(".slider input").first.press("End")
    page.wait_for_timeout(300)
    assert page.locator(".record").inner_text() != before
    page.get_by_label("Column map").check()
    page.get_by_label("Column of the map").select_option("mean area")
    until(page, "location.hash.includes('column=3')")


def test_the_code_is_decoded_anew_after_a_film(visit, images):
    page = visit(f"{images}#tab=walk")
    before = shown(page)
    page.locator(".panel:visible").get_by_role("button", name="Play").click()
    wait_for_caption(page, "Frame")
    page.locator(".panel:visible").get_by_role("button", name="Stop").click()
    wait_for_caption(page, "as set")
    assert shown(page) == before
