"""Image files: uploads to read, animations to write."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from vaekit.errors import DataError

__all__ = ["animate", "read_picture"]


_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
_MOST_PIXELS = 2**24  # 4096 x 4096, before anything is unpacked
_MOST_DOTS = 40_000_000  # of an animation, over all its frames
_DARK = 24  # and less is no ink
_INK = 20 / 28  # side of the box of a digit in MNIST, as a share of the image


def read_picture(
    data: bytes, *, shape: tuple[int, ...], invert: bool = False, centre: bool = False
) -> NDArray[np.uint8]:
    """Read an image file and bring it to the size that a model knows.

    The largest part of the right form is cut out of the middle and scaled. Transparent parts
    become black.

    Args:
        data: of a PNG, JPEG, WebP, GIF or BMP file.
        shape: (C, H, W) of the model.
        invert: make white black and black white.
        centre: as MNIST was made: what is not black is scaled to 20/28 of the side, and its
            centre of mass moved to the middle.

    Returns:
        (H, W, C)

    Raises:
        DataError: no image, a damaged one, or one that is too large.

    Example:
        >>> file = io.BytesIO()
        >>> Image.new("RGB", (40, 30), "white").save(file, "PNG")
        >>> read_picture(file.getvalue(), shape=(1, 8, 8)).shape
        (8, 8, 1)
    """
    channels, height, width = shape
    image = _plain(_opened(data), mode="L" if channels == 1 else "RGB")
    image = ImageOps.invert(image) if invert else image
    if centre:
        made = _centred(image, size=(width, height))
    else:
        made = ImageOps.fit(image, (width, height), Image.Resampling.BOX)
    pixels = np.asarray(made, dtype=np.uint8)
    return pixels.reshape(height, width, channels)


def animate(frames: NDArray[np.uint8], *, milliseconds: int, scale: int, bounce: bool) -> bytes:
    """Make a GIF that goes on for ever.

    Args:
        frames: (T, H, W, C).
        milliseconds: between two frames; GIF counts in hundredths of a second.
        scale: dots along the side of a pixel.
        bounce: go back again after the last frame.

    Returns:
        The file.

    Raises:
        DataError: it would be too large.

    Example:
        >>> made = animate(np.eye(4, dtype=np.uint8)[..., None, None] * 255, milliseconds=60,
        ...     scale=2, bounce=False)
        >>> made[:6]
        b'GIF89a'
    """
    dots = frames[..., 0].size * scale**2
    if dots > _MOST_DOTS:
        raise DataError(
            f"an animation of {dots:,} dots is too large, {_MOST_DOTS:,} is the most; take fewer "
            "frames or a smaller scale"
        )
    shown = frames if frames.shape[-1] == 3 else frames[..., 0]
    large = shown.repeat(scale, axis=1).repeat(scale, axis=2)
    pictures = [Image.fromarray(each) for each in large]
    pictures += pictures[-2:0:-1] if bounce else []
    file = io.BytesIO()
    pictures[0].save(
        file, format="GIF", save_all=True, append_images=pictures[1:], duration=milliseconds, loop=0
    )
    return file.getvalue()


def _opened(data: bytes) -> Image.Image:
    """The first picture of a file, unpacked only where its size is fair."""
    try:
        image = Image.open(io.BytesIO(data), formats=_FORMATS)
        width, height = image.size
        if width * height > _MOST_PIXELS:
            raise DataError(
                f"the image has {width} x {height} pixels; {_MOST_PIXELS:,} are the most"
            )
        image.load()
        return ImageOps.exif_transpose(image)
    except DataError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise DataError(f"the image is too large; {_MOST_PIXELS:,} pixels are the most") from None
    except Exception:  # a damaged file can make Pillow raise nearly anything
        raise DataError(
            "expected an image file (PNG, JPEG, WebP, GIF or BMP); this is none, or it is damaged"
        ) from None


def _plain(image: Image.Image, *, mode: str) -> Image.Image:
    """Grey or red, green, blue, on black where it was transparent."""
    if image.mode in ("I", "I;16", "I;16B", "F"):
        return _stretched(image).convert(mode)
    if image.mode in ("LA", "PA", "RGBA", "La", "RGBa") or "transparency" in image.info:
        whole = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", whole.size, (0, 0, 0, 255)), whole)
    return image.convert("RGB").convert(mode)


def _stretched(image: Image.Image) -> Image.Image:
    """More than eight bits, from darkest to brightest, in eight."""
    values = np.nan_to_num(np.asarray(image, dtype=np.float64))
    low, high = float(values.min()), float(values.max())
    return Image.fromarray(np.round((values - low) / max(high - low, 1e-12) * 255).astype(np.uint8))


def _centred(image: Image.Image, *, size: tuple[int, int]) -> Image.Image:
    """What is not black, at the size and the place that a digit of MNIST has."""
    box = image.convert("L").point([255 * (dot > _DARK) for dot in range(256)]).getbbox()
    if box is None:
        return Image.new(image.mode, size)
    ink = image.crop(box)
    factor = _INK * min(size) / max(ink.size)
    small = ink.resize(
        (max(1, round(ink.width * factor)), max(1, round(ink.height * factor))),
        Image.Resampling.BOX if factor < 1 else Image.Resampling.BILINEAR,
    )
    x, y = _middle(np.asarray(small.convert("L"), dtype=np.float64))
    made = Image.new(image.mode, size)
    made.paste(small, (round((size[0] - 1) / 2 - x), round((size[1] - 1) / 2 - y)))
    return made


def _middle(grey: NDArray[np.float64]) -> tuple[float, float]:
    """Centre of mass (x, y)."""
    total = max(float(grey.sum()), 1e-12)
    down, across = grey.sum(1), grey.sum(0)
    return float(across @ np.arange(len(across))) / total, float(
        down @ np.arange(len(down))
    ) / total
