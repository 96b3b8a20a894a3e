"""Rounds of probing without end: one every interval, never two at once, and no drift."""

import asyncio
from collections.abc import Awaitable, Callable

from probecli.engine.run import Measured, Stop

Measure = Callable[[], Awaitable[Measured]]
"""Probes everything once."""


class Pace:
    """When the next round begins, and what the user wants of that.

    Rounds are due on a grid of `every_s` from the first one. A round that outlasts its interval
    leaves out the ones it ran into: `skipped` counts them, and `outlasted` says whether the last
    round did. Times are those of the event loop's clock.
    """

    def __init__(self, every_s: float) -> None:
        self.every_s = every_s
        self.skipped = 0
        self.outlasted = False
        self.paused = False
        self.probing = False
        self._due_at: float | None = None
        self._asked = True
        self._changed = asyncio.Event()

    @property
    def due_at(self) -> float | None:
        """When the next round is due by the loop's clock; None before the first."""
        return self._due_at

    def toggle(self) -> None:
        """Pause, or go on at the next time on the grid; a round that runs is finished."""
        self.paused = not self.paused
        if not self.paused:
            self._leave_out(asyncio.get_running_loop().time(), counted=False)
        self._changed.set()

    def at_once(self) -> None:
        """Begin a round now, even while paused, and count the interval from it."""
        if not self.probing:
            self._asked = True
            self._changed.set()

    async def due(self) -> None:
        """Returns when the next round is to begin."""
        loop = asyncio.get_running_loop()
        while not self._asked:
            left_s = None
            if not self.paused and self._due_at is not None:
                left_s = self._due_at - loop.time()
                if left_s <= 0:
                    break
            self._changed.clear()
            try:
                async with asyncio.timeout(left_s):
                    await self._changed.wait()
            except TimeoutError:
                continue
        begins_at = loop.time()
        if self._asked or self._due_at is None:
            self._asked = False
            self._due_at = begins_at
        self._due_at += self.every_s
        # More than an interval late: the process or the machine was stopped meanwhile.
        self._leave_out(begins_at, counted=False)
        self.probing = True

    def finished(self) -> None:
        """The round is over."""
        self.probing = False
        before = self.skipped
        self._leave_out(asyncio.get_running_loop().time(), counted=True)
        self.outlasted = self.skipped > before

    def _leave_out(self, now: float, *, counted: bool) -> None:
        """Move what is due to the future, by whole intervals."""
        if self._due_at is None or self._due_at > now:
            return
        missed = int((now - self._due_at) // self.every_s) + 1
        self._due_at += missed * self.every_s
        if counted:
            self.skipped += missed


async def watch(
    measure: Measure,
    pace: Pace,
    stop: Stop,
    *,
    on_round: Callable[[Measured], Awaitable[None]],
    rounds: int | None = None,
) -> None:
    """Measures at this pace until `stop` is called, or `rounds` are done.

    `measure` has to end early, with `stopped` set, when `stop` is called. `on_round` gets every
    round, the one that was cut short included; the next begins after it returned.
    """
    done = 0
    while stop.code is None and (rounds is None or done < rounds):
        if not await _awaited(pace.due(), stop):
            return
        try:
            measured = await measure()
        finally:
            pace.finished()
        done += 1
        await on_round(measured)


async def _awaited(due: Awaitable[None], stop: Stop) -> bool:
    """Whether the round came due before the watch was stopped."""
    waiting = asyncio.ensure_future(due)
    stop.watch(waiting)
    try:
        await waiting
    except asyncio.CancelledError:
        if stop.code is None:
            raise
        return False
    return True
