"""The Chromium of the machine, and what is asked of every page; without it tests are skipped."""

import contextlib
import shutil
from dataclasses import dataclass, field

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
# As root, in a container, without a screen, and without asking its makers for anything.
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)

# Every element with text of its own: its colour, that of what lies behind it, and the text.
COLORS = """() => {
  const numbers = color => color.match(/[\\d.]+/g).map(Number);
  const behind = e => {
    const color = numbers(getComputedStyle(e).backgroundColor);
    return color.length === 4 && color[3] === 0 ? behind(e.parentElement) : color;
  };
  return [...document.querySelectorAll('body, body *')]
    .filter(e => e.checkVisibility())
    .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
    .map(e => [numbers(getComputedStyle(e).color), behind(e), e.textContent.trim().slice(0, 60)]);
}"""


@dataclass
class Seen:
    """What a page did while it was open."""

    page: object
    path: object
    requests: list = field(default_factory=list)
    complaints: list = field(default_factory=list)


@contextlib.contextmanager
def chromium(profile):
    """A browser with nothing in it, whose profile lies in a folder."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("no Chromium on this machine: " + ", ".join(BROWSERS))
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch_persistent_context(
            profile, executable_path=found, args=list(FLAGS)
        )
        yield browser
        browser.close()


def watched(page, path):
    """Note what a page asks for and complains of from now on."""
    seen = Seen(page, path)
    page.on("request", lambda asked: seen.requests.append(asked.url))
    page.on("console", lambda said: seen.complaints.append(said.text))
    page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    return seen


def luminance(color):
    """Relative luminance of a colour (WCAG 2.2)."""
    parts = [part / 255 for part in color[:3]]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    """Contrast ratio of two colours, 1 to 21 (WCAG 2.2)."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)
