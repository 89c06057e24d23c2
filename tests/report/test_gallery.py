"""What a report shows of a run: which figures, and that each is drawn and explained."""

import re

import pytest
from PIL import Image

from vaekit.config import Config, ReportConfig, merge, parse_config
from vaekit.errors import VaekitWarning
from vaekit.recipes import recipe
from vaekit.report import draw_figures
from vaekit.runs import RunFolder, load_run
from vaekit.training import train

ALWAYS = {"learning-curves.png", "reconstructions.png", "samples.png", "latent.png"}


def run_of(folder, config, **changes):
    small = {"training": {"epochs": 1}, "data": {"limit": 300}}
    settings = parse_config(merge(merge(config.model_dump(), small), changes))
    dataset = train(settings, folder=RunFolder(folder))
    return load_run(folder), dataset


@pytest.fixture(scope="module")
def flat(tmp_path_factory):
    """Digits on a plane."""
    return run_of(tmp_path_factory.mktemp("flat") / "run", Config())


@pytest.fixture(scope="module")
def deep(tmp_path_factory):
    """Digits in four dimensions."""
    return run_of(tmp_path_factory.mktemp("deep") / "run", Config(), model={"latent_dim": 4})


@pytest.fixture(scope="module")
def roll(tmp_path_factory):
    """Points in space."""
    return run_of(tmp_path_factory.mktemp("roll") / "run", recipe("swiss-roll"))


def drawn(made, wanted=None, evaluation=None):
    run, dataset = made
    found = draw_figures(
        run, dataset=dataset, split="test", evaluation=evaluation, wanted=wanted or ReportConfig()
    )
    return {path.name: (title, path, caption, reading) for title, path, caption, reading in found}


def test_every_run_has_its_curves_reconstructions_samples_and_codes(flat, deep, roll):
    assert set(drawn(flat)) == ALWAYS | {"manifold.png"}
    assert set(drawn(deep)) == ALWAYS | {"traversal.png"}
    assert set(drawn(roll)) == ALWAYS | {"roll.png"}


@pytest.mark.slow
def test_every_figure_is_a_picture_and_explained_in_two_sentences(flat, deep, roll):
    everything = ReportConfig(walk=("0", "7"), add="1", morph=True, tsne=(2, 3))
    kl = {"kl_per_dim": [1.0, 0.5]}
    for made, evaluation in ((flat, kl), (deep, None), (roll, kl)):
        wanted = everything if made is not roll else None
        for title, path, caption, reading in drawn(made, wanted, evaluation).values():
            with Image.open(path) as picture:
                assert min(picture.size) > 50, path.name
            assert title
            assert caption.endswith("."), path.name
            sentences = re.findall(r"[.?:]\s+(?=[A-Z])", reading)
            assert len(sentences) == 1, f"{path.name}: {reading}"
            assert reading.endswith("."), path.name


def test_a_walk_is_a_strip_an_animation_and_a_way_on_the_map(flat):
    plain, walked = drawn(flat), None
    before = plain["manifold.png"][1].read_bytes()
    walked = drawn(flat, ReportConfig(walk=("0", "7")))
    assert {"walk.png", "walk.webp"} <= set(walked)
    assert walked["manifold.png"][1].read_bytes() != before
    assert "from 0 to 7" in walked["manifold.png"][2]
    with Image.open(walked["walk.webp"][1]) as picture:
        assert picture.n_frames > 2  # equal neighbours are kept as one


def test_the_map_reaches_as_far_as_was_asked_for(flat):
    assert "from \N{MINUS SIGN}2 to 2" in drawn(flat, ReportConfig(extent=2.0))["manifold.png"][2]


def test_more_dimensions_get_their_boards_and_projections(deep):
    found = drawn(deep, ReportConfig(add="0", morph=True, tsne=(2, 3)))
    assert {"arithmetic.png", "morph.webp", "tsne-2d.png", "tsne-3d.png"} <= set(found)
    assert "manifold.png" not in found


@pytest.mark.slow
def test_a_class_that_is_not_there_leaves_its_figure_out_and_says_so(flat):
    with pytest.warns(VaekitWarning, match=r"no row of the test split is of the class cat"):
        found = drawn(flat, ReportConfig(walk=("0", "cat")))
    assert "walk.png" not in found
    assert "manifold.png" in found
    with pytest.warns(VaekitWarning, match="of the class cat"):
        assert "arithmetic.png" not in drawn(flat, ReportConfig(add="cat"))


@pytest.mark.slow
def test_figures_of_images_are_left_out_for_points(roll):
    wanted = ReportConfig(walk=("0", "1"), add="0", morph=True, extent=2.0)
    assert set(drawn(roll, wanted)) == ALWAYS | {"roll.png"}


@pytest.mark.slow
def test_the_same_run_gives_the_same_pictures(deep):
    wanted = ReportConfig(add="0", tsne=(2,))
    first = {name: each[1].read_bytes() for name, each in drawn(deep, wanted).items()}
    again = {name: each[1].read_bytes() for name, each in drawn(deep, wanted).items()}
    assert first == again


def test_codes_are_those_of_the_rows(flat):
    """The caption counts the rows that are drawn."""
    _, dataset = flat
    count = len(dataset.split.test)
    assert f"{count:,} rows of the test split" in drawn(flat)["latent.png"][2]
