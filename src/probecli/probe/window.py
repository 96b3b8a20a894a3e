"""How many questions name servers are asked at once: as many as they take."""

import asyncio
from collections import deque
from collections.abc import Callable

# dnsmasq, the resolver of most offices and homes, refuses what exceeds 150 (--dns-forward-max).
START = 100
# Refused with so few on their way, it is not for their number; perhaps not with a few more either.
_FLOOR = 16
# Far above what most answers take: slower ones are the name's matter, or silence.
_COUNTED_S = 0.5
_PAUSE_S = 0.05
# Fourfold a round of answers: a thousand slow names take three rounds, and what was too much for
# one round is asked again.
_OPENING = 3

Ask = Callable[[int], None]
"""Asks a question under the number that it is given."""


class Window:
    """A congestion window, as TCP's (RFC 5681), over the questions on their way to name servers.

    It opens fourfold a round of answers until one is refused, then by one a round. What is refused
    while many are on their way is asked again when they are fewer: that says nothing of the name.
    Where some are refused though few are, and to ask again has never helped, more count as few: the
    servers mean it, be it of a type or of some names.

    A question takes a place until it is answered, half a second at most, so that no slow name holds
    up others, and a silent server is found silent as soon for a thousand names as for one.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, size: int = START) -> None:
        self._loop = loop
        self._size = float(size)
        self._placed: dict[int, float] = {}
        self._slow: set[int] = set()
        # Each with whether it is asked again.
        self._waiting: deque[tuple[Ask, bool]] = deque()
        self._again: set[int] = set()
        self._few = _FLOOR
        self._meant = 0
        self._helped = False
        self._count = 0
        self._count_at_cut: int | None = None
        self._paused_until = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._letting = False

    def enter(self, ask: Ask) -> None:
        """Calls `ask` as soon as there is room, perhaps at once."""
        self._waiting.append((ask, False))
        self._let_in()

    def answered(self, number: int) -> None:
        """The question of this number is on its way no more."""
        if self._leave(number):
            self._helped, self._few = True, _FLOOR
        self._open()
        self._let_in()

    def dropped(self, number: int) -> None:
        """The question of this number is not asked after all."""
        self._leave(number)
        self._let_in()

    def refused(self, number: int, ask: Ask) -> bool:
        """Whether it was for the number of questions; `ask` is called again then."""
        many = len(self._placed) + len(self._slow) > self._few
        self._leave(number)
        if not many and not self._helped:
            self._meant += 1
            if self._meant % _FLOOR == 0:
                self._few = min(START, 2 * self._few)
        if many:
            # What was sent before the last cut tells nothing of the size since.
            if self._count_at_cut is None or number > self._count_at_cut:
                self._count_at_cut = self._count
                self._size = max(_FLOOR, len(self._placed) / 2)
            # Nothing is won by asking before others are answered.
            self._paused_until = self._loop.time() + _PAUSE_S
            self._waiting.appendleft((ask, True))
        self._let_in()
        return many

    def close(self) -> None:
        """Lets nobody in any more."""
        self._waiting.clear()
        if self._timer is not None:
            self._timer.cancel()

    def _leave(self, number: int) -> bool:
        """Takes a question off; whether it had been asked again."""
        if self._placed.pop(number, None) is None:
            self._slow.discard(number)
        if number not in self._again:
            return False
        self._again.discard(number)
        return True

    def _open(self) -> None:
        if self._waiting:
            self._size += _OPENING if self._count_at_cut is None else 1 / self._size

    def _let_in(self) -> None:
        if self._letting:
            return
        now = self._loop.time()
        if now >= self._paused_until:
            self._letting = True
            while self._waiting and len(self._placed) < self._size:
                self._count += 1
                self._placed[self._count] = now
                ask, again = self._waiting.popleft()
                if again:
                    self._again.add(self._count)
                ask(self._count)
            self._letting = False
        if self._waiting:
            due = self._paused_until
            if now >= due:
                due = next(iter(self._placed.values())) + _COUNTED_S
            if self._timer is not None:
                if self._timer.when() <= due:
                    return
                self._timer.cancel()
            self._timer = self._loop.call_at(due, self._come_back)

    def _come_back(self) -> None:
        """After a pause, or when what has been on its way for long gives up its place."""
        self._timer = None
        last = self._loop.time() - _COUNTED_S
        # In the order in which they were asked.
        for number in [number for number, asked_at in self._placed.items() if asked_at <= last]:
            del self._placed[number]
            self._slow.add(number)
            self._open()
        self._let_in()
