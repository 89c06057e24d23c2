"""Write the self-contained report page of a run."""

import base64
import io
import warnings
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from vaekit.describe.formula import objectives
from vaekit.errors import InputError, VaekitWarning
from vaekit.io import write_atomically
from vaekit.report.numbers import flatten, format_number, headlines, last_metrics, with_standing

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = [
    "Figure",
    "embedded_figure",
    "embedded_figures",
    "environment",
    "write_page",
    "write_report",
]


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


_MOST_BYTES = 15_000_000


def environment() -> Environment:
    """Templates of this package; everything that is put into them is escaped."""
    environment = Environment(
        loader=PackageLoader("vaekit.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = format_number
    return environment


def write_page(path: Path, *, page: str, figures: Sequence[Mapping[str, Any]]) -> None:
    """Write a page whole, and warn where it grew too large to be sent around.

    Args:
        path: of the page.
        page: the page.
        figures: in it, as `embedded_figure` returns them.

    Raises:
        WriteError: the folder cannot be written, or the disk is full.
    """
    content = page.encode("utf-8")
    write_atomically(path, lambda beside: beside.write_bytes(content))
    if len(content) > _MOST_BYTES:
        warnings.warn(f"{path}: {_too_large(content, figures)}", VaekitWarning, stacklevel=3)


def _too_large(content: bytes, figures: Sequence[Mapping[str, Any]]) -> str:
    """How large the page is, and which figure is to blame."""
    said = f"the page has {_megabytes(len(content))} and was meant to stay under "
    said += _megabytes(_MOST_BYTES)
    sizes = {each["title"]: len(each["address"]) + len(each["still"]) for each in figures}
    if not sizes:
        return said
    largest = max(sizes, key=sizes.__getitem__)
    return (
        f'{said}; the largest figure is "{largest}" with {_megabytes(sizes[largest])}: save it '
        "with fewer dots or frames"
    )


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


_REPEAT = "vaekit train --config config.json --out ../again\nvaekit evaluate ../again"


def write_report(
    folder: str | Path,
    *,
    config: Mapping[str, Any],
    evaluation: Mapping[str, Any] | None = None,
    metrics: Sequence[Mapping[str, Any]] = (),
    figures: Sequence[Figure] = (),
    notes: Sequence[str] = (),
    published: Sequence[Mapping[str, Any]] = (),
    version: str = "",
    created: datetime | None = None,
    command: str = "",
    rows: Mapping[str, Any] | None = None,
) -> Path:
    """Write ``report.html``: one file that shows a run to a person and needs no network.

    The page holds its style and its pictures. Every text is escaped. Whoever looks while it is
    written sees the old page or the whole new one.

    Args:
        folder: the run folder.
        config: the full config, nested.
        evaluation: as in ``evaluation.json``; none where the run was not evaluated.
        metrics: records of all epochs, as in ``metrics.jsonl``.
        figures: title, path of a PNG, GIF or WebP file, caption, and perhaps how to read it.
        notes: sentences that a reader must not miss, beside the ones of the evaluation.
        published: numbers to stand beside: ``what``, ``value``, ``unit``, ``source``, ``ours``,
            and where they are known ``better`` (lower or higher) and ``ours_se``, the standard
            error of ours.
        version: of vaekit.
        created: when the run was made.
        command: that repeats the run; from the config file in the run folder when empty.
        rows: as the model sees them: ``features`` and ``support`` (binary, unit, real).

    Returns:
        Path of the page.

    Raises:
        InputError: a figure is not there, or is no PNG, GIF or WebP file.
        WriteError: the folder cannot be written, or the disk is full.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as run:
        ...     page = write_report(run, config={"name": "mine"}, evaluation={"rate": 5.0})
        ...     "<h1>mine</h1>" in page.read_text(encoding="utf-8")
        True
    """
    all_notes = list(dict.fromkeys([*(evaluation or {}).get("notes", ()), *notes]))
    numbers = headlines(evaluation, notes=all_notes) if evaluation is not None else None
    shown = list(embedded_figures(figures))
    page = environment().get_template("report.html").render(
        name=config.get("name", "run"),
        version=version,
        created=created,
        summary=_summary(config, metrics, evaluation or {}),
        split=(evaluation or {}).get("split"),
        numbers=numbers,
        notes=all_notes,
        published=with_standing(published),
        figures=shown,
        objectives=objectives({"": config}, rows={"": rows or {}}),
        last=last_metrics(metrics),
        settings=list(flatten(config)),
        command=command or _REPEAT,
    )  # fmt: skip
    path = Path(folder) / "report.html"
    write_page(path, page=page, figures=shown)
    return path


def _summary(
    config: Mapping[str, Any],
    metrics: Sequence[Mapping[str, Any]],
    evaluation: Mapping[str, Any],
) -> str:
    """Say in a line what was trained on what, as far as the config tells."""
    dims = evaluation.get("latent_dim", (config.get("model") or {}).get("latent_dim"))
    data = config.get("data") or {}
    parts = [
        f"data {data['source']}" if "source" in data else "",
        f"{dims} latent dimensions" if dims is not None else "",
        f"{metrics[-1]['epoch']} epochs" if metrics else "",
        f"seed {config['seed']}" if "seed" in config else "",
    ]
    return ", ".join(part for part in parts if part)
