"""``vaekit sample``."""

from typing import Annotated

from cyclopts import Parameter

from vaekit.cli.options import AsJson, Force, Out, RunPath
from vaekit.cli.output import Output

__all__ = ["sample"]


def sample(
    run: RunPath,
    /,
    *,
    out: Out,
    number: Annotated[int, Parameter(name=("--number", "-n"))] = 64,
    temperature: float = 1.0,
    draw: bool = False,
    seed: int = 0,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Make rows up: draw codes from the prior and decode them.

    Args:
        run: A run folder.
        out: File to write: .png is a picture; .npy and .csv are rows in the units of the data.
        number: How many rows.
        temperature: Below 1 for more typical, less varied rows.
        draw: Draw each value from its distribution too, instead of taking its mean.
        seed: The same seed gives the same rows.
        force: Replace a file that is there.
        as_json: Print one JSON object to stdout and nothing else.
    """
    from vaekit.cli.writers import RAW_KINDS, check_out, draw_samples, write_rows
    from vaekit.inference import sample as make_rows
    from vaekit.runs import load_run

    kind = check_out(out, kinds=RAW_KINDS, force=force)
    found = load_run(run)
    rows = make_rows(found.model, n=number, temperature=temperature, draw=draw, seed=seed)
    if kind == ".png":
        draw_samples(found, rows, path=out)
    else:
        write_rows(out, rows, preprocessing=found.preprocessing)
    Output(as_json=as_json).result(
        {"out": str(out), "rows": number}, lines=[f"{number:,} rows made up: {out}"]
    )
