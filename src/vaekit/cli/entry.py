"""Where a command begins and how it ends: exit codes, errors in one line, warnings in one line."""

import contextlib
import os
import sys
import traceback
import warnings
from collections.abc import Iterator, Sequence
from typing import TextIO

from cyclopts import CycloptsError

from vaekit.cli.app import make_app
from vaekit.cli.docstrings import read_docstrings_once
from vaekit.cli.launch import read_launch
from vaekit.errors import VaekitError, VaekitWarning

__all__ = ["main"]


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
        from vaekit.cli.mistakes import explain

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
