"""What this program is late with is the target's in no way: no phase, no total, no time-out."""

import asyncio
import sys
import threading
import time
from collections.abc import Callable
from time import perf_counter
from typing import Any

import pytest

from faults.certificates import places
from faults.http import FINE
from faults.server import Peer, in_turn, listening, read_head, send, stall, swallowing
from faults.tls import handshake
from probe.wire.exchanges import SYSTEMS, assert_phases_fit, on_network, target
from probe.wire.test_exchange import at, known
from probecli.model.evidence import Evidence
from probecli.model.target import Seconds, Target, Tls
from probecli.probe.kinds import probe_for
from probecli.probe.network import Network
from probecli.probe.wire import system
from probecli.probe.wire.handshake import Handshake
from probecli.probe.wire.system import LinuxSystem, best_system
from probecli.probe.wire.turns import READ

TWO = "two.test"
"""A name with two addresses."""

on_both = pytest.mark.parametrize("portable", SYSTEMS, ids=["kernel", "portable"])


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel's own times, whatever is forced."""
    if sys.platform != "linux":
        pytest.skip("only Linux tells when bytes came")
    monkeypatch.setattr("probecli.probe.network.best_system", lambda loop, **_: LinuxSystem(loop))


async def blocked(
    network: Network, targets: list[Target], ready: Callable[[], bool], block: Callable[[], None]
) -> list[Evidence]:
    """What is measured on a loop that is blocked once all have begun and `ready` says so."""
    known(network, TWO, at("127.0.0.1"), at("127.0.0.2"))
    begun = [asyncio.ensure_future(probe_for(one.kind)(one, network)) for one in targets]
    await asyncio.sleep(0)
    while not ready():
        await asyncio.sleep(0.001)
    block()
    return await asyncio.gather(*begun)


def causes(evidence: list[Evidence]) -> list[str | None]:
    """The causes of what failed."""
    return [one.failure.cause if one.failure is not None else None for one in evidence]


def bounded(url: str, seconds: float) -> Target:
    """A target with little time."""
    return target(url, timeout_s=Seconds(seconds), connect_timeout_s=Seconds(seconds))


