"""Targets that are no web pages: ports, names, WebSockets."""

from collections.abc import Iterable
from typing import Any

import dns.flags
import pytest
from dns.rcode import Rcode

from faults.certificates import places
from faults.dns import Answer, Query, fails, knows, reply, resolving, silence
from faults.http import head, websocket
from faults.server import (
    Step,
    close,
    flood,
    in_turn,
    read_head,
    reset,
    send,
    stall,
)
from faults.tls import handshake
from probe.wire.exchanges import SYSTEMS, met, phases, probed, target
from probecli.model.evidence import Evidence
from probecli.model.target import Expectations, Matcher, Seconds, Tls

BANNER = Expectations(banner=Matcher(contains="ready"))
TRUSTING = {"tls": Tls(ca_file=places()["root"], server_name="service.test")}


def cause(evidence: Evidence) -> str | None:
    """The cause of a failure."""
    return None if evidence.failure is None else evidence.failure.cause


@pytest.mark.parametrize("portable", SYSTEMS, ids=["kernel", "portable"])
@pytest.mark.parametrize(
    ("scheme", "step", "expect", "expected", "banner"),
    [
        ("tcp", stall, Expectations(), None, None),
        ("tcp", in_turn(send(b"220 ready\r\nmore"), stall), BANNER, None, b"220 ready\r\nmore"),
        ("tcp", flood(b"x" * 1000), BANNER, None, b"x" * 4096),
        ("tcp", stall, BANNER, None, b""),
        ("tcp", close, BANNER, None, b""),
        ("tls", in_turn(handshake(), stall), Expectations(), None, None),
        ("tls", in_turn(handshake(), send(b"ready\n"), stall), BANNER, None, b"ready\n"),
        ("tls", in_turn(handshake("expired"), stall), BANNER, "tls.cert.date_invalid", None),
        ("tls", reset, Expectations(), "tcp.reset", None),
        ("tls", stall, Expectations(), "tls.timed_out", None),
    ],
)
def test_a_port_is_open_and_says_its_banner(
    scheme: str,
    step: Step,
    expect: Expectations,
    expected: str | None,
    banner: bytes | None,
    portable: bool,
) -> None:
    evidence = met(
        step,
        portable=portable,
        scheme=scheme,
        expect=expect,
        timeout_s=Seconds(0.15),
        **TRUSTING,
    )
    assert (cause(evidence), evidence.banner) == (expected, banner)
    if scheme == "tls" and expected is None:
        assert evidence.tls is not None
        assert "tls" in phases(evidence)


@pytest.mark.parametrize("portable", SYSTEMS, ids=["kernel", "portable"])
@pytest.mark.parametrize("scheme", ["ws", "wss"])
def test_a_websocket_opens(scheme: str, portable: bool) -> None:
    step = in_turn(handshake(protocols=("http/1.1",)), websocket) if scheme == "wss" else websocket
    evidence = met(step, portable=portable, scheme=scheme, **TRUSTING)
    assert evidence.failure is None
    assert evidence.http is not None
    assert evidence.http.status == 101


def test_a_websocket_accepted_with_the_wrong_key_is_a_protocol_error() -> None:
    wrong = head(
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Accept: d3Jvbmc=",
    )
    assert cause(met(in_turn(read_head, send(wrong), stall), scheme="ws")) == "http.protocol.error"


def test_the_fields_of_a_websocket_stand_once_even_beside_ones_set_by_hand() -> None:
    seen: list[bytes] = []

    def note(peer: Any) -> None:
        read_head(peer)
        seen.append(peer.received)

    met(in_turn(note, close), scheme="ws", headers={"connection": "keep-alive", "X-A": "b"})
    names = [line.partition(b":")[0].lower() for line in seen[0].split(b"\r\n")[1:] if line]
    assert len(names) == len(set(names))
    assert b"connection: upgrade" in seen[0].lower()
    assert b"X-A: b" in seen[0]


# Name servers


def questioned(answer: Answer, name: str = "one.test", kind: str = "A", **fields: Any) -> Evidence:
    """What one question to a name server that answers so measures."""
    with resolving(answer) as port:
        return probed(target(f"dns://127.0.0.1:{port}/{name}?type={kind}", **fields))


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("A", "192.0.2.1"),
        ("AAAA", "2001:db8::1"),
        ("MX", "10 mail.one.test."),
        ("TXT", '"v=spf1 -all"'),
        ("CNAME", "two.test."),
    ],
)
def test_records_are_told_as_they_are_written(kind: str, data: str) -> None:
    evidence = questioned(knows(f"one.test. 60 IN {kind} {data}"), kind=kind.lower())
    assert (cause(evidence), evidence.records, evidence.rcode) == (None, (data,), "NOERROR")
    assert evidence.timings.wait is not None
    assert evidence.server is not None
    assert evidence.server.ip == "127.0.0.1"


@pytest.mark.parametrize(
    ("answer", "expected", "rcode"),
    [
        (fails(Rcode.NXDOMAIN), "dns.name_not_resolved", "NXDOMAIN"),
        (knows(), "dns.name_not_resolved", "NOERROR"),
        (fails(Rcode.SERVFAIL), "dns.failed", "SERVFAIL"),
        (fails(Rcode.REFUSED), "dns.failed", "REFUSED"),
        (silence, "dns.unreachable", None),
    ],
)
def test_a_name_server_that_fails_has_its_cause(
    answer: Answer, expected: str, rcode: str | None
) -> None:
    evidence = questioned(answer, timeout_s=Seconds(0.3))
    assert (cause(evidence), evidence.rcode) == (expected, rcode)


def test_a_code_that_is_expected_is_for_the_expectation_to_judge() -> None:
    evidence = questioned(fails(Rcode.NXDOMAIN), expect=Expectations(rcode="NXDOMAIN"))
    assert (cause(evidence), evidence.rcode) == (None, "NXDOMAIN")


def test_a_truncated_answer_is_asked_for_over_tcp() -> None:
    record = "one.test. 60 IN A 192.0.2.1"

    def respond(query: Query) -> Iterable[bytes]:
        return [reply(query, record) if query.over_tcp else reply(query, flags=dns.flags.TC)]

    assert questioned(respond).records == ("192.0.2.1",)


def test_answers_to_another_question_are_ignored() -> None:
    def respond(query: Query) -> Iterable[bytes]:
        right = reply(query, "one.test. 60 IN A 192.0.2.1")
        return [bytes([right[0] ^ 0xFF]) + right[1:], right]

    assert questioned(respond).records == ("192.0.2.1",)


@pytest.mark.parametrize("name", ["x" * 70 + ".test", "a..b"])
def test_a_name_that_cannot_be_asked_for_does_not_exist(name: str) -> None:
    assert cause(questioned(silence, name, timeout_s=Seconds(1))) == "dns.name_not_resolved"


def test_a_name_server_that_is_not_there_is_unreachable() -> None:
    import socket

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.connect(("127.0.0.1", 9))
        port = taken.getsockname()[1]
        one = target(f"dns://127.0.0.1:{port}/one.test", timeout_s=Seconds(0.2))
        assert cause(probed(one)) == "dns.unreachable"
