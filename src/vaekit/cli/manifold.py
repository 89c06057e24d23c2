"""``vaekit manifold``."""

from vaekit.cli.options import AsJson, Force, Out, RunPath, SafeCsv
from vaekit.cli.output import Output
from vaekit.errors import ConfigError

__all__ = ["manifold"]


_EXTENT = 2.0


def manifold(
    run: RunPath,
    /,
    *,
    out: Out,
    size: int = 20,
    extent: float | None = None,
    quantiles: bool = False,
    safe_csv: SafeCsv = False,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Decode a grid of latent points on a plane, as one map of images.

    With more than two latent dimensions the plane is that of the two with the largest KL, and
    all others are at 0.

    Args:
        run: A run folder.
        out: File to write: .png and .svg are the map; .npy and .csv hold the decoded rows from
            the top left, line by line, in the units of the data.
        size: Images along each side.
        extent: The map goes from minus this to this along both axes; 2 when absent.
        quantiles: Space the images by quantiles of N(0, 1) instead, so that each stands for a
            part of the plane of the same probability.
        safe_csv: Prefix texts that a spreadsheet would run as formulas (those that begin with =,
            +, - or @) by a single quote.
        force: Replace an existing file.
        as_json: Print one JSON object to stdout and nothing else.

    Raises:
        ConfigError: a number out of range, or a single latent dimension.
    """
    from vaekit import figures, inference
    from vaekit.cli.latent_points import most_informative_dims
    from vaekit.cli.writers import load_run_for, write_decoded

    if size < 2:
        raise ConfigError(f"--size {size}: expected at least 2 images along a side")
    if extent is not None and quantiles:
        raise ConfigError("--extent and --quantiles are two ways to space the images; take one")
    if extent is not None and not 0 < extent < float("inf"):
        raise ConfigError(f"--extent {extent}: expected a number above 0")
    loaded = load_run_for(run, out=out, force=force)
    dims = most_informative_dims(loaded)
    reach = _EXTENT if extent is None else extent
    limits = (-reach, reach, -reach, reach)
    if quantiles:
        limits = (0.5 / size, 1 - 0.5 / size, 0.5 / size, 1 - 0.5 / size)
    points = figures.manifold_codes(size, extent=limits)
    points = inference.normal_quantiles(points) if quantiles else points
    plane = inference.plane(loaded.model, points=points, dims=dims)
    first, second = (f"z{dim + 1}" for dim in dims)
    write_decoded(
        out,
        plane.rows,
        run=loaded,
        safe=safe_csv,
        draw=lambda images: figures.manifold(
            images, shape=loaded.preprocessing.shape, codes=points, axis_labels=(first, second)
        ),
    )
    latent = loaded.config.model.latent_dim
    others = f"; {first} and {second} carry most of {latent}, the others are at 0"
    values = {"out": str(out), "size": size, "dims": [first, second], "latent_dim": latent}
    Output(as_json=as_json).result(
        values | {"extent": None if quantiles else reach, "quantiles": quantiles},
        lines=[f"{size} times {size} images: {out}{others if latent > 2 else ''}"],
    )
