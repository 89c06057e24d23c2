"""The page of the explorer in a browser: map, code, sliders, paths, links, keys and colours.

The browser is the Chromium of the machine; where there is none, these tests are skipped.
"""

import numpy as np
import pytest
from browser import COLORS, contrast, luminance
from explorer import CODE, PIXELS, expected, shown, stage, until, wait_for_caption
from PIL import Image

WIDER = """() => [...document.querySelectorAll('body *')]
  .filter(e => !e.closest('.scroll, .stage, [role=tablist], .unseen') && e.checkVisibility())
  .filter(e => e.getBoundingClientRect().right > innerWidth + 1)
  .map(e => e.outerHTML.slice(0, 80))"""


def test_it_decodes_the_code_of_its_address_as_the_library_does(visit, images, explored):
    code = [0.5, -1.25]
    page = visit(f"{images}#z={','.join(map(str, code))}")
    wait_for_caption(page, "as set")
    difference = np.abs(np.array(shown(page)) - expected(explored["digits"], code))
    assert difference.max() <= 1


def test_what_is_under_the_pointer_is_decoded_and_the_row_itself_is_shown(visit, images):
    page = visit(images)
    before = shown(page)
    code = page.evaluate(CODE)
    x, y = stage(page)
    for step in range(60):
        page.mouse.move(x - 90 + 3 * step, y - 60 + 2 * step)
        if page.locator(".tooltip").is_visible():
            break
    wait_for_caption(page, "Under the pointer")
    assert "Row" in page.locator(".tooltip").inner_text()
    assert sum(page.locator(".tooltip canvas").evaluate(PIXELS)) > 0
    assert page.evaluate(CODE) != code
    page.mouse.move(5, 5)
    wait_for_caption(page, "as set")
    assert page.evaluate(CODE) == code
    assert shown(page) == before


def test_a_slow_server_gets_one_question_at_a_time_and_the_last_place_wins(visit, images):
    page = visit(images)
    flying, most, codes = 0, 0, []

    def slow(route):
        nonlocal flying, most
        flying += 1
        most = max(most, flying)
        codes.append(route.request.post_data_json["codes"][0])
        page.wait_for_timeout(60)
        flying -= 1
        route.continue_()

    page.route("**/decode", slow)
    x, y = stage(page)
    for step in range(30):
        page.mouse.move(x + 5 * step, y)
    page.wait_for_timeout(800)
    assert most == 1
    assert 1 < len(codes) < 30
    last = ",".join(f"{value:.2f}".replace("-", "\u2212") for value in codes[-1])
    order = page.evaluate("[...document.querySelectorAll('.slider label')].map(e => e.textContent)")
    by_name = dict(zip(order, page.evaluate(CODE).split(","), strict=True))
    assert last == f"{by_name['z1']},{by_name['z2']}"


def test_sliders_move_the_code_and_go_back_to_zero(visit, images):
    page = visit(images)
    slider, output = page.locator(".slider input").first, page.locator(".slider output").first
    box = slider.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.8 * box["width"], box["y"] + box["height"] / 2, steps=5)
    page.mouse.up()
    assert float(output.inner_text()) > 0.5
    until(page, "/z=[^&]*[1-9]/.test(location.hash)")
    slider.dblclick(position={"x": 20, "y": 8})
    assert output.inner_text() == "0.00"
    slider.press("ArrowRight")
    assert float(output.inner_text()) > 0
    slider.press("Backspace")
    assert output.inner_text() == "0.00"


def test_sliders_have_a_strip_of_what_they_do(visit, images, explored):
    page = visit(images)
    until(page, "document.querySelector('.strip').dataset.steps === '9'")
    strip = np.array(page.locator(".strip").first.evaluate(PIXELS)).reshape(8, 9 * 8)
    name = page.locator(".slider label").first.inner_text()
    low = float(page.locator(".slider input").first.get_attribute("min"))
    code = [0.0, 0.0]
    code[int(name[1:]) - 1] = low
    assert np.abs(strip[:, :8].ravel() - expected(explored["digits"], code)).max() <= 1


