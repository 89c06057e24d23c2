"""One line for each goal: what was wanted, what was measured, met or missed."""

__all__ = ["at_least", "at_most"]


def at_most(what: str, measured: float, *, most: float, unit: str) -> str:
    """The line of a goal that is met by a small number.

    Args:
        what: was measured.
        measured: it.
        most: that it may be.
        unit: of both.
    """
    return _line(what, measured, f"at most {most:g}", unit, met=measured <= most)


def at_least(what: str, measured: float, *, least: float, unit: str) -> str:
    """The line of a goal that is met by a large number.

    Args:
        what: was measured.
        measured: it.
        least: that it has to be.
        unit: of both.
    """
    return _line(what, measured, f"at least {least:g}", unit, met=measured >= least)


def _line(what: str, measured: float, wanted: str, unit: str, *, met: bool) -> str:
    return f"goal: {what} {wanted} {unit}; measured {measured:.3g}: {'met' if met else 'missed'}"
