"""Every fault of the range gets its right name from the real engine."""

import socket
import tracemalloc
from typing import Any

import pytest

from engine.probing import planned, probed
from faults.fault import Fault, running_target
from faults.table import BY_NAME, FAULTS

PATIENCE_MS = 2000
"""How much longer than its timeouts a target may take on a busy machine."""


CEILING_BYTES = 2 << 20
"""What a target with a `max_body` of 64 KiB may hold at most, the server's buffers included."""


def has_ipv6() -> bool:
    """Whether `::1` can be served here."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def cases() -> list[Any]:
    """Every row."""
    without_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="no ::1 on this machine")
    return [
        pytest.param(fault, id=fault.name, marks=[without_ipv6] if fault.ipv6 else [])
        for fault in FAULTS
    ]


@pytest.mark.parametrize("fault", cases())
def test_a_fault_is_called_by_its_name(fault: Fault) -> None:
    with running_target(fault) as mapping:
        plan = planned(mapping)
        outcome = probed(plan)
    assert not outcome.bugs, outcome.bugs[0]
    target, result = plan.targets[0], outcome.results[0]
    assert (result.state, result.cause) == (fault.state, fault.cause), result.detail
    detail = result.detail or ""
    assert fault.words.lower() in detail.lower()
    assert bool(detail) == (fault.state != "up")
    assert detail.isprintable()
    assert result.duration_ms < target.timeout_s * 1000 * target.retry.attempts + PATIENCE_MS


def test_a_resolver_that_answered_for_another_name_makes_silence_the_domains_fault() -> None:
    with running_target(BY_NAME["AAAA silent, A answers"]) as target:
        answered = target | {"name": "answered", "ip_version": "4"}
        silent = target | {"name": "silent", "ip_version": "6", "timeout": "300ms"}
        first, second = probed(planned(answered, silent)).results
    assert first.state == "up"
    assert (second.state, second.cause) == ("down", "dns.unreachable")


@pytest.mark.parametrize("name", ["429 once", "503 once, with Retry-After", "cut once, then fine"])
def test_a_second_attempt_that_mends_it_is_up_and_flaky(name: str) -> None:
    with running_target(BY_NAME[name]) as mapping:
        (result,) = probed(planned(mapping)).results
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
        probed(plan)
        tracemalloc.start()
        try:
            probed(plan)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < CEILING_BYTES


def test_a_black_hole_beside_a_live_address_costs_a_quarter_of_a_second_and_no_more() -> None:
    if not has_ipv6():
        pytest.skip("no ::1 on this machine")
    with running_target(BY_NAME["AAAA in a black hole, live A"]) as mapping:
        (result,) = probed(planned(mapping)).results
    assert result.server is not None
    assert result.server.ip == "127.0.0.1"
    assert result.duration_ms >= 200


def test_many_faults_at_once_do_not_disturb_each_other() -> None:
    from contextlib import ExitStack

    rows = [
        row
        for row in FAULTS[:250]
        if not row.ipv6
        # So many servers share the machine with the prober: no short timeouts, no big uploads.
        and not {"timeout", "connect_timeout", "body"} & row.target.keys()
    ]
    with ExitStack() as stack:
        plan = planned(*(stack.enter_context(running_target(row)) for row in rows))
        results = probed(plan).results
    wrong = [
        (row.name, result.state, result.cause, result.detail)
        for row, result in zip(rows, results, strict=False)
        if (result.state, result.cause) != (row.state, row.cause)
    ]
    assert wrong == []