def test_the_prior_is_sampled_with_a_temperature(visit, images):
    page = visit(images)
    page.get_by_label("Temperature").fill("0")
    page.get_by_role("button", name="Sample the prior").click()
    page.wait_for_timeout(300)
    assert page.evaluate(CODE) == "0.00,0.00"
    page.get_by_label("Temperature").fill("1")
    page.get_by_role("button", name="Sample the prior").click()
    until(page, f"({CODE})() !== '0.00,0.00'")


@pytest.mark.slow
def test_a_drawn_path_is_played_and_saved(visit, images, tmp_path):
    page = visit(images)
    x, y = stage(page)
    page.mouse.move(x - 150, y)
    page.mouse.down()
    page.mouse.move(x + 150, y - 80, steps=20)
    page.mouse.up()
    wait_for_caption(page, "Frame 60")
    end = shown(page)
    assert page.evaluate("location.hash").count(";") == 1  # a straight line has two corners
    with page.expect_download() as saved:
        page.locator(".path").get_by_role("button", name="Save as GIF").click()
    saved.value.save_as(tmp_path / "path.gif")
    with Image.open(tmp_path / "path.gif") as gif:
        assert gif.n_frames == 60
        assert gif.size == (224, 224)
        gif.seek(59)
        last = np.asarray(gif.convert("L"))[14::28, 14::28]
    assert np.abs(last.ravel().astype(float) - end).max() <= 1
    wait_for_caption(page, "as set")


def test_the_address_holds_everything(visit, images):
    page = visit(images)
    x, y = stage(page)
    page.get_by_label("Decoded plane").check()
    page.mouse.wheel(0, 0)
    page.mouse.move(x + 40, y + 20)
    page.mouse.wheel(0, -300)
    page.mouse.click(x + 60, y + 10)
    page.get_by_role("button", name="3", exact=True).click()
    page.get_by_label("Temperature").fill("0.5")
    page.get_by_label("Row", exact=True).fill("7")
    page.get_by_label("Row", exact=True).press("Enter")
    page.locator(".standing figcaption, .facts p").first.wait_for()
    page.get_by_role("tab", name="Arithmetic").click()
    page.get_by_role("combobox", name="A", exact=True).select_option("Mean of 4")
    page.wait_for_timeout(600)
    address = page.evaluate("location.href")
    for key in ("z=", "view=", "layers=pm", "hidden=3", "tab=arithmetic", "temperature=0.5"):
        assert key in address
    assert "input=row:7" in address
    assert "a=class:4" in address
    again = visit(address)
    wait_for_caption(again, "as set")
    again.wait_for_timeout(600)
    assert again.evaluate("location.href") == address
    assert again.evaluate(CODE) == page.evaluate(CODE)
    assert shown(again) == shown(page)
    assert again.get_by_role("tab", name="Arithmetic").get_attribute("aria-selected") == "true"


@pytest.mark.parametrize(
    "wrong",
    ["z=1,2,3&view=1,2&tab=none", "plane=dims:0,9&input=row:99999", "a=class:77&%E0%A4%A=1&z=,"],
)
def test_an_address_that_makes_no_sense_opens_the_page_all_the_same(visit, images, wrong):
    page = visit(f"{images}#{wrong}")
    wait_for_caption(page, "as set")
    assert page.evaluate(CODE) == "0.00,0.00"
    assert page.locator(".message").count() == 0


def test_the_map_works_with_keys_alone(visit, images):
    page = visit(images)
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.classList.contains('stage')"):
            break
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("ArrowUp")
    assert page.evaluate(CODE) != "0.00,0.00"
    page.keyboard.press("Enter")
    page.locator(".path").get_by_role("button", name="Play").wait_for()
    page.keyboard.press("p")
    wait_for_caption(page, "Frame")
    page.keyboard.press("Escape")
    page.keyboard.press("+")
    until(page, "location.hash.includes('view=')")
    page.keyboard.press("0")
    until(page, "!location.hash.includes('view=')")


