"""The hostile servers: a process of their own, a port for each of TCP, TLS and DNS."""

import asyncio
import json
import os
import re
import socket
import ssl
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from subprocess import PIPE, Popen
from typing import Any

from faults.certificates import places
from faults.http import FINE
from fuzz import handshake, http1, http2, names
from fuzz.corpus import http1_responses, http2_responses
from fuzz.mutate import Act

_LOOPBACK = "127.0.0.1"
_FINE = Act((FINE,), "close")
_PATH = re.compile(rb"/(\d{1,9})(?: |$)|CONNECT c(\d{1,9})\.")
_HOST = re.compile(rb"([ch])(\d{1,9})\.fuzz")


@dataclass(frozen=True)
class Served:
    """The ports of the servers, the root to trust and a client certificate that they trust."""

    plain: int
    secure: int
    dns: int
    root: str
    client: str


class _Servers:
    def __init__(self, seed: int) -> None:
        self._seed = seed

    def _rng(self, kind: str, number: object) -> Random:
        return Random(f"{self._seed}/{kind}/{number}")

    async def plain(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        found = _PATH.search(head.partition(b"\r\n")[0])
        number = int(found[1] or found[2]) if found else None
        act = _FINE if number is None else http1.act(self._rng("http1", number))
        await _perform(act, reader, writer, writer.write)

    async def secure(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hello = await reader.read(16384)
        found = _HOST.search(hello)
        number = int(found[2]) if found else 0
        if found and found[1] == b"h":
            act = http2.act(self._rng("http2", number))
            plan = handshake.Plan(context=handshake.http2_context(), act=act)
        else:
            plan = handshake.plan(self._rng("handshake", number), self._seed)
        if plan.raw is not None:
            await _perform(plan.raw, reader, writer, writer.write)
        else:
            await _shake(plan, hello, reader, writer)

    async def dns_over_tcp(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        while True:
            length = int.from_bytes(await reader.readexactly(2))
            question = await reader.readexactly(length)
            for answer in self.dns(question, over_tcp=True):
                writer.write((len(answer) & 0xFFFF).to_bytes(2) + answer)

    def dns(self, question: bytes, *, over_tcp: bool) -> tuple[bytes, ...]:
        # Everything but the id, which is the client's own chance.
        rng = self._rng("dns", (question[12:].lower(), over_tcp))
        return names.answers(rng, question, over_tcp=over_tcp)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, servers: _Servers) -> None:
        self._servers = servers

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        for answer in self._servers.dns(data, over_tcp=False):
            self._transport.sendto(answer[:65000], addr)


async def _shake(
    plan: handshake.Plan,
    hello: bytes,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> None:
    assert plan.context is not None
    assert plan.act is not None
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = plan.context.wrap_bio(incoming, outgoing, server_side=True)
    incoming.write(hello)

    async def step(action: Callable[[], Any]) -> None:
        while True:
            try:
                action()
                return
            except ssl.SSLWantReadError:
                writer.write(plan.flight(outgoing.read()))
                data = await reader.read(16384)
                if not data:
                    raise ConnectionAbortedError from None
                incoming.write(data)
            finally:
                writer.write(plan.flight(outgoing.read()))

    def say(data: bytes) -> None:
        if data:
            tls.write(data)
            writer.write(plan.flight(outgoing.read()))

    try:
        await step(tls.do_handshake)
        await step(lambda: tls.read(16384))
        await _perform(plan.act, reader, writer, say)
    except ssl.SSLError:
        return


async def _perform(
    act: Act,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    say: Callable[[bytes], None],
) -> None:
    for piece in act.pieces:
        say(piece)
        await writer.drain()
        await asyncio.sleep(0)
    if act.ending == "reset":
        peer = writer.get_extra_info("socket")
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
        return
    if act.ending == "close":
        writer.write_eof()
    while await reader.read(65536):
        pass


def _harmlessly(serve: Callable[..., Any]) -> Callable[..., Any]:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A client that goes away ends its own connection: that is its right.
        with suppress(OSError, EOFError, asyncio.LimitOverrunError):
            await serve(reader, writer)
        writer.transport.abort()

    return handler


async def _dns(servers: _Servers) -> tuple[asyncio.DatagramTransport, asyncio.Server, int]:
    """A DNS server on a port that is free for both UDP and TCP."""
    loop = asyncio.get_running_loop()
    for _ in range(32):
        udp, _protocol = await loop.create_datagram_endpoint(
            lambda: _Datagrams(servers), local_addr=(_LOOPBACK, 0)
        )
        port: int = udp.get_extra_info("sockname")[1]
        try:
            tcp = await asyncio.start_server(
                _harmlessly(servers.dns_over_tcp), _LOOPBACK, port, backlog=1024
            )
        except OSError:
            udp.close()
            continue
        return udp, tcp, port
    raise OSError("no port is free for both UDP and TCP")


async def _started(servers: _Servers, stack: AsyncExitStack) -> Served:
    async def listen(serve: Callable[..., Any]) -> int:
        server = await asyncio.start_server(_harmlessly(serve), _LOOPBACK, 0, backlog=1024)
        stack.callback(server.close)
        port: int = server.sockets[0].getsockname()[1]
        return port

    plain, secure = await listen(servers.plain), await listen(servers.secure)
    udp, tcp, port = await _dns(servers)
    stack.callback(udp.close)
    stack.callback(tcp.close)
    known = places()
    return Served(plain, secure, port, known["root"], known["client"])


@contextmanager
def serving(seed: int) -> Iterator[Served]:
    """The hostile servers of `seed`, in a process of their own.

    Raises when a server itself was at fault: such a case proves nothing.
    """
    here = Path(__file__).parent.parent
    process = Popen(
        [sys.executable, "-m", "fuzz.server", str(seed)],
        stdin=PIPE,
        stdout=PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(here), *sys.path])},
        text=True,
    )
    try:
        assert process.stdout is not None
        told = process.stdout.readline()
        if told:
            yield Served(**json.loads(told))
    finally:
        said, _ = process.communicate()
    if process.returncode:
        raise RuntimeError(f"the hostile servers failed: {said.strip() or 'see above'}")


async def _until_told_to_end(seed: int) -> list[str]:
    ended = asyncio.Event()
    broken: list[str] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: broken.append(str(context)))
    loop.add_reader(sys.stdin.fileno(), ended.set)
    async with AsyncExitStack() as stack:
        served = await _started(_Servers(seed), stack)
        print(json.dumps(asdict(served)), flush=True)  # noqa: T201
        await ended.wait()
    return broken


def main() -> int:
    """Serves until standard input ends; 1 when a server was at fault, with what it was."""
    http1_responses()
    http2_responses()
    handshake.http2_context()
    broken = asyncio.run(_until_told_to_end(int(sys.argv[1])))
    print("\n".join([f"{len(broken)} faults", *broken[:3]]) if broken else "")  # noqa: T201
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())
