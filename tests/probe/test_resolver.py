"""Names to addresses: a phase of its own, asked once a run."""

import asyncio
import gc
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from time import perf_counter
from typing import Any

import dns.flags
import dns.message
import pytest
from dns.rcode import Rcode
from hypothesis import given
from hypothesis import strategies as st

from engine.probing import planned
from engine.probing import probed as measured
from faults.dns import Answer, Query, by_type, fails, knows, reply, resolving, silence
from faults.http import FINE
from faults.server import in_turn, listening, read_head, script, send
from probe.wire.exchanges import on_network, probed, target
from probecli.probe.addresses import interleaved, literal
from probecli.probe.lookup import Lookup, Question
from probecli.probe.network import Network
from probecli.probe.resolver import Resolver
from probecli.probe.wire.dial import Address
from probecli.probe.wire.fault import Fault

A = "one.test. 60 IN A 192.0.2.1"
AAAA = "one.test. 60 IN AAAA 2001:db8::1"
BOTH = knows(A, AAAA)


def counted(answer: Answer, seen: list[str]) -> Answer:
    """An answer that notes what it was asked."""

    def respond(query: Query) -> Iterable[bytes]:
        seen.append(f"{query.message.question[0].name} {query.type}")
        return answer(query)

    return respond


def asked(answer: Answer, body: Callable[[Resolver, str], Any] | None = None, **how: Any) -> Any:
    """What a resolver finds with a DNS server that answers so."""

    async def once() -> Any:
        resolver = Resolver()
        server = f"127.0.0.1:{port}"
        try:
            if body is not None:
                return await body(resolver, server)
            given = {"version": "auto", "resolver": server, "timeout_s": 5.0, **how}
            found = await resolver.addresses("one.test", 80, **given)
            return [one.ip for one in found]
        finally:
            resolver.close()

    with resolving(answer) as port:
        return asyncio.run(once())


@pytest.mark.parametrize(
    ("version", "found"),
    [("auto", ["2001:db8::1", "192.0.2.1"]), ("4", ["192.0.2.1"]), ("6", ["2001:db8::1"])],
)
def test_addresses_are_of_the_family_wanted(version: str, found: list[str]) -> None:
    assert asked(BOTH, version=version) == found


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (fails(Rcode.NXDOMAIN), "dns.name_not_resolved"),
        (knows(), "dns.name_not_resolved"),
        (fails(Rcode.SERVFAIL), "dns.failed"),
        (fails(Rcode.REFUSED), "dns.failed"),
        (fails(Rcode.NOTIMP), "dns.failed"),
        (fails(Rcode.FORMERR), "dns.failed"),
        (by_type(A=fails(Rcode.SERVFAIL)), "dns.failed"),
    ],
)
def test_a_failure_has_its_cause(answer: Answer, cause: str) -> None:
    with pytest.raises(Fault) as caught:
        asked(answer)
    assert caught.value.cause == cause


def test_silence_is_an_unreachable_resolver_within_the_deadline() -> None:
    with pytest.raises(Fault, match=r"no answer after 0\.2 s") as caught:
        asked(silence, timeout_s=0.2)
    assert caught.value.cause == "dns.unreachable"


@pytest.mark.parametrize("broken", [fails(Rcode.SERVFAIL), fails(Rcode.REFUSED), knows(), silence])
@pytest.mark.parametrize("family", ["A", "AAAA"])
def test_one_family_that_answers_is_enough(broken: Answer, family: str) -> None:
    other = {"A": "AAAA", "AAAA": "A"}[family]
    found = asked(by_type(**{family: BOTH, other: broken}))
    assert found == [{"A": "192.0.2.1", "AAAA": "2001:db8::1"}[family]]


def test_a_name_is_asked_for_once_a_run_however_many_want_it() -> None:
    seen: list[str] = []

    async def body(resolver: Resolver, server: str) -> None:
        for _ in range(2):
            await asyncio.gather(
                *(
                    resolver.addresses(
                        "one.test", port, version="auto", resolver=server, timeout_s=5
                    )
                    for port in range(1, 20)
                )
            )

    asked(counted(BOTH, seen), body)
    assert sorted(seen) == ["one.test. A", "one.test. AAAA"]


async def failed(resolver: Resolver, server: str) -> Lookup:
    """The look-up of a name that fails now, or has failed before."""
    with pytest.raises(Fault):
        await resolver.addresses("one.test", 80, version="4", resolver=server, timeout_s=5)
    return resolver._known[Question("one.test", "4", server)]


