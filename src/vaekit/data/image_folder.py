"""Read folders of images, whose sub-folders are classes."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from vaekit.data.contents import Contents, image_contents
from vaekit.errors import DataError

__all__ = ["read_image_folder"]


ENDINGS = frozenset(
    (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".pgm", ".ppm")
)
GREY_MODES = frozenset(("1", "L", "LA", "I", "I;16", "I;16B", "I;16L"))


def read_image_folder(folder: Path, *, image_size: int | None = None) -> Contents:
    """Read all images in a folder and its sub-folders.

    If the images lie in sub-folders, the first of these names the class. Images are grey if all
    of them are, in colour otherwise; 16-bit greys become 8-bit ones; transparency is dropped.

    Args:
        folder: where the images are.
        image_size: side in pixels: the shorter side is scaled to it and the middle is cut out.
            Without it all images must have one size.

    Returns:
        Rows of uint8, channel by channel, in the order of the paths.

    Raises:
        DataError: no images, images next to sub-folders with images, sizes that differ, or an
            image that cannot be read.
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
    sizes, grey = _survey(paths)
    if image_size is None:
        _check_one_size(paths, sizes)
    width, height = sizes[0] if image_size is None else (image_size, image_size)
    shape = (height, width) if grey else (height, width, 3)
    pixels = np.empty((len(paths), *shape), np.uint8)
    for place, path in enumerate(paths):
        pixels[place] = _pixels(path, grey=grey, size=image_size)
    contents = image_contents(pixels, where=str(folder))
    classes = _classes(paths, folder=folder)
    return contents if classes is None else contents.with_labels(classes, where=str(folder))


def _open(path: Path) -> Image.Image:
    try:
        return Image.open(path)
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError) as error:
        raise _unreadable(path, error) from error


def _survey(paths: Sequence[Path]) -> tuple[list[tuple[int, int]], bool]:
    """Return width and height of each image, and whether all are grey, from the headers."""
    sizes, grey = [], True
    for path in paths:
        with _open(path) as image:
            sizes.append(image.size)
            grey = grey and image.mode in GREY_MODES
    return sizes, grey


def _check_one_size(paths: Sequence[Path], sizes: Sequence[tuple[int, int]]) -> None:
    for path, size in zip(paths, sizes, strict=True):
        if size != sizes[0]:
            raise DataError(
                f"{path}: expected {sizes[0][0]}x{sizes[0][1]} pixels as in {paths[0].name}; got "
                f"{size[0]}x{size[1]}. Scale all images to one size with --data.image-size 64"
            )


def _pixels(path: Path, *, grey: bool, size: int | None) -> NDArray[np.uint8]:
    """Return the pixels, (H, W) or (H, W, 3)."""
    with _open(path) as image:
        try:
            found = _eight_bits(image).convert("L" if grey else "RGB")
        except (OSError, ValueError, SyntaxError) as error:
            raise _unreadable(path, error) from error
    if size is not None:
        found = ImageOps.fit(found, (size, size), method=Image.Resampling.BICUBIC)
    return np.asarray(found)


def _eight_bits(image: Image.Image) -> Image.Image:
    """Convert to 8 bits: Pillow would clip 16-bit greys, and warns of transparent palettes."""
    if image.mode.startswith("I"):
        return Image.fromarray((np.asarray(image).astype(np.int64) >> 8).clip(0, 255).astype("u1"))
    if image.mode == "P" and "transparency" in image.info:
        return image.convert("RGBA")
    return image


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


def _unreadable(path: Path, error: Exception) -> DataError:
    return DataError(
        f"{path}: expected an image; it cannot be read ({error}). It is cut off or not an image: "
        "replace or remove it"
    )
