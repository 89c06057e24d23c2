"""The command-line application: commands, exit codes, error messages."""

import contextlib
import difflib
import functools
import os
import sys
import traceback
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import TextIO

import pydantic
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

__all__ = ["COMMANDS", "explain", "main", "make_app", "read_docstrings_once"]


def read_docstrings_once() -> None:
    """Let the docstrings of each class be parsed once in this process.

    The parser of flags asks for those of a section and of all its bases, and so would parse the
    source of pydantic's base class, 1900 lines, anew for each of twelve sections: .4 of 1.1
    seconds of ``vaekit train --help``.
    """
    with contextlib.suppress(ImportError):  # it comes with cyclopts, which may come to do without
        import docstring_parser

        parse = docstring_parser.parse_from_object
        if not hasattr(parse, "cache_info"):
            docstring_parser.parse_from_object = functools.cache(parse)


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


def explain(error: CycloptsError) -> str:
    """Say what was wrong with the command line.

    Args:
        error: of the parser.

    Returns:
        One line for each mistake.
    """
    command = " ".join(["vaekit", *(error.command_chain or ())])
    if isinstance(error, UnknownOptionError):
        flag = (error.token.keyword or error.token.value).split("=", 1)[0]
        known = [name for each in error.argument_collection if each.show for name in each.names]
        return f"{flag} is not a flag of {command}; {_nearest(flag, known, command=command)}"
    if isinstance(error, MissingArgumentError) and error.argument is not None and not error.keyword:
        return f"{command} needs {error.argument.name}; {command} --help says more"
    if isinstance(error, UnusedCliTokensError):
        left = " ".join(error.unused_tokens or ())
        return f"{command} does not know what to do with: {left}"
    if isinstance(error.__cause__, pydantic.ValidationError):
        section = "" if error.argument is None else error.argument.name
        return "\n".join(_field(section, each) for each in error.__cause__.errors())
    text = str(error)
    return f"{text[:1].lower()}{text[1:]}"


def _nearest(flag: str, known: Iterable[str], *, command: str) -> str:
    """Suggest a flag: one whose last part is the same, or one that is spelled alike."""
    names = list(known)
    last = flag.lstrip("-").replace("_", "-")
    same = [name for name in names if name.rsplit(".", 1)[-1] == last]
    near = same or difflib.get_close_matches(flag, names, n=1)
    hint = " or ".join(near)
    return f"did you mean {hint}?" if near else f"{command} --help lists them"


def _field(section: str, error: object) -> str:
    """One of pydantic's errors, with the flag that it is about."""
    assert isinstance(error, dict)
    parts = [str(part).replace("_", "-") for part in error["loc"] if not isinstance(part, int)]
    message = str(error["msg"])
    return (
        f"{'.'.join([section, *parts])}: {message[:1].lower()}{message[1:]}, got {error['input']!r}"
    )


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
    _print_anything()
    with _plain_warnings():
        try:
            if not {"--help", "-h"}.isdisjoint(tokens):
                read_docstrings_once()
            app = make_app(tokens[0] if tokens else None)
            app(tokens, exit_on_error=False, print_error=False, result_action="return_value")
            sys.stdout.flush()
        except BrokenPipeError:
            return _reader_is_gone()
        except (Exception, KeyboardInterrupt) as error:
            return _fail(error, debug=debug)
    return 0


def _fail(error: BaseException, *, debug: bool) -> int:
    """Say what went wrong; give the exit code."""
    if debug:
        traceback.print_exception(error)
    if isinstance(error, VaekitError):
        text, code = str(error), error.exit_code
    elif isinstance(error, CycloptsError):
        text, code = explain(error), 2
    elif isinstance(error, KeyboardInterrupt):
        text, code = "interrupted", 130
    else:
        text, code = f"unexpected {type(error).__name__}: {error}", 1
        text += "" if debug else " (--debug shows where)"
    launch = read_launch()
    if code == 130 and not launch.main:
        return code
    who = "" if launch.main else f"process {launch.number}: "
    for line in text.splitlines() or [""]:
        print(f"error: {who}{line}", file=sys.stderr)
    return code


def _reader_is_gone() -> int:
    """End quietly where whoever read the output has left, as ``| head`` does."""
    with contextlib.suppress(OSError, ValueError):
        # Python flushes once more at the end, which must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1


def _print_anything() -> None:
    """Print a question mark where a console has no such letter, rather than fail."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


@contextlib.contextmanager
def _plain_warnings() -> Iterator[None]:
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
