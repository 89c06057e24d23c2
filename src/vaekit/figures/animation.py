"""Animations of images as GIF, WebP or video."""

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
from vaekit.figures.images import as_images, labelled_sheet, new_sheet_figure
from vaekit.figures.style import style_context
from vaekit.io import write_atomically

if TYPE_CHECKING:
    from av import VideoFrame

__all__ = ["animation_kind", "save_animation", "save_grid_animation", "write_frames"]

Frame = NDArray[np.uint8]

_KINDS = (".gif", ".webp", ".mp4")
_FRAME = 80  # milliseconds
_REST = 600  # milliseconds at either end
_SIDE = 256  # dots, about, of the longer side of a single image
_GRID_DPI = 110  # so that a grid takes about 760 dots, and ten point text is as large as on a page
_GREYS = 64  # of a small file: half the bytes, and the difference is hardly visible
_WEBP: dict[str, Any] = {"lossless": True, "method": 2, "quality": 50}  # a second for a grid
_WEBP_SMALL_COLOUR: dict[str, Any] = {"quality": 80, "method": 4}
_ENCODER = "libx264"
_CRF = 18  # of x264: nearly lossless to the eye
_BT601 = 6  # the matrix from RGB to YUV; players guess it where it is not given


def save_animation(images: ArrayLike, *, shape: tuple[int, ...], path: str | Path) -> Path:
    """Write images as an animation that goes forth and back for ever and rests at both ends.

    Each pixel becomes a square of whole dots. The same images give the same bytes. A video has a
    constant frame rate and is nearly lossless; it ends where it began.

    Args:
        images: (T, F) in [0, 1], channel by channel; values outside are clipped.
        shape: (C, H, W) with C of 1 (grey) or 3 (red, green, blue), in pixels.
        path: ends in .gif, .webp or .mp4. Missing folders are made.

    Returns:
        The path.

    Raises:
        InputError: the path ends in something else, or there are fewer than 2 images.
        MissingExtraError: a video is asked for and PyAV is not installed.
        WriteError: the folder cannot be written, or the disk is full.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = save_animation(np.eye(4), shape=(1, 2, 2), path=Path(folder) / "walk.gif")
        ...     with Image.open(path) as walk:
        ...         walk.n_frames, walk.size
        (6, (256, 256))
    """
    animation_kind(path)
    tiles = as_images(images, shape=shape, name="images")
    factor = max(1, _SIDE // max(shape[1:]))
    return write_frames([_magnified(each, factor) for each in tiles], path=path)


def save_grid_animation(
    frames: ArrayLike,
    *,
    shape: tuple[int, ...],
    row_labels: Sequence[str],
    column_labels: Sequence[str],
    path: str | Path,
    title: str | None = None,
) -> Path:
    """Write a grid of images, each of which changes forth and back and rests at both ends.

    The labels are drawn once; each pixel of an image is a square of whole dots. The grid is about
    700 dots wide. The file is kept small: 64 greys, and a .webp in colour is lossy. Prefer .webp:
    a .gif is twice as large, and has 256 colours.

    Args:
        frames: (T, R * S, F) in [0, 1], the images of each moment row by row from the top left.
        shape: (C, H, W) with C of 1 (grey) or 3 (red, green, blue), in pixels.
        row_labels: names of the R rows.
        column_labels: names of the S columns; slanted where they are wider than the images.
        path: ends in .gif, .webp or .mp4. Missing folders are made.
        title: above the grid.

    Returns:
        The path.

    Raises:
        InputError: the path ends in something else, the frames do not fit the labels or the
            shape, or there are fewer than 2.
        MissingExtraError: a video is asked for and PyAV is not installed.
        WriteError: the folder cannot be written, or the disk is full.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = save_grid_animation(
        ...         np.random.default_rng(0).uniform(size=(3, 4, 64)), shape=(1, 8, 8),
        ...         row_labels=["cat", "dog"], column_labels=["cat", "dog"],
        ...         path=Path(folder) / "grid.gif",
        ...     )
        ...     with Image.open(path) as grid:
        ...         grid.n_frames
        4
    """
    animation_kind(path)
    moments = np.asarray(frames, dtype=np.float64)
    rows, columns = len(row_labels), len(column_labels)
    if moments.ndim != 3 or moments.shape[1] != rows * columns or not len(moments):
        raise InputError(
            f"frames: expected an array (moments, {rows} rows times {columns} images, features), "
            f"got the shape {moments.shape}"
        )
    grids = [
        labelled_sheet(
            as_images(moment, shape=shape, name="frames"), columns=columns,
            row_labels=row_labels, column_labels=column_labels,
        )
        for moment in moments
    ]  # fmt: skip
    with style_context():
        figure, axes = new_sheet_figure(grids[0], title=title, dpi=_GRID_DPI, shrink=False)
        canvas: Any = figure.canvas
        canvas.draw()
        page: Frame = np.asarray(canvas.buffer_rgba())[..., :3]
        box = axes.get_window_extent()
    page = page if shape[0] == 3 else page[..., 0]
    left, top = round(box.x0), len(page) - round(box.y1)
    drawn = []
    for grid in grids:
        dots = _magnified(grid.array, round(box.height) // len(grid.array))
        drawn.append(page.copy())
        drawn[-1][top : top + dots.shape[0], left : left + dots.shape[1]] = dots
    return write_frames(drawn, path=path, small=True)


def _magnified(image: NDArray[np.float64], factor: int) -> Frame:
    """Return an image in [0, 1] as bytes, each pixel as a square of dots."""
    dots: Frame = np.round(image * 255).astype(np.uint8)
    return dots.repeat(factor, axis=0).repeat(factor, axis=1)


def animation_kind(path: str | Path) -> str:
    """Return the file format of an animation, and check that it can be written.

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
        _import_av()
    return kind


def write_frames(frames: Sequence[Frame], *, path: str | Path, small: bool = False) -> Path:
    """Write frames as an animation that goes forth and back, for ever where the format allows it.

    The same frames give the same bytes.

    Args:
        frames: T of them, at least 2, each (height, width) or (height, width, 3), all alike.
        path: ends in .gif, .webp or .mp4. Missing folders are made.
        small: trade invisible detail for size: 64 greys, and a lossy .webp in colour.

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
        write_atomically(path, lambda temporary: _write_video(frames, temporary))
        return path
    options = _WEBP if kind == ".webp" else {}
    if small and frames[0].ndim == 2:
        step = 255 / (_GREYS - 1)
        greys = np.round(np.round(np.arange(256) / step) * step).astype(np.uint8)
        frames = [greys[frame] for frame in frames]
    elif small and kind == ".webp":
        options = _WEBP_SMALL_COLOUR
    pictures = [Image.fromarray(frame) for frame in frames]
    inner = [_FRAME] * (len(frames) - 2)
    buffer = io.BytesIO()
    pictures[0].save(
        buffer, format=kind[1:], save_all=True, loop=0,
        append_images=[*pictures[1:], *pictures[-2:0:-1]],
        duration=[_REST, *inner, _REST, *inner], **options,
    )  # fmt: skip
    write_atomically(path, lambda temporary: temporary.write_bytes(buffer.getvalue()))
    return path


def _import_av() -> ModuleType:
    """Import PyAV, which brings the libraries of FFmpeg."""
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
    """Write H.264 as every browser plays it; a rest repeats a frame."""
    av = _import_av()
    rest, last = -(-_REST // _FRAME), len(frames) - 1
    # Many players stop at the end, so the last frame is the one that the video began with.
    order = chain([0] * (rest - 1), range(1, last), [last] * rest, range(last - 1, 0, -1), [0])
    with av.open(str(path), "w", format="mp4", options={"movflags": "faststart"}) as container:
        stream = container.add_stream(
            _ENCODER, rate=Fraction(1000, _FRAME), options={"crf": f"{_CRF}"}
        )
        encoded = [_video_frame(av, frame) for frame in frames]
        stream.width, stream.height, stream.pix_fmt = encoded[0].width, encoded[0].height, "yuv420p"
        context = stream.codec_context
        context.thread_count = 1  # another number of threads would give other bytes
        context.colorspace, context.color_range = _BT601, 1
        for time, index in enumerate(order):
            encoded[index].pts = time
            container.mux(stream.encode(encoded[index]))
        container.mux(stream.encode(None))


def _video_frame(av: ModuleType, frame: Frame) -> "VideoFrame":
    """Convert a frame to YUV 4:2:0, which takes even sizes."""
    height, width = frame.shape[:2]
    even = ((0, height % 2), (0, width % 2), *[(0, 0)] * (frame.ndim - 2))
    dots = np.pad(frame, even, mode="edge")
    dots = dots if dots.ndim == 3 else dots[..., None].repeat(3, axis=2)
    rgb = av.VideoFrame.from_ndarray(np.ascontiguousarray(dots), format="rgb24")
    encoded: VideoFrame = rgb.reformat(
        format="yuv420p", dst_colorspace="ITU601", dst_color_range="MPEG"
    )
    return encoded
