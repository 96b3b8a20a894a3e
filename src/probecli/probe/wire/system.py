"""What the operating system offers for exact timing, and the portable fall-back beside it.

Linux: one epoll descriptor nested in the event loop, receive times from the kernel
(`SO_TIMESTAMPNS`) and the connect time from `TCP_INFO`, so that timings mean the network even
while the loop is busy. Elsewhere, or when forced: the loop's own readers and its clock.
"""

import asyncio
import select
import socket
import struct
import sys
from typing import Protocol, cast

from probecli.model.snapshot import Clock
from probecli.probe.wire.turns import (
    READ,
    STAGE_HANDSHAKE,
    STAGE_READING,
    Handler,
    Shaking,
    Turns,
    serve,
)

WRITE = 0x004
CLOSING = 0x008 | 0x010 | 0x2000

_EVENTS_A_TURN = 256


class System(Protocol):
    """One event loop's access to the sockets of all exchanges."""

    clock: Clock

    def open(self, family: socket.AddressFamily, *, speaks: bool) -> socket.SocketType:
        """A new stream socket that does not block, set as timing needs it.

        With `speaks`, what is sent as soon as it is connected may complete the connection. The
        bare type: `socket.socket` adds files and bookkeeping in Python, at 2 us a probe.
        """

    def has_spoken(self, sock: socket.SocketType) -> None:
        """The first words of a socket that was opened to speak have been sent."""

    def connect_error(self, sock: socket.SocketType, mask: int) -> int:
        """How a connect ended of which the event `mask` told: an errno, 0 when it stands."""

    def watch(self, sock: socket.SocketType, handler: Handler) -> None:
        """Reports events of a connecting socket to `handler`."""

    def hand_over(self, sock: socket.SocketType, handler: Handler) -> None:
        """Reports them to another handler from now on."""

    def want_write(self, sock: socket.SocketType, handler: Handler) -> None:
        """Reports the next writability too."""

    def forget(self, sock: socket.SocketType) -> None:
        """Stops reporting; to be called before the socket is closed."""

    def take_turn(self, handler: Shaking, *, first: bool = False) -> None:
        """Queues a handshake step behind everything that is more urgent; see `Turns`."""

    def backlog_s(self) -> float:
        """How long the handshake step that has waited longest has waited for its turn."""

    def receive(self, sock: socket.SocketType, size: int) -> tuple[bytes, int]:
        """Data and the wall time (ns) at which its last segment arrived; 0 where not known."""

    def connect_seconds(self, sock: socket.SocketType) -> float | None:
        """The kernel's own measure of the connect, None where not known."""

    def close(self) -> None:
        """Detaches from the event loop."""


def happened(sock: socket.SocketType) -> int:
    """The events that the kernel knows of now, whether or not the loop has been told."""
    poller = select.poll()
    poller.register(sock, READ | WRITE)
    return next((mask for _, mask in poller.poll(0)), 0)


