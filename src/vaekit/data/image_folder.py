"""Read folders of images, whose sub-folders are classes."""

import struct
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from vaekit.data.contents import Contents, image_contents
from vaekit.errors import DataError, VaekitWarning

__all__ = ["WHITES", "read_image_folder"]


ENDINGS = frozenset(
    (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".pgm", ".ppm")
)
GREY_MODES = frozenset(("1", "L", "LA", "I", "F", "I;16", "I;16B", "I;16L", "I;16N"))
ORIENTATION, BITS_PER_SAMPLE = 0x0112, 258  # tags of EXIF and TIFF
TURNED = range(5, 9)  # orientations in which width and height change places
SEQUENCES = ("GIF", "PNG", "TIFF", "WEBP")
"""Formats of several images; the further ones of a JPEG (MPO) are previews of cameras."""

DAMAGE = (ValueError, SyntaxError, TypeError, KeyError, IndexError, EOFError, struct.error)
"""What Pillow raises for damaged files, besides its own errors."""

WHITES = tuple(2**bits - 1 for bits in (8, 10, 12, 14, 16))
"""Greatest values of images of 8, 10, 12, 14 and 16 bits."""


def read_image_folder(folder: Path, *, image_size: int | None = None) -> Contents:
    """Read all images in a folder and its sub-folders.

    If the images lie in sub-folders, the first of these names the class. Images are grey if all
    of them are, in colour otherwise; they are turned as their EXIF orientation says; transparency
    is dropped. Of animations and TIFF files of several pages the first image is read.

    Greys of more than 8 bits are scaled alike in the whole folder:

    - 10 to 16 bits become 8 bits, with white at 2^b - 1, where b is the number of bits that the
      file declares; of 16 bits, b is the least of 8, 10, 12, 14 and 16 that holds all values,
      since cameras of 12 bits write 16;
    - integers of 32 bits likewise, or, above 16 bits, as floats;
    - floats become float32 in [0, 1]: as they are where they lie in it, divided by 255 where they
      lie in 0 to 255, else from the least to the greatest value of the folder.

    Args:
        folder: where the images are.
        image_size: side in pixels: the shorter side is scaled to it and the middle is cut out.
            Without it all images must have one size.

    Returns:
        Rows of uint8, or of float32 where there are floats, channel by channel, in the order of
        the paths.

    Raises:
        DataError: no images, images next to sub-folders with images, sizes that differ, or an
            image that cannot be read or holds values that are not finite.
    """
    paths = sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in ENDINGS and not path.name.startswith(".") and path.is_file()
    )
    if not paths:
        raise DataError(
            f"{folder}: expected a folder of images ({', '.join(sorted(ENDINGS))}); got none"
        )
    headers = [_read_header(path) for path in paths]
    sizes, grey = [header.size for header in headers], all(header.grey for header in headers)
    if image_size is None:
        _check_one_size(paths, sizes)
    _warn_of_sequences(paths, headers, folder=folder)
    width, height = sizes[0] if image_size is None else (image_size, image_size)
    shape = (height, width) if grey else (height, width, 3)
    deep = any(header.bits > 8 for header in headers)
    pixels = np.empty((len(paths), *shape), np.float32 if deep else np.uint8)
    ranges = []
    for place, path in enumerate(paths):
        pixels[place], low, high = _pixels(path, grey=grey, size=image_size)
        ranges.append((low, high))
    if deep:
        bits = np.array([header.bits for header in headers])
        pixels = _scale(pixels, bits=bits, ranges=np.array(ranges), folder=folder)
    contents = image_contents(pixels, where=str(folder))
    classes = _classes(paths, folder=folder)
    return contents if classes is None else contents.with_labels(classes, where=str(folder))


class _Header(NamedTuple):
    """Properties of an image that are known without decoding it."""

    size: tuple[int, int]
    grey: bool
    bits: int
    several: bool


@contextmanager
def _open(path: Path) -> Iterator[Image.Image]:
    """Open an image; what cannot be read or decoded inside becomes a clear error."""
    try:
        # By a name, Pillow 13 maps an uncompressed TIFF with width and height mixed up where its
        # orientation turns it.
        with path.open("rb") as stream, Image.open(stream) as image:
            yield image
    except DataError:
        raise
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, *DAMAGE) as error:
        raise DataError(
            f"{path}: expected an image; it cannot be read ({error}). It is cut off or not an "
            "image: replace or remove it"
        ) from error


def _read_header(path: Path) -> _Header:
    """Read the header of a file; the size is that of the image as displayed."""
    with _open(path) as image:
        turned = image.format != "TIFF" and image.getexif().get(ORIENTATION) in TURNED
        several = image.format in SEQUENCES and getattr(image, "is_animated", False)
        size = image.size[::-1] if turned else image.size  # Pillow itself turns TIFF files
        return _Header(size, image.mode in GREY_MODES, _bits(image), several)


def _bits(image: Image.Image) -> int:
    """Return the bits of a pixel that a file declares: 8 or less as 8, and 64 for floats."""
    if image.mode == "F":
        return 64
    if not image.mode.startswith("I"):
        return 8
    declared = getattr(image, "tag_v2", {}).get(BITS_PER_SAMPLE, (16,))
    return 32 if image.mode == "I" and image.format == "TIFF" else int(declared[0])


