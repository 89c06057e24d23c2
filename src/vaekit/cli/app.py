"""The command-line application: commands, exit codes, error messages."""

import contextlib
import difflib
import functools
import os
import sys
import traceback
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TextIO

from cyclopts import (
    App,
    CycloptsError,
    MissingArgumentError,
    Parameter,
    UnknownOptionError,
    UnusedCliTokensError,
)

from vaekit import __version__
from vaekit.cli.output import read_launch
from vaekit.errors import VaekitError, VaekitWarning

__all__ = ["COMMANDS", "explain_usage_error", "main", "make_app"]


COMMANDS: dict[str, str] = {
    "train": "Train a model, measure it, and leave a run folder with a report.",
    "evaluate": "Measure a trained run; its evaluation.json then holds the latest numbers.",
    "score": "Score rows: write the log-likelihood of each, with its standard error.",
    "compare": "Compare runs: numbers on one scale, curves on one axis, figures side by side.",
    "sample": "Generate rows: draw codes from the prior and decode them.",
    "encode": "Encode rows: write the mean and standard deviation of the posterior of each.",
    "reconstruct": "Reconstruct rows: encode them and decode their mean codes.",
    "report": "Redraw the figures of a run, or of a study, and rewrite its report.",
    "data": "Describe a data source: rows, shape, range, classes, missing values.",
    "graph": "Draw the computation graph of a model: layers, sampling, and objective.",
    "interpolate": "Interpolate between two latent points and decode the points on the way.",
    "arithmetic": "Add the difference of two class centroids to every class, a larger multiple per "
    "column.",
    "morph": "Interpolate between the centroids of all classes, on one board.",
    "manifold": "Decode a grid of latent points on a plane, as one map of images.",
    "traverse": "Traverse each latent dimension, from one tail of its codes to the other.",
    "project": "Project codes of many dimensions to two or three.",
    "projector": "Write codes as a folder that TensorBoard's embedding projector opens.",
    "impute": "Impute the missing values of a table.",
    "outliers": "Detect outliers in a table.",
    "synthesize": "Generate synthetic rows like those of a table.",
    "explore": "Explore a trained model in the browser.",
    "recipes": "List the named runs, or show one.",
}
"""First sentence of the help of each command; the list of commands imports none of them.

The command ``name`` is the function or the app ``vaekit.cli.name.name``.
"""

_HELP = "Variational autoencoders: train, measure and use them."
_EPILOGUE = (
    "Exit codes: 0 done, 1 failed, 2 wrong input, 130 interrupted. "
    "--debug with any command shows where an error comes from."
)


