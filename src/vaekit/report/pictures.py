"""Pictures inside a page, as data addresses."""

import base64
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vaekit.errors import InputError

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["Figure", "embedded_figure", "embedded_figures"]

_PNG = b"\x89PNG\r\n\x1a\n"
_MOVING = {"GIF": "image/gif", "WEBP": "image/webp"}

Figure = tuple[str, str | Path, str] | tuple[str, str | Path, str, str]
"""Title, path of a PNG, GIF or WebP file, caption, and how to read it, which may be absent."""


def embedded_figures(figures: Sequence[Figure]) -> Iterator[dict[str, Any]]:
    """Put pictures into a page.

    Args:
        figures: title, path, caption, and perhaps how to read it, of each.

    Yields:
        As `embedded_figure` returns it.

    Raises:
        InputError: a file is not there, or is no PNG, GIF or WebP file.
    """
    for title, path, caption, *more in figures:
        yield embedded_figure(title, path=path, caption=caption, reading="".join(more))


def embedded_figure(
    title: str, *, path: str | Path, caption: str, reading: str = ""
) -> dict[str, Any]:
    """Put a picture into a page: as a data address, with its size in dots.

    An animation gets its first frame beside it, for paper and for readers who want no movement.

    Args:
        title: above it.
        path: of a PNG, GIF or WebP file.
        caption: below it.
        reading: how to read it, for someone who sees such a figure for the first time.

    Returns:
        ``title``, ``caption``, ``reading``, ``address``, ``width``, ``height``, and ``still``:
        the address of the first frame of an animation, else empty.

    Raises:
        InputError: the file is not there, or is no PNG, GIF or WebP file.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"{path}: the figure cannot be read: {error.strerror}") from None
    kind, size, still = (
        ("image/png", _png_size(content), "")
        if content.startswith(_PNG)
        else _moving(content, path=path)
    )
    return {
        "title": title,
        "caption": caption,
        "reading": reading,
        "address": _address(kind, content),
        "width": size[0],
        "height": size[1],
        "still": still,
    }


def _png_size(content: bytes) -> tuple[int, int]:
    """Width and height as the header says."""
    return int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big")


def _moving(content: bytes, *, path: str | Path) -> tuple[str, tuple[int, int], str]:
    """Media type and size of a GIF or WebP file, and the first frame where there are more."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(content), formats=list(_MOVING)) as image:
            moves = getattr(image, "is_animated", False)
            still = _address("image/png", _first_frame(image)) if moves else ""
            return _MOVING[str(image.format)], image.size, still
    except OSError:
        raise InputError(
            f"{path}: expected a PNG, GIF or WebP file; save the figure with the ending .png"
        ) from None


def _first_frame(image: "Image") -> bytes:
    """An animation as it begins, as a PNG file."""
    made = io.BytesIO()
    image.convert("RGBA").save(made, format="PNG", optimize=True)
    return made.getvalue()


def _address(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"
