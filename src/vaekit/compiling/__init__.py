"""Operations on tensors, recorded as a list and made machine code: where overhead is most of it."""

from vaekit.compiling.compiled import Replay, compile_work
from vaekit.compiling.recorded import Work, record

__all__ = ["Replay", "Work", "compile_work", "record"]
