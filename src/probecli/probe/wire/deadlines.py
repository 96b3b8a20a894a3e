"""When exchanges run out of time: one timer for all of them."""

import asyncio
import heapq
from typing import Protocol

# As late as an exchange may hear of its deadline; never too early.
_STEP_S = 0.01


class Bounded(Protocol):
    """Whoever has a deadline."""

    def time_is_up(self) -> None:
        """The deadline has passed."""


class Deadlines:
    """Deadlines in steps of 10 ms, each set and lifted in constant time.

    A timer of the event loop's own for each exchange costs 4 us, and a place in its heap.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._steps: dict[int, set[Bounded]] = {}
        self._order: list[int] = []
        self._timer: asyncio.TimerHandle | None = None
        self._timer_step = 0

    def set(self, owner: Bounded, seconds: float) -> int:
        """Calls `owner` in `seconds`, up to 10 ms later; what it returns is for `lift`."""
        step = int((self._loop.time() + seconds) / _STEP_S) + 1
        owners = self._steps.get(step)
        if owners is None:
            self._steps[step] = {owner}
            heapq.heappush(self._order, step)
            if self._timer is None or step < self._timer_step:
                self._arm(step)
        else:
            owners.add(owner)
        return step

    def lift(self, owner: Bounded, step: int) -> None:
        """Forgets the deadline that `set` returned."""
        owners = self._steps.get(step)
        if owners is not None:
            owners.discard(owner)

    def close(self) -> None:
        """Forgets them all."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._steps.clear()
        self._order.clear()

    def _arm(self, step: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer_step = step
        self._timer = self._loop.call_at(step * _STEP_S, self._due)

    def _due(self) -> None:
        self._timer = None
        # Fixed beforehand: an owner that sets its next deadline moves the timer's step.
        last = max(int(self._loop.time() / _STEP_S), self._timer_step)
        try:
            while self._order and self._order[0] <= last:
                owners = self._steps[self._order[0]]
                while owners:
                    owners.pop().time_is_up()
                del self._steps[heapq.heappop(self._order)]
        finally:
            # Whatever an owner raised, the time of the others goes on.
            if self._order:
                self._arm(self._order[0])
