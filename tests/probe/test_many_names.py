"""Many names at once: none waits for another, and none is told to fail for their number."""

import asyncio
import gc
import os
import pwd
import shutil
import socket
import subprocess
import threading
import time
import tracemalloc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from dns.rcode import Rcode

from engine.probing import planned, probing
from faults.dns import Query, reply, resolving
from faults.http import FINE
from faults.server import in_turn, listening, read_head, send
from probe.test_resolver import asked
from probecli.engine.run import Limits, Measured
from probecli.model.moment import epoch_s
from probecli.model.plan import Plan
from probecli.probe.network import Network
from probecli.probe.resolver import Resolver
from probecli.probe.window import START

DNSMASQ = shutil.which("dnsmasq", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


@contextmanager
def dnsmasq(upstream: int, folder: Path) -> Iterator[str]:
    """A real one, which forwards 20 questions at once to the server at this port."""
    process, port = started(upstream, folder)
    with process:
        try:
            yield f"127.0.0.1:{port}"
        finally:
            process.terminate()


def started(upstream: int, folder: Path) -> tuple[subprocess.Popen[str], int]:
    """Its process and port, once it answers."""
    for _ in range(32):
        # It takes no socket that is open already, and its port must be free for UDP and TCP.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        process = subprocess.Popen(
            [
                *(str(DNSMASQ), "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv"),
                *("--no-hosts", "--bind-interfaces", "--listen-address=127.0.0.1"),
                *(f"--server=127.0.0.1#{upstream}", f"--port={port}", "--dns-forward-max=20"),
                *(f"--user={pwd.getpwuid(os.getuid()).pw_name}", f"--pid-file={folder / 'pid'}"),
                "--log-facility=-",
            ],
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stderr is not None
        # The last it says before it answers.
        if any("using nameserver" in line for line in process.stderr):
            return process, port
        process.stderr.close()
        process.wait()
    raise AssertionError("dnsmasq does not start")


def test_slow_names_do_not_queue_behind_each_other() -> None:
    """Each is answered only when all were asked, so that a queue would never end."""
    all_asked = threading.Barrier(50)

    def together(query: Query) -> Iterable[bytes]:
        all_asked.wait(10)
        name = query.message.question[0].name
        return [reply(query, f"{name} 60 IN A 192.0.2.1")]

    async def body(resolver: Resolver, server: str) -> int:
        found = await asyncio.gather(
            *(
                resolver.addresses(f"n{n}.test", 80, version="4", resolver=server, timeout_s=10)
                for n in range(50)
            )
        )
        return len(found)

    assert asked(together, body) == 50


def test_of_a_name_that_was_answered_little_more_than_its_addresses_is_kept() -> None:
    def ipv4_alone(query: Query) -> Iterable[bytes]:
        records = [f"{query.message.question[0].name} 60 IN A 192.0.2.1"] * (query.type == "A")
        return [reply(query, *records)]

    async def body(resolver: Resolver, server: str) -> float:
        async def look_up(numbers: range) -> None:
            await asyncio.gather(
                *(
                    resolver.addresses(
                        f"n{n}.test", 80, version="auto", resolver=server, timeout_s=30
                    )
                    for n in numbers
                )
            )

        await look_up(range(10))
        tracemalloc.start()
        try:
            await look_up(range(10, 310))
            # A family whose answer is late is not waited for, and is on its way still.
            while resolver._servers[server].channel._on_their_way:
                await asyncio.sleep(0.001)
            gc.collect()
            kept = tracemalloc.take_snapshot()
        finally:
            tracemalloc.stop()
        # The rest is c-ares' and the server's; what named tuples take has no file.
        ours = [tracemalloc.Filter(True, name) for name in ("*/probecli/probe/*", "<string>")]
        return sum(one.size for one in kept.filter_traces(ours).statistics("filename")) / 300

    assert asked(ipv4_alone, body) < 900


def test_a_server_that_takes_few_questions_at_once_answers_them_all() -> None:
    """As dnsmasq does, which refuses what exceeds 150: no name is told to have failed."""
    lock, full = threading.Lock(), threading.Event()
    busy = refusals = 0

    def small(query: Query) -> Iterable[bytes]:
        nonlocal busy, refusals
        with lock:
            if busy == 40:
                refusals += 1
                # c-ares asks three times: most of the rest has been refused for good.
                if refusals > 150:
                    full.set()
                return [reply(query, rcode=Rcode.REFUSED)]
            busy += 1
        full.wait(1)
        with lock:
            busy -= 1
        return [reply(query, f"{query.message.question[0].name} 60 IN A 192.0.2.1")]

    async def body(resolver: Resolver, server: str) -> int:
        found = await asyncio.gather(
            *(
                resolver.addresses(f"n{n}.test", 80, version="4", resolver=server, timeout_s=30)
                for n in range(120)
            )
        )
        return len(found)

    assert asked(small, body) == 120
    assert refusals


def test_a_name_that_waits_for_its_turn_has_its_whole_time() -> None:
    """The first is never answered, and gives up its place after half a second."""

    def first_is_lost(query: Query) -> Iterable[bytes]:
        name = str(query.message.question[0].name)
        return [] if name.startswith("first") else [reply(query, f"{name} 60 IN A 127.0.0.1")]

    with listening(in_turn(read_head, send(FINE))) as port, resolving(first_is_lost) as server:
        plan = planned(
            *(
                {
                    "url": f"http://{name}.test:{port}/",
                    "ip_version": 4,
                    "resolver": f"127.0.0.1:{server}",
                    "timeout": "400ms",
                    "retry": {"attempts": 1},
                }
                for name in ("first", "second")
            )
        )

        async def one_by_one() -> Measured:
            network = Network(asyncio.get_running_loop(), now=time.time)
            network.resolver.room = 1
            moving = Limits(in_flight=10, least_in_flight=1)
            return await probing(plan, network, limits=moving)

        first, second = asyncio.run(one_by_one()).results
    assert (first.cause, second.state) == ("dns.unreachable", "up")
    waited = epoch_s(second.attempts[0].started_at) - epoch_s(first.attempts[0].started_at)
    assert waited >= 0.49
    assert second.timings_ms.dns is not None
    assert second.timings_ms.dns < 400


@pytest.mark.parametrize(
    ("limits", "room"),
    [(Limits(in_flight=300), 600), (Limits(in_flight=300, least_in_flight=1), START)],
)
def test_a_number_in_flight_that_was_asked_for_holds_for_names_too(
    limits: Limits, room: int
) -> None:
    async def once() -> int:
        network = Network(asyncio.get_running_loop(), now=time.time)
        await probing(Plan(targets=()), network, limits=limits)
        return network.resolver.room

    assert asyncio.run(once()) == room


@pytest.mark.skipif(DNSMASQ is None, reason="needs Debian's dnsmasq-base")
def test_dnsmasq_answers_more_names_than_it_forwards_at_once(tmp_path: Path) -> None:
    """It forwards 20 here, 150 by default, and none is answered before all of those have come."""
    lock, full = threading.Lock(), threading.Event()
    forwarded = 0

    def slow(query: Query) -> Iterable[bytes]:
        nonlocal forwarded
        with lock:
            forwarded += 1
            if forwarded == 20:
                full.set()
        full.wait(1)
        return [reply(query, f"{query.message.question[0].name} 60 IN A 192.0.2.1")]

    async def all_found(server: str) -> int:
        resolver = Resolver()
        try:
            found = await asyncio.gather(
                *(
                    resolver.addresses(f"n{n}.test", 80, version="4", resolver=server, timeout_s=30)
                    for n in range(80)
                )
            )
            return len(found)
        finally:
            resolver.close()

    with resolving(slow) as upstream, dnsmasq(upstream, tmp_path) as server:
        assert asyncio.run(all_found(server)) == 80
