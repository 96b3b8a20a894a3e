"""A DNS server on an ephemeral port, UDP and TCP, that answers as a row wants it."""

import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from threading import Event, Thread

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
from dns.rcode import Rcode

from faults.certificates import SERVICE
from faults.http import FINE, answer
from faults.server import LOOPBACK, Peer, Serve, listening, read_some, swallowing

WEB = answer(FINE)
"""What stands behind a name that resolves."""


@dataclass(frozen=True)
class Query:
    """A question as it came in, with the transport it came by."""

    message: dns.message.Message
    over_tcp: bool
    stop: Event

    @property
    def type(self) -> str:
        """The type asked for, such as `AAAA`."""
        return dns.rdatatype.to_text(self.message.question[0].rdtype)


Answer = Callable[[Query], Iterable[bytes]]
"""What to send back, message by message; nothing is silence."""


def reply(query: Query, *records: str, rcode: Rcode = Rcode.NOERROR, flags: int = 0) -> bytes:
    """A well-formed reply; `records` are in the presentation form `name ttl class type data`."""
    message = dns.message.make_response(query.message, recursion_available=True)
    message.set_rcode(rcode)
    message.flags |= flags
    for record in records:
        name, ttl, cls, kind, data = record.split(maxsplit=4)
        message.answer.append(dns.rrset.from_text(name, int(ttl), cls, kind, data))
    return message.to_wire()


def record(kind: str, data: str, name: str = SERVICE) -> str:
    """A record in presentation form."""
    return f"{name}. 60 IN {kind} {data}"


def knows(*records: str, rcode: Rcode = Rcode.NOERROR) -> Answer:
    """Answers with the records of the type asked for, and CNAMEs always; else NODATA."""

    def respond(query: Query) -> Iterable[bytes]:
        fitting = [text for text in records if text.split()[3] in (query.type, "CNAME")]
        return [reply(query, *fitting, rcode=rcode)]

    return respond


def fails(rcode: Rcode) -> Answer:
    """Answers every question with this code."""
    return lambda query: [reply(query, rcode=rcode)]


def by_type(**answers: Answer) -> Answer:
    """Answers as given for the type asked for, such as `A=..., AAAA=...`; else NODATA."""
    return lambda query: answers.get(query.type, knows())(query)


def silence(_: Query) -> Iterable[bytes]:
    """Answers nothing."""
    return []


@contextmanager
def resolving(respond: Answer, *, tcp: bool = True) -> Iterator[int]:
    """The port of a DNS server, the same for UDP and TCP; `tcp=False` refuses the latter."""
    stop = Event()
    workers: list[Thread] = []

    def over_tcp(peer: Peer) -> None:
        while True:
            while len(peer.received) < 2 or len(peer.received) < 2 + _length(peer.received):
                read_some(peer)
            end = 2 + _length(peer.received)
            question, peer.received = peer.received[2:end], peer.received[end:]
            query = Query(dns.message.from_wire(question), True, peer.stop)
            for data in respond(query):
                peer.connection.sendall(len(data).to_bytes(2) + data)

    def over_udp() -> None:
        while True:
            question, sender = udp.recvfrom(65535)
            if stop.is_set():
                return
            worker = Thread(target=answer_datagram, args=(question, sender), daemon=True)
            workers.append(worker)
            worker.start()

    def answer_datagram(question: bytes, sender: tuple[str, int]) -> None:
        for data in respond(Query(dns.message.from_wire(question), False, stop)):
            udp.sendto(data, sender)

    with ExitStack() as stack:
        udp, port = _same_port(stack, over_tcp if tcp else None)
        acceptor = Thread(target=over_udp, daemon=True)
        acceptor.start()
        try:
            yield port
        finally:
            stop.set()
            udp.sendto(b"", (LOOPBACK, port))
            for worker in (acceptor, *workers):
                worker.join()


def _length(data: bytes) -> int:
    return int.from_bytes(data[:2])


def _same_port(stack: ExitStack, tcp: Callable[[Peer], None] | None) -> tuple[socket.socket, int]:
    """A UDP socket and, if wanted, a TCP server on one port that was free for both."""
    for _ in range(32):
        udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        udp.bind((LOOPBACK, 0))
        port = udp.getsockname()[1]
        if tcp is None:
            return udp, port
        try:
            stack.enter_context(listening(tcp, port=port))
        except OSError:
            continue
        return udp, port
    raise OSError("no port is free for both UDP and TCP")


def resolved(respond: Answer, web: Serve = WEB, *, tcp: bool = True) -> Serve:
    """A DNS server as `{dns}` and the server behind its names as `{port}`."""

    @contextmanager
    def serve() -> Iterator[Mapping[str, object]]:
        with web() as served, resolving(respond, tcp=tcp) as port:
            yield {**served, "dns": port}

    return serve


def beside_black_hole(respond: Answer, live: str, dead: str) -> Serve:
    """As `resolved`, with a live server on one address and a black hole on the other's port."""

    def web(peer: Peer) -> None:
        read_some(peer)
        peer.connection.sendall(FINE)

    @contextmanager
    def serve() -> Iterator[Mapping[str, object]]:
        with (
            listening(web, live) as port,
            swallowing(dead, port),
            resolving(respond) as dns_port,
        ):
            yield {"port": port, "dns": dns_port}

    return serve


@contextmanager
def no_resolver() -> Iterator[Mapping[str, object]]:
    """A port where no resolver is: UDP to it meets ICMP port unreachable."""
    with WEB() as served, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        # Connected elsewhere, it keeps the port from others and takes none of their datagrams.
        taken.bind((LOOPBACK, 0))
        taken.connect((LOOPBACK, 9))
        yield {**served, "dns": taken.getsockname()[1]}
