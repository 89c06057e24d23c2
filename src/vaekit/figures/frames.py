"""Animations: frames as GIF, WebP or video."""

import io
from collections.abc import Sequence
from fractions import Fraction
from itertools import chain
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from vaekit.errors import InputError, MissingExtraError
from vaekit.figures.images import as_tiles
from vaekit.io import write_atomically

if TYPE_CHECKING:
    from av import VideoFrame

__all__ = ["animation_kind", "save_animation", "write_frames"]


Frame = NDArray[np.uint8]

_KINDS = (".gif", ".webp", ".mp4")
_FRAME = 80  # milliseconds
_REST = 600  # milliseconds at either end
_GREYS = 64  # where a smaller file was asked for: half the bytes, and no eye sees it
_WEBP: dict[str, Any] = {"lossless": True, "method": 2, "quality": 50}  # a second for a board
_WEBP_COLOURED: dict[str, Any] = {"quality": 80, "method": 4}
_ENCODER = "libx264"
_CRF = 18  # of x264: what is lost is hardly seen
_BT601 = 6  # how colours become brightness and two differences; untold, players guess


def animation_kind(path: str | Path) -> str:
    """Say what an animation is written as, and that all that this needs is here.

    Args:
        path: the file.

    Returns:
        .gif, .webp or .mp4.

    Raises:
        InputError: the path ends in something else, or PyAV was built without H.264.
        MissingExtraError: a video is asked for and PyAV is not installed.

    Example:
        >>> animation_kind("walk.GIF")
        '.gif'
    """
    kind = Path(path).suffix.lower()
    if kind not in _KINDS:
        raise InputError(f"{path}: an animation ends in {', '.join(_KINDS)}")
    if kind == ".mp4":
        _video_package()
    return kind


def write_frames(frames: Sequence[Frame], *, path: str | Path, small: bool = False) -> Path:
    """Write frames as an animation that goes there and back, for ever where the kind allows it.

    The same frames give the same bytes.

    Args:
        frames: T of them, at least 2, each (height, width) or (height, width, 3), all alike.
        path: where to; ends in .gif, .webp or .mp4. Folders on the way are made.
        small: lose what is hardly seen: 64 greys are kept, and a .webp in colour is not lossless.

    Returns:
        The path.

    Raises:
        InputError: the path ends in something else, or there are fewer than 2 frames.
        MissingExtraError: a video is asked for and PyAV is not installed.
        WriteError: the folder cannot be written, or the disk is full.

    Example:
        >>> import tempfile
        >>> shades = [np.full((4, 4), shade, dtype=np.uint8) for shade in (0, 100, 200)]
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = write_frames(shades, path=Path(folder) / "shades.gif")
        ...     with Image.open(path) as found:
        ...         found.n_frames
        4
    """
    path = Path(path)
    kind = animation_kind(path)
    if len(frames) < 2:
        raise InputError(f"expected at least 2 images for an animation, got {len(frames)}")
    if kind == ".mp4":
        write_atomically(path, lambda beside: _write_video(frames, beside))
        return path
    fewer = small and frames[0].ndim == 2
    pictures = [Image.fromarray(_fewer_greys(frame) if fewer else frame) for frame in frames]
    inner = [_FRAME] * (len(frames) - 2)
    how = _WEBP_COLOURED if small and not fewer else _WEBP
    buffer = io.BytesIO()
    pictures[0].save(
        buffer, format=kind[1:], save_all=True, loop=0,
        append_images=[*pictures[1:], *pictures[-2:0:-1]],
        duration=[_REST, *inner, _REST, *inner], **(how if kind == ".webp" else {}),
    )  # fmt: skip
    write_atomically(path, lambda beside: beside.write_bytes(buffer.getvalue()))
    return path


