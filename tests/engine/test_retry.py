"""Which attempt is repeated, and after how long."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.runs import answered, failed
from probecli.engine.retry import backoff_s, worth_repeating
from probecli.model.cause import CAUSES
from probecli.model.result import Verdict
from probecli.model.target import Retry, Seconds

NOT_MENDED = (
    *(cause for cause in CAUSES if cause.startswith(("tls.cert.", "expect.", "local."))),
    "dns.name_not_resolved",
    "tls.version_or_cipher_mismatch",
    "tls.bad_client_auth_cert",
    "tls.protocol.error",
    "http.protocol.error",
    "http.response.redirect_loop",
    "blocked.challenge",
)
MENDED = (
    "dns.failed",
    "dns.unreachable",
    "tcp.refused",
    "tcp.timed_out",
    "tcp.address_unreachable",
    "tcp.failed",
    "tcp.reset",
    "tls.timed_out",
    "tls.failed",
    "http.response.invalid",
    "http.response.timed_out",
    "http.failed",
    "content.unavailable",
    "blocked.rate_limited",
)
STATUSES = (408, 425, 429, 500, 502, 503, 504, 520, 522, 529)


def down(cause: str) -> Verdict:
    """The verdict of an attempt that failed so."""
    return Verdict(CAUSES[cause].state, cause, "in a test")


@pytest.mark.parametrize("cause", MENDED)
def test_an_attempt_is_spent_on_what_it_may_mend(cause: str) -> None:
    assert worth_repeating(Retry(), down(cause), None)


@pytest.mark.parametrize("cause", NOT_MENDED)
def test_no_attempt_is_spent_on_what_it_cannot_mend(cause: str) -> None:
    assert not worth_repeating(Retry(), down(cause), None)


def test_every_cause_but_the_status_is_one_or_the_other() -> None:
    assert {*MENDED, *NOT_MENDED, "http.error"} == set(CAUSES)


@pytest.mark.parametrize("status", STATUSES)
def test_a_status_that_may_pass_is_repeated(status: int) -> None:
    assert worth_repeating(Retry(), down("http.error"), status)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 501, 505, 519, 530])
def test_any_other_status_is_final(status: int) -> None:
    assert not worth_repeating(Retry(), down("http.error"), status)


@pytest.mark.parametrize("status", STATUSES)
def test_a_missed_expectation_is_final_whatever_the_status(status: int) -> None:
    assert not worth_repeating(Retry(), down("expect.body"), status)


def test_up_and_degraded_are_never_repeated() -> None:
    assert not worth_repeating(Retry(on=("200", "expect")), Verdict("up", None, None), 200)
    degraded = Verdict("degraded", "expect.latency", "slow")
    assert not worth_repeating(Retry(on=("expect.latency",)), degraded, 200)


@pytest.mark.parametrize(
    ("reason", "cause", "status", "expected"),
    [
        ("404", "http.error", 404, True),
        ("404", "http.error", 405, False),
        ("4xx", "http.error", 418, True),
        ("4XX", "http.error", 418, True),
        ("5xx", "http.error", 418, False),
        ("404", "tcp.refused", None, False),
        ("tls.cert", "tls.cert.date_invalid", None, True),
        ("tls.*", "tls.cert.date_invalid", None, True),
        ("tls.cert.date_invalid", "tls.cert.date_invalid", None, True),
        ("tls.cert.date", "tls.cert.date_invalid", None, False),
        ("tcp", "tls.failed", None, False),
        ("expect.body", "expect.body", 200, True),
    ],
)
def test_retry_on_names_causes_by_their_first_parts_and_statuses(
    reason: str, cause: str, status: int | None, expected: bool
) -> None:
    assert worth_repeating(Retry(on=(reason,)), down(cause), status) is expected


def test_retry_on_replaces_what_is_repeated_by_itself() -> None:
    assert not worth_repeating(Retry(on=("404",)), down("tcp.refused"), None)


@given(
    number=st.integers(1, 8),
    seed=st.integers(0, 2**32),
    initial=st.floats(0.01, 2),
    most=st.floats(0.01, 30),
    multiplier=st.floats(1, 4),
)
def test_full_jitter_waits_between_nothing_and_the_exponential_bound(
    number: int, seed: int, initial: float, most: float, multiplier: float
) -> None:
    retry = Retry(
        attempts=9, initial_s=Seconds(initial), max_s=Seconds(most), multiplier=multiplier
    )
    wait = backoff_s(retry, number, failed("tcp.refused"), random.Random(seed))
    bound = min(most, initial * multiplier ** (number - 1))
    assert wait is not None
    assert 0 <= wait <= bound * 1.000001


def test_full_jitter_uses_the_whole_range() -> None:
    rng = random.Random(7)
    retry = Retry(attempts=3, initial_s=Seconds(1))
    waits = [backoff_s(retry, 1, failed("tcp.refused"), rng) or 0 for _ in range(200)]
    assert min(waits) < 0.1
    assert max(waits) > 0.9


def test_without_jitter_the_waits_are_the_bounds_themselves() -> None:
    retry = Retry(attempts=6, initial_s=Seconds(0.2), max_s=Seconds(1), jitter="none")
    waits = [backoff_s(retry, n, failed("tcp.refused"), random.Random(1)) for n in range(1, 7)]
    assert waits == [0.2, 0.4, 0.8, 1.0, 1.0, None]


@pytest.mark.parametrize(("asked", "waited"), [(0.0, 0.0), (2.0, 2.0), (3600.0, 5.0)])
def test_the_servers_retry_after_is_honoured_up_to_the_longest_wait(
    asked: float, waited: float
) -> None:
    busy = answered(503, retry_after_s=asked)
    assert backoff_s(Retry(), 1, busy, random.Random(1)) == waited


def test_after_the_last_attempt_there_is_no_wait_even_when_the_server_asks() -> None:
    busy = answered(503, retry_after_s=1.0)
    assert backoff_s(Retry(attempts=2), 2, busy, random.Random(1)) is None
    assert backoff_s(Retry(attempts=1), 1, busy, random.Random(1)) is None
