"""A server that knows exactly how long it held each answer: `delaying.py FDS CHAIN:KEY|- DELAY_MS`.

The kernel stamps a request's arrival (SO_TIMESTAMPNS) and the answer is due a delay after that. How
late the server itself is does not matter: the delay it really made, up to the moment of sending, is
written down, and printed as JSON when standard input ends.
"""

import contextlib
import gc
import heapq
import json
import select
import socket
import ssl
import struct
import sys
import time

# Not in the socket module; the same on every Linux architecture but SPARC and PA-RISC.
_SO_TIMESTAMPNS = 35
_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX-Delay-Ms: %.3f\r\nConnection: close\r\n\r\nok\n"
_ANCILLARY = socket.CMSG_SPACE(16)


class Connection:
    """One client: its socket, its TLS state if it has one, and the request so far."""

    def __init__(self, sock: socket.socket, context: ssl.SSLContext | None) -> None:
        self.sock = sock
        self.request = b""
        self.arrived_ns = 0
        self._tls: ssl.SSLObject | None = None
        if context is not None:
            self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
            self._agreed = False

    def receive(self) -> bool:
        """Reads what is there; whether the connection goes on."""
        data, ancillary, _, _ = self.sock.recvmsg(65_536, _ANCILLARY)
        if not data:
            return False
        for level, kind, stamp in ancillary:
            if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS:
                seconds, nanoseconds = struct.unpack("qq", stamp)
                self.arrived_ns = seconds * 1_000_000_000 + nanoseconds
        self.request += data if self._tls is None else self._decrypted(self._tls, data)
        return True

    def _decrypted(self, tls: ssl.SSLObject, data: bytes) -> bytes:
        self._incoming.write(data)
        plain = b""
        with contextlib.suppress(ssl.SSLWantReadError):
            if not self._agreed:
                try:
                    tls.do_handshake()
                    self._agreed = True
                finally:
                    self._flush()
            plain = tls.read(65_536)
        self._flush()
        return plain

    def _flush(self) -> None:
        pending = self._outgoing.read()
        if pending:
            self.sock.sendall(pending)

    def answer(self) -> tuple[float, float]:
        """Sends the answer: milliseconds from arrival to the sending, and of the sending."""
        before_ns = time.clock_gettime_ns(time.CLOCK_REALTIME)
        delay_ms = (before_ns - self.arrived_ns) / 1e6
        body = _OK % delay_ms
        if self._tls is not None:
            self._tls.write(body)
            body = self._outgoing.read()
            before_ns = time.clock_gettime_ns(time.CLOCK_REALTIME)
            delay_ms = (before_ns - self.arrived_ns) / 1e6
        self.sock.sendall(body)
        return delay_ms, (time.clock_gettime_ns(time.CLOCK_REALTIME) - before_ns) / 1e6


def serve(
    listeners: list[socket.socket], context: ssl.SSLContext | None, delay_ns: int
) -> dict[str, object]:
    """Serves until standard input ends; what it did, by path."""
    poll = select.epoll()
    by_descriptor = {one.fileno(): one for one in listeners}
    for one in listeners:
        one.setblocking(False)
        one.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        poll.register(one.fileno(), select.EPOLLIN)
    poll.register(0, select.EPOLLIN | select.EPOLLHUP)
    open_: dict[int, Connection] = {}
    due: list[tuple[int, int]] = []
    delays_ms: dict[str, float] = {}
    slack_ms: list[float] = []

    def close(descriptor: int) -> None:
        open_.pop(descriptor).sock.close()

    while True:
        left_ns = due[0][0] - time.clock_gettime_ns(time.CLOCK_REALTIME) if due else None
        for descriptor, _ in poll.poll(None if left_ns is None else max(0.0, left_ns / 1e9)):
            if descriptor == 0:
                return {"delays_ms": delays_ms, "slack_ms": slack_ms}
            if descriptor in by_descriptor:
                with contextlib.suppress(BlockingIOError):
                    while True:
                        sock = by_descriptor[descriptor].accept()[0]
                        sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
                        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                        open_[sock.fileno()] = Connection(sock, context)
                        poll.register(sock.fileno(), select.EPOLLIN)
                continue
            connection = open_[descriptor]
            try:
                goes_on = connection.receive()
            except OSError:
                goes_on = False
            if connection.request.endswith(b"\r\n\r\n"):
                poll.unregister(descriptor)
                arrived_ns = connection.arrived_ns or time.clock_gettime_ns(time.CLOCK_REALTIME)
                heapq.heappush(due, (arrived_ns + delay_ns, descriptor))
            elif not goes_on:
                close(descriptor)
        while due and due[0][0] <= time.clock_gettime_ns(time.CLOCK_REALTIME):
            _, descriptor = heapq.heappop(due)
            connection = open_[descriptor]
            with contextlib.suppress(OSError):
                delay_ms, took_ms = connection.answer()
                slack_ms.append(took_ms)
                # The kernel stamps nothing in the moment in which it begins to.
                if connection.arrived_ns:
                    path = connection.request.split(b" ", 2)[1].decode("ascii")
                    delays_ms[path] = delay_ms
            close(descriptor)


def main(descriptors: str, certificate: str, delay_ms: str) -> None:
    """Serves on inherited listeners."""
    context = None
    if certificate != "-":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate.split(":"))
    gc.disable()
    listeners = [socket.socket(fileno=int(one)) for one in descriptors.split(",")]
    json.dump(serve(listeners, context, int(delay_ms) * 1_000_000), sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
