"""Who is served when: what a watched socket belongs to, and the turns that handshakes take.

A handshake step costs CPU time, so that a few hundred at once would make every other target late.
"""

import asyncio
from collections import deque
from time import perf_counter
from typing import Protocol

READ = 0x001

STAGE_READING = 0
STAGE_DIALLING = 1
STAGE_HANDSHAKE = 2

_HANDSHAKE_STEPS_A_TURN = 4


class Handler(Protocol):
    """What a watched socket belongs to; `stage` orders the service of simultaneous events."""

    stage: int
    alive: bool

    def ready(self, mask: int) -> None:
        """The socket may be readable or writable."""

    def broke(self, error: Exception) -> None:
        """What `ready` raised: a fault of our own, which ends nobody else's exchange."""


class Shaking(Handler, Protocol):
    """A handler whose handshake takes turns.

    `queued_at` is the moment since when it waits for one (the loop's clock, 0 when it does not),
    `waited_s` how long it has waited for those that it had.
    """

    queued_at: float
    waited_s: float


def serve(handler: Handler, mask: int) -> None:
    """Tells a handler of its event: what it raises is its own matter."""
    try:
        handler.ready(mask)
    except Exception as error:
        handler.broke(error)


class Turns:
    """The queue of handshake steps: a few are served a turn, after whatever is more urgent."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._first: deque[Shaking] = deque()
        self._further: deque[Shaking] = deque()
        self._scheduled = False

    def take_turn(self, handler: Shaking, *, first: bool = False) -> None:
        """Queues a step; a `first` one waits for those under way, which a server awaits."""
        if handler.queued_at:
            return
        handler.queued_at = perf_counter()
        (self._first if first else self._further).append(handler)
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._serve)

    def backlog_s(self) -> float:
        """How long the step that has waited longest has waited for its turn."""
        heads = (queue[0].queued_at for queue in (self._first, self._further) if queue)
        since = min(filter(None, heads), default=None)
        return 0.0 if since is None else perf_counter() - since

    def _serve(self) -> None:
        self._scheduled = False
        for _ in range(_HANDSHAKE_STEPS_A_TURN):
            queue = self._further or self._first
            if not queue:
                return
            handler = queue.popleft()
            # One that has been served otherwise waits no more.
            if handler.queued_at:
                handler.waited_s += perf_counter() - handler.queued_at
                handler.queued_at = 0.0
                if handler.alive:
                    serve(handler, READ)
        if not self._scheduled and (self._further or self._first):
            self._scheduled = True
            self._loop.call_soon(self._serve)
