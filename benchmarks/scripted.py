"""A server whose paths say how it behaves: `python scripted.py FDS CHAIN:KEY|-`.

/slow/… answers after SLOW_S; /recover/… answers 503 the first time and 200 from then on; anything
else answers 200 at once.
"""

import asyncio
import socket
import ssl
import sys

SLOW_S = 1.0
_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n"
_FAILED = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class _Behaviour(asyncio.Protocol):
    def __init__(self, failed: set[bytes]) -> None:
        self._failed = failed
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not self._received.endswith(b"\r\n\r\n"):
            return
        path = self._received.split(b" ", 2)[1]
        if path.startswith(b"/slow/"):
            asyncio.get_running_loop().call_later(SLOW_S, self._answer, _OK)
        elif path.startswith(b"/recover/") and path not in self._failed:
            self._failed.add(path)
            self._answer(_FAILED)
        else:
            self._answer(_OK)

    def _answer(self, answer: bytes) -> None:
        self._transport.write(answer)
        self._transport.close()


async def main(descriptors: list[int], certificate: str) -> None:
    """Serves until it is ended."""
    loop = asyncio.get_running_loop()
    context = None
    if certificate != "-":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate.split(":"))
    failed: set[bytes] = set()
    for descriptor in descriptors:
        sock = socket.socket(fileno=descriptor)
        await loop.create_server(lambda: _Behaviour(failed), sock=sock, ssl=context, backlog=65_535)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main([int(one) for one in sys.argv[1].split(",")], sys.argv[2]))
