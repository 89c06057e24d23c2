"""Ctrl-C as a wish, not an accident: the step is finished first."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["StopWish", "stop_wish"]


class StopWish:
    """Whether the user has asked to stop."""

    def __init__(self) -> None:
        self.made = False


@contextmanager
def stop_wish() -> Iterator[StopWish]:
    """Turn the first Ctrl-C (or a polite kill) into a wish; the second one acts as ever.

    Outside the main thread signals cannot be caught, and the wish is never made.
    """
    wish = StopWish()
    if threading.current_thread() is not threading.main_thread():
        yield wish
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def make(number: int, frame: FrameType | None) -> None:
        wish.made = True
        signal.signal(number, before[signal.Signals(number)])

    try:
        for number in before:
            signal.signal(number, make)
        yield wish
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
