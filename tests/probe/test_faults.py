"""Every fault of the range gets its right name from the real engine."""

import asyncio
import json
import random
import socket
import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from faults.fault import Fault, running_target
from faults.table import BY_NAME, FAULTS
from probecli.config.load import load
from probecli.engine.run import Limits, Measured, Stop, run
from probecli.model.plan import Plan
from probecli.probe.network import Network


def _gaps(why: str, *names: str) -> dict[str, str]:
    return dict.fromkeys(names, why)


KNOWN_GAPS: dict[str, str] = {
    **_gaps(
        "the body of the next request is not read: httpx.RequestNotRead",
        "redirect back and forth",
        "redirect without end",
        "10 hops",
        "11 hops",
        "redirect by relative path",
        "redirect by absolute path",
        "redirect by query alone",
        "redirect by dots",
        "redirect by fragment",
        "redirect by unescaped space",
        "redirect by unescaped letters",
        "POST after 307",
        "POST after 308",
        "HEAD after 303",
        "Authorization to another origin",
        "auth to another origin",
        "cookie by hand to another origin",
        "Authorization to the same origin",
        "cookie wall",
        "cookie deleted on the way",
        "redirect to a dead port",
        "redirect by //host",
        "redirect to an expired certificate",
        "redirect to an error",
        "redirect to plain HTTP",
    ),
    **_gaps(
        "after a failed or ended TLS the certificate is asked for: ValueError",
        "client certificate wanted, TLS 1.3",
        "client certificate of an unknown authority, TLS 1.3",
        "client certificate expired, TLS 1.3",
        "until close, without close_notify",
        "closed inside TLS with no byte",
        "noise inside TLS",
        "HTTP/2 closed with no byte",
        "HTTP/2 closed inside the body",
    ),
    **_gaps("setting TLS 1.0 raises a DeprecationWarning", "old protocol allowed"),
    **_gaps("a common name is taken for a name (RFC 9110, 4.3.4)", "common name only"),
    **_gaps(
        "http.response.invalid: h2 waits for the whole of a frame that is too large",
        "noise in HTTP/2",
        "frame too large",
        "HTTP/1.1 after agreeing on HTTP/2",
    ),
    **_gaps("h2 takes nothing after a GOAWAY (RFC 9113, 6.8)", "GOAWAY, then the page"),
    **_gaps(
        "up: the loader drops the status that the verdict would turn into 101",
        "ws answered by a page",
        "ws answered 503",
    ),
    **_gaps("up: the encoding is not looked at", "unknown encoding"),
    **_gaps("equal lengths are refused (RFC 9112, 6.3)", "same length twice"),
    **_gaps("dns.failed: c-ares parses before it compares ids", "answers to nothing"),
    **_gaps("dns.unreachable, although it answered over UDP", "truncated, and no TCP"),
    **_gaps("both answers are waited for (RFC 8305, 3)", "AAAA silent, A answers"),
    **_gaps("dns.failed: the wrong id is not ignored", "dns wrong id, then right"),
    **_gaps(
        "the cause is right, the detail does not say how much came",
        "closed before the body",
        "closed inside the body",
        "closed inside the body under TLS",
    ),
    **_gaps(
        "the cause is right, the detail does not show what came",
        "TLS on a plain port",
        "SSH banner inside TLS",
        "SSH banner",
        "SMTP greeting",
        "HTTP/0.9",
        "echo service",
        "Shoutcast",
    ),
    **_gaps(
        "the cause is right, the detail does not quote the Location",
        "redirect to script",
        "redirect to mail",
        "redirect to noise",
        "redirect to a port that is none",
        "redirect to a port of letters",
    ),
    **_gaps("the detail says 299.97 ms in place of 300 ms", "tls stalled"),
    **_gaps("the detail does not say that it is the proxy", "proxy not there"),
}
"""Rows that the engine does not name rightly yet, and why; a gap that closes fails the test."""

PATIENCE_MS = 2000
"""How much longer than its timeouts a target may take on a busy machine."""


CEILING_BYTES = 2 << 20
"""What a target with a `max_body` of 64 KiB may hold at most, the server's buffers included."""


def planned(*targets: dict[str, Any]) -> Plan:
    """The plan of a target file that holds these targets."""
    text = json.dumps({"targets": targets}).encode()
    return load(["-"], env={}, stdin=lambda: text, cwd=Path.cwd())