def test_what_is_said_of_a_name_holds_for_the_run() -> None:
    async def twice(resolver: Resolver, server: str) -> None:
        first = await failed(resolver, server)
        first.done_at = 0.0
        assert await failed(resolver, server) is first

    asked(fails(Rcode.NXDOMAIN), twice)


def test_a_failure_to_learn_it_is_asked_about_again_but_not_at_once() -> None:
    async def often(resolver: Resolver, server: str) -> None:
        first = await failed(resolver, server)
        first.done_at = perf_counter() + 0.5
        assert await failed(resolver, server) is first
        first.done_at = perf_counter() - 0.1
        assert await failed(resolver, server) is not first

    asked(fails(Rcode.SERVFAIL), often)


def test_a_retry_asks_again_for_a_name_that_failed() -> None:
    """As a domain does whose name servers come back."""
    failures = iter(range(50))

    def recovering(query: Query) -> Iterable[bytes]:
        # c-ares itself asks three times.
        answer = knows("service.test. 60 IN A 127.0.0.1") if next(failures) >= 6 else broken
        return answer(query)

    broken = fails(Rcode.SERVFAIL)
    with listening(in_turn(read_head, send(FINE))) as port, resolving(recovering) as server:
        retry = {"attempts": 4, "initial": "200ms", "jitter": "none"}
        one = {"url": f"http://service.test:{port}/", "ip_version": 4, "retry": retry}
        (result,) = measured(planned({**one, "resolver": f"127.0.0.1:{server}"})).results
    assert result.state == "up"
    assert [attempt.cause for attempt in result.attempts][:1] == ["dns.failed"]


def test_silence_is_asked_again() -> None:
    async def until_it_answers(resolver: Resolver, server: str) -> int:
        first = resolver.addresses("one.test", 80, version="4", resolver=server, timeout_s=0.05)
        with pytest.raises(Fault):
            await first
        late.set()
        again = resolver.addresses("one.test", 80, version="4", resolver=server, timeout_s=9)
        return len(await again)

    late = threading.Event()
    assert asked(lambda query: BOTH(query) if late.is_set() else [], until_it_answers) == 1


def test_a_family_that_fails_when_the_other_was_enough_is_no_complaint() -> None:
    complaints: list[dict[str, Any]] = []
    enough = threading.Event()

    def late(query: Query) -> Iterable[bytes]:
        enough.wait(10)
        return fails(Rcode.SERVFAIL)(query)

    async def body(resolver: Resolver, server: str) -> list[str]:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: complaints.append(context))
        found = await resolver.addresses(
            "one.test", 80, version="auto", resolver=server, timeout_s=5
        )
        enough.set()
        # Its own answer is the last that this window waits for.
        while resolver._servers[server].window._placed:
            await asyncio.sleep(0.01)
        gc.collect()
        return [one.ip for one in found]

    assert asked(by_type(A=BOTH, AAAA=late), body) == ["192.0.2.1"]
    assert complaints == []


def test_answers_with_a_wrong_id_are_ignored() -> None:
    def respond(query: Query) -> Iterable[bytes]:
        right = reply(query, A)
        wrong = bytearray(reply(query, "one.test. 60 IN A 192.0.2.66"))
        wrong[0] ^= 0xFF
        return [bytes(wrong), right]

    assert asked(respond, version="4") == ["192.0.2.1"]


def test_a_truncated_answer_is_asked_for_again_over_tcp() -> None:
    def respond(query: Query) -> Iterable[bytes]:
        return [reply(query, A) if query.over_tcp else reply(query, flags=dns.flags.TC)]

    assert asked(respond, version="4") == ["192.0.2.1"]


def has_answered(answer: Answer, host: str) -> bool:
    """Whether asking for `host` shows that the resolver answers."""

    async def body(resolver: Resolver, server: str) -> bool:
        with suppress(Fault):
            await resolver.addresses(host, 80, version="4", resolver=server, timeout_s=0.3)
        return server in resolver.answered

    answered: bool = asked(answer, body)
    return answered


@pytest.mark.parametrize(
    ("answer", "host", "expected"),
    [
        (BOTH, "one.test", True),
        (fails(Rcode.NXDOMAIN), "one.test", True),
        (fails(Rcode.SERVFAIL), "one.test", True),
        (silence, "one.test", False),
        (BOTH, "localhost", False),
        (silence, "localhost", False),
        (BOTH, f"{'x' * 70}.test", False),
    ],
    ids=["answer", "NXDOMAIN", "SERVFAIL", "silence", "localhost", "both", "bad name"],
)
def test_a_resolver_answered_only_when_it_did(answer: Answer, host: str, expected: bool) -> None:
    assert has_answered(answer, host) is expected


