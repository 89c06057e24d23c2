"""``vaekit arithmetic``."""

import math

from vaekit.cli.options import AsJson, Force, Out, RunPath, SplitOrAll
from vaekit.cli.output import Output
from vaekit.errors import ConfigError

__all__ = ["arithmetic"]


def arithmetic(
    run: RunPath,
    /,
    *,
    add: str,
    out: Out,
    subtract: str | None = None,
    scale: str = "0:2:8",
    split: SplitOrAll | None = None,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Add what makes a class what it is to every class, a little more in each column.

    Each row of the board begins at the mean code of a class; to it is added a multiple of the
    mean code of one class minus that of another.

    Args:
        run: A run folder.
        add: Name of the class whose mean code is added.
        out: File to write: .png and .svg are the board; .npy and .csv hold the decoded rows,
            class by class, in the units of the data.
        subtract: Name of the class whose mean code is taken away; when absent the mean of all
            rows.
        scale: First multiple, last multiple and how many columns; --scale=-1:1:9 where the
            first is negative.
        split: Rows whose codes are averaged; when absent those that the run is measured on.
        force: Replace a file that is there.
        as_json: Print one JSON object to stdout and nothing else.
    """
    from vaekit import inference
    from vaekit.cli.latent_points import class_label, coded_rows
    from vaekit.cli.writers import PICTURE_KINDS, check_out, need_images, write_decoded
    from vaekit.figures import format_number, image_grid
    from vaekit.runs import load_run

    check_out(out, kinds=PICTURE_KINDS, force=force)
    scales = _scales(scale)
    found = load_run(run)
    need_images(found, out=out)
    coded = coded_rows(found, split=split)
    plus = class_label(coded, name=add, flag="--add")
    minus = None if subtract is None else class_label(coded, name=subtract, flag="--subtract")
    assert coded.labels is not None
    made = inference.arithmetic(
        found.model, codes=coded.codes.mean, labels=coded.labels, scales=scales, add=plus,
        subtract=minus,
    )  # fmt: skip
    names = [coded.dataset.classes[label] for label in made.classes.tolist()]
    less = "mean of all" if subtract is None else subtract
    write_decoded(
        out, made.rows.reshape(made.codes.shape[0] * len(scales), -1), run=found,
        draw=lambda images: image_grid(
            images, shape=found.preprocessing.shape, row_labels=names,
            column_labels=[format_number(value) for value in scales],
            title=f"Mean code of each class + s ({add} \N{MINUS SIGN} {less})",
            caption="the numbers above: s",
        ),
    )  # fmt: skip
    Output(as_json=as_json).result(
        {"out": str(out), "add": add, "subtract": subtract, "classes": names, "scales": scales,
         "split": coded.split},
        lines=[f"{len(names)} classes plus {len(scales)} multiples of ({add} - {less}): {out}"],
    )  # fmt: skip


def _scales(text: str) -> list[float]:
    """First, last and how many, as evenly spaced numbers."""
    try:
        first, last, count = text.split(":")
        low, high, columns = float(first), float(last), int(count)
    except ValueError:
        columns = 0
    if columns < 1 or not (math.isfinite(low) and math.isfinite(high)):
        raise ConfigError(
            f"--scale {text}: expected the first multiple, the last and how many columns, such as "
            "0:2:8"
        )
    step = (high - low) / max(columns - 1, 1)
    return [low + step * column for column in range(columns)]
