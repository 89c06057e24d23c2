import base64
import itertools
import os
import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest

import vaekit.report
from vaekit.config import Config
from vaekit.errors import InputError, VaekitError
from vaekit.figures import kl_per_dim, save_figure
from vaekit.report import write_report

EVALUATION = {
    "split": "test",
    "unit": "nats per row",
    "log_likelihood": -86.76123,
    "log_likelihood_se": 0.2134,
    "elbo": -88.91234,
    "bits_per_dim": 0.159661,
    "distortion": 70.2123,
    "rate": 18.70004,
    "active_units": 19,
    "latent_dim": 50,
    "samples": 5000,
    "rows": 10000,
    "effective_sample_size": 131.2,
    "reconstruction_error": 31.2234,
    "kl_per_dim": None,
    "notes": ["31 of 50 latent dimensions are unused."],
}
EVIL = '<script>alert("1")</script>&\'"'
VOID = {"meta", "img", "br", "hr", "link", "input"}


class Page(HTMLParser):
    """Every tag with its attributes and its text; complains where tags do not nest."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.stack, self.texts = [], [], {}
        self.feed(text)
        assert self.stack == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.stack.append(tag)

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag

    def handle_data(self, data):
        if self.stack:
            self.texts.setdefault(self.stack[-1], []).append(data.strip())

    def all(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


@pytest.fixture
def figure(tmp_path):
    return save_figure(kl_per_dim([1.0, 0.5]), path=tmp_path / "figures" / "kl.png")


@pytest.fixture
def full(tmp_path, figure):
    metrics = [{"epoch": 1, "train": {"bound": -90.5}, "validation": {"bound": -91.5}}]
    return write_report(
        tmp_path,
        config=Config(name="mnist-vae").model_dump(mode="json"),
        evaluation=EVALUATION,
        metrics=metrics,
        figures=[("Rate", figure, "KL of each dimension.")],
        notes=["Only 200 epochs.", EVALUATION["notes"][0]],
        published=[
            {"what": "NLL", "value": 86.76, "unit": "nats", "source": "table 1", "ours": 87.41}
        ],
        version="0.1.0",
        created=datetime(2026, 5, 1, 12, 30, tzinfo=UTC),
    )


def read(path):
    return Page(path.read_text(encoding="utf-8"))


def test_the_page_needs_nothing_from_outside(full):
    page = read(full)
    addresses = [a[key] for _, a in page.tags for key in ("src", "href", "srcset") if key in a]
    assert addresses
    assert all(address.startswith("data:image/png;base64,") for address in addresses)
    assert "url(" not in full.read_text(encoding="utf-8")
    assert not page.all("script")
    assert not page.all("link")
    policy = [meta["content"] for meta in page.all("meta") if "http-equiv" in meta]
    assert policy == ["default-src 'none'; img-src data:; style-src 'unsafe-inline'"]


def test_figures_are_inside_with_their_size_and_a_text_instead(full, figure):
    (image,) = read(full).all("img")
    content = base64.b64decode(image["src"].partition(",")[2])
    assert content == figure.read_bytes()
    assert image["alt"] == "Rate: KL of each dimension."
    assert (int(image["width"]), int(image["height"])) == (1152, 576)


def test_numbers_are_shown_as_given(full):
    page = read(full)
    exact = [attrs["value"] for attrs in page.all("data")]
    for key in ("log_likelihood", "elbo", "bits_per_dim", "distortion", "rate", "rows", "samples"):
        assert repr(EVALUATION[key]) in exact
    assert page.texts["data"][:2] == ["\N{MINUS SIGN}86.76 ± 0.21", "\N{MINUS SIGN}88.912"]
    assert "19 of 50" in page.texts["data"]
    assert {"87.41", "86.76", "\N{MINUS SIGN}90.5", "\N{MINUS SIGN}91.5"} <= set(page.texts["td"])


def test_the_page_says_what_run_it_is_and_how_to_repeat_it(full):
    page = read(full)
    assert page.texts["h1"] == ["mnist-vae"]
    assert page.texts["time"] == ["2026-05-01 12:30 UTC"]
    assert any("0.1.0" in text for text in page.texts["p"])
    assert "vaekit train --config config.json" in page.texts["pre"][-1]
    assert {"training.epochs", "50", "seed"} <= set(page.texts["code"])


def test_notes_come_first_and_once(full):
    text = full.read_text(encoding="utf-8")
    assert text.count("31 of 50 latent dimensions are unused.") == 1
    assert text.index("Only 200 epochs.") < text.index('id="numbers"')


def test_headings_do_not_skip_a_level(full):
    levels = [int(tag[1]) for tag, _ in read(full).tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_every_text_is_escaped(tmp_path, figure):
    path = write_report(
        tmp_path,
        config={"name": EVIL, "data": {"source": EVIL}, EVIL: EVIL},
        evaluation={"split": EVIL, "rows": EVIL, "notes": [EVIL]},
        metrics=[{"epoch": EVIL, "train": {"bound": EVIL}}],
        figures=[(EVIL, figure, EVIL)],
        published=[{"what": EVIL, "value": EVIL, "unit": EVIL, "source": EVIL, "ours": EVIL}],
        version=EVIL,
        command=EVIL,
    )
    page = read(path)
    assert not page.all("script")
    assert page.texts["h1"] == [EVIL]
    assert page.texts["pre"] == [EVIL]
    assert page.all("img")[0]["alt"] == f"{EVIL}: {EVIL}"


def test_a_bare_run_makes_a_page_that_says_what_is_missing(tmp_path):
    page = read(write_report(tmp_path, config={}))
    assert page.texts["h1"] == ["run"]
    assert any("has not been evaluated" in text for text in page.texts["p"])
    assert not page.all("figure")


def test_the_same_run_gives_the_same_bytes(tmp_path):
    pages = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        pages.append(write_report(tmp_path / name, config={"name": "x"}, evaluation=EVALUATION))
    assert pages[0].read_bytes() == pages[1].read_bytes()


def test_a_failed_write_leaves_the_old_page_and_nothing_else(tmp_path, monkeypatch):
    path = write_report(tmp_path, config={"name": "old"})
    before = path.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(VaekitError, match="No space left"):
        write_report(tmp_path, config={"name": "new"})
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_figure_that_is_missing_or_no_png_is_named(tmp_path):
    with pytest.raises(InputError, match=r"kl\.png: the figure cannot be read"):
        write_report(tmp_path, config={}, figures=[("", tmp_path / "kl.png", "")])
    (tmp_path / "kl.svg").write_text("<svg/>", encoding="utf-8")
    with pytest.raises(InputError, match="expected a PNG, GIF or WebP file"):
        write_report(tmp_path, config={}, figures=[("", tmp_path / "kl.svg", "")])
    assert not (tmp_path / "report.html").exists()


def luminance(color):
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_text_has_the_contrast_of_wcag_aa(scheme):
    css = Path(vaekit.report.__file__).parent / "templates" / "report.css"
    block = re.findall(r":root \{(.*?)\}", css.read_text(encoding="utf-8"), re.DOTALL)[scheme]
    colors = dict(re.findall(r"--([\w-]+): (#\w{6})", block))
    pairs = [(ink, ground) for ink in ("ink", "soft", "accent") for ground in ("page", "card")]
    for ink, ground in [*pairs, ("warn-ink", "warn")]:
        assert contrast(colors[ink], colors[ground]) >= 4.5, (ink, ground)