@on_both
def test_answers_that_a_late_loop_has_not_read_are_no_time_outs(
    portable: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Timers run before all events are told, as they do with hundreds of them.
    monkeypatch.setattr(system, "_EVENTS_A_TURN", 1)
    asked, answered = threading.Barrier(5), threading.Barrier(5)

    def together(peer: Peer) -> None:
        read_head(peer)
        asked.wait(10)
        send(FINE)(peer)
        answered.wait(10)

    def past_their_time() -> None:
        asked.wait(10)
        answered.wait(10)
        time.sleep(0.5)

    with listening(together) as port:
        targets = [bounded(f"http://127.0.0.1:{port}/", 0.5)] * 4
        evidence = on_network(
            lambda network: blocked(
                network, targets, lambda: asked.n_waiting == 4, past_their_time
            ),
            portable=portable,
        )
    assert causes(evidence) == [None] * 4
    for one in evidence:
        assert_phases_fit(one)


@on_both
@pytest.mark.parametrize("host", ["127.0.0.1", TWO])
def test_connections_that_a_late_loop_has_not_heard_of_are_no_time_outs(
    portable: bool, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(system, "_EVENTS_A_TURN", 1)
    with listening(in_turn(read_head, send(FINE))) as port:
        one = target(f"http://{host}:{port}/", connect_timeout_s=Seconds(0.1))
        evidence = on_network(
            lambda network: blocked(network, [one] * 4, lambda: True, lambda: time.sleep(0.2)),
            portable=portable,
        )
    assert causes(evidence) == [None] * 4


@on_both
def test_a_black_hole_times_out_on_a_late_loop_too(portable: bool) -> None:
    with swallowing() as hole:
        one = bounded(f"http://127.0.0.1:{hole['port']}/", 0.1)
        evidence = on_network(
            lambda network: blocked(network, [one], lambda: True, lambda: time.sleep(0.2)),
            portable=portable,
        )
    assert causes(evidence) == ["tcp.timed_out"]
    assert evidence[0].timings.total == 100


@pytest.mark.usefixtures("kernel")
def test_an_answer_that_came_too_late_is_a_time_out_though_the_loop_was_later() -> None:
    asked, over, answered = threading.Event(), threading.Event(), threading.Event()

    def slow(peer: Peer) -> None:
        read_head(peer)
        asked.set()
        over.wait(10)
        send(FINE)(peer)
        answered.set()

    def past_its_time() -> None:
        time.sleep(0.3)
        over.set()
        answered.wait(10)

    with listening(slow) as port:
        one = bounded(f"http://127.0.0.1:{port}/", 0.3)
        (evidence,) = on_network(
            lambda network: blocked(network, [one], asked.is_set, past_its_time)
        )
    assert evidence.failure is not None
    assert evidence.failure.cause == "http.response.timed_out"
    assert evidence.failure.detail.startswith("the response took 3")
    assert evidence.failure.detail.endswith(" ms, allowed 300 ms")


@pytest.mark.usefixtures("kernel")
def test_a_total_ends_when_the_last_byte_came_and_not_when_it_was_read() -> None:
    answered = threading.Event()

    def noted(peer: Peer) -> None:
        answered.set()
        stall(peer)

    began = perf_counter()
    with listening(in_turn(read_head, send(FINE), noted)) as port:
        one = target(f"http://127.0.0.1:{port}/")
        (evidence,) = on_network(
            lambda network: blocked(network, [one], answered.is_set, lambda: time.sleep(0.5))
        )
        took_s = perf_counter() - began
    assert_phases_fit(evidence)
    assert evidence.timings.total / 1000 < took_s - 0.49


@pytest.mark.usefixtures("kernel")
def test_a_connection_that_is_heard_of_late_is_in_no_total() -> None:
    with listening(in_turn(read_head, send(FINE))) as port:
        one = target(f"http://127.0.0.1:{port}/")
        began = perf_counter()
        (evidence,) = on_network(
            lambda network: blocked(network, [one], lambda: True, lambda: time.sleep(0.5))
        )
        took_s = perf_counter() - began
    assert_phases_fit(evidence)
    assert evidence.timings.total / 1000 < took_s - 0.49


@pytest.mark.usefixtures("kernel")
def test_a_handshake_that_waits_for_its_turn_is_no_time_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each step takes so long that those at the end of the queue wait longer than their time."""
    whole = Handshake.step

    def slow(self: Handshake) -> bool:
        time.sleep(0.03)
        return whole(self)

    monkeypatch.setattr(Handshake, "step", slow)
    step = in_turn(handshake(protocols=("http/1.1",)), read_head, send(FINE))
    tls = Tls(ca_file=places()["root"], server_name="service.test")
    with listening(step) as port:
        one = target(f"https://127.0.0.1:{port}/", tls=tls, timeout_s=Seconds(0.6))
        evidence = on_network(
            lambda network: blocked(network, [one] * 30, lambda: True, lambda: None)
        )
    assert causes(evidence) == [None] * 30
    for each in evidence:
        assert_phases_fit(each)
        assert each.timings.total is not None
        assert each.timings.total < 600


class Waiting:
    """A handshake that notes its turns."""

    stage, alive = 2, True

    def __init__(self, name: str, served: list[str]) -> None:
        self.name, self.served = name, served
        self.queued_at = self.waited_s = 0.0

    def ready(self, mask: int) -> None:
        assert mask == READ
        self.served.append(self.name)
        if self.name == "broken":
            raise ZeroDivisionError

    def broke(self, error: Exception) -> None:
        self.served.append(type(error).__name__)


def served(portable: bool, *queue: tuple[str, bool], twice: bool = False) -> list[str]:
    """Who is served in which order; each is a name and whether it is its first step."""

    async def once() -> list[str]:
        order: list[str] = []
        one = best_system(asyncio.get_running_loop(), portable=portable)
        handlers = [Waiting(name, order) for name, _ in queue]
        assert one.backlog_s() == 0
        for handler, (_, first) in zip(handlers, queue, strict=True):
            for _ in range(1 + twice):
                one.take_turn(handler, first=first)
        began = perf_counter()
        assert one.backlog_s() > 0
        for _ in range(len(queue)):
            await asyncio.sleep(0)
        assert one.backlog_s() == 0
        assert all(0 < handler.waited_s <= perf_counter() - began + 1 for handler in handlers)
        assert not any(handler.queued_at for handler in handlers)
        one.close()
        return order

    return asyncio.run(once())


@on_both
def test_handshakes_under_way_go_before_new_ones(portable: bool) -> None:
    order = served(portable, ("a", True), ("b", True), ("c", False), ("d", False), ("e", True))
    assert order == ["c", "d", "a", "b", "e"]


@on_both
def test_a_handshake_waits_for_one_turn_at_a_time(portable: bool) -> None:
    assert served(portable, ("a", True), ("b", False), twice=True) == ["b", "a"]


@on_both
def test_a_step_that_breaks_costs_no_other_its_turn(portable: bool) -> None:
    order = served(portable, ("broken", False), ("a", False), ("b", True))
    assert order == ["broken", "ZeroDivisionError", "a", "b"]


@on_both
@pytest.mark.parametrize("host", ["127.0.0.1", TWO])
def test_what_breaks_while_connecting_ends_one_exchange_and_no_other(
    portable: bool, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = type(on_network(_system, portable=portable))
    whole = kind.connect_seconds
    calls: list[object] = []

    def once_broken(self: Any, sock: Any) -> float | None:
        calls.append(sock)
        if len(calls) == 1:
            raise ZeroDivisionError
        seconds: float | None = whole(self, sock)
        return seconds

    monkeypatch.setattr(kind, "connect_seconds", once_broken)

    async def body(network: Network) -> list[Any]:
        known(network, TWO, at("127.0.0.1"), at("127.0.0.2"))
        probes = [probe_for("http")(one, network) for _ in range(5)]
        return await asyncio.gather(*probes, return_exceptions=True)

    with listening(in_turn(read_head, send(FINE))) as port:
        one = target(f"http://{host}:{port}/")
        found = on_network(body, portable=portable)
    assert sum(isinstance(each, ZeroDivisionError) for each in found) == 1
    assert sum(isinstance(each, Evidence) and each.failure is None for each in found) == 4


async def _system(network: Network) -> object:
    return network.system
