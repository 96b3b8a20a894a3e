"""c-ares on the event loop, which watches its sockets: one thread, and many answers a turn."""

import asyncio
import socket
from collections import deque
from collections.abc import Callable
from functools import partial

import pycares

# Of ares.h, where pycares does not name it (ARES_AI_NOSORT): to rank a name's addresses among
# themselves (RFC 6724) takes a connected socket for each, and undoes their server's rotation.
_NO_SORT = 1 << 7
_TIMEOUT_S = 2.0
# c-ares waits five times what a server usually takes, a quarter second at least, and twice as long
# each time: so many tries outlast any name that a target has patience for.
_TRIES = 6
# c-ares has no clock of its own: so often it looks for questions that have waited too long.
_LOOK_EVERY_S = 0.1
# All questions share one socket: the usual buffer drops answers to a thousand names at once, and
# each drop costs a time-out.
_RECEIVE_BUFFER_BYTES = 4 << 20

Told = Callable[[pycares.AddrInfoResult | None, int], None]
"""Takes an answer and 0, or None and c-ares' status code (ares.h) of why there is none."""


class Channel:
    """Asks the system's name servers, or the one given as `IP[:port]`; /etc/hosts is honoured.

    To leave c-ares its own thread costs three times as much a name: each answer wakes two threads,
    which then wait for each other.
    """

    def __init__(self, server: str | None, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._watched: set[int] = set()
        self._on_their_way = 0
        self._came: deque[tuple[Told, pycares.AddrInfoResult | None, int]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._open = True
        self._ares = pycares.Channel(
            servers=None if server is None else [server],
            flags=pycares.ARES_FLAG_EDNS | pycares.ARES_FLAG_STAYOPEN,
            timeout=_TIMEOUT_S,
            tries=_TRIES,
            sock_state_cb=self._watch,
            socket_receive_buffer_size=_RECEIVE_BUFFER_BYTES,
        )

    @property
    def servers(self) -> list[str]:
        """Who is asked, as c-ares writes them."""
        return self._ares.servers

    def ask(self, host: str, family: socket.AddressFamily, told: Told) -> None:
        """Asks for the addresses of one family; `told` is called once this has returned."""
        self._ares.getaddrinfo(
            host,
            None,
            family=family,
            type=socket.SOCK_STREAM,
            flags=_NO_SORT,
            callback=partial(self._take, told),
        )
        self._on_their_way += 1
        if self._timer is None:
            self._look_later()
        if self._came:
            self._loop.call_soon(self._deliver)

    def close(self) -> None:
        """Asks and tells no more."""
        self._open = False
        if self._timer is not None:
            self._timer.cancel()
        for descriptor in self._watched:
            self._loop.remove_reader(descriptor)
            self._loop.remove_writer(descriptor)
        self._came.clear()
        self._ares.close()

    def _watch(self, descriptor: int, readable: bool, writable: bool) -> None:
        if not self._open:
            # From the thread in which pycares ends a closed channel.
            return
        self._watched.add(descriptor)
        if readable:
            self._loop.add_reader(descriptor, self._process, descriptor, pycares.ARES_SOCKET_BAD)
        else:
            self._loop.remove_reader(descriptor)
        if writable:
            self._loop.add_writer(descriptor, self._process, pycares.ARES_SOCKET_BAD, descriptor)
        else:
            self._loop.remove_writer(descriptor)
        if not readable and not writable:
            self._watched.discard(descriptor)

    def _process(self, readable: int, writable: int) -> None:
        self._ares.process_fd(readable, writable)
        self._deliver()

    def _take(self, told: Told, answer: pycares.AddrInfoResult | None, status: int | None) -> None:
        # Told outside c-ares, which would swallow what is raised and holds its lock.
        if self._open:
            self._came.append((told, answer, status or 0))

    def _deliver(self) -> None:
        came = self._came
        while came:
            told, answer, status = came.popleft()
            self._on_their_way -= 1
            told(answer, status)

    def _look_later(self) -> None:
        self._timer = self._loop.call_later(_LOOK_EVERY_S, self._look)

    def _look(self) -> None:
        self._timer = None
        try:
            self._process(pycares.ARES_SOCKET_BAD, pycares.ARES_SOCKET_BAD)
        finally:
            if self._on_their_way and self._timer is None:
                self._look_later()
