"""A trained model as one object: rows as they come, in raw units, back in the form they came in."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import vaekit
from vaekit.errors import ConfigError, DataError, RunError
from vaekit.inference.impute import see

FACTORS = np.array([[1.0, 0.5, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 300.0]])


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained") / "digits"
    return vaekit.train("digits", out=folder, quick=True, epochs=1)


def save_images(folder):
    """Write color images, half of them red and half of them blue."""
    draw = np.random.default_rng(0)
    folder.mkdir()
    for number in range(40):
        pixels = draw.integers(0, 30, (4, 6, 3), dtype=np.uint8)
        pixels[..., 2 * (number % 2)] += 200
        Image.fromarray(pixels).save(folder / f"{number}.png")


@pytest.fixture(scope="module")
def color(tmp_path_factory):
    folder = tmp_path_factory.mktemp("color")
    save_images(folder / "images")
    return vaekit.train(data=str(folder / "images"), out=folder / "run", epochs=1)


@pytest.fixture(scope="module")
def frame():
    draw = np.random.default_rng(0)
    rows = draw.normal(size=(200, 3)) @ FACTORS + [0, 5, 1000]
    return pd.DataFrame(rows, columns=["a", "b", "c"], index=[f"row {n}" for n in range(200)])


@pytest.fixture(scope="module")
def table(frame, tmp_path_factory):
    folder = tmp_path_factory.mktemp("table")
    frame.to_csv(folder / "rows.csv", index=False)
    return vaekit.train(data=str(folder / "rows.csv"), out=folder / "run", epochs=30)


def test_a_loaded_model_is_the_trained_one(digits):
    loaded = vaekit.load(digits.folder.path)
    images = digits.sample(3)
    np.testing.assert_array_equal(loaded.sample(3), images)
    np.testing.assert_array_equal(loaded.encode(images), digits.encode(images))
    assert "2 latent dimensions" in loaded.summary()


def test_gray_images_come_in_all_their_forms(digits, tmp_path):
    images = np.round(digits.sample(2))
    expected = digits.encode(images)
    path = tmp_path / "digit.png"
    picture = Image.fromarray(images[0].astype(np.uint8))
    picture.save(path)
    for form in (images[..., None], images[:, None], images.reshape(2, -1), images.tolist()):
        np.testing.assert_array_equal(digits.encode(form), expected)
    for form in (images[0], images[0].ravel(), picture, path, str(path), [picture], [path]):
        np.testing.assert_allclose(digits.encode(form), expected[:1], atol=1e-5)
    assert digits.reconstruct(images).shape == images.shape


def test_color_images_come_with_channels_first_or_last(color, tmp_path):
    images = np.asarray(Image.open(color.folder.path.parent / "images" / "0.png"))[None]
    first = images.transpose(0, 3, 1, 2)
    expected = color.encode(images)
    np.testing.assert_array_equal(color.encode(first), expected)
    np.testing.assert_array_equal(color.encode(first.reshape(1, -1), layout="CHW"), expected)
    np.testing.assert_array_equal(color.encode(images.reshape(1, -1), layout="HWC"), expected)
    np.testing.assert_array_equal(
        color.encode(color.folder.path.parent / "images" / "0.png"), expected
    )
    assert color.sample(2).shape == (2, 4, 6, 3)
    with pytest.raises(DataError, match="order of the values of a flat color image"):
        color.encode(images.reshape(1, -1))


def test_decoded_colors_are_those_of_the_images(color):
    """Channels that were mixed up would turn red images into others."""
    red = color.reconstruct(np.full((1, 4, 6, 3), [215, 15, 15]))
    seen = see(
        color.preprocessing,
        rows=color._to_rows(np.full((4, 6, 3), [215, 15, 15]), layout=None),
        seed=0,
    )
    np.testing.assert_allclose(
        color._from_rows(color._raw(seen))[0], np.full((4, 6, 3), [215, 15, 15]), atol=1e-3
    )
    assert red[0].mean((0, 1)).argmax() != 1  # no image was green


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (np.zeros((2, 8, 9)), r"images of 8x8 with 1 channel; got an array of shape \(2, 8, 9\)"),
        (np.full((8, 8), 0.5), "multiply them by 16"),
        (["no-such-file.png"], "cannot be read"),
        ([["a", "b"]], "expected rows of numbers, images or paths"),
        (np.full((8, 8), np.nan), r"fill them by complete\(\)"),
        (np.full((8, 8), np.inf), "missing or infinite"),
    ],
)
def test_rows_of_another_kind_are_refused(digits, rows, message):
    with pytest.raises(DataError, match=message):
        digits.encode(rows)


def test_columns_are_found_by_name_and_rows_keep_their_index(table, frame):
    shuffled = frame[["c", "a", "b"]].assign(other="text")
    np.testing.assert_array_equal(table.encode(shuffled), table.encode(frame.to_numpy()))
    made = table.reconstruct(shuffled)
    assert list(made.columns) == ["a", "b", "c"]
    assert list(made.index) == list(frame.index)
    with pytest.raises(DataError, match="missing: b, c; got a"):
        table.encode(frame[["a"]])


def test_missing_values_are_filled_and_known_ones_stay(table, frame):
    holes = frame.copy()
    holes.iloc[::2, 1] = np.nan
    filled = table.complete(holes, samples=200)
    assert filled.notna().all(axis=None)
    known = holes.notna()
    pd.testing.assert_frame_equal(filled.where(known), holes)
    truth, found = frame["b"][::2], filled["b"][::2]
    assert np.corrcoef(truth, frame["a"][::2])[0, 1] > 0.3
    assert ((found - truth) ** 2).mean() < truth.var()


def test_samples_of_a_table_are_draws(table, frame):
    rows = table.sample(2000)
    np.testing.assert_allclose(rows.std(), frame.std(), rtol=0.25)
    assert (table.sample(2000, draw=False).std() < rows.std()).all()


def test_scores_are_the_likelihoods_that_are_evaluated(table, frame):
    measured = table.evaluate(split="test", samples=500)
    index = vaekit.load_dataset(table.config.data.source).split.test
    scores = table.score(frame.iloc[index], samples=500)
    assert scores.log_likelihood.mean() == pytest.approx(measured["log_likelihood"], abs=0.02)
    again = table.score(frame.iloc[index], samples=500, seed=1)
    spread = (again.log_likelihood - scores.log_likelihood) / np.hypot(
        scores.standard_error, again.standard_error
    )
    assert 0.5 < np.sqrt((spread**2).mean()) < 2  # standard errors are of the right size
    assert list(scores.to_frame()) == ["log_likelihood", "standard_error", "effective_samples"]


def test_settings_are_checked_before_anything_is_trained(tmp_path):
    with pytest.raises(ConfigError, match="no recipe is called"):
        vaekit.train("digitz", out=tmp_path / "run")
    with pytest.raises(ConfigError, match="latent_dims is not a setting"):
        vaekit.train(settings={"model": {"latent_dims": 3}}, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()
    with pytest.raises(RunError):
        vaekit.load(tmp_path / "run")


def test_a_folder_with_something_in_it_is_refused(digits):
    with pytest.raises(RunError):
        vaekit.train("digits", out=digits.folder.path, epochs=1)


def test_a_report_is_written(table):
    assert table.report().read_text(encoding="utf-8").startswith("<!doctype html>")