def _fewer_greys(frame: Frame) -> Frame:
    """Rounded to evenly spaced greys, black and white among them."""
    step = 255 / (_GREYS - 1)
    table: Frame = np.round(np.round(np.arange(256) / step) * step).astype(np.uint8)
    rounded: Frame = table[frame]
    return rounded


def _video_package() -> ModuleType:
    """PyAV, which brings the libraries of FFmpeg."""
    try:
        import av
    except ImportError:
        raise MissingExtraError("av", extra="video", purpose="writing .mp4") from None
    if _ENCODER not in av.codecs_available:
        raise InputError(
            f"writing .mp4 needs the encoder {_ENCODER}, which the PyAV that is installed was "
            "built without; take .webp, or the PyAV of the package index"
        )
    return av


def _write_video(frames: Sequence[Frame], path: Path) -> None:
    """H.264 as every browser plays it; a rest is the same frame several times."""
    av = _video_package()
    rest, last = -(-_REST // _FRAME), len(frames) - 1
    # Many players stop at the end, so the last frame is the one that the video began with.
    order = [0] * (rest - 1), range(1, last), [last] * rest, range(last - 1, 0, -1), [0]
    with av.open(str(path), "w", format="mp4", options={"movflags": "faststart"}) as box:
        stream = box.add_stream(_ENCODER, rate=Fraction(1000, _FRAME), options={"crf": f"{_CRF}"})
        shown = [_video_frame(av, frame) for frame in frames]
        stream.width, stream.height, stream.pix_fmt = shown[0].width, shown[0].height, "yuv420p"
        told = stream.codec_context
        told.thread_count = 1  # another number of threads would give other bytes
        told.colorspace, told.color_range = _BT601, 1
        for turn, place in enumerate(chain(*order)):
            shown[place].pts = turn
            box.mux(stream.encode(shown[place]))
        box.mux(stream.encode(None))


def _video_frame(av: ModuleType, frame: Frame) -> "VideoFrame":
    """A frame in brightness and halved colour, which takes even sizes."""
    height, width = frame.shape[:2]
    even = ((0, height % 2), (0, width % 2), *[(0, 0)] * (frame.ndim - 2))
    dots = np.pad(frame, even, mode="edge")
    dots = dots if dots.ndim == 3 else dots[..., None].repeat(3, axis=2)
    made = av.VideoFrame.from_ndarray(np.ascontiguousarray(dots), format="rgb24")
    encoded: VideoFrame = made.reformat(
        format="yuv420p", dst_colorspace="ITU601", dst_color_range="MPEG"
    )
    return encoded


_SIDE = 256  # dots, about, of the longer side


def save_animation(images: ArrayLike, *, shape: tuple[int, ...], path: str | Path) -> Path:
    """Write images as an animation that goes there and back for ever, and rests at both ends.

    Each pixel becomes a square of whole dots. The same images give the same bytes. A video has a
    constant number of frames in a second and loses what is hardly seen; it ends where it began.

    Args:
        images: (T, F) in [0, 1], channel by channel; values outside are clipped.
        shape: (C, H, W) with C of 1 (grey) or 3 (red, green, blue), in pixels.
        path: where to; ends in .gif, .webp or .mp4. Folders on the way are made.

    Returns:
        The path.

    Raises:
        InputError: the path ends in something else, or there are fewer than 2 images.
        MissingExtraError: a video is asked for and PyAV is not installed.
        WriteError: the folder cannot be written, or the disk is full.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = save_animation(np.eye(4), shape=(1, 2, 2), path=Path(folder) / "walk.gif")
        ...     with Image.open(path) as walk:
        ...         walk.n_frames, walk.size
        (6, (256, 256))
    """
    animation_kind(path)
    tiles = as_tiles(images, shape=shape, name="images")
    factor = max(1, _SIDE // max(tiles.shape[1:3]))
    dots = np.round(tiles * 255).astype(np.uint8)
    return write_frames([*dots.repeat(factor, axis=1).repeat(factor, axis=2)], path=path)
