"""``vaekit projector``."""

import shutil
import uuid
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from vaekit.cli.latent_points import CodedRows, rows_with_codes
from vaekit.cli.options import AsJson, Force, Out, RunPath, SplitOrAll
from vaekit.cli.output import Output
from vaekit.cli.writers import is_image
from vaekit.errors import ConfigError, WriteError
from vaekit.figures import Sprite, sprite_sheet
from vaekit.report import as_shown
from vaekit.runs import Run, load_run

__all__ = ["projector", "write_projector"]


_TENSORS, _METADATA, _SPRITE = "tensors.tsv", "metadata.tsv", "sprite.png"
_CONFIG = "projector_config.pbtxt"  # TensorBoard looks for this name
_NAME = "codes"


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
    _check_folder(out, force=force)
    if rows < 1:
        raise ConfigError(f"--rows {rows}: expected at least 1 row")
    loaded = load_run(run)
    coded = rows_with_codes(loaded, split=split, most=rows)
    sprite = write_projector(loaded, coded=coded, path=out)
    count, dims = coded.codes.mean.shape
    thumbnail = None if sprite is None else list(sprite.thumbnail)
    values = {"out": str(out), "rows": count, "split": coded.split, "latent_dim": dims}
    Output(as_json=as_json).result(
        values | {"thumbnail": thumbnail},
        lines=[
            f"{count:,} {coded.split} codes of {dims} dimensions: {out}",
            f"open it with: tensorboard --logdir {out}",
        ],
    )


def _check_folder(path: Path, *, force: bool) -> None:
    """Check an output folder before any work is done."""
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
    be moved, and TensorBoard is not needed to write it. In an existing folder the projector's own
    files are replaced, and others are left alone.

    Args:
        run: whose rows.
        coded: the rows that are shown, and their codes.
        path: the folder.

    Returns:
        The sheet of thumbnails; none for rows that are not images.

    Raises:
        WriteError: it cannot be written; what was there before is unharmed.
    """
    sprite, path = _sprite(run, coded), path.resolve()
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        temporary.mkdir()
        _write_files(temporary, coded, sprite)
        if path.is_dir():
            (path / _SPRITE).unlink(missing_ok=True)
            for file in temporary.iterdir():
                file.replace(path / file.name)
        else:
            temporary.rename(path)
    except OSError as error:
        raise WriteError(f"{path}: could not be written: {error.strerror}") from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return sprite


def _sprite(run: Run, coded: CodedRows) -> Sprite | None:
    """Make thumbnails of the rows as they are in the data, before any binarization."""
    pre = run.preprocessing
    if not is_image(pre):
        return None
    raw = coded.dataset.rows[coded.index].astype(np.float32)
    scaled = (raw - pre.shift.numpy()) * pre.scale.numpy()
    return sprite_sheet(as_shown(scaled, pre), shape=pre.shape)


def _write_files(folder: Path, coded: CodedRows, sprite: Sprite | None) -> None:
    """Write all files of a projector into a new folder."""
    codes = coded.codes.mean
    # The projector names the points by the first column, and wants no header above a single one.
    rows = [[str(number)] for number in coded.index.tolist()]
    header = []
    if coded.labels is not None:
        header = [["label", "row"]]
        rows = [[n, *row] for n, row in zip(coded.class_names(coded.labels), rows, strict=True)]
    thumbnail = None if sprite is None else sprite.thumbnail
    for name, text in (
        (_TENSORS, _tsv(codes)),
        (_METADATA, _tsv([*header, *rows])),
        (_CONFIG, _config(codes.shape, thumbnail)),
    ):
        (folder / name).write_bytes(text.encode())
    if sprite is not None:
        Image.fromarray(sprite.sheet).save(folder / _SPRITE, format="PNG")


def _tsv(rows: Iterable[Iterable[object]]) -> str:
    """Join cells by tabs; a tab or a line break in a cell becomes a space."""
    lines = ("\t".join(" ".join(str(cell).split()) for cell in row) for row in rows)
    return "".join(f"{line}\n" for line in lines)


def _config(shape: tuple[int, ...], thumbnail: tuple[int, int] | None) -> str:
    """Write the configuration as text of the protocol buffer ProjectorConfig.

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
