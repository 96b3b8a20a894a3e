"""Bars stand where their time was, and never beyond the scale."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probecli.explain.facts import HopFacts, Names
from probecli.explain.waterfall import attempt_bars, hop_bars, placed, stretches
from probecli.model.result import Attempt, Timings

NAMES = Names(host="a.test", resolver="192.0.2.53")


def hop(cause: str | None = None, *, names: Names | None = NAMES, **phases: float) -> HopFacts:
    return HopFacts(url="http://a.test/", names=names, timings_ms=Timings(**phases), cause=cause)


def attempt(number: int, duration_ms: float, backoff_ms: float | None = None) -> Attempt:
    return Attempt(
        number=number,
        started_at="2026-01-01T00:00:00.000Z",
        duration_ms=duration_ms,
        state="down",
        cause="http.error",
        detail=None,
        status=None,
        ip=None,
        timings_ms=Timings(),
        backoff_ms=backoff_ms,
    )


def test_phases_follow_one_another_in_proportion() -> None:
    one = hop(dns=25.0, connect=25.0, wait=50.0, total=100.0)
    bars = hop_bars(one, 0.0, 100.0, 40)
    assert [(bar.label, bar.start, bar.cells) for bar in bars] == [
        ("dns", 0, 10),
        ("connect", 10, 10),
        ("wait", 20, 20),
    ]


def test_a_later_hop_begins_where_the_one_before_ended() -> None:
    (bar,) = hop_bars(hop(wait=50.0, total=50.0), 50.0, 100.0, 40)
    assert (bar.start, bar.cells) == (20, 20)


@pytest.mark.parametrize(
    ("facts", "ended", "ms"),
    [
        (hop("dns.failed", dns=20.0, total=20.0), "dns", 20.0),
        (hop("tcp.timed_out", dns=20.0, total=5020.0), "connect", 5000.0),
        (hop("tls.timed_out", dns=1.0, connect=2.0, total=1003.0), "tls", 1000.0),
        (hop("http.response.timed_out", connect=2.0, send=1.0, total=13.0), "wait", 10.0),
        (hop("tcp.reset", connect=1.0, wait=5.0, receive=3.0, total=9.0), "receive", 3.0),
        (hop("tcp.reset", connect=1.0, send=1.0, total=9.0), "wait", 7.0),
        (hop("dns.unreachable", names=None, total=1000.0), "wait", 1000.0),
    ],
)
def test_the_phase_that_failed_is_marked_with_its_time(
    facts: HopFacts, ended: str, ms: float
) -> None:
    assert [(name, time) for name, time, failed in stretches(facts) if failed] == [(ended, ms)]


def test_bad_news_from_a_resolver_that_is_the_target_is_no_failed_phase() -> None:
    facts = hop("dns.name_not_resolved", names=None, wait=2.0, total=2.1)
    assert stretches(facts) == [("wait", 2.0, False)]


def test_back_offs_stand_between_the_attempts() -> None:
    bars = attempt_bars([attempt(1, 100.0, 200.0), attempt(2, 100.0)], 40)
    assert [(bar.label, bar.start, bar.cells) for bar in bars] == [
        ("attempt 1", 0, 10),
        ("back-off", 10, 20),
        ("attempt 2", 30, 10),
    ]


_MICROSECONDS = st.integers(0, 10**9).map(lambda number: number / 1000)


@given(_MICROSECONDS, _MICROSECONDS, _MICROSECONDS, st.integers(1, 200))
def test_a_bar_is_seen_and_stays_on_its_scale(
    start: float, ms: float, scale: float, width: int
) -> None:
    bar = placed("wait", start, ms, scale, width)
    assert bar.cells >= 1
    assert bar.start >= 0
    assert bar.start + bar.cells <= width