def measured(plan: Plan) -> Measured:
    """What the engine measures, on a loop and a network of its own."""

    async def once() -> Measured:
        network = Network(asyncio.get_running_loop(), now=time.time)
        try:
            return await run(
                plan,
                Limits(),
                network,
                rng=random.Random(1),
                stop=Stop(),
                on_result=lambda _: None,
            )
        finally:
            await network.close()

    return asyncio.run(once())


def has_ipv6() -> bool:
    """Whether `::1` can be served here."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def cases() -> list[Any]:
    """Every row, those of `KNOWN_GAPS` as failures that must fail."""
    without_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="no ::1 on this machine")
    return [
        pytest.param(
            fault,
            id=fault.name,
            marks=[
                *([without_ipv6] if fault.ipv6 else []),
                *(
                    [pytest.mark.xfail(strict=True, reason=KNOWN_GAPS[fault.name])]
                    if fault.name in KNOWN_GAPS
                    else []
                ),
            ],
        )
        for fault in FAULTS
    ]


@pytest.mark.parametrize("fault", cases())
def test_a_fault_is_called_by_its_name(fault: Fault) -> None:
    with running_target(fault) as mapping:
        plan = planned(mapping)
        outcome = measured(plan)
    assert not outcome.bugs, outcome.bugs[0]
    target, result = plan.targets[0], outcome.results[0]
    assert (result.state, result.cause) == (fault.state, fault.cause), result.detail
    detail = result.detail or ""
    assert fault.words.lower() in detail.lower()
    assert bool(detail) == (fault.state != "up")
    assert detail.isprintable()
    assert result.duration_ms < target.timeout_s * 1000 * target.retry.attempts + PATIENCE_MS


def test_known_gaps_are_rows() -> None:
    assert set(KNOWN_GAPS) <= set(BY_NAME)


def test_a_resolver_that_answered_for_another_name_makes_silence_the_domains_fault() -> None:
    with running_target(BY_NAME["AAAA silent, A answers"]) as target:
        answered = target | {"name": "answered", "ip_version": "4"}
        silent = target | {"name": "silent", "ip_version": "6", "timeout": "300ms"}
        first, second = measured(planned(answered, silent)).results
    assert first.state == "up"
    assert (second.state, second.cause) == ("down", "dns.unreachable")


@pytest.mark.parametrize("name", ["429 once", "503 once, with Retry-After", "cut once, then fine"])
def test_a_second_attempt_that_mends_it_is_up_and_flaky(name: str) -> None:
    with running_target(BY_NAME[name]) as mapping:
        (result,) = measured(planned(mapping)).results
    assert (result.state, result.flaky, len(result.attempts)) == ("up", True, 2)


@pytest.mark.parametrize(
    "name",
    [
        "gzip bomb",
        "deflate bomb",
        "br bomb",
        "endless body",
        "endless chunks",
        "ten gigabytes",
        "endless head",
        "endless header name",
        "endless trailers",
        "endless chunk size",
    ],
)
def test_memory_has_a_ceiling_whatever_the_server_sends(name: str) -> None:
    with running_target(BY_NAME[name]) as mapping:
        plan = planned(mapping)
        measured(plan)
        tracemalloc.start()
        try:
            measured(plan)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < CEILING_BYTES


def test_a_black_hole_beside_a_live_address_costs_a_quarter_of_a_second_and_no_more() -> None:
    if not has_ipv6():
        pytest.skip("no ::1 on this machine")
    with running_target(BY_NAME["AAAA in a black hole, live A"]) as mapping:
        (result,) = measured(planned(mapping)).results
    assert result.server is not None
    assert result.server.ip == "127.0.0.1"
    assert result.duration_ms >= 200


def test_many_faults_at_once_do_not_disturb_each_other() -> None:
    from contextlib import ExitStack

    rows = [
        row
        for row in FAULTS[:250]
        if row.name not in KNOWN_GAPS
        and not row.ipv6
        # So many servers share the machine with the prober: no short timeouts, no big uploads.
        and not {"timeout", "connect_timeout", "body"} & row.target.keys()
    ]
    with ExitStack() as stack:
        plan = planned(*(stack.enter_context(running_target(row)) for row in rows))
        results = measured(plan).results
    wrong = [
        (row.name, result.state, result.cause, result.detail)
        for row, result in zip(rows, results, strict=False)
        if (result.state, result.cause) != (row.state, row.cause)
    ]
    assert wrong == []