class LinuxSystem(Turns):
    """Nested epoll, kernel receive times, `TCP_INFO`."""

    clock: Clock = "kernel"

    _STREAM = socket.SOCK_STREAM | getattr(socket, "SOCK_NONBLOCK", 0)
    _SO_TIMESTAMPNS = 35
    _TCP_QUICKACK = 12
    _TIMESPEC = struct.Struct("qq")
    # Of `struct tcp_info` (linux/tcp.h), tcpi_rtt in microseconds and tcpi_total_retrans.
    _TCP_INFO = struct.Struct("=68xI28xI")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._epoll = select.epoll()
        self._flags = select.EPOLLIN | select.EPOLLOUT | select.EPOLLRDHUP | select.EPOLLET
        self._handlers: dict[int, Handler] = {}
        loop.add_reader(self._epoll.fileno(), self._pump)
        # The kernel switches receive stamps on for the host by a deferred work item at the first
        # socket that asks; asking early means that the first probe is stamped too.
        self._primer = self.open(socket.AF_INET, speaks=False)

    def open(self, family: socket.AddressFamily, *, speaks: bool) -> socket.SocketType:
        sock = socket.SocketType(family, self._STREAM)
        sock.setsockopt(socket.SOL_SOCKET, self._SO_TIMESTAMPNS, 1)
        if speaks:
            # The request carries the handshake's last ACK (as HAProxy's `tcp-smart-connect` has
            # it): a packet less, and the server wakes once, for many that are sent in one turn.
            # Measured on loopback: a fifth of a probe's cost.
            sock.setsockopt(socket.IPPROTO_TCP, self._TCP_QUICKACK, 0)
        return sock

    def has_spoken(self, sock: socket.SocketType) -> None:
        # Else a server that sends head and body apart waits 40 ms between them for an ACK.
        sock.setsockopt(socket.IPPROTO_TCP, self._TCP_QUICKACK, 1)

    def connect_error(self, sock: socket.SocketType, mask: int) -> int:
        # A failed connect always hangs up: only then is a system call worth its time.
        if mask & CLOSING:
            return sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        return 0

    def watch(self, sock: socket.SocketType, handler: Handler) -> None:
        descriptor = sock.fileno()
        self._handlers[descriptor] = handler
        self._epoll.register(descriptor, self._flags)

    def hand_over(self, sock: socket.SocketType, handler: Handler) -> None:
        self._handlers[sock.fileno()] = handler

    def want_write(self, sock: socket.SocketType, handler: Handler) -> None:
        """Edges of writability are reported anyway."""

    def forget(self, sock: socket.SocketType) -> None:
        self._handlers.pop(sock.fileno(), None)

    def receive(self, sock: socket.SocketType, size: int) -> tuple[bytes, int]:
        data, ancillary, _, _ = sock.recvmsg(size, 64)
        if ancillary:
            seconds, nanoseconds = self._TIMESPEC.unpack(ancillary[0][2][:16])
            return data, seconds * 1_000_000_000 + nanoseconds
        return data, 0

    def connect_seconds(self, sock: socket.SocketType) -> float | None:
        info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, self._TCP_INFO.size)
        round_trip_us: int
        round_trip_us, retransmits = self._TCP_INFO.unpack(info)
        if not round_trip_us or retransmits:
            return None
        return round_trip_us * 1e-6

    def close(self) -> None:
        self._loop.remove_reader(self._epoll.fileno())
        self._epoll.close()
        self._primer.close()

    def _pump(self) -> None:
        """Readable sockets first, for their owners' clocks run; connects next; handshakes last."""
        handlers = self._handlers
        batch = [
            (handler, mask)
            for descriptor, mask in self._epoll.poll(0, _EVENTS_A_TURN)
            if (handler := handlers.get(descriptor)) is not None
        ]
        later = None
        for entry in batch:
            handler, mask = entry
            if handler.stage == STAGE_READING:
                if handler.alive:
                    serve(handler, mask)
            elif handler.stage == STAGE_HANDSHAKE:
                self.take_turn(cast(Shaking, handler))
            elif later is None:
                later = [entry]
            else:
                later.append(entry)
        if later is not None:
            for handler, mask in later:
                if handler.alive:
                    serve(handler, mask)


class PortableSystem(Turns):
    """The event loop's own readers and writers, and its clock."""

    clock: Clock = "loop"

    def open(self, family: socket.AddressFamily, *, speaks: bool) -> socket.SocketType:
        sock = socket.SocketType(family, socket.SOCK_STREAM)
        sock.setblocking(False)
        return sock

    def has_spoken(self, sock: socket.SocketType) -> None:
        """Nothing was set for it."""

    def connect_error(self, sock: socket.SocketType, mask: int) -> int:
        return sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)

    def watch(self, sock: socket.SocketType, handler: Handler) -> None:
        self._loop.add_writer(sock, self._writable, sock, handler)

    def hand_over(self, sock: socket.SocketType, handler: Handler) -> None:
        self._loop.remove_writer(sock)
        self._loop.add_reader(sock, self._readable, handler)

    def want_write(self, sock: socket.SocketType, handler: Handler) -> None:
        self._loop.add_writer(sock, self._writable, sock, handler)

    def forget(self, sock: socket.SocketType) -> None:
        self._loop.remove_reader(sock)
        self._loop.remove_writer(sock)

    def receive(self, sock: socket.SocketType, size: int) -> tuple[bytes, int]:
        return sock.recv(size), 0

    def connect_seconds(self, sock: socket.SocketType) -> float | None:
        return None

    def close(self) -> None:
        """Nothing of its own to give back."""

    def _readable(self, handler: Handler) -> None:
        if handler.alive:
            serve(handler, READ)

    def _writable(self, sock: socket.SocketType, handler: Handler) -> None:
        self._loop.remove_writer(sock)
        if handler.alive:
            serve(handler, WRITE)


def best_system(loop: asyncio.AbstractEventLoop, *, portable: bool = False) -> System:
    """The most exact system for this platform; `portable` forces the fall-back."""
    if not portable and sys.platform == "linux" and struct.calcsize("P") == 8:
        return LinuxSystem(loop)
    return PortableSystem(loop)
