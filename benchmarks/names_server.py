"""A DNS server that takes its time: `python names_server.py FD - DELAY_MS`.

Every name has the address 127.0.0.1 and no other record.
"""

import asyncio
import socket
import struct
import sys

# QR, AA and RA, with one question (RFC 1035, 4.1.1); then how many answers.
_HEAD = struct.Struct("!HHHHHH")
_FLAGS = 0x8480
# The question's name by a pointer, A, IN, a minute, 127.0.0.1 (RFC 1035, 4.1.3).
_ANSWER = struct.pack("!HHHIH4s", 0xC00C, 1, 1, 60, 4, bytes([127, 0, 0, 1]))
_TYPE_A = b"\0\1\0\1"


def answer(query: bytes) -> bytes:
    """The answer to a query of one question, in wire form.

    By hand: a DNS library takes longer for it than what is measured.
    """
    end = query.index(b"\0", _HEAD.size) + 1 + len(_TYPE_A)
    question = query[_HEAD.size : end]
    answers = int(question.endswith(_TYPE_A))
    head = _HEAD.pack(int.from_bytes(query[:2]), _FLAGS, 1, answers, 0, 0)
    return head + question + _ANSWER * answers


class _Server(asyncio.DatagramProtocol):
    def __init__(self, delay_s: float) -> None:
        self._delay_s = delay_s

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(self._delay_s, self._transport.sendto, answer(data), addr)


async def main(descriptor: int, delay_s: float) -> None:
    """Serves until it is ended."""
    sock = socket.socket(fileno=descriptor)
    sock.setblocking(False)
    await asyncio.get_running_loop().create_datagram_endpoint(lambda: _Server(delay_s), sock=sock)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[3]) / 1000))
