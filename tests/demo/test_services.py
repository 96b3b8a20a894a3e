"""Each behaviour is what its name says, seen by a client of asyncio's own streams."""

import asyncio
import contextlib
import http.client
import io
import os
import socket
import ssl
import threading
import time
from collections.abc import Awaitable
from email.message import Message
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import pytest
from msgspec import Struct

from probecli.demo import behaviour as does
from probecli.demo.behaviour import BEHAVIOURS, Behaviour
from probecli.demo.script import MAIN, QUIET, SERVICES, Scene
from probecli.demo.services import Address, loopback_address, services

T = TypeVar("T")

PATIENCE_S = 10.0
STALL_S = 0.2


class Seen(Struct, kw_only=True):
    """How far a client came, and what it met there."""

    step: str = "connect"
    error: str | None = None
    status: int | None = None
    headers: Message = Message()
    body: str = ""
    duration_s: float = 0.0


async def fetch(address: Address, ca_file: Path, stalls_at: str | None = None) -> Seen:
    """Send one request; at the step `stalls_at`, and only there, patience is short."""
    seen, started = Seen(), time.monotonic()
    loop = asyncio.get_running_loop()
    url = urlsplit(address.url)
    context = ssl.create_default_context(cafile=ca_file)
    context.verify_flags |= ssl.VERIFY_X509_STRICT

    async def step(name: str, work: Awaitable[T]) -> T:
        seen.step = name
        async with asyncio.timeout(STALL_S if name == stalls_at else PATIENCE_S):
            return await work

    plain = socket.socket()
    plain.setblocking(False)
    try:
        await step("connect", loop.sock_connect(plain, (address.ip, address.port)))
        tls, name = (context, url.hostname) if url.scheme == "https" else (None, None)
        opened = asyncio.open_connection(sock=plain, ssl=tls, server_hostname=name)
        reader, writer = await step("tls", opened)
        writer.write(b"POST / HTTP/1.1\r\nHost: demo\r\nContent-Length: 4\r\n\r\ntest")
        head = await step("wait", reader.readuntil(b"\r\n\r\n"))
        seen.status = int(head.split()[1])
        seen.headers = http.client.parse_headers(io.BytesIO(head.partition(b"\r\n")[2]))
        length = int(seen.headers["Content-Length"])
        seen.body = (await step("body", reader.readexactly(length))).decode()
        assert await step("end", reader.read()) == b""
    except (OSError, EOFError) as error:
        seen.error = type(error).__name__
    finally:
        plain.close() if seen.step in ("connect", "tls") else writer.transport.abort()
        await asyncio.sleep(0)
    seen.duration_s = time.monotonic() - started
    return seen


def scene_of(behaviour: Behaviour, *names: str) -> Scene:
    return Scene(name="test", at=QUIET.at, title="", behaviours=dict.fromkeys(names, behaviour))


async def seen_at(name: str, behaviour: Behaviour, stalls_at: str | None = None) -> Seen:
    async with services(scene_of(behaviour, name)) as stage:
        return await fetch(stage.addresses[name], stage.ca_file, stalls_at)


WHOLE = ("end", None)
SIGHTS: list[tuple[Behaviour, tuple[str, str | None], int | None]] = [
    (does.OK, WHOLE, 200),
    (does.BAD_GATEWAY, WHOLE, 502),
    (does.UNAVAILABLE, WHOLE, 503),
    (does.GATEWAY_TIMEOUT, WHOLE, 504),
    (does.UNAVAILABLE_RETRY_AFTER, WHOLE, 503),
    (does.HOLDING_PAGE, WHOLE, 200),
    (does.SLOW, WHOLE, 200),
    (does.REFUSE, ("connect", "ConnectionRefusedError"), None),
    (does.RESET_ON_ACCEPT, ("tls", "ConnectionResetError"), None),
    (does.RESET_ON_REQUEST, ("wait", "ConnectionResetError"), None),
    (does.STALL_ON_ACCEPT, ("tls", "TimeoutError"), None),
    (does.STALL_ON_REQUEST, ("wait", "TimeoutError"), None),
    (does.STALL_IN_BODY, ("body", "TimeoutError"), 200),
    (does.CLOSE_ON_REQUEST, ("wait", "IncompleteReadError"), None),
    (does.FLAKY, WHOLE, 503),
]


def test_the_table_of_sights_has_every_behaviour() -> None:
    assert [behaviour for behaviour, _, _ in SIGHTS] == list(BEHAVIOURS)


@pytest.mark.parametrize("service", ["colissimo-portal", "wero"])
@pytest.mark.parametrize(
    ("behaviour", "end", "status"), SIGHTS, ids=[behaviour.name for behaviour, _, _ in SIGHTS]
)
def test_a_client_sees_the_behaviour_by_its_name(
    service: str, behaviour: Behaviour, end: tuple[str, str | None], status: int | None
) -> None:
    stalls_at = end[0] if end[1] == "TimeoutError" else None
    seen = asyncio.run(seen_at(service, behaviour, stalls_at))
    assert ((seen.step, seen.error), seen.status) == (end, status)
    assert seen.headers.get("Retry-After") == (
        str(behaviour.retry_after_s) if behaviour.retry_after_s else None
    )
    assert seen.duration_s >= behaviour.delay_ms / 1000


