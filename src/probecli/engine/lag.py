"""How late the event loop is: the bound of what its own clock can tell."""

import asyncio
from collections import deque
from collections.abc import Callable

from probecli.model.snapshot import LoopLag

_PERIOD_S = 0.02
_KEPT = 10_000


class LagSampler:
    """Samples the delay of a periodic timer; `heard` is told each, in seconds."""

    def __init__(self, loop: asyncio.AbstractEventLoop, heard: Callable[[float], None]) -> None:
        self._loop = loop
        self._heard = heard
        # The last ones: a run that goes on for days has more than memory should.
        self._samples: deque[float] = deque(maxlen=_KEPT)
        self._most = 0.0
        self._due = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Samples from now on."""
        self._due = self._loop.time() + _PERIOD_S
        self._timer = self._loop.call_at(self._due, self._sample)

    def stop(self) -> LoopLag | None:
        """Ends sampling; None when the run was too short for a sample."""
        if self._timer is not None:
            self._timer.cancel()
        overdue = self._loop.time() - self._due
        if overdue > 0.0:
            self._take(overdue)
        if not self._samples:
            return None
        ordered = sorted(self._samples)

        def quantile(share: float) -> float:
            return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000, 3)

        return LoopLag(p50=quantile(0.5), p99=quantile(0.99), max=round(self._most * 1000, 3))

    def _sample(self) -> None:
        lag = max(0.0, self._loop.time() - self._due)
        self._heard(lag)
        self._take(lag)
        self.start()

    def _take(self, lag: float) -> None:
        self._samples.append(lag)
        self._most = max(self._most, lag)
