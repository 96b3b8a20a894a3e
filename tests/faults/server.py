"""Servers that follow a script: what one connection does, step by step.

A step takes the peer and does one thing to it. Nothing sleeps to be right: a stall waits for
the end of the server, and a server ends when its `with` block does.
"""

import socket
import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import cycle
from threading import Event, Thread

LOOPBACK = "127.0.0.1"
LOOPBACK_6 = "::1"


@dataclass
class Peer:
    """One accepted connection; `number` counts them from 0, `received` is what steps have read."""

    connection: socket.socket
    stop: Event
    number: int
    received: bytes = b""


Step = Callable[[Peer], None]

Serve = Callable[[], AbstractContextManager[Mapping[str, object]]]
"""Starts the servers of a fault; yields what its target's texts may name, such as `port`."""


def _bound(address: str, port: int = 0) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    bound = socket.socket(family)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((address, port))
    except OSError:
        bound.close()
        raise
    return bound


@contextmanager
def listening(step: Step, address: str = LOOPBACK, port: int = 0) -> Iterator[int]:
    """The port of a server that takes every connection through `step`, each in its own thread."""
    stop = Event()
    workers: list[tuple[Thread, Peer]] = []

    def serve(peer: Peer) -> None:
        # A client that goes away ends its own script: that is its right, and no error here.
        with suppress(OSError):
            step(peer)
        with suppress(OSError):
            close(peer)
        socket.socket.close(peer.connection)

    def accept() -> None:
        while True:
            connection, _ = listener.accept()
            if stop.is_set():
                connection.close()
                return
            peer = Peer(connection, stop, len(workers))
            worker = Thread(target=serve, args=(peer,), daemon=True)
            workers.append((worker, peer))
            worker.start()

    with _bound(address, port) as listener:
        # A small window, so that a large upload meets a full one however the machine is tuned.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        listener.listen(64)
        acceptor = Thread(target=accept, daemon=True)
        acceptor.start()
        try:
            yield listener.getsockname()[1]
        finally:
            stop.set()
            socket.create_connection(listener.getsockname()[:2]).close()
            acceptor.join()
            for worker, peer in workers:
                _ended(worker, peer)


def _ended(worker: Thread, peer: Peer) -> None:
    # Repeated, because a step may put a new socket in place of the one just shut down.
    while worker.is_alive():
        with suppress(OSError):
            socket.socket.shutdown(peer.connection, socket.SHUT_RDWR)
        worker.join(0.01)


def script(*steps: Step, address: str = LOOPBACK) -> Serve:
    """A server whose connections all go through `steps` and are then closed in good order."""
    return turns(steps, address=address)


def turns(*scripts: tuple[Step, ...], address: str = LOOPBACK) -> Serve:
    """A server whose first connection goes through the first script, and so on in rotation."""

    @contextmanager
    def serve() -> Iterator[Mapping[str, object]]:
        turn = cycle(scripts)

        with listening(lambda peer: in_turn(*next(turn))(peer), address) as port:
            yield {"port": port}

    return serve


def linked(other: Serve, first: Callable[[int], Step]) -> Serve:
    """Two servers: `other`, and one whose step `first` makes from the port of `other`."""

    @contextmanager
    def serve() -> Iterator[Mapping[str, object]]:
        with other() as there:
            port = there["port"]
            assert isinstance(port, int)
            with listening(first(port)) as own:
                yield {"port": own, "other_port": port}

    return serve


def in_turn(*steps: Step) -> Step:
    """Several steps as one."""

    def step(peer: Peer) -> None:
        for part in steps:
            part(peer)

    return step


@contextmanager
def refusing(address: str = LOOPBACK) -> Iterator[Mapping[str, object]]:
    """A port that refuses: bound, so that nobody else can listen on it, and not listening."""
    with _bound(address) as bound:
        yield {"port": bound.getsockname()[1]}


@contextmanager
def swallowing(address: str = LOOPBACK, port: int = 0) -> Iterator[Mapping[str, object]]:
    """A black hole: a listener with a full backlog, so that Linux drops every further SYN."""
    with ExitStack() as stack:
        hole = stack.enter_context(_bound(address, port))
        hole.listen(0)
        for _ in range(4):
            filler = stack.enter_context(socket.socket(hole.family))
            filler.setblocking(False)
            filler.connect_ex(hole.getsockname())
        yield {"port": hole.getsockname()[1]}


def read_some(peer: Peer) -> None:
    """Waits for the first bytes, such as a ClientHello."""
    data = peer.connection.recv(65536)
    if not data:
        raise ConnectionAbortedError
    peer.received += data


def read_head(peer: Peer) -> None:
    """Waits for the end of a request head."""
    while b"\r\n\r\n" not in peer.received:
        read_some(peer)


def send(data: bytes) -> Step:
    """Sends `data` whole."""
    return lambda peer: peer.connection.sendall(data)


def drip(data: bytes) -> Step:
    """Sends `data` a byte at a time, over and over, until the server ends."""

    def step(peer: Peer) -> None:
        for byte in cycle(data):
            peer.connection.sendall(bytes([byte]))
            if peer.stop.wait(0.02):
                return

    return step


def flood(data: bytes) -> Step:
    """Sends `data` over and over as fast as the client takes it."""

    def step(peer: Peer) -> None:
        while not peer.stop.is_set():
            peer.connection.sendall(data)

    return step


def wait(seconds: float) -> Step:
    """Lets time pass, for faults that are about time."""

    def step(peer: Peer) -> None:
        peer.stop.wait(seconds)

    return step


def stall(peer: Peer) -> None:
    """Does nothing more, and keeps the connection open until the server ends."""
    peer.stop.wait()


def reset(peer: Peer) -> None:
    """Ends the connection with RST (SO_LINGER 0) in place of FIN."""
    peer.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    socket.socket.close(peer.connection)


def close(peer: Peer) -> None:
    """Ends the connection with FIN, below TLS too (no close_notify).

    What the client still sends is read away: closing with unread bytes would be a reset.
    """
    socket.socket.shutdown(peer.connection, socket.SHUT_WR)
    while socket.socket.recv(peer.connection, 65536):
        pass


def forget(peer: Peer) -> None:
    """Forgets what was read, so that a later step waits for a head of its own."""
    peer.received = b""
