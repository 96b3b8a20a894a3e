"""Whatever a server sends, a case ends in time with a state and a cause of the vocabulary."""

import pytest

from faults.certificates import places
from fuzz.run import KINDS, complaints, fuzz, target
from fuzz.server import Served
from probecli.model.result import Attempt, Result, Timings

SEED = 20260601
COUNTS = {"http1": 700, "http2": 60, "handshake": 80, "dns": 120}
MOST_RESIDENT_BYTES = 600 << 20
"""The whole test process, the interpreter and its libraries included."""

SILENCE = {"dns.unreachable", "tcp.timed_out", "tls.timed_out", "http.response.timed_out"}

SERVED = Served(1, 2, 3, root=places()["root"], client=places()["client"])


def test_hostile_servers_bring_about_no_crash_no_hang_and_no_unnamed_failure() -> None:
    tallies = fuzz(SEED, COUNTS)
    assert {kind: tally.cases for kind, tally in tallies.items()} == COUNTS
    assert [failure for tally in tallies.values() for failure in tally.failures] == []
    assert all(tally.most_resident_bytes < MOST_RESIDENT_BYTES for tally in tallies.values())
    # A fuzzer that nobody answers finds nothing.
    assert all(set(tally.causes) - SILENCE for tally in tallies.values())


def _result(**changed: object) -> Result:
    said = {"state": "down", "cause": "http.error", "detail": "503", "duration_ms": 1.0} | changed
    attempt = Attempt(
        number=1,
        started_at="",
        status=None,
        ip=None,
        timings_ms=Timings(),
        **said,  # type: ignore[arg-type]
    )
    return Result(
        name="x", kind="http", url="http://x/", group=None, tags=(), flaky=False, gated=True,
        started_at="", attempts=(attempt,), **said,  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.mark.parametrize(
    "changed",
    [
        {"state": "broken"},
        {"cause": None},
        {"cause": "http.odd"},
        {"cause": "local.interrupted"},
        {"state": "up"},
        {"detail": None},
        {"detail": "\x1b[2J"},
        {"detail": "x" * 5000},
        {"duration_ms": 60_000.0},
        {"detail": "\ud800"},
    ],
)
def test_what_no_server_may_bring_about_is_noticed(changed: dict[str, object]) -> None:
    of = target("http1", 0, SERVED)
    assert list(complaints(of, _result())) == []
    assert list(complaints(of, _result(**changed)))


@pytest.mark.parametrize("kind", KINDS)
def test_targets_of_every_kind_load(kind: str) -> None:
    assert {target(kind, number, SERVED).name for number in range(80)} == {
        f"{kind} {number}" for number in range(80)
    }
