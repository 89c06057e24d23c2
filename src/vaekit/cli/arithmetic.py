"""``vaekit arithmetic``."""

import math

from vaekit.cli.options import AsJson, Force, Out, RunPath, SafeCsv, SplitOrAll
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
    safe_csv: SafeCsv = False,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Add the difference of two class centroids to every class, a larger multiple per column.

    Each row of the board begins at the mean code of a class; to it is added a multiple of the
    mean code of one class minus that of another.

    Args:
        run: A run folder.
        add: Name of the class whose mean code is added.
        out: File to write: .png and .svg are the board; .npy and .csv hold the decoded rows,
            class by class, in the units of the data.
        subtract: Name of the class whose mean code is subtracted; when absent the mean of all
            rows.
        scale: First multiple, last multiple and how many columns; --scale=-1:1:9 where the
            first is negative.
        split: Rows whose codes are averaged; when absent those that the run is measured on.
        safe_csv: Prefix texts that a spreadsheet would run as formulas (those that begin with =,
            +, - or @) by a single quote.
        force: Replace an existing file.
        as_json: Print one JSON object to stdout and nothing else.
    """
    from vaekit import inference
    from vaekit.cli.latent_points import resolve_class, rows_with_codes
    from vaekit.cli.writers import load_run_for, write_decoded
    from vaekit.figures import format_number, image_grid

    multiples = _multiples(scale)
    loaded = load_run_for(run, out=out, force=force)
    coded = rows_with_codes(loaded, split=split)
    plus = resolve_class(coded, name=add, flag="--add")
    minus = None if subtract is None else resolve_class(coded, name=subtract, flag="--subtract")
    assert coded.labels is not None
    board = inference.arithmetic(
        loaded.model,
        codes=coded.codes.mean,
        labels=coded.labels,
        scales=multiples,
        add=plus,
        subtract=minus,
    )
    names = coded.class_names(board.classes)
    less = "mean of all" if subtract is None else subtract
    write_decoded(
        out,
        board.rows.reshape(len(names) * len(multiples), -1),
        run=loaded,
        safe=safe_csv,
        draw=lambda images: image_grid(
            images,
            shape=loaded.preprocessing.shape,
            row_labels=names,
            column_labels=[format_number(value) for value in multiples],
            title=f"Mean code of each class + s ({add} \N{MINUS SIGN} {less})",
            caption="the numbers above: s",
        ),
    )
    values = {"out": str(out), "add": add, "subtract": subtract, "classes": names}
    Output(as_json=as_json).result(
        values | {"scales": multiples, "split": coded.split},
        lines=[f"{len(names)} classes plus {len(multiples)} multiples of ({add} - {less}): {out}"],
    )


def _multiples(text: str) -> list[float]:
    """Parse first:last:count as evenly spaced numbers."""
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