def make_app(chosen: str | None = None) -> App:
    """Build the app with all its commands.

    Args:
        chosen: the command that will run, whose help is then complete.

    Returns:
        The app.

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
        suppress_keyboard_interrupt=False,  # main says so and returns the exit code
        default_parameter=Parameter(
            consume_multiple=True, negative_bool=(), negative_iterable=(), negative_none=()
        ),
    )
    for name, line in COMMANDS.items():
        path = f"vaekit.cli.{name}:{name}"
        app.command(path, name=name, help=None if name == chosen else line)
    return app


def explain_usage_error(error: CycloptsError) -> str:
    """Describe what is wrong with the command line.

    Args:
        error: of the parser.

    Returns:
        One line for each mistake.
    """
    import pydantic  # which the list of commands does without

    command = " ".join(["vaekit", *(error.command_chain or ())])
    if isinstance(error, UnknownOptionError):
        flag = (error.token.keyword or error.token.value).split("=", 1)[0]
        known = [name for each in error.argument_collection if each.show for name in each.names]
        # a flag whose last part is the same, or one that is spelled alike
        last = flag.lstrip("-").replace("_", "-")
        same = [name for name in known if name.rsplit(".", 1)[-1] == last]
        near = " or ".join(same or difflib.get_close_matches(flag, known, n=1))
        hint = f"did you mean {near}?" if near else f"{command} --help lists them"
        return f"{flag} is not a flag of {command}; {hint}"
    if isinstance(error, MissingArgumentError) and error.argument is not None and not error.keyword:
        return f"{command} needs {error.argument.name}; {command} --help says more"
    if isinstance(error, UnusedCliTokensError):
        left = " ".join(error.unused_tokens or ())
        return f"{command} does not know what to do with: {left}"
    if isinstance(error.__cause__, pydantic.ValidationError):
        section = "" if error.argument is None else error.argument.name
        return "\n".join(_explain_field(section, each) for each in error.__cause__.errors())
    text = str(error)
    return f"{text[:1].lower()}{text[1:]}"


def _explain_field(section: str, error: Mapping[str, Any]) -> str:
    """Describe one of pydantic's errors, with the flag that it is about."""
    parts = [str(part).replace("_", "-") for part in error["loc"] if not isinstance(part, int)]
    flag, message = ".".join([section, *parts]), error["msg"]
    return f"{flag}: {message[:1].lower()}{message[1:]}, got {error['input']!r}"


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        argv: what stands after ``vaekit``; what the process was given when absent.

    Returns:
        The exit code: 0 done, 1 failed, 2 wrong input, 130 interrupted.
    """
    tokens = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in tokens
    tokens = [token for token in tokens if token != "--debug"]
    _replace_unencodable_letters()
    with _one_line_warnings():
        try:
            if not {"--help", "-h"}.isdisjoint(tokens):
                _cache_parsed_docstrings()
            app = make_app(tokens[0] if tokens else None)
            app(tokens, exit_on_error=False, print_error=False, result_action="return_value")
            sys.stdout.flush()
        except BrokenPipeError:
            return _discard_stdout()
        except (Exception, KeyboardInterrupt) as error:
            return _print_error(error, debug=debug)
    return 0


def _print_error(error: BaseException, *, debug: bool) -> int:
    """Print what went wrong; return the exit code."""
    if debug:
        traceback.print_exception(error)
    if isinstance(error, VaekitError):
        text, code = str(error), error.exit_code
    elif isinstance(error, CycloptsError):
        text, code = explain_usage_error(error), 2
    elif isinstance(error, KeyboardInterrupt):
        text, code = "interrupted", 130
    else:
        text, code = f"unexpected {type(error).__name__}: {error}", 1
        text += "" if debug else " (--debug shows where)"
    launch = read_launch()
    if code == 130 and not launch.main:
        return code
    process = "" if launch.main else f"process {launch.number}: "
    for line in text.splitlines() or [""]:
        print(f"error: {process}{line}", file=sys.stderr)
    return code


def _discard_stdout() -> int:
    """Exit without a message where the reader of the output has closed it, as ``| head`` does."""
    with contextlib.suppress(OSError, ValueError):
        # Python flushes once more at the end, which must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1


def _replace_unencodable_letters() -> None:
    """Print a question mark where a console has no such letter, rather than fail."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


@contextlib.contextmanager
def _one_line_warnings() -> Iterator[None]:
    """Show each warning once, in one line on stderr."""
    seen: set[str] = set()

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        if str(message) not in seen and read_launch().main:
            seen.add(str(message))
            print(f"warning: {message}", file=sys.stderr)

    with warnings.catch_warnings():
        warnings.simplefilter("always", VaekitWarning)
        warnings.showwarning = show
        yield


def _cache_parsed_docstrings() -> None:
    """Parse the docstring of each class once in this process.

    The parser of flags asks for those of a section and of all its bases, and so would parse the
    source of pydantic's base class, 1900 lines, again for each of twelve sections: .4 of 1.1
    seconds of ``vaekit train --help``.
    """
    with contextlib.suppress(ImportError):  # cyclopts may do without it some day
        import docstring_parser

        parse = docstring_parser.parse_from_object
        if not hasattr(parse, "cache_info"):
            docstring_parser.parse_from_object = functools.cache(parse)
