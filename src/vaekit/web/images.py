"""Conversions between rows and images: display, uploaded files, animations."""

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from vaekit.data import Dataset, Preprocessing
from vaekit.data.image_folder import WHITES
from vaekit.errors import DataError

__all__ = ["Display", "encode_gif", "make_display", "read_image"]


_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
_MAX_PIXELS = 2**24  # 4096 x 4096, checked before decompression
_MAX_GIF_PIXELS = 40_000_000  # over all frames
_INK_THRESHOLD = 24
_INK_SIZE = 20 / 28  # side of the bounding box of an MNIST digit, relative to the image


@dataclass(frozen=True, kw_only=True, eq=False)
class Display:
    """Affine map from what a model decodes to what is displayed: v is shown as gain * v + offset.

    For images that is a brightness in [0, 1], for tables a cell in units of the data.
    """

    shape: tuple[int, ...]
    """(C, H, W) of an image, (F,) of a row of a table."""
    gain: NDArray[np.float64]
    """(F,)"""
    offset: NDArray[np.float64]
    """(F,)"""
    low: float
    """Value of a pixel in the data that is shown black; 0 for tables."""
    high: float
    """Value of a pixel in the data that is shown white; 1 for tables."""

    @property
    def is_image(self) -> bool:
        """True when a row is an image."""
        return len(self.shape) == 3

    def from_model(self, values: NDArray[Any]) -> NDArray[Any]:
        """Convert rows in the units that the model sees.

        Args:
            values: (B, F).

        Returns:
            Images as uint8 (B, H, W, C), rows of a table as float32 (B, F) in units of the data.
        """
        return self._convert(values.astype(np.float64) * self.gain + self.offset)

    def from_data(self, rows: NDArray[Any]) -> NDArray[Any]:
        """Convert rows in units of the data.

        Args:
            rows: (B, F).

        Returns:
            As ``from_model``.
        """
        return self._convert((rows.astype(np.float64) - self.low) / (self.high - self.low))

    def to_data(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Convert an image to a row in units of the data.

        Args:
            pixels: H * W * C bytes, line by line, the channels of a pixel together.

        Returns:
            (F,)

        Raises:
            DataError: the run is of a table, or the image is of another size.
        """
        if not self.is_image:
            raise DataError("this run is of a table and reads no images; send cells")
        channels, height, width = self.shape
        if pixels.size != channels * height * width:
            raise DataError(
                f"expected an image of {height} x {width} pixels and {channels} channels, got "
                f"{pixels.size} values"
            )
        image = pixels.reshape(height, width, channels).transpose(2, 0, 1)
        shares = image.reshape(-1).astype(np.float64) / 255
        return (self.low + shares * (self.high - self.low)).astype(np.float32)

    def _convert(self, values: NDArray[np.float64]) -> NDArray[Any]:
        if not self.is_image:
            return values.astype(np.float32)
        levels = np.round(np.clip(np.nan_to_num(values), 0.0, 1.0) * 255).astype(np.uint8)
        return levels.reshape(-1, *self.shape).transpose(0, 2, 3, 1)


def make_display(preprocessing: Preprocessing, dataset: Dataset) -> Display:
    """Return how the rows of a run are displayed.

    Args:
        preprocessing: from rows of the data to what the model sees.
        dataset: whose range of pixel values is shown from black to white.

    Returns:
        The conversion.

    Example:
        >>> from vaekit.data import load_dataset
        >>> digits = load_dataset("digits")
        >>> display = make_display(Preprocessing.fit(digits), digits)
        >>> display.from_model(np.full((1, 64), 0.5)).max()
        np.uint8(128)
        >>> display.from_data(digits.rows[:3]).shape
        (3, 8, 8, 1)
    """
    low, high = (dataset.value_range if dataset.is_image else None) or (0.0, 1.0)
    shift = preprocessing.shift.double().numpy()
    scale = preprocessing.scale.double().numpy()
    return Display(
        shape=preprocessing.shape,
        gain=1 / (scale * (high - low)),
        offset=(shift - low) / (high - low),
        low=low,
        high=high,
    )


def read_image(
    data: bytes, *, shape: tuple[int, ...], invert: bool = False, centre: bool = False
) -> NDArray[np.uint8]:
    """Read an image file and bring it to the size of the rows of a model.

    The largest centred part with the aspect ratio of the model is cropped and resized.
    Transparent pixels become black. Of 16 bits, white is 2^b - 1, where b is the least of 8, 10,
    12, 14 and 16 that holds all values, as in `vaekit.data.image_folder`.

    Args:
        data: content of a PNG, JPEG, WebP, GIF or BMP file.
        shape: (C, H, W) of the model.
        invert: invert the brightness.
        centre: scale and place what is not black as in MNIST: its bounding box is 20/28 of the
            image, its centre of mass in the middle.

    Returns:
        (H, W, C)

    Raises:
        DataError: not an image, a damaged one, or one that is too large.

    Example:
        >>> file = io.BytesIO()
        >>> Image.new("RGB", (40, 30), "white").save(file, "PNG")
        >>> read_image(file.getvalue(), shape=(1, 8, 8)).shape
        (8, 8, 1)
    """
    channels, height, width = shape
    image = _flatten(_open(data), mode="L" if channels == 1 else "RGB")
    image = ImageOps.invert(image) if invert else image
    if centre:
        image = _centre_ink(image, size=(width, height))
    else:
        image = ImageOps.fit(image, (width, height), Image.Resampling.BOX)
    return np.asarray(image, dtype=np.uint8).reshape(height, width, channels)


def _open(data: bytes) -> Image.Image:
    """Open the first image of a file; its size is checked before it is decompressed."""
    try:
        image = Image.open(io.BytesIO(data), formats=_FORMATS)
        width, height = image.size
        if width * height > _MAX_PIXELS:
            raise DataError(
                f"the image has {width} x {height} pixels; {_MAX_PIXELS:,} are the most"
            )
        image.load()
        return ImageOps.exif_transpose(image)
    except DataError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise DataError(f"the image is too large; {_MAX_PIXELS:,} pixels are the most") from None
    except Exception:  # a damaged file can make Pillow raise nearly anything
        raise DataError(
            "expected an image file (PNG, JPEG, WebP, GIF or BMP); this is none, or it is damaged"
        ) from None


def _flatten(image: Image.Image, *, mode: str) -> Image.Image:
    """Convert to 8 bits of grey or RGB, on black where it was transparent."""
    if image.mode.startswith("I"):  # 16 bits, scaled as rows of training are
        values = np.asarray(image, dtype=np.int64)
        white = next(white for white in WHITES if values.max() <= white)
        levels = (values // ((white + 1) // 256)).astype(np.uint8)
        return Image.fromarray(levels).convert(mode)
    if image.mode in ("LA", "PA", "RGBA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, (0, 0, 0, 255)), image)
    return image.convert("RGB").convert(mode)


def _centre_ink(image: Image.Image, *, size: tuple[int, int]) -> Image.Image:
    """Scale and place what is not black as the digits of MNIST are."""
    canvas = Image.new(image.mode, size)
    box = image.convert("L").point([255 * (level > _INK_THRESHOLD) for level in range(256)])
    bounds = box.getbbox()
    if bounds is None:
        return canvas
    ink = image.crop(bounds)
    factor = _INK_SIZE * min(size) / max(ink.size)
    resized = ink.resize(
        (max(1, round(ink.width * factor)), max(1, round(ink.height * factor))),
        Image.Resampling.BOX if factor < 1 else Image.Resampling.BILINEAR,
    )
    grey = np.asarray(resized.convert("L"), dtype=np.float64)
    rows, columns = np.indices(grey.shape)
    total = max(grey.sum(), 1e-12)
    x, y = float((grey * columns).sum() / total), float((grey * rows).sum() / total)
    canvas.paste(resized, (round((size[0] - 1) / 2 - x), round((size[1] - 1) / 2 - y)))
    return canvas


def encode_gif(frames: NDArray[np.uint8], *, milliseconds: int, scale: int, bounce: bool) -> bytes:
    """Encode an animation as a GIF that repeats for ever.

    Args:
        frames: (T, H, W, C).
        milliseconds: between two frames; GIF counts in hundredths of a second.
        scale: integer magnification.
        bounce: append the frames in reverse order.

    Returns:
        Content of the file.

    Raises:
        DataError: it would be too large.

    Example:
        >>> frames = np.eye(4, dtype=np.uint8)[..., None, None] * 255
        >>> encode_gif(frames, milliseconds=60, scale=2, bounce=False)[:6]
        b'GIF89a'
    """
    pixels = frames[..., 0].size * scale**2
    if pixels > _MAX_GIF_PIXELS:
        raise DataError(
            f"an animation of {pixels:,} pixels is too large, {_MAX_GIF_PIXELS:,} is the most; "
            "take fewer frames or a smaller scale"
        )
    squeezed = frames if frames.shape[-1] == 3 else frames[..., 0]
    enlarged = squeezed.repeat(scale, axis=1).repeat(scale, axis=2)
    images = [Image.fromarray(frame) for frame in enlarged]
    images += images[-2:0:-1] if bounce else []
    file = io.BytesIO()
    images[0].save(
        file, format="GIF", save_all=True, append_images=images[1:], duration=milliseconds, loop=0
    )
    return file.getvalue()
