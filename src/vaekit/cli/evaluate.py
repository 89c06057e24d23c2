"""``vaekit evaluate``."""

from shlex import quote
from typing import Any, Literal

from vaekit.cli.options import AsJson, Quiet, RunPath, SplitName, set_flags
from vaekit.cli.output import Output, read_launch
from vaekit.config import merge, parse_config
from vaekit.errors import ConfigError

__all__ = ["evaluate"]


def evaluate(
    run: RunPath,
    /,
    *,
    data: str | None = None,
    split: SplitName | None = None,
    samples: int | None = None,
    rows: int | None = None,
    memory_mb: int | None = None,
    seed: int | None = None,
    compile: Literal["auto", "always", "never"] | None = None,
    device: Literal["auto", "cpu", "cuda"] = "auto",
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Measure a trained run; its evaluation.json then holds the latest numbers.

    Defaults come from the config of the run. Processes that torchrun starts share the
    rows.

    Args:
        run: A run folder.
        data: A name or a path of other rows; the data of the run when absent, which must not have
            changed since training.
        split: Rows to measure on.
        samples: Importance samples for each row in the log-likelihood.
        rows: Only the first so many rows of the split.
        memory_mb: Size in MB of the largest intermediate array.
        seed: Seed of the samples.
        compile: Let PyTorch's compiler fuse the decoder, on a CPU: in eight to twenty seconds, for
            a quarter less time. auto: measurements of a minute and more.
        device: Where to compute; auto takes cuda, then cpu.
        as_json: Print one JSON object to stdout and nothing else.
        quiet: Show no progress.

    Raises:
        ConfigError: a number out of range, or a model without an encoder.
    """
    if rows is not None and rows < 1:
        raise ConfigError(f"--rows {rows}: expected at least 1 row to measure")
    flags = {"split": split, "samples": samples, "memory_mb": memory_mb, "seed": seed}
    changes: dict[str, Any] = {"evaluation": set_flags(flags | {"compile": compile})}
    parse_config(changes, origin="flags")
    from vaekit.cli.measure import measure, measuring_device, summary
    from vaekit.cli.output import joined_processes
    from vaekit.comparison.published import compare_to_published
    from vaekit.data import share_reading
    from vaekit.runs import load_run
    from vaekit.runs.run import rows_for

    main = read_launch().main
    output = Output(as_json=as_json, quiet=quiet or not main)
    loaded = load_run(run)
    if not loaded.model.latent.encoder:
        raise ConfigError(
            f"{run}: the model has no encoder, so neither a bound nor a log-likelihood can be "
            "estimated; vaekit sample and vaekit explore show what it makes"
        )
    with joined_processes(device=measuring_device(device)) as processes:
        with share_reading(processes):
            dataset = rows_for(loaded, source=data)
        evaluation = measure(
            loaded,
            dataset=dataset,
            output=output,
            settings=parse_config(merge(loaded.config.model_dump(), changes)).evaluation,
            split=split,
            rows=rows,
            device=device,
            processes=processes,
        )
    if not main:
        return
    published = compare_to_published(loaded.config, evaluation)
    output.result(
        {**evaluation, "run": str(run), "published": published}, lines=summary(loaded, evaluation)
    )
    command = f"vaekit report {quote(str(run))}"
    output.say(f"{loaded.folder.evaluation} is rewritten; for the report: {command}")
