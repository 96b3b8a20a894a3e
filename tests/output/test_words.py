import msgspec
import pytest

from output.samples import INCIDENT, OUTAGE, snapshot
from probecli.model.cause import CAUSES
from probecli.model.snapshot import GateVerdict
from probecli.output.words import (
    PHRASES,
    duration,
    flaky_words,
    gate_words,
    incident_words,
    phrase,
    run_words,
    slowest_phase,
    why,
)


@pytest.mark.parametrize("cause", CAUSES)
def test_every_cause_has_a_phrase(cause: str) -> None:
    assert 0 < len(phrase(cause)) <= 75
    assert not phrase(cause).endswith(".")


def test_no_phrase_is_for_a_cause_that_does_not_exist() -> None:
    assert set(PHRASES) <= set(CAUSES)


@pytest.mark.parametrize(
    ("ms", "words"),
    [
        (None, "-"),
        (0.0, "0.0 ms"),
        (0.44, "0.4 ms"),
        (9.97, "10 ms"),
        (640.2, "640 ms"),
        (999.7, "1.0 s"),
        (3_210.0, "3.2 s"),
        (59_999.0, "1 min 00 s"),
        (65_000.0, "1 min 05 s"),
        (3_725_000.0, "1 h 02 min"),
    ],
)
def test_a_duration_is_read_at_a_glance(ms: float | None, words: str) -> None:
    assert duration(ms) == words


@pytest.mark.parametrize(
    ("gate", "words"),
    [
        (GateVerdict(True, 0, "0 down"), "Gate passed: 0 down"),
        (GateVerdict(False, 1, "5 down, 0 allowed"),
         "Gate failed: 5 down, 0 allowed (exit code 1)"),
        (GateVerdict(False, 3, "1 unknown"), "Gate inconclusive: 1 unknown (exit code 3)"),
        (GateVerdict(True, 0, ""), "Gate passed"),
    ],
)  # fmt: skip
def test_the_gate_is_one_sentence(gate: GateVerdict, words: str) -> None:
    assert gate_words(gate) == words


def test_an_incident_says_what_why_and_since_when() -> None:
    assert incident_words(INCIDENT) == (
        "Incident: http.error on laposte-www, colissimo-suivi, digiposte-api; they share group "
        "la-poste; since 2025-12-22 06:10Z, last ok 2025-12-22 06:05Z"
    )
    longer = msgspec.structs.replace(INCIDENT, targets=tuple("abcde"))
    assert "on a, b, c and 2 more;" in incident_words(longer)


def test_the_run_says_whether_it_is_whole() -> None:
    value = snapshot(complete=False, shard="1/4")

    assert run_words(value.summary, value.run) == (
        "9 targets in 9.5 s from paris-1, shard 1/4; incomplete, the run was cut short"
    )


def test_the_detail_beats_the_phrase() -> None:
    assert why(OUTAGE[0]) == "503 Service Unavailable, expected 200-399"
    assert why(OUTAGE[-1].attempts[0]) == "connection reset by the peer"
    assert flaky_words(OUTAGE[-1]) == "flaky: up at attempt 2 after tcp.reset"
    assert flaky_words(OUTAGE[0]) == ""
    assert slowest_phase(OUTAGE[0].timings_ms) == "wait 612 ms"
