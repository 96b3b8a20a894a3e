"""Runs cases through the real engine, and says what no case may do."""

import asyncio
import json
import resource
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from engine.probing import probing
from fuzz.http1 import PROFILES
from fuzz.names import TYPES
from fuzz.server import Served, serving
from probecli.config.load import load
from probecli.engine.run import Limits
from probecli.model.cause import CAUSES, STATES
from probecli.model.plan import Plan
from probecli.model.result import Attempt, Result
from probecli.model.target import Target
from probecli.probe.network import Network
from probecli.probe.wire.dial import Address
from probecli.probe.wire.exchange import Ended, Exchange
from probecli.probe.wire.order import Order

BATCH = 2000
SLACK_MS = 10_000
"""How much longer than its timeouts a case may take on a busy machine."""
MOST_DETAIL = 2000

_BASE = {"timeout": "1s", "retry": {"attempts": 1}}
_IN_FLIGHT = {"http1": 64, "http2": 24, "handshake": 24, "dns": 32}
"""Few enough that client and servers, who share one interpreter, answer well within a timeout."""
KINDS = tuple(_IN_FLIGHT)


class Loopback(Network):
    """The real network with every connection led to the hostile servers.

    A mutated redirect or record may name any address of the world; nothing leaves the machine.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, served: Served) -> None:
        super().__init__(loop, now=time.time)
        self._served = served

    def begin(self, order: Order, ended: Ended) -> Exchange:
        direct = order.tls is not None and order.tunnel is None
        port = self._served.secure if direct else self._served.plain
        here = Address(socket.AF_INET, "127.0.0.1", port)
        return super().begin(replace(order, addresses=(here,)), ended)


@dataclass
class Tally:
    """What came of the cases so far."""

    cases: int = 0
    seconds: float = 0.0
    causes: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    most_resident_bytes: int = 0


def _mapping(kind: str, number: int) -> dict[str, Any]:
    """Fields of the target of a case; `{number}`, ports and files are filled in later."""
    if kind == "http1":
        return {"url": "http://127.0.0.1:{plain}/{number}", **PROFILES[number % len(PROFILES)]}
    if kind == "http2":
        return {
            "url": "https://h{number}.fuzz:{secure}/",
            "resolve_to": "127.0.0.1",
            "tls": {"verify": False},
            "http_version": ("auto", "2")[number % 2],
            **({"method": "POST", "body": "x" * 90_000} if number % 8 == 3 else {}),
        }
    if kind == "handshake":
        return {
            "url": ("https://c{number}.fuzz:{secure}/", "tls://c{number}.fuzz:{secure}")[
                number % 2
            ],
            "resolve_to": "127.0.0.1",
            "tls": (
                {"verify": False},
                {"ca_file": "{root}"},
                {"ca_file": "{root}", "cert_file": "{client}"},
                {"verify": False, "min_version": "1.0"},
            )[number // 2 % 4],
        }
    if number % 2:
        kind_asked = TYPES[number // 2 % len(TYPES)]
        wanted: tuple[dict[str, Any], ...] = ({}, {"records": ["127.0.0.1"]}, {"rcode": "NXDOMAIN"})
        return {
            "url": f"dns://127.0.0.1:{{dns}}/d{{number}}.fuzz?type={kind_asked}",
            "expect": wanted[number // 24 % 3],
        }
    return {
        "url": "http://d{number}.fuzz:{plain}/",
        "resolver": "127.0.0.1:{dns}",
        "ip_version": ("auto", "4", "6")[number // 2 % 3],
    }


@cache
def _template(fields: str) -> Target:
    text = json.dumps({"targets": [{"name": "case", **_BASE, **json.loads(fields)}]}).encode()
    return load(["-"], env={}, stdin=lambda: text, cwd=Path.cwd()).targets[0]


def target(kind: str, number: int, served: Served) -> Target:
    """The target of a case, loaded as a target file is."""
    fields = json.dumps(_mapping(kind, number))
    for name, value in asdict(served).items():
        fields = fields.replace("{" + name + "}", str(value))
    shared = _template(fields.replace("{number}", "0"))
    url = json.loads(fields)["url"].replace("{number}", str(number))
    return replace(shared, name=f"{kind} {number}", url=url)


def complaints(of: Target, result: Result) -> Iterator[str]:
    """Everything about a result that no server may bring about."""
    if result.state not in STATES:
        yield f"state {result.state}"
    everything: tuple[Result | Attempt, ...] = (result, *result.attempts)
    for said in everything:
        if said.cause is None:
            if said.state != "up":
                yield f"{said.state} without a cause"
        elif said.cause not in CAUSES or said.cause.startswith("local."):
            yield f"cause {said.cause}: {said.detail}"
        elif said.state == "up":
            yield f"up with cause {said.cause}"
        elif not said.detail:
            yield f"{said.cause} without a detail"
        if said.detail and not said.detail.isprintable():
            yield f"a detail that does not print: {said.detail!a}"
        if len(said.detail or "") > MOST_DETAIL:
            yield f"a detail of {len(said.detail or '')} characters"
    waits_s = of.retry.max_s * (of.retry.attempts - 1)
    bound_ms = (of.timeout_s * of.retry.attempts + waits_s) * 1000 + SLACK_MS
    if not 0 <= result.duration_ms <= bound_ms:
        yield f"{result.duration_ms} ms, at most {bound_ms} allowed"
    try:
        msgspec.json.encode(result)
    except (ValueError, TypeError, msgspec.MsgspecError) as error:
        yield f"no JSON: {error}"


def _batch(kind: str, numbers: range, served: Served, tally: Tally) -> None:
    plan = Plan(targets=tuple(target(kind, number, served) for number in numbers))
    aside: list[str] = []

    async def once() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: aside.append(str(context)))
        network = Loopback(loop, served)
        in_flight = _IN_FLIGHT[kind]
        # The whole batch at the price of a timeout a case, and then some: beyond that it hangs.
        longest_s = 60 + len(numbers) * 2.5 / in_flight
        limits = Limits(in_flight=in_flight, per_host=in_flight, deadline_s=longest_s)
        measured = await probing(plan, network, limits=limits)
        aside.extend(measured.bugs)
        if measured.loop_lag is not None and measured.loop_lag.max > SLACK_MS:
            aside.append(f"the loop stood still for {measured.loop_lag.max} ms")
        if len(measured.results) != len(plan.targets):
            aside.append(f"{len(measured.results)} results of {len(plan.targets)} cases")
        for of, result in zip(plan.targets, measured.results, strict=False):
            tally.causes[result.cause or "up"] += 1
            tally.failures += [f"{of.name}: {said}" for said in complaints(of, result)]

    started = time.perf_counter()
    asyncio.run(once())
    tally.seconds += time.perf_counter() - started
    tally.cases += len(numbers)
    tally.failures += [f"{kind} {numbers.start}..{numbers.stop - 1}: {said}" for said in aside]
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    tally.most_resident_bytes = max(tally.most_resident_bytes, resident)


def fuzz(
    seed: int,
    counts: dict[str, int],
    start: int = 0,
    on_kind: Callable[[str, Tally], None] = lambda *_: None,
) -> dict[str, Tally]:
    """So many cases of each kind, from number `start` on, and what came of them.

    `on_kind` gets each kind's tally when it is done.
    """
    tallies = {kind: Tally() for kind in counts}
    with serving(seed) as served:
        for kind, count in counts.items():
            for first in range(start, start + count, BATCH):
                last = min(first + BATCH, start + count)
                _batch(kind, range(first, last), served, tallies[kind])
            on_kind(kind, tallies[kind])
    return tallies
