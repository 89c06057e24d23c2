"""From a figure to a file."""

import io
from pathlib import Path

from matplotlib.figure import Figure

from vaekit.errors import InputError
from vaekit.figures.style import styled
from vaekit.files import write_atomically

__all__ = ["save_figure"]

# What changes from one day or one version to the next is left out: same data, same bytes.
_METADATA: dict[str, dict[str, str | None]] = {
    ".png": {"Software": None},
    ".svg": {"Date": None, "Creator": None},
    ".pdf": {"CreationDate": None, "ModDate": None, "Creator": None, "Producer": None},
}


def save_figure(figure: Figure, *, path: str | Path) -> Path:
    """Write a figure; whoever looks sees the old file or the whole new one.

    The same data give the same bytes. The figure is drawn in the style of the project.

    Args:
        figure: to write.
        path: where to; ends in .png, .svg or .pdf. Folders on the way are made.

    Returns:
        The path.

    Raises:
        InputError: the path ends in something else.
        WriteError: the folder cannot be written, or the disk is full.

    Example:
        >>> import tempfile
        >>> from vaekit.figures.rate import kl_per_dim
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_figure(kl_per_dim([1.0]), path=Path(folder) / "kl.png").name
        'kl.png'
    """
    path = Path(path)
    kind = path.suffix.lower()
    if kind not in _METADATA:
        raise InputError(f"{path}: a figure ends in {', '.join(_METADATA)}")
    buffer = io.BytesIO()
    with styled():
        figure.savefig(buffer, format=kind[1:], metadata=_METADATA[kind])
    write_atomically(path, lambda beside: beside.write_bytes(buffer.getvalue()))
    return path
