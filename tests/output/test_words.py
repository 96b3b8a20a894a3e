import msgspec
import pytest

from output.samples import INCIDENT, OUTAGE, snapshot
from probecli.model.cause import CAUSES
from probecli.model.snapshot import GateVerdict, Incident, PastIncident, Shared
from probecli.output.words import (
    PHRASES,
    duration,
    flaky_words,
    gate_words,
    incident_words,
    phrase,
    run_words,
    slowest_phase,
    told_incidents,
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


NAMES = ("laposte-www", "suivi", "digiposte", "banque", "colis")
SINCE = {"since": "2025-12-22T06:00:00.000Z", "last_ok": "2025-12-22T05:55:00.000Z"}


@pytest.mark.parametrize(
    ("incident", "words"),
    [
        (
            Incident(
                targets=NAMES,
                cause="http.error",
                shared=Shared(
                    group="la-poste",
                    title="La Poste Groupe",
                    prefix="203.0.113.0/24",
                    cause="http.error",
                    status=503,
                ),
                **SINCE,
            ),
            "Incident: 5 targets of La Poste Groupe answer 503 from 203.0.113.0/24 since between "
            "2025-12-22 05:55Z (last ok) and 06:00Z (laposte-www, suivi, digiposte and 2 more)",
        ),
        (
            Incident(
                targets=NAMES[:2],
                cause="tcp.refused",
                causes={"tcp.refused": 1, "tcp.reset": 1},
                shared=Shared(group="g", certificate="CN=*.example"),
                since="2025-12-22T06:00:00.000Z",
                not_probed=("a", "b", "c", "d"),
            ),
            "Incident: 2 targets of g are down (1 tcp.refused, 1 tcp.reset), certificate "
            "CN=*.example since 2025-12-22 06:00Z or before; not probed: a, b, c and 1 more of "
            "the group (laposte-www, suivi)",
        ),
        (
            Incident(
                targets=NAMES[:2],
                cause="dns.unreachable",
                shared=Shared(cause="dns.unreachable", name_server="192.0.2.53"),
                **SINCE,
            ),
            "Incident: 2 targets get no answer from name server 192.0.2.53 since between "
            "2025-12-22 05:55Z (last ok) and 06:00Z (laposte-www, suivi)",
        ),
        (
            Incident(
                targets=NAMES[:1],
                cause="dns.failed",
                shared=Shared(
                    group="g",
                    ip="192.0.2.53",
                    name_server="192.0.2.53, 192.0.2.54",
                    cause="dns.failed",
                    text="the resolver answered SERVFAIL",
                ),
                **SINCE,
            ),
            "Incident: laposte-www of g gets a failure from the name servers 192.0.2.53, "
            "192.0.2.54: the resolver answered SERVFAIL since between 2025-12-22 05:55Z (last ok) "
            "and 06:00Z",
        ),
        (
            Incident(
                targets=NAMES[:2],
                cause="dns.failed",
                causes={"dns.failed": 1, "dns.unreachable": 1},
                shared=Shared(name_server="192.0.2.53"),
                **SINCE,
            ),
            "Incident: 2 targets are down (1 dns.failed, 1 dns.unreachable), name server "
            "192.0.2.53 since between 2025-12-22 05:55Z (last ok) and 06:00Z (laposte-www, suivi)",
        ),
        (
            Incident(
                targets=NAMES[:1],
                cause="tcp.refused",
                shared=Shared(cause="tcp.refused", text="connection refused", ip="192.0.2.1"),
                changes=6,
                past=(
                    PastIncident(
                        since="2025-12-18T07:10:00.000Z", until="2025-12-18T09:10:00.000Z"
                    ),
                    PastIncident(
                        since="2025-12-20T09:00:00.000Z", until="2025-12-20T13:05:00.000Z"
                    ),
                ),
                **SINCE,
            ),
            "Incident: laposte-www is down at 192.0.2.1 with tcp.refused: connection refused "
            "since between 2025-12-22 05:55Z (last ok) and 06:00Z; flapping, 6 changes; third "
            "time in 5 days: 18 Dec 07:10Z (2 h), 20 Dec 09:00Z (4 h 05 min)",
        ),
    ],
)
def test_an_incident_says_who_by_which_evidence_and_since_when(
    incident: Incident, words: str
) -> None:
    assert incident_words(incident) == words


def test_an_incident_that_says_no_more_than_its_row_is_left_out() -> None:
    alone = Incident(targets=("a",), cause="tcp.refused", **SINCE)
    again = msgspec.structs.replace(alone, changes=5)
    value = msgspec.structs.replace(snapshot(), incidents=(INCIDENT, alone, again))

    assert told_incidents(value) == [INCIDENT, again]


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
