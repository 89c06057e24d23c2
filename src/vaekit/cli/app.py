"""The app: every command under its name, imported when it is the one that runs."""

from cyclopts import App, Parameter

from vaekit import __version__

__all__ = ["COMMANDS", "make_app"]

COMMANDS: dict[str, str] = {
    "train": "Train a model, measure it, and leave a run folder with a report.",
    "evaluate": "Measure a trained run; its evaluation.json then holds the latest numbers.",
    "compare": "Compare runs: numbers on one scale, curves on one axis, figures side by side.",
    "sample": "Make rows up: draw codes from the prior and decode them.",
    "encode": "Turn rows into codes.",
    "reconstruct": "Send rows through the code and back.",
    "report": "Draw the figures of a run, or of a study, anew and rewrite its report.",
    "data": "Say what is in a data source: rows, shape, range, classes, missing values.",
    "graph": "Draw the computation graph of a model: its layers, where noise enters, and its "
    "objective.",
    "interpolate": "Walk from one code to another and show what is decoded on the way.",
    "arithmetic": "Add what makes a class what it is to every class, a little more in each column.",
    "morph": "Turn every class into every other, on one board.",
    "manifold": "Show what a plane of codes decodes to, as one map of images.",
    "traverse": "Show what each latent dimension does: a row for each, from one tail to the other.",
    "project": "Project codes of many dimensions to two or three.",
    "projector": "Write codes as a folder that TensorBoard's embedding projector opens.",
    "impute": "Fill the missing cells of a table.",
    "outliers": "Find the odd rows of a table.",
    "synthesize": "Make up rows like those of a table.",
    "explore": "Walk through a trained model in the browser.",
    "recipes": "List the named runs, or show one.",
}
"""Name of each command, and the first sentence of its help, so that a list of all imports none.

The command ``name`` is the function, or the app, of that name in ``vaekit.cli.name``.
"""

_HELP = "Variational autoencoders: train, measure and use them."
_EPILOGUE = (
    "Exit codes: 0 done, 1 failed, 2 wrong input, 130 interrupted. "
    "--debug with any command shows where an error comes from."
)


def make_app(chosen: str | None = None) -> App:
    """The app with all its commands.

    Args:
        chosen: the command that will run, whose help is then the whole of it.

    Example:
        >>> sorted(set(make_app()) & {"train", "recipes", "digits"})
        ['recipes', 'train']
    """
    app = App(
        name="vaekit",
        version=__version__,
        help=_HELP,
        # The list of commands has no markup, and to import a reader of Markdown takes a while.
        help_format="markdown" if chosen in COMMANDS else "plaintext",
        help_epilogue=_EPILOGUE,
        default_parameter=Parameter(
            consume_multiple=True, negative_bool=(), negative_iterable=(), negative_none=()
        ),
    )
    for name, line in COMMANDS.items():
        path = f"vaekit.cli.{name}:{name}"
        app.command(path, name=name, help=None if name == chosen else line)
    return app
