"""``vaekit sample``."""

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from vaekit.cli.options import AsJson, Force, Out, RunPath, SafeCsv
from vaekit.cli.output import Output
from vaekit.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

__all__ = ["sample"]


_MOST_POINTS = 2000  # rows of a table beside the generated ones


def sample(
    run: RunPath,
    /,
    *,
    out: Out,
    number: Annotated[int, Parameter(name=("--number", "-n"))] = 64,
    temperature: float = 1.0,
    draw: bool = False,
    mean: bool = False,
    seed: int = 0,
    safe_csv: SafeCsv = False,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Generate rows: draw codes from the prior and decode them.

    Args:
        run: A run folder.
        out: File to write: .png is a picture; .npy and .csv are rows in the units of the data.
        number: How many rows.
        temperature: Below 1 for more typical, less varied rows.
        draw: Draw each value from its distribution too, as is done for tables; the mean of a pixel
            is taken for images.
        mean: Take the mean of each value for tables too: rows with less variance than the data.
        seed: The same seed gives the same rows.
        safe_csv: Prefix texts that a spreadsheet would run as formulas (those that begin with =,
            +, - or @) by a single quote.
        force: Replace an existing file.
        as_json: Print one JSON object to stdout and nothing else.
    """
    from vaekit import figures, inference
    from vaekit.cli.writers import ROW_KINDS, check_out, is_image, write_decoded
    from vaekit.runs import load_run
    from vaekit.runs.run import rows_for

    check_out(out, kinds=ROW_KINDS, force=force)
    _check_choice(draw=draw, mean=mean)
    loaded = load_run(run)
    draw = draw or not (mean or is_image(loaded.preprocessing))
    rows = inference.sample(loaded.model, n=number, temperature=temperature, draw=draw, seed=seed)
    pre = loaded.preprocessing

    def draw_samples(values: "NDArray[np.float64]") -> "Figure":
        data = None
        if not is_image(pre):
            dataset = rows_for(loaded)
            split = dataset.split.usable(loaded.config.evaluation.split, purpose="taken")
            data = dataset.rows[dataset.split.of(split)[:_MOST_POINTS]]
        return figures.samples(values, shape=pre.shape, data=data, names=pre.columns)

    write_decoded(out, rows, run=loaded, safe=safe_csv, draw=draw_samples)
    Output(as_json=as_json).result(
        {"out": str(out), "rows": number, "drawn": draw},
        lines=[f"{number:,} rows {'drawn' if draw else 'generated'}: {out}"],
    )


def _check_choice(*, draw: bool, mean: bool) -> None:
    if draw and mean:
        raise ConfigError("--draw and --mean exclude each other: take one")