def test_every_control_is_reached_with_tab_and_has_a_name(visit, images):
    page = visit(images)
    reached = set()
    for _ in range(80):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.outerHTML"))
    asked = "button, input, select, textarea, [role=tab][tabindex='0'], summary"
    for control in page.locator(asked).all():
        hidden = not control.is_visible() or control.get_attribute("tabindex") == "-1"
        if hidden or control.is_disabled():
            continue
        assert control.evaluate("e => e.outerHTML") in reached
        assert control.evaluate("e => e.labels?.length || e.ariaLabel || e.textContent.trim()")


def test_two_fingers_zoom_and_one_draws(visit, images):
    page = visit(images)
    x, y = stage(page)
    touch = """([kind, points]) => {
      const stage = document.querySelector('.map-card .stage');
      stage.setPointerCapture = () => {};
      points.forEach(([x, y], k) => stage.dispatchEvent(new PointerEvent(kind, {
        pointerId: 5 + k, pointerType: 'touch', clientX: x, clientY: y, bubbles: true,
      })));
    }"""
    page.evaluate(touch, ["pointerdown", [[x - 20, y], [x + 20, y]]])
    page.evaluate(touch, ["pointermove", [[x - 60, y], [x + 60, y]]])
    page.evaluate(touch, ["pointerup", [[x - 60, y], [x + 60, y]]])
    until(page, "location.hash.includes('view=')")
    assert float(page.evaluate("location.hash.match(/view=[^&]*,([^&]*)/)[1]")) == pytest.approx(3)
    page.evaluate(touch, ["pointerdown", [[x, y]]])
    page.evaluate(touch, ["pointermove", [[x + 80, y]]])
    page.evaluate(touch, ["pointerup", [[x + 80, y]]])
    until(page, "location.hash.includes('path=')")


def test_what_the_server_says_is_wrong_is_said_on_the_page(visit, images):
    page = visit(images)
    answer = {"status": 422, "json": {"error": "no such code"}}
    page.route("**/decode", lambda route: route.fulfill(**answer))
    page.locator(".slider input").first.press("ArrowRight")
    page.locator(".message", has_text="no such code").wait_for()
    page.unroute("**/decode")
    page.locator(".slider input").first.press("ArrowRight")
    wait_for_caption(page, "as set")
    visit.pages[0].complaints.clear()  # the browser's own line about status 422


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_the_contrast_of_wcag_aa(visit, images, scheme):
    page = visit(f"{images}#input=row:3")
    page.emulate_media(color_scheme=scheme)
    page.locator(".facts p, .facts figure").first.wait_for()
    found = page.evaluate(COLORS)
    assert len(found) > 40
    assert [text for ink, ground, text in found if contrast(ink, ground) < 4.5] == []
    assert (luminance(found[0][1]) < 0.5) == (scheme == "dark")


@pytest.mark.slow
def test_the_switch_goes_against_the_system_and_is_kept(visit, images):
    page = visit(images)
    page.emulate_media(color_scheme="light")
    page.get_by_role("button", name="Switch to dark colours").click()
    page.reload()
    page.wait_for_selector("body[data-ready]")
    assert luminance(page.evaluate(COLORS)[0][1]) < 0.5
    page.get_by_role("button", name="Switch to light colours").click()


@pytest.mark.parametrize("width", [1400, 390])
def test_nothing_is_wider_than_the_window(visit, images, width):
    page = visit(f"{images}#input=row:3", width=width)
    for name in ("Rows", "Interpolate", "Arithmetic", "Compare"):
        page.get_by_role("tab", name=name).click()
        page.wait_for_timeout(300)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(WIDER) == []
