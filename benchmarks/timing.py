"""Contenders timed in turn, so that whatever else the machine does falls on all of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

__all__ = ["Timings", "take_turns"]


@dataclass(frozen=True)
class Timings:
    """What each contender took in each round, in seconds."""

    seconds: Mapping[str, list[float]]

    def median(self, name: str) -> float:
        """Median over the rounds.

        Args:
            name: of a contender.
        """
        return median(self.seconds[name])

    def ratio(self, name: str, *, to: str) -> float:
        """Median over the rounds of how often one contender's time is in another's.

        Args:
            name: the contender that is divided by.
            to: the contender whose time is divided: 2 where it takes twice as long.
        """
        pairs = zip(self.seconds[to], self.seconds[name], strict=True)
        return median(other / own for other, own in pairs)

    def table(self, *, base: str, unit: str = "s", scale: float = 1.0) -> str:
        """Lines for the terminal, and for Markdown.

        Args:
            base: the contender whose times are divided by those of each.
            unit: of the medians as they are shown.
            scale: units in a second.
        """
        head = f"| contender | median, {unit} | least | most | times as fast as {base} |"
        lines = [head, "|---|---|---|---|---|"]
        for name, seconds in self.seconds.items():
            shown = (
                f"{scale * value:.4g}" for value in (median(seconds), min(seconds), max(seconds))
            )
            lines.append(f"| {name} | {' | '.join(shown)} | {self.ratio(name, to=base):.2f} |")
        return "\n".join(lines)


def take_turns(
    contenders: Mapping[str, Callable[[], float]],
    *,
    rounds: int,
    tell: Callable[[str], None] | None = None,
) -> Timings:
    """Let each contender run once a round, in an order that moves on by one each round.

    Args:
        contenders: name, and a function that works once and says how many seconds of it count.
        rounds: how often; one more goes before, which is not counted.
        tell: is told where it stands.

    Returns:
        The times.
    """
    names = list(contenders)
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for number in range(rounds + 1):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            took = contenders[name]()
            if number:
                seconds[name].append(took)
                if tell is not None:
                    tell(f"round {number} of {rounds}: {name} {took:.4g} s")
    return Timings(seconds)
