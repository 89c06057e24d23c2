import numpy as np
import pytest
from PIL import Image

from vaekit.data.image_folder import read_image_folder
from vaekit.errors import DataError


def save(path, shape=(6, 9), seed=0, kind="u1"):
    path.parent.mkdir(parents=True, exist_ok=True)
    top = 2**16 if kind == "u2" else 256
    array = np.random.default_rng(seed).integers(0, top, shape).astype(kind)
    Image.fromarray(array).save(path)
    return array


def test_sub_folders_are_classes(tmp_path):
    cat, dog = save(tmp_path / "cat" / "1.png", seed=1), save(tmp_path / "dog" / "1.bmp", seed=2)
    save(tmp_path / "dog" / "old" / "2.png", seed=3)
    (tmp_path / "dog" / "notes.txt").write_text("not an image")
    found = read_image_folder(tmp_path)
    assert found.classes == ("cat", "dog")
    assert found.labels.tolist() == [0, 1, 1]
    assert found.shape == (1, 6, 9)
    assert np.array_equal(found.rows[:2], [cat.ravel(), dog.ravel()])


def test_images_in_the_folder_itself_have_no_labels(tmp_path):
    for number in range(3):
        save(tmp_path / f"{number}.png", seed=number)
    assert read_image_folder(tmp_path).labels is None


def test_one_image_in_colour_makes_all_of_them_colour(tmp_path):
    grey, colour = save(tmp_path / "1.png"), save(tmp_path / "2.png", shape=(6, 9, 3))
    found = read_image_folder(tmp_path)
    assert found.shape == (3, 6, 9)
    assert np.array_equal(found.rows[0].reshape(3, 6, 9), [grey, grey, grey])
    assert np.array_equal(found.rows[1].reshape(3, 6, 9), colour.transpose(2, 0, 1))


def test_sixteen_bits_keep_the_upper_eight(tmp_path):
    deep = save(tmp_path / "1.png", kind="u2")
    assert np.array_equal(read_image_folder(tmp_path).rows[0], (deep >> 8).ravel())


def test_transparency_is_dropped(tmp_path):
    array = save(tmp_path / "1.png", shape=(6, 9, 4))
    assert np.array_equal(
        read_image_folder(tmp_path).rows[0].reshape(3, 6, 9), array[..., :3].transpose(2, 0, 1)
    )
    Image.new("P", (9, 6)).save(tmp_path / "1.png", transparency=b"\x00\x80")
    assert read_image_folder(tmp_path).shape == (3, 6, 9)


def test_sizes_that_differ_are_refused_with_the_option_that_helps(tmp_path):
    save(tmp_path / "1.png")
    save(tmp_path / "2.png", shape=(7, 9))
    with pytest.raises(DataError, match=r"2\.png: expected 9x6 .* got 9x7.*--data\.image-size"):
        read_image_folder(tmp_path)


def test_image_size_scales_the_shorter_side_and_cuts_out_the_middle(tmp_path):
    wide = np.zeros((8, 24), np.uint8)
    wide[:, 8:16] = 200  # a bright middle third
    Image.fromarray(wide).save(tmp_path / "1.png")
    Image.fromarray(np.full((16, 16), 50, np.uint8)).save(tmp_path / "2.png")
    found = read_image_folder(tmp_path, image_size=8)
    assert found.shape == (1, 8, 8)
    assert (found.rows == [[200], [50]]).all()


def test_no_images(tmp_path):
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / ".hidden.png").write_text("x")
    with pytest.raises(DataError, match=r"a folder of images .*\.png.*; got none"):
        read_image_folder(tmp_path)


def test_images_beside_sub_folders_with_images(tmp_path):
    save(tmp_path / "cat" / "1.png")
    save(tmp_path / "stray.png")
    with pytest.raises(DataError, match=r"stray\.png: expected all images in sub-folders"):
        read_image_folder(tmp_path)


@pytest.mark.parametrize("keep", [0, 10, 100])
def test_an_image_that_cannot_be_read_is_named(tmp_path, keep):
    save(tmp_path / "1.png", shape=(40, 40))
    save(tmp_path / "2.png", shape=(40, 40))
    (tmp_path / "2.png").write_bytes((tmp_path / "2.png").read_bytes()[:keep])
    with pytest.raises(DataError, match=r"2\.png: expected an image; it cannot be read"):
        read_image_folder(tmp_path)
