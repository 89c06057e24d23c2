import struct
import warnings

import numpy as np
import pytest
from PIL import Image

from vaekit.data import load_dataset
from vaekit.data.image_folder import read_image_folder
from vaekit.errors import DataError, VaekitWarning


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


def write_tiff(path, values, *, bits):
    """Write unsigned integers of any even number of bits, which Pillow reads and does not write."""
    height, width = values.shape
    digits = ["".join(f"{value:0{bits}b}" for value in row) for row in values]
    data = b"".join(
        int(row.ljust(-(-len(row) // 8) * 8, "0"), 2).to_bytes(-(-len(row) // 8), "big")
        for row in digits
    )
    tags = {
        256: width, 257: height, 258: bits, 259: 1, 262: 1, 273: 8 + 2 + 12 * 9 + 4, 277: 1,
        278: height, 279: len(data),
    }  # fmt: skip
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    head = struct.pack("<2sHIH", b"II", 42, 8, len(tags))
    path.write_bytes(head + entries + bytes(4) + data)


@pytest.fixture
def twelve():
    """Every value of 12 bits."""
    return np.arange(4096).reshape(64, 64)


def test_twelve_bits_keep_the_upper_eight(tmp_path, twelve):
    write_tiff(tmp_path / "1.tif", twelve, bits=12)
    found = read_image_folder(tmp_path)
    assert found.rows.dtype == np.uint8
    assert np.array_equal(found.rows[0], twelve.ravel() >> 4)


def test_twelve_declared_bits_have_one_white_however_dark(tmp_path, twelve):
    write_tiff(tmp_path / "1.tif", twelve // 8, bits=12)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.array_equal(read_image_folder(tmp_path).rows[0], twelve.ravel() >> 7)


@pytest.mark.parametrize("ending", ["tif", "png"])
def test_sixteen_bits_of_a_camera_of_twelve_are_not_black(tmp_path, twelve, ending):
    Image.fromarray(twelve.astype("u2")).save(tmp_path / f"1.{ending}")
    Image.fromarray((twelve // 2).astype("u2")).save(tmp_path / f"2.{ending}")
    with pytest.warns(VaekitWarning, match="16-bit images is 4095; 0 is taken as black and 4095"):
        found = read_image_folder(tmp_path)
    assert np.array_equal(found.rows, [twelve.ravel() >> 4, twelve.ravel() >> 5])


def test_big_endian_sixteen_bits(tmp_path):
    values = np.arange(0, 65536, 256).reshape(16, 16)
    Image.fromarray(values.astype(">u2")).save(tmp_path / "1.tif")
    assert np.array_equal(read_image_folder(tmp_path).rows[0], np.arange(256) - 0)


@pytest.mark.parametrize(
    ("kind", "values", "expected", "told"),
    [
        ("f4", [0, 0.25, 0.5, 1], [0, 0.25, 0.5, 1], None),
        ("f4", [0, 51, 102, 255], [0, 0.2, 0.4, 1], None),
        ("f4", [-2, 0, 2, 1e6], [0, 2e-6, 4e-6, 1], "-2 is taken as black and 1e+06 as white"),
        ("i4", [0, 1000, 65535, 256], [0, 3, 255, 1], "32-bit images is 65535"),
        ("i4", [0, 250_000, 500_000, 10**6], [0, 0.25, 0.5, 1], "1e+06 as white"),
        ("i4", [-1000, 0, 1000, 3000], [0, 0.25, 0.5, 1], "-1000 is taken as black"),
    ],
)
def test_thirty_two_bits_keep_their_values(tmp_path, kind, values, expected, told):
    Image.fromarray(np.array(values, kind).reshape(2, 2)).save(tmp_path / "1.tiff")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = read_image_folder(tmp_path)
    assert np.allclose(found.rows[0], expected, rtol=0, atol=1e-6)
    assert [told in str(each.message) for each in caught] == ([] if told is None else [True])


def test_images_of_different_depths_share_black_and_white(tmp_path):
    Image.fromarray(np.full((2, 2), 0.5, "f4")).save(tmp_path / "1.tif")
    Image.fromarray(np.full((2, 2), 51, "u1")).save(tmp_path / "2.png")
    Image.fromarray(np.full((2, 2, 3), (255, 0, 51), "u1")).save(tmp_path / "3.png")
    found = read_image_folder(tmp_path)
    assert found.shape == (3, 2, 2)
    assert np.allclose(found.rows[:2], [[0.5] * 12, [0.2] * 12])
    assert np.allclose(found.rows[2], [1] * 4 + [0] * 4 + [0.2] * 4)


def test_floats_that_are_scaled_stay_inside_their_range(tmp_path):
    edge = np.zeros((32, 32), "f4")
    edge[:, 16:] = 1
    for name in "12":
        Image.fromarray(edge).save(tmp_path / f"{name}.tif")
    data = load_dataset(tmp_path, image_size=10, validation=0, test=0)
    assert (data.rows.min(), data.rows.max(), data.value_range) == (0, 1, (0.0, 1.0))


def test_pixels_that_are_not_finite_are_named(tmp_path):
    Image.fromarray(np.array([[0, np.nan], [np.inf, 1]], "f4")).save(tmp_path / "1.tif")
    with pytest.raises(DataError, match=r"1\.tif: expected finite pixels; 2 are NaN or infinite"):
        read_image_folder(tmp_path)


@pytest.mark.parametrize("ending", ["png", "webp", "tif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_images_are_turned_as_their_orientation_says(tmp_path, ending, orientation):
    upright = np.arange(6, dtype="u1").reshape(2, 3) * 40
    undo = {
        1: lambda x: x, 2: np.fliplr, 3: lambda x: x[::-1, ::-1], 4: np.flipud,
        5: np.transpose, 6: lambda x: np.rot90(x), 7: lambda x: x[::-1, ::-1].T,
        8: lambda x: np.rot90(x, -1),
    }[orientation]  # fmt: skip
    stored = Image.fromarray(np.ascontiguousarray(undo(upright)))
    exif = Image.Exif()
    exif[0x0112] = orientation
    settings = {"lossless": True} if ending == "webp" else {}
    stored.save(tmp_path / f"1.{ending}", exif=exif, **settings)
    found = read_image_folder(tmp_path)
    assert found.shape[1:] == (2, 3)
    assert np.array_equal(found.rows[0][:6], upright.ravel())


@pytest.mark.parametrize("ending", ["tif", "gif", "png", "webp"])
def test_the_first_of_several_images_is_read_and_a_note_says_so(tmp_path, ending):
    frames = [Image.fromarray(np.full((4, 4), level, "u1")) for level in (40, 200)]
    settings = {"lossless": True} if ending == "webp" else {}
    frames[0].save(tmp_path / f"1.{ending}", save_all=True, append_images=frames[1:], **settings)
    save(tmp_path / "2.png", shape=(4, 4))
    with pytest.warns(VaekitWarning, match=r"1 of 2 files hold several images \(the first is 1\."):
        found = read_image_folder(tmp_path)
    assert len(found.rows) == 2
    assert set(found.rows[0].tolist()) == {40}


def test_the_preview_in_a_photograph_is_no_page_of_it(tmp_path):
    frames = [Image.new("L", (4, 4), level) for level in (40, 200)]
    frames[0].save(tmp_path / "1.jpg", format="MPO", save_all=True, append_images=frames[1:])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_image_folder(tmp_path).shape == (1, 4, 4)
