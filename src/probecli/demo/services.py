"""The loopback services: real sockets that answer, or fail, as the scene says."""

import asyncio
import contextlib
import re
import socket
import struct
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from msgspec import Struct

from probecli.demo.behaviour import Behaviour
from probecli.demo.certificates import CA_FILE, server_contexts
from probecli.demo.pages import response
from probecli.demo.script import CONTROL, GROUPS, MAIN, SERVICES, Scene, Service

if TYPE_CHECKING:
    import ssl

LOOPBACK = "127.0.0.1"
_CONTROL_SERVICE = Service(
    name=CONTROL, title="Control", group="", kind="api", host=LOOPBACK, path="/", tags=()
)
# RFC 9112 section 6: the demo's clients frame a request body by its length alone.
_CONTENT_LENGTH = re.compile(rb"^content-length:[ \t]*(\d+)", re.IGNORECASE | re.MULTILINE)
# On, with no time to linger: close() then sends a reset in place of an orderly end.
_LINGER_NONE = struct.pack("ii", 1, 0)
# How long an ended connection waits for its client to hang up.
_GOODBYE_S = 1.0


class Address(Struct, frozen=True):
    """Where a service listens; `url` bears its host name, which only `ip` makes reachable."""

    url: str
    ip: str
    port: int


def _bound(ip: str, port: int = 0) -> socket.socket:
    """A socket that holds a port and refuses connections until it listens."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.setblocking(False)
    try:
        bound.bind((ip, port))
    except OSError:
        bound.close()
        raise
    return bound


def loopback_address(ip: str) -> str:
    """`ip` where it can be bound (Linux has all of 127.0.0.0/8), else 127.0.0.1 (macOS)."""
    try:
        _bound(ip).close()
    except OSError:
        return LOOPBACK
    return ip


def _reset_at_close(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NONE)


async def _receive_request(reader: asyncio.StreamReader) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    if length := _CONTENT_LENGTH.search(head):
        await reader.readexactly(int(length[1]))


class _Port:
    """One service on its port; it keeps the port for good, listening or not."""

    def __init__(self, service: Service, ip: str, context: "ssl.SSLContext | None") -> None:
        self._service = service
        self._context = context
        self._loop = asyncio.get_running_loop()
        self._socket = _bound(ip)
        self._listens = False
        self._connections: set[asyncio.Task[None]] = set()
        port = self._socket.getsockname()[1]
        scheme = "https" if context else "http"
        self.address = Address(f"{scheme}://{service.host}:{port}{service.path}", ip, port)

    def play(self, behaviour: Behaviour) -> None:
        """Treat every connection from now on as `behaviour` says; those open go on as they were."""
        self._behaviour = behaviour
        self._count = 0
        listens = behaviour.fault != "refuse"
        if listens and not self._listens:
            self._socket.listen(128)
            self._loop.add_reader(self._socket, self._accept)
        elif self._listens and not listens:
            self._stop_listening()
            self._socket = _bound(self.address.ip, self.address.port)
        self._listens = listens

    async def close(self) -> None:
        """Let go of the port and cut every connection."""
        self._stop_listening()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def _stop_listening(self) -> None:
        if self._listens:
            self._loop.remove_reader(self._socket)
        self._socket.close()

    def _accept(self) -> None:
        try:
            connection, _ = self._socket.accept()
        except OSError:  # gone before it was accepted
            return
        connection.setblocking(False)
        before = self._behaviour.before if self._count % 2 == 0 else None
        self._count += 1
        task = self._loop.create_task(self._serve(connection, before or self._behaviour))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)
        # Not in the task: one that is cancelled before it starts would leave its socket open.
        task.add_done_callback(lambda _: connection.close())

    async def _serve(self, connection: socket.socket, behaviour: Behaviour) -> None:
        # A client may go at any moment, in any way: that is its right and no fault of ours.
        with contextlib.suppress(OSError, EOFError):
            match behaviour.fault:
                case "reset_on_accept":
                    _reset_at_close(connection)
                case "stall_on_accept":
                    while await self._loop.sock_recv(connection, 65536):
                        pass
                case _:
                    await self._exchange(connection, behaviour)

    async def _exchange(self, connection: socket.socket, behaviour: Behaviour) -> None:
        reader = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader)
        transport, _ = await self._loop.connect_accepted_socket(
            lambda: protocol,
            connection,
            ssl=self._context,
            ssl_shutdown_timeout=_GOODBYE_S if self._context else None,
        )
        writer = asyncio.StreamWriter(transport, protocol, reader, self._loop)
        try:
            await _receive_request(reader)
            if await self._answer(reader, writer, behaviour):
                writer.close()
                await writer.wait_closed()
            elif behaviour.fault == "reset_on_request":
                _reset_at_close(connection)
        finally:
            transport.abort()
            # The transport closes in the next round of the loop.
            await asyncio.sleep(0)

    async def _answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, behaviour: Behaviour
    ) -> bool:
        """Send what the behaviour lets through; whether the connection then ends in order."""
        head, body = response(self._service, behaviour)
        match behaviour.fault:
            case "close_on_request":
                return True
            case "reset_on_request":
                return False
            case "stall_on_request":
                await reader.read()
                return False
            case "stall_in_body":
                writer.write(head + body[: len(body) // 2])
                await reader.read()
                return False
        await asyncio.sleep(behaviour.delay_ms / 1000)
        writer.write(head + body)
        return True


class Stage:
    """The services at work: where they are, and how to change the scene while they run."""

    def __init__(self, ports: Mapping[str, _Port], ca_file: Path) -> None:
        self._ports = ports
        self.addresses: Mapping[str, Address] = {name: port.address for name, port in ports.items()}
        self.ca_file = ca_file

    def play(self, scene: Scene) -> None:
        """Change what every service does with connections made from now on; ports stay."""
        for name, port in self._ports.items():
            port.play(scene.behaviour(name))


@asynccontextmanager
async def services(scene: Scene = MAIN, *, now: datetime | None = None) -> AsyncIterator[Stage]:
    """All services of the script and the control on loopback ports, for as long as the block runs.

    Each group has an address of its own where the system allows it. Certificates are valid as
    seen from `now` (default: the present), and `ca_file` exists as long as the block runs.
    """
    ips = {
        group.name: loopback_address(f"127.0.0.{index}") for index, group in enumerate(GROUPS, 2)
    }
    days = {service.host: service.certificate_days for service in SERVICES}
    ports: dict[str, _Port] = {}
    with TemporaryDirectory(prefix="probecli-demo-") as name:
        directory = Path(name)
        contexts = server_contexts(directory, days, now or datetime.now(UTC))
        try:
            ports[CONTROL] = _Port(_CONTROL_SERVICE, LOOPBACK, None)
            for service in SERVICES:
                ip, context = ips[service.group], contexts[service.host]
                ports[service.name] = _Port(service, ip, context)
            stage = Stage(ports, directory / CA_FILE)
            stage.play(scene)
            yield stage
        finally:
            for port in ports.values():
                await port.close()
