"""The pages of a real run and of a comparison in a browser: whole, readable, and without a network.

The browser is the Chromium of the machine; where there is none, these tests are skipped.
"""

import contextlib
import io
import itertools
import json
import shutil

import pytest
from browser import COLORS, chromium, contrast, luminance, watched

from vaekit.cli import main

MOST_BYTES = 15_000_000
WIDTHS = (1200, 375)

FIGURES = """() => [...document.querySelectorAll('figure img')]
  .filter(image => image.checkVisibility())
  .map(image => {
    const box = image.getBoundingClientRect();
    return [image.naturalWidth, box.left, box.right, box.width, box.height];
  })"""
FORMULAS = """() => [...document.querySelectorAll('.formula math')]
  .map(math => math.getBoundingClientRect().height)"""
WIDER = """() => [...document.querySelectorAll('body *')]
  .filter(e => !e.closest('.wide, .formula') && e.checkVisibility())
  .filter(e => e.getBoundingClientRect().right > innerWidth + 1)
  .map(e => e.outerHTML.slice(0, 80))"""


def call(*argv):
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        assert main([str(part) for part in argv]) == 0


@pytest.fixture(scope="module")
def context(tmp_path_factory):
    """A browser without a network."""
    with chromium(tmp_path_factory.mktemp("profile")) as browser:
        browser.set_offline(True)
        yield browser


@pytest.fixture(scope="module")
def folders(tmp_path_factory, context):
    """A real run of two epochs, and its comparison with a copy that says another objective."""
    above = tmp_path_factory.mktemp("pages")
    tiny = ("--training.epochs", "2", "--evaluation.samples", "10", "--report.no-morph")
    call("train", "digits", *tiny, "--out", above / "run")
    other = shutil.copytree(above / "run", above / "other")
    config = json.loads((other / "config.json").read_text(encoding="utf-8"))
    config["objective"] |= {"beta": 4.0, "schedule": "constant"}
    (other / "config.json").write_text(json.dumps(config), encoding="utf-8")
    call("compare", above / "run", other, "--out", above / "comparison")
    return {"run": above / "run", "comparison": above / "comparison"}


@pytest.fixture(scope="module", params=["run", "comparison"])
def opened(request, context, folders):
    """A page of its own for each, with everything that it asks for and complains of."""
    page = context.new_page()
    seen = watched(page, folders[request.param] / "report.html")
    page.goto(seen.path.as_uri(), wait_until="load")
    yield seen
    page.close()


def shown(seen, *, width=WIDTHS[0], **media):
    """The page at a width, without the traces of another test."""
    seen.page.emulate_media(media="screen", color_scheme="light", reduced_motion="no-preference")
    seen.page.emulate_media(**media)
    seen.page.set_viewport_size({"width": width, "height": 900})
    return seen.page


@pytest.mark.parametrize("width", WIDTHS)
def test_every_figure_is_whole_and_inside_the_page(opened, width):
    page = shown(opened, width=width)
    found = page.evaluate(FIGURES)
    assert len(found) == page.locator("figure").count() > 2
    for natural, left, right, wide, high in found:
        assert natural > 0
        assert left >= 0
        assert right <= width
        assert wide >= min(natural, width / 2)
        assert high > 20


@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_does_not_scroll_sideways(opened, width):
    page = shown(opened, width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(WIDER) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_the_contrast_of_wcag_aa(opened, scheme):
    found = shown(opened, color_scheme=scheme).evaluate(COLORS)
    assert len(found) > 50
    assert [text for ink, ground, text in found if contrast(ink, ground) < 4.5] == []
    assert (luminance(found[0][1]) < 0.5) == (scheme == "dark")


def test_the_formula_is_drawn(opened):
    heights = shown(opened).evaluate(FORMULAS)
    assert len(heights) > 3
    assert min(heights) > 8
    # A sum with its limits is higher than a line: the browser knows MathML.
    assert max(heights) > 30


def test_headings_are_in_order(opened):
    levels = opened.page.evaluate(
        "[...document.querySelectorAll('h1, h2, h3, h4')].map(e => Number(e.tagName[1]))"
    )
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_what_moves_stands_still_on_paper_and_for_whoever_asks_for_it(opened):
    page = shown(opened)
    moving, still = page.locator("figure .moving"), page.locator("figure .still")
    if opened.path.parent.name == "run":
        assert moving.count() == still.count() > 0
    for media, moves in (
        ({}, True),
        ({"reduced_motion": "reduce"}, False),
        ({"media": "print"}, False),
    ):
        shown(opened, **media)
        assert {each.is_visible() for each in moving.all()} <= {moves}
        assert {each.is_visible() for each in still.all()} <= {not moves}


def test_the_page_prints_on_white(opened):
    paper = shown(opened).pdf(format="A4")
    assert paper.startswith(b"%PDF-")
    assert len(paper) > 50_000
    page = shown(opened, media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_the_page_is_small_enough_to_be_sent_around(opened):
    assert opened.path.stat().st_size < MOST_BYTES


def test_nothing_was_asked_of_the_network_and_nothing_complained(opened):
    # Last in the file: everything that the other tests did to the page is behind it.
    outside = [url for url in opened.requests if not url.startswith("data:")]
    assert outside == [opened.path.as_uri()]
    assert opened.complaints == []