def test_localhost_needs_no_resolver() -> None:
    async def body(network: Network) -> list[str]:
        found = await network.resolver.addresses(
            "localhost", 80, version="4", resolver=None, timeout_s=5
        )
        return [one.ip for one in found]

    assert on_network(body) == ["127.0.0.1"]


# Within a probe


def test_resolving_is_a_phase_and_the_server_is_the_address_found() -> None:
    answer = knows("service.test. 60 IN A 127.0.0.1")
    with listening(in_turn(read_head, send(FINE))) as port, resolving(answer) as resolver:
        one = target(f"http://service.test:{port}/", resolver=f"127.0.0.1:{resolver}")
        evidence = probed(one)
    assert evidence.failure is None
    assert evidence.timings.dns is not None
    assert evidence.timings.total is not None
    assert 0 < evidence.timings.dns < evidence.timings.total
    assert evidence.server is not None
    assert (evidence.server.address, evidence.server.ip) == ("service.test", "127.0.0.1")


@pytest.mark.parametrize("fields", [{"resolve_to": "127.0.0.1"}, {}])
def test_without_a_question_there_is_no_dns_phase(fields: dict[str, Any]) -> None:
    host = "service.test" if fields else "127.0.0.1"
    with listening(in_turn(read_head, send(FINE))) as port:
        evidence = probed(target(f"http://{host}:{port}/", resolver="127.0.0.1:1", **fields))
    assert evidence.failure is None
    assert evidence.timings.dns is None


def test_a_name_that_fails_has_a_dns_phase_and_no_other() -> None:
    with resolving(fails(Rcode.NXDOMAIN)) as resolver:
        one = target("http://service.test/", resolver=f"127.0.0.1:{resolver}")
        evidence = probed(one)
    assert evidence.failure is not None
    assert evidence.failure.cause == "dns.name_not_resolved"
    assert evidence.timings.dns is not None
    assert evidence.timings.connect is None


def test_the_name_of_a_target_behind_a_proxy_is_not_asked_for() -> None:
    seen: list[str] = []
    with script(read_head, send(FINE))() as proxy, resolving(counted(BOTH, seen)) as resolver:
        one = target(
            "http://service.test/",
            proxy=f"http://127.0.0.1:{proxy['port']}",
            resolver=f"127.0.0.1:{resolver}",
        )
        evidence = probed(one)
    assert evidence.failure is None
    assert seen == []


def test_loading_the_resolver_is_in_no_targets_time() -> None:
    """In a process of its own, where importing it is made to take a second."""
    program = """
import asyncio, builtins, json, sys, time
plain = builtins.__import__
def slow(name, *rest):
    if name == "pycares" and "pycares" not in sys.modules:
        time.sleep(1)
    return plain(name, *rest)
builtins.__import__ = slow
from probecli.model.target import Target
from probecli.probe.http import probe_http
from probecli.probe.network import Network
async def main():
    network = Network(asyncio.get_running_loop(), now=time.time)
    evidence = await probe_http(Target(name="t", url="http://localhost:1/"), network)
    network.close()
    print(json.dumps([evidence.timings.dns, evidence.timings.total]))
asyncio.run(main())
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True
    )
    dns_ms, total_ms = json.loads(done.stdout)
    assert dns_ms < 900
    assert total_ms < 900


# Pure parts


@pytest.mark.parametrize(
    ("host", "ip"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("::1", "::1"),
        ("2001:db8::", "2001:db8::"),
        ("fe80::1%eth0", "fe80::1%eth0"),
        ("one.test", None),
        ("1.2.3", None),
        ("999.1.1.1", None),
        ("one1", None),
        ("::g", None),
        ("", None),
    ],
)
def test_a_literal_address_is_one_without_asking(host: str, ip: str | None) -> None:
    found = literal(host, 80)
    assert (None if found is None else found.ip) == ip


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=1, max_size=12))
def test_families_alternate_and_nothing_is_lost(drawn: list[tuple[bool, int]]) -> None:
    import socket

    addresses = [
        Address(socket.AF_INET6, f"::{n}", 0) if six else Address(socket.AF_INET, f"0.0.0.{n}", 0)
        for six, n in drawn
    ]
    ordered = interleaved(addresses)
    assert set(ordered) == set(addresses)
    assert len(set(ordered)) == len(ordered)
    assert ordered[0] == addresses[0]
