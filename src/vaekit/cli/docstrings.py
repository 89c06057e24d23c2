"""Help without reading the same source twice."""

import contextlib
import functools

__all__ = ["read_docstrings_once"]


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
