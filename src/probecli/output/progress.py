"""How far the run is: counted as results come, and shown on standard error."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable

from probecli.model.cause import State
from probecli.model.result import Result
from probecli.model.snapshot import Run, Snapshot
from probecli.output.interface import Destination
from probecli.output.words import SEVERITY, duration
from probecli.output.worker import Worker

PATIENCE_S = 1.0
"""A run shorter than this shows no progress."""


class Tally:
    """How many of `total` targets are finished, in which state, and since when."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._start_s = clock()
        self.total = 0
        self.done = 0
        self.states: Counter[State] = Counter()
        self.groups: defaultdict[str | None, Counter[State]] = defaultdict(Counter)

    def begin(self, total: int) -> None:
        """Start counting `total` targets and time."""
        self.total = total
        self._start_s = self._clock()

    def count(self, results: Iterable[Result]) -> None:
        """Count finished targets."""
        for result in results:
            self.states[result.state] += 1
            self.groups[result.group][result.state] += 1
        self.done = self.states.total()

    def words(self) -> str:
        """Such as `512 of 10,000`, states that occur, elapsed time; joined by ` · `."""
        states = (f"{self.states[name]:,} {name}" for name in SEVERITY if self.states[name])
        return " · ".join((f"{self.done:,} of {self.total:,}", *states, self.elapsed()))

    def elapsed(self) -> str:
        """The time since the start, in words."""
        return duration((self._clock() - self._start_s) * 1000)


class Progress:
    """One line on a terminal that results do not go to; gone when the run ends."""

    def __init__(self, destination: Destination, clock: Callable[[], float]) -> None:
        self._destination = destination
        self._tally = Tally(clock)
        self._worker = Worker(self._draw, delay_s=PATIENCE_S, pause_s=0.2, idle_s=0.25)
        self._drawn = False

    def begin(self, run: Run, total: int) -> None:
        """Start the clock."""
        self._tally.begin(total)
        self._worker.start()

    def add(self, result: Result) -> None:
        """Count one."""
        self._worker.put(result)

    def end(self, snapshot: Snapshot) -> None:
        """Erase the line."""
        self.close()

    def close(self) -> None:
        """Erase the line."""
        self._worker.stop()
        if self._drawn:
            self._drawn = False
            self._destination.write(b"\r\x1b[K")

    def _draw(self, results: list[Result]) -> None:
        self._tally.count(results)
        columns, _ = self._destination.size()
        text = f"probing {self._tally.words()}"[: columns - 1]
        if not self._worker.stopping:
            self._drawn = True
            self._destination.write(b"\r" + text.encode() + b"\x1b[K")
