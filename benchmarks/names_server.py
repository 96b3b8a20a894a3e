"""A DNS server that takes its time: `python names_server.py FD - DELAY_MS`.

Every name has the address 127.0.0.1 and no other record.
"""

import asyncio
import socket
import sys

import dns.flags
import dns.message
import dns.rrset


def answer(question: bytes) -> bytes:
    """The answer to one query, in wire form."""
    query = dns.message.from_wire(question)
    reply = dns.message.make_response(query)
    reply.flags |= dns.flags.AA | dns.flags.RA
    asked = query.question[0]
    if asked.rdtype == dns.rdatatype.A:
        reply.answer.append(dns.rrset.from_text(asked.name, 60, "IN", "A", "127.0.0.1"))
    return reply.to_wire()


class _Server(asyncio.DatagramProtocol):
    def __init__(self, delay_s: float) -> None:
        self._delay_s = delay_s

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(self._delay_s, lambda: self._transport.sendto(answer(data), addr))


async def main(descriptor: int, delay_s: float) -> None:
    """Serves until it is ended."""
    sock = socket.socket(fileno=descriptor)
    sock.setblocking(False)
    await asyncio.get_running_loop().create_datagram_endpoint(lambda: _Server(delay_s), sock=sock)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[3]) / 1000))
