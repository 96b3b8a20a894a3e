"""Connecting: the first of several addresses that accepts (RFC 8305, happy eyeballs)."""

import asyncio
import errno
import socket
from time import perf_counter
from typing import NamedTuple, Protocol

from probecli.probe.wire.fault import Fault, connect_fault, most_telling
from probecli.probe.wire.system import System, happened
from probecli.probe.wire.turns import STAGE_DIALLING

_STAGGER_S = 0.25
_IN_PROGRESS = (0, errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EINTR)


class Address(NamedTuple):
    """One address of a server, as `connect` wants it."""

    family: socket.AddressFamily
    ip: str
    port: int


class Tried(NamedTuple):
    """What became of one address: None for the winner or for one that was still pending."""

    ip: str
    fault: Fault | None


def dialled(system: System, address: Address, *, speaks: bool) -> socket.SocketType:
    """A socket that is connecting to `address`; raises Fault when the call itself fails.

    `speaks` is that of `System.open`.
    """
    try:
        sock = system.open(address.family, speaks=speaks)
    except OSError as error:
        raise connect_fault(error.errno or 0, immediate=True) from None
    try:
        # Address and port; a scope (`fe80::1%eth0`) may stand in the text.
        code = sock.connect_ex(address[1:])
    except OSError as error:
        sock.close()
        raise connect_fault(error.errno or 0, immediate=True) from None
    if code not in _IN_PROGRESS:
        sock.close()
        raise connect_fault(code, immediate=code != errno.ECONNREFUSED)
    return sock


def connect_seconds(system: System, sock: socket.SocketType, started: float) -> float:
    """How long the connect took that was begun at `started`, by the kernel where it tells."""
    seconds = perf_counter() - started
    measured = system.connect_seconds(sock)
    return measured if measured is not None and measured < seconds else seconds


class Owner(Protocol):
    """Who is told how the dialling ended."""

    def connected(
        self, sock: socket.SocketType, address: Address, seconds: float, mask: int
    ) -> None:
        """The first address that accepted, and how long it took, addresses before it included.

        `mask` is the event that told so.
        """

    def connect_failed(self, fault: Fault) -> None:
        """No address accepted."""

    def broke(self, error: Exception) -> None:
        """A fault of our own ended the dialling."""


class _Line:
    """One connecting socket."""

    __slots__ = ("address", "alive", "dial", "sock", "stage", "started")

    def __init__(self, dial: "Dial", sock: socket.SocketType, address: Address) -> None:
        self.dial = dial
        self.sock = sock
        self.address = address
        self.stage = STAGE_DIALLING
        self.alive = True
        self.started = perf_counter()

    def ready(self, mask: int) -> None:
        """Accepted or failed."""
        code = self.dial.system.connect_error(self.sock, mask)
        if code:
            self.dial.lost(self, connect_fault(code, immediate=False))
        else:
            self.dial.won(self, mask)

    def broke(self, error: Exception) -> None:
        """A fault of our own."""
        self.dial.broke(error)


class Dial:
    """Tries addresses in order, the next one 250 ms after the last or as soon as it failed."""

    __slots__ = (
        "_addresses",
        "_faults",
        "_lines",
        "_loop",
        "_owner",
        "_speaks",
        "_stagger",
        "_started",
        "system",
        "tried",
    )

    def __init__(
        self,
        system: System,
        loop: asyncio.AbstractEventLoop,
        addresses: tuple[Address, ...],
        owner: Owner,
        *,
        speaks: bool,
    ) -> None:
        self.system = system
        self._speaks = speaks
        self._loop = loop
        self._addresses = iter(addresses)
        self._owner: Owner | None = owner
        self._lines: list[_Line] = []
        self._faults: list[Fault] = []
        self._stagger: asyncio.TimerHandle | None = None
        self.tried: list[Tried] = []

    def start(self) -> None:
        """Dials the first address."""
        self._started = perf_counter()
        if self._next():
            self._arm()

    def won(self, line: _Line, mask: int) -> None:
        """`line` is connected: the others are hung up."""
        seconds = connect_seconds(self.system, line.sock, line.started)
        seconds += line.started - self._started
        self._lines.remove(line)
        line.alive = False
        self.tried.append(Tried(line.address.ip, None))
        owner = self._let_go()
        self.stop()
        owner.connected(line.sock, line.address, seconds, mask)

    def lost(self, line: _Line, fault: Fault) -> None:
        """`line` failed: the next address is tried at once."""
        self._lines.remove(line)
        self._hang_up(line)
        self._failed(line.address, fault)
        self._next()

    def hear(self) -> None:
        """Takes the events of which a late loop has not told yet."""
        for line in self._lines[:]:
            mask = happened(line.sock) if line.alive else 0
            if mask:
                line.ready(mask)

    def broke(self, error: Exception) -> None:
        """A fault of our own: the owner hears of it, and hangs up."""
        if self._owner is not None:
            self._let_go().broke(error)

    def stop(self) -> None:
        """Hangs up whatever is still connecting; the owner hears no more."""
        self._owner = None
        if self._stagger is not None:
            self._stagger.cancel()
            self._stagger = None
        for line in self._lines:
            self._hang_up(line)
            self.tried.append(Tried(line.address.ip, None))
        self._lines.clear()

    def _let_go(self) -> Owner:
        """The owner, not held any longer: a cycle would keep both until the collector comes."""
        owner = self._owner
        assert owner is not None
        self._owner = None
        return owner

    def _failed(self, address: Address, fault: Fault) -> None:
        self._faults.append(fault)
        self.tried.append(Tried(address.ip, fault))

    def _hang_up(self, line: _Line) -> None:
        line.alive = False
        self.system.forget(line.sock)
        line.sock.close()

    def _arm(self) -> None:
        self._stagger = self._loop.call_later(_STAGGER_S, self._stagger_over)

    def _stagger_over(self) -> None:
        self._stagger = None
        if self._next():
            self._arm()

    def _next(self) -> bool:
        """Dials the next address that can be dialled at all; False when none is left."""
        for address in self._addresses:
            fault = self._dial(address)
            if fault is None:
                return True
            self._failed(address, fault)
        if not self._lines:
            self._let_go().connect_failed(most_telling(self._faults))
        return False

    def _dial(self, address: Address) -> Fault | None:
        try:
            sock = dialled(self.system, address, speaks=self._speaks)
        except Fault as fault:
            return fault
        line = _Line(self, sock, address)
        self._lines.append(line)
        self.system.watch(sock, line)
        return None
