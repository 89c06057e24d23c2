"""What tests of the explorer ask of its page."""

import numpy as np

from vaekit.inference import decode
from vaekit.runs import load_run

PIXELS = """canvas => {
  const copy = new OffscreenCanvas(canvas.width, canvas.height);
  const context = copy.getContext('2d', {willReadFrequently: true});
  context.drawImage(canvas, 0, 0);
  const {data} = context.getImageData(0, 0, copy.width, copy.height);
  return [...data].filter((_, k) => k % 4 === 0);
}"""
CODE = "() => [...document.querySelectorAll('.slider output')].map(e => e.textContent).join()"


def stage(page):
    """Middle of the map, in pixels of the window."""
    box = page.locator(".map-card .stage").bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def shown(page):
    """Pixels of the decoded picture."""
    return page.locator(".decoded > .picture").evaluate(PIXELS)


def wait_for_caption(page, text):
    page.locator(".decoded .caption", has_text=text).wait_for()


def until(page, condition):
    """Wait for a condition in JavaScript; Playwright's own way is against the page's policy."""
    for _ in range(200):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(25)
    raise AssertionError(f"never: {condition}")


def expected(folder, code):
    """Pixels that the library decodes from a code."""
    run = load_run(folder)
    rows = decode(run.model, codes=np.array([code]))
    return np.clip(np.round(255 * rows[0].astype(float)), 0, 255)
