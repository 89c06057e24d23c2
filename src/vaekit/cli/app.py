"""The app: every command under its name."""

from cyclopts import App, Parameter

from vaekit import __version__
from vaekit.cli.arithmetic import arithmetic
from vaekit.cli.compare import compare
from vaekit.cli.data import data
from vaekit.cli.encode import encode
from vaekit.cli.evaluate import evaluate
from vaekit.cli.explore import explore
from vaekit.cli.graph import graph
from vaekit.cli.impute import impute
from vaekit.cli.interpolate import interpolate
from vaekit.cli.manifold import manifold
from vaekit.cli.morph import morph
from vaekit.cli.outliers import outliers
from vaekit.cli.project import project
from vaekit.cli.projector import projector
from vaekit.cli.recipes import recipes_app
from vaekit.cli.reconstruct import reconstruct
from vaekit.cli.report import report
from vaekit.cli.sample import sample
from vaekit.cli.synthesize import synthesize
from vaekit.cli.train import train
from vaekit.cli.traverse import traverse

__all__ = ["make_app"]

_HELP = "Variational autoencoders: train, measure and use them."
_EPILOGUE = (
    "Exit codes: 0 done, 1 failed, 2 wrong input, 130 interrupted. "
    "--debug with any command shows where an error comes from."
)


def make_app() -> App:
    """The app with all its commands."""
    app = App(
        name="vaekit",
        version=__version__,
        help=_HELP,
        help_epilogue=_EPILOGUE,
        default_parameter=Parameter(
            consume_multiple=True, negative_bool=(), negative_iterable=(), negative_none=()
        ),
    )
    for command in (train, evaluate, compare, sample, encode, reconstruct, report, data, graph):
        app.command(command)
    for walk in (interpolate, arithmetic, morph, manifold, traverse, project, projector):
        app.command(walk)
    for table in (impute, outliers, synthesize):
        app.command(table)
    app.command(explore)
    app.command(recipes_app)
    return app