def _warn_of_sequences(paths: Sequence[Path], headers: Sequence[_Header], *, folder: Path) -> None:
    several = [path for path, header in zip(paths, headers, strict=True) if header.several]
    if several:
        warnings.warn(
            f"{folder}: {len(several)} of {len(paths)} files hold several images (the first is "
            f"{several[0].name}), of which the first is read. To use all, save each as a file of "
            "its own",
            VaekitWarning,
            stacklevel=3,
        )


def _check_one_size(paths: Sequence[Path], sizes: Sequence[tuple[int, int]]) -> None:
    for path, size in zip(paths, sizes, strict=True):
        if size != sizes[0]:
            raise DataError(
                f"{path}: expected {sizes[0][0]}x{sizes[0][1]} pixels as in {paths[0].name}; got "
                f"{size[0]}x{size[1]}. Scale all images to one size with --data.image-size 64"
            )


def _pixels(
    path: Path, *, grey: bool, size: int | None
) -> tuple[NDArray[np.uint8] | NDArray[np.float32], float, float]:
    """Return the pixels, (H, W) or (H, W, 3), and the least and greatest of the whole image."""
    with _open(path) as image:
        image.load()
        found = ImageOps.exif_transpose(image)
        found = _as_float(found, path=path) if _bits(found) > 8 else _eight_bits(found)
        found = found if found.mode == "F" else found.convert("L" if grey else "RGB")
    values = np.asarray(found)
    low, high = (values.min(), values.max()) if found.mode == "F" else (0, 255)
    if size is not None:
        found = ImageOps.fit(found, (size, size), method=Image.Resampling.BICUBIC)
    pixels = np.clip(np.asarray(found), low, high)  # bicubic values may lie outside
    return (pixels if grey or pixels.ndim == 3 else pixels[..., None]), float(low), float(high)


def _as_float(image: Image.Image, *, path: Path) -> Image.Image:
    """Convert greys of more than 8 bits to floats, whose values Pillow keeps."""
    values = np.asarray(image).astype(np.float32)
    if not np.isfinite(values).all():
        raise DataError(
            f"{path}: expected finite pixels; {int((~np.isfinite(values)).sum())} are NaN or "
            "infinite. Replace them, or remove this image"
        )
    return Image.fromarray(values)


def _eight_bits(image: Image.Image) -> Image.Image:
    """Return an image of which Pillow does not warn: palettes may be transparent."""
    if image.mode == "P" and "transparency" in image.info:
        return image.convert("RGBA")
    return image


def _scale(
    pixels: NDArray[np.float32],
    *,
    bits: NDArray[np.int64],
    ranges: NDArray[np.float64],
    folder: Path,
) -> NDArray[np.uint8] | NDArray[np.float32]:
    """Scale images of different depths to 8 bits, or to [0, 1] where there are floats.

    Args:
        pixels: (N, H, W) or (N, H, W, 3), overwritten.
        bits: (N,) that each file declares.
        ranges: (N, 2) least and greatest value of each file.
        folder: named in warnings.
    """
    whites = np.full(len(pixels), 255.0)
    fine = False
    for depth in np.unique(bits[bits > 8]).tolist():
        chosen = bits == depth
        low, high = float(ranges[chosen, 0].min()), float(ranges[chosen, 1].max())
        if depth == 64 and 0 <= low and high <= 1:
            white, fine = 1.0, True
        elif depth == 64 and 0 <= low and high <= WHITES[0]:
            white, fine = float(WHITES[0]), True
        elif depth < 16 or (depth < 64 and 0 <= low and high <= WHITES[-1]):
            white = 2.0**depth - 1
            if depth >= 16:
                white = float(next(white for white in WHITES if high <= white))
                _warn_of_range(0, white, found=high, depth=depth, folder=folder)
        else:
            fine = True
            low = min(low, 0.0) if depth == 32 else low
            _warn_of_range(low, high, found=high, depth=depth, folder=folder)
            pixels[chosen] -= np.float32(low)
            white = (high - low) or 1.0
        whites[chosen] = white
    for place, white in enumerate(whites.tolist()):
        if fine:
            pixels[place] /= np.float32(white)
        else:
            pixels[place] //= (white + 1) / 256
    return pixels if fine else pixels.astype(np.uint8)


def _warn_of_range(low: float, white: float, *, found: float, depth: int, folder: Path) -> None:
    if depth == 16 and white == WHITES[-1]:
        return
    what = {64: "floating-point images", 32: "32-bit images"}.get(depth, f"{depth}-bit images")
    warnings.warn(
        f"{folder}: the greatest value of the {what} is {found:g}; {low:g} is taken as black and "
        f"{white:g} as white. Save them with 8 bits to decide otherwise",
        VaekitWarning,
        stacklevel=4,
    )


def _classes(paths: Sequence[Path], *, folder: Path) -> list[str] | None:
    parents = [path.relative_to(folder).parts[:-1] for path in paths]
    inside = [len(parts) > 0 for parts in parents]
    if not any(inside):
        return None
    if not all(inside):
        raise DataError(
            f"{paths[inside.index(False)]}: expected all images in sub-folders, one for each "
            "class, or all in the folder itself; got both. Move this one"
        )
    return [parts[0] for parts in parents]
