"""``vaekit projector``."""

import shutil
import uuid
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from vaekit.cli.latent_points import CodedRows, row_columns
from vaekit.cli.options import AsJson, Force, Out, RunPath, SplitOrAll
from vaekit.cli.output import Output
from vaekit.cli.writers import Column
from vaekit.errors import ConfigError, WriteError
from vaekit.figures import Sprite, sprite_sheet
from vaekit.io import write_atomically
from vaekit.report import as_shown
from vaekit.runs import Run

__all__ = ["check_folder", "projector", "write_projector"]


_TENSORS, _METADATA, _SPRITE = "tensors.tsv", "metadata.tsv", "sprite.png"
_CONFIG = "projector_config.pbtxt"  # TensorBoard looks for this name
_NAME = "codes"


def check_folder(path: Path, *, force: bool) -> None:
    """Look at an output folder before any work is done.

    Args:
        path: the folder.
        force: whether a projector's files in a folder that is not empty may be replaced.

    Raises:
        ConfigError: a file, a folder that is not empty, or no folder to make it in.
    """
    if path.exists() and not path.is_dir():
        raise ConfigError(f"--out {path}: is a file; name a folder that is new or empty")
    if not path.resolve().parent.is_dir():
        raise ConfigError(
            f"--out {path}: there is no folder {path.parent}; name one in a folder that exists"
        )
    if path.is_dir() and any(path.iterdir()) and not force:
        raise ConfigError(
            f"--out {path}: the folder is not empty; take another name, or --force, which "
            "replaces a projector's files in it and leaves all others"
        )


def write_projector(run: Run, *, coded: CodedRows, path: Path) -> Sprite | None:
    """Write posterior means, labels and thumbnails as the embedding projector reads them.

    ``tensorboard --logdir PATH`` shows them. All paths inside are relative, so that the folder can
    be moved, and nothing of TensorBoard is needed to write it. In a folder that is there the
    projector's own files are replaced, and others are left alone.

    Args:
        run: whose rows.
        coded: the rows that are shown, and their codes.
        path: the folder.

    Returns:
        The sheet of thumbnails; none for rows that are no images.

    Raises:
        WriteError: it cannot be written; what was there before is unharmed.
    """
    sprite = _sprite(run, coded)
    beside = path.resolve().with_name(f".{path.resolve().name}.{uuid.uuid4().hex}.tmp")
    try:
        _write_files(beside, coded, sprite)
        _move(beside, path.resolve())
    except OSError as error:
        raise WriteError(f"{path}: could not be written: {error.strerror}") from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return sprite


def _sprite(run: Run, coded: CodedRows) -> Sprite | None:
    """Thumbnails of the rows as they are in the data, also where the model sees them binarized."""
    pre = run.preprocessing
    if len(pre.shape) != 3:
        return None
    raw = coded.dataset.rows[coded.index].astype(np.float32)
    scaled = (raw - pre.shift.numpy()) * pre.scale.numpy()
    return sprite_sheet(as_shown(scaled, pre), shape=pre.shape)


def _write_files(folder: Path, coded: CodedRows, sprite: Sprite | None) -> None:
    """All files of a projector, into a folder that is new."""
    codes = coded.codes.mean
    # The projector names the points by the first column.
    columns = row_columns(coded)[::-1]
    _write_text(folder / _TENSORS, _tsv([(f"z{d}", codes[:, d]) for d in range(codes.shape[1])]))
    header = "\t".join(name for name, _ in columns) + "\n" if len(columns) > 1 else ""
    _write_text(folder / _METADATA, header + _tsv(columns))
    if sprite is not None:
        image = Image.fromarray(sprite.sheet)
        write_atomically(folder / _SPRITE, lambda each: image.save(each, format="PNG"))
    thumbnail = None if sprite is None else sprite.thumbnail
    _write_text(folder / _CONFIG, _config(codes.shape, thumbnail))


def _move(made: Path, path: Path) -> None:
    """Put a finished folder in its place, or its files into a folder that is there."""
    if not path.is_dir():
        made.rename(path)
        return
    if not (made / _SPRITE).exists():
        (path / _SPRITE).unlink(missing_ok=True)
    for name in (_TENSORS, _METADATA, _SPRITE, _CONFIG):
        if (made / name).exists():
            (made / name).replace(path / name)


def _write_text(path: Path, text: str) -> None:
    write_atomically(path, lambda each: each.write_bytes(text.encode("utf-8")))


def _tsv(columns: Sequence[tuple[str, Column]]) -> str:
    """Lines of cells with a tab between them; a tab or a line break in a cell becomes a space."""
    cells = ([" ".join(str(cell).split()) for cell in column] for _, column in columns)
    return "".join("\t".join(line) + "\n" for line in zip(*cells, strict=True))


def _config(shape: tuple[int, ...], thumbnail: tuple[int, int] | None) -> str:
    """Text of the configuration, a protocol buffer ProjectorConfig.

    Args:
        shape: rows and dimensions.
        thumbnail: width and height of each.

    Example:
        >>> print(_config((3, 2), None), end="")
        embeddings {
          tensor_name: "codes"
          tensor_shape: 3
          tensor_shape: 2
          tensor_path: "tensors.tsv"
          metadata_path: "metadata.tsv"
        }
    """
    lines = [f'tensor_name: "{_NAME}"', *(f"tensor_shape: {size}" for size in shape)]
    lines += [f'tensor_path: "{_TENSORS}"', f'metadata_path: "{_METADATA}"']
    if thumbnail is not None:
        sizes = [f"  single_image_dim: {size}" for size in thumbnail]
        lines += ["sprite {", f'  image_path: "{_SPRITE}"', *sizes, "}"]
    return "\n".join(["embeddings {", *(f"  {line}" for line in lines), "}"]) + "\n"


def projector(
    run: RunPath,
    /,
    *,
    out: Out,
    rows: int = 2000,
    split: SplitOrAll | None = None,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Write codes as a folder that TensorBoard's embedding projector opens.

    The folder can be moved; tensorboard --logdir FOLDER shows it, and is not needed to write it.

    Args:
        run: A run folder.
        out: Folder to write: posterior means, labels and row numbers, and thumbnails where rows
            are images.
        rows: At most so many are taken, spread evenly over the split.
        split: Rows to show; when absent those that the run is measured on.
        force: Write into a folder that is not empty: a projector's files in it are replaced,
            others stay.
        as_json: Print one JSON object to stdout and nothing else.

    Raises:
        ConfigError: fewer than 1 row.
    """
    from vaekit.cli.latent_points import coded_rows
    from vaekit.runs import load_run

    check_folder(out, force=force)
    if rows < 1:
        raise ConfigError(f"--rows {rows}: expected at least 1 row")
    found = load_run(run)
    coded = coded_rows(found, split=split, most=rows)
    sprite = write_projector(found, coded=coded, path=out)
    count, dims = coded.codes.mean.shape
    Output(as_json=as_json).result(
        {"out": str(out), "rows": count, "split": coded.split, "latent_dim": dims,
         "thumbnail": None if sprite is None else list(sprite.thumbnail)},
        lines=[
            f"{count:,} {coded.split} codes of {dims} dimensions: {out}",
            f"look at them with: tensorboard --logdir {out}",
        ],
    )  # fmt: skip
