"""How many targets are in which state, counted one by one in constant memory."""

from collections.abc import Iterable

from probecli.model.cause import STATES, State
from probecli.model.result import Result
from probecli.model.snapshot import Summary


class Tally:
    """Counts of results by state: all of them, and those that the gate looks at."""

    __slots__ = ("all", "gated")

    def __init__(self) -> None:
        self.all: dict[State, int] = dict.fromkeys(STATES, 0)
        self.gated: dict[State, int] = dict.fromkeys(STATES, 0)

    def add(self, result: Result) -> None:
        """Counts one result."""
        self.count(result.state, gated=result.gated)

    def count(self, state: State, *, gated: bool) -> None:
        """Counts one result of which no more is known."""
        self.all[state] += 1
        if gated:
            self.gated[state] += 1

    @property
    def summary(self) -> Summary:
        """The snapshot's summary of all results counted so far."""
        return Summary(total=sum(self.all.values()), **self.all)


def tally(results: Iterable[Result]) -> Tally:
    """The counts of `results`, in one pass."""
    counts = Tally()
    for result in results:
        counts.add(result)
    return counts


def summarise(results: Iterable[Result]) -> Summary:
    """How many of `results` are in which state, in one pass."""
    return tally(results).summary