@pytest.mark.parametrize(
    ("service", "behaviour", "words"),
    [
        ("laposte-portal", does.OK, ["La Poste : accueil</title>", "<h1>Bienvenue</h1>"]),
        (
            "laposte-portal",
            does.HOLDING_PAGE,
            [
                "<title>Service momentanément indisponible - La Poste</title>",
                "<h1>Service momentanément indisponible</h1>",
            ],
        ),
        ("laposte-portal", does.UNAVAILABLE, ["<h1>Service momentanément indisponible</h1>"]),
        ("laposte-api", does.OK, ['"status": "up"', '"depth": 12']),
        ("laposte-api", does.UNAVAILABLE, ['"status": "down"']),
        ("laposte-api", does.BAD_GATEWAY, ["<title>"]),
    ],
)
def test_portals_serve_pages_and_apis_json(
    service: str, behaviour: Behaviour, words: list[str]
) -> None:
    seen = asyncio.run(seen_at(service, behaviour))
    assert [word for word in words if word not in seen.body] == []


def test_a_page_in_good_health_says_nothing_of_unavailability() -> None:
    seen = asyncio.run(seen_at("laposte-portal", does.OK))
    assert "indisponible" not in seen.body


def test_a_flaky_service_fails_every_other_connection() -> None:
    async def statuses() -> list[int | None]:
        async with services(scene_of(does.FLAKY, "wero")) as stage:
            address = stage.addresses["wero"]
            return [(await fetch(address, stage.ca_file)).status for _ in range(4)]

    assert asyncio.run(statuses()) == [503, 200, 503, 200]


def test_the_scene_changes_while_the_services_keep_their_ports() -> None:
    scenes = [
        QUIET,
        scene_of(does.REFUSE, "wero"),
        scene_of(does.REFUSE, "wero"),
        scene_of(does.UNAVAILABLE, "wero"),
        scene_of(does.CLOSE_ON_REQUEST, "wero"),
        QUIET,
    ]

    async def sights() -> list[object]:
        async with services(scenes[0]) as stage:
            found: list[object] = []
            address = stage.addresses["wero"]
            for scene in scenes:
                stage.play(scene)
                seen = await fetch(address, stage.ca_file)
                found.append(seen.status or seen.error)
            return found

    assert asyncio.run(sights()) == [
        200,
        "ConnectionRefusedError",
        "ConnectionRefusedError",
        503,
        "IncompleteReadError",
        200,
    ]


def test_the_control_answers_in_plain_http_whatever_the_scene() -> None:
    async def control() -> Seen:
        async with services(MAIN) as stage:
            return await fetch(stage.addresses["control"], stage.ca_file)

    seen = asyncio.run(control())
    assert (seen.step, seen.status) == ("end", 200)


def test_an_address_that_the_system_lacks_gives_way_to_the_common_one() -> None:
    assert loopback_address("203.0.113.1") == "127.0.0.1"
    assert loopback_address("127.0.0.1") == "127.0.0.1"


def test_each_service_has_a_certificate_with_its_days_left() -> None:
    async def certificates() -> dict[str, float]:
        async with services(QUIET) as stage:
            context = ssl.create_default_context(cafile=stage.ca_file)
            days = {}
            for service in SERVICES:
                address = stage.addresses[service.name]
                _, writer = await asyncio.open_connection(
                    address.ip, address.port, ssl=context, server_hostname=service.host
                )
                not_after = writer.get_extra_info("peercert")["notAfter"]
                days[service.name] = (ssl.cert_time_to_seconds(not_after) - time.time()) // 86400
                writer.transport.abort()
            return days

    assert asyncio.run(certificates()) == {
        service.name: service.certificate_days for service in SERVICES
    }


def open_files() -> int:
    return len(os.listdir("/dev/fd"))


def test_stopping_cuts_every_connection_and_leaves_no_task_socket_thread_or_file() -> None:
    stalled = [
        ("wero", does.STALL_ON_ACCEPT),
        ("laposte-api", does.STALL_ON_REQUEST),
        ("laposte-portal", does.STALL_IN_BODY),
        ("colissimo-portal", does.SLOW),
        ("digiposte-portal", does.OK),
    ]
    scene = Scene(name="stalls", at=QUIET.at, title="", behaviours=dict(stalled))

    async def held_open() -> None:
        async with asyncio.timeout(PATIENCE_S), services(scene) as stage:
            ca_file = stage.ca_file
            context = ssl.create_default_context(cafile=ca_file)
            address = stage.addresses["wero"]
            connections = [await asyncio.open_connection(address.ip, address.port)]
            for name, _ in stalled[1:]:
                address = stage.addresses[name]
                reader, writer = await asyncio.open_connection(
                    address.ip,
                    address.port,
                    ssl=context,
                    server_hostname=urlsplit(address.url).hostname,
                )
                connections.append((reader, writer))
                if name != "digiposte-portal":
                    writer.write(b"GET / HTTP/1.1\r\nHost: demo\r\n\r\n")
            # The half that comes shows that the server is inside this exchange.
            assert await connections[2][0].readuntil(b"\r\n\r\n")
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert not ca_file.exists()
        for reader, writer in connections:
            with contextlib.suppress(ConnectionError):
                await asyncio.wait_for(reader.read(), PATIENCE_S)
            writer.transport.abort()
        await asyncio.sleep(0)

    asyncio.run(asyncio.sleep(0))
    files, threads = open_files(), threading.active_count()
    asyncio.run(held_open(), debug=True)
    assert (open_files(), threading.active_count()) == (files, threads)


def test_an_error_in_the_block_passes_through_and_stops_the_services() -> None:
    async def failing() -> None:
        async with services() as stage:
            address = stage.addresses["wero"]
            try:
                raise LookupError("mine")
            finally:
                ports.append(address)

    ports: list[Address] = []
    with pytest.raises(LookupError, match="mine"):
        asyncio.run(failing())
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((ports[0].ip, ports[0].port), timeout=PATIENCE_S)
