"""What was wrong with the flags, in one line that a person can act on."""

import difflib
from collections.abc import Iterable

import pydantic
from cyclopts import (
    CycloptsError,
    MissingArgumentError,
    UnknownOptionError,
    UnusedCliTokensError,
)

__all__ = ["explain"]


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
