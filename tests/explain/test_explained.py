"""Targets of the fault range, explained by the real engine."""

import msgspec
import pytest
from rich.cells import cell_len

from explain.explaining import explained, shown
from faults.fault import running_target
from faults.http import FINE
from faults.server import read_head, script, send
from faults.table import BY_NAME
from probecli.explain.assemble import BODY_LINE_LIMIT, FIELD_LIMIT
from probecli.explain.facts import Explanation
from probecli.output.json import encode

SECRET = "hush-hush-4711"


def of(row: str, **changes: object) -> Explanation:
    """The explanation of a row of the range."""
    with running_target(BY_NAME[row]) as target:
        return explained(target | changes)


def test_a_refused_certificate_is_fetched_again_and_shown() -> None:
    explanation = of("expired")
    chain = explanation.chain
    assert chain is not None
    assert (chain.verified, chain.diagnostic, chain.error) == (False, True, None)
    assert [one.subject for one in chain.certificates] == ["CN=service.test"]
    assert "the certificate served expired 1 day ago" in explanation.diagnosis
    text = "\n".join(shown(explanation))
    assert "second handshake" in text
    assert "✗ expired 1 day ago" in text


def test_an_accepted_chain_is_shown_as_it_was_served() -> None:
    chain = of("good").chain
    assert chain is not None
    assert (chain.verified, chain.diagnostic) == (True, False)
    assert [one.subject for one in chain.certificates] == [
        "CN=service.test",
        "CN=Range Intermediate",
    ]


def test_a_refused_certificate_behind_a_tunnel_is_fetched_through_the_tunnel() -> None:
    explanation = of("tunnel to an expired certificate")
    assert explanation.chain is not None
    assert explanation.chain.certificates[0].faults
    assert explanation.attempts[0].hops[0].proxy in explanation.diagnosis


def test_the_second_handshake_sends_no_request() -> None:
    requests: list[bytes] = []
    from faults.certificates import places
    from faults.tls import handshake

    serve = script(handshake("expired"), read_head, lambda peer: requests.append(peer.received))
    with serve() as there:
        explained(
            {
                "name": "watched",
                "url": f"https://service.test:{there['port']}/",
                "resolve_to": "127.0.0.1",
                "tls": {"ca_file": places()["root"]},
                "headers": {"Authorization": "Bearer abc"},
            }
        )
    assert requests == []


def test_a_hop_says_who_was_asked_for_its_name() -> None:
    explanation = of("name found")
    (hop,) = explanation.attempts[0].hops
    assert hop.names is not None
    assert hop.server is not None
    assert hop.server.resolver == hop.names.resolver
    assert explanation.result.server == hop.server


def test_every_hop_has_its_url_status_and_cookies() -> None:
    (attempt,) = of("cookie wall").attempts
    assert [hop.status for hop in attempt.hops] == [302, 200]
    assert attempt.hops[0].cookies == ("seen",)
    assert attempt.hops[0].location == "/"
    assert all(hop.timings_ms.wait is not None for hop in attempt.hops)


def test_every_attempt_is_kept_with_its_back_off() -> None:
    explanation = of("503 once, with Retry-After")
    assert [one.attempt.state for one in explanation.attempts] == ["down", "up"]
    assert explanation.attempts[0].attempt.backoff_ms is not None
    assert any("back-off" in line for line in shown(explanation))


def test_every_address_says_why_it_lost() -> None:
    (attempt,) = of("every address refused").attempts
    (hop,) = attempt.hops
    assert {one.ip for one in hop.tried} == {"::1", "127.0.0.1"}
    assert {one.fate for one in hop.tried} == {"failed"}
    assert hop.names is not None
    assert set(hop.names.addresses) == {"::1", "127.0.0.1"}


def test_the_address_that_answered_stands_beside_the_one_that_lost() -> None:
    (attempt,) = of("dead AAAA, live A").attempts
    assert [(one.ip, one.fate) for one in attempt.hops[0].tried] == [
        ("::1", "failed"),
        ("127.0.0.1", "answered"),
    ]


def test_a_secret_at_the_edge_of_what_is_shown_is_masked_before_the_cut() -> None:
    body = b"x" * (BODY_LINE_LIMIT - 8) + SECRET.encode() + b"\n"
    field = b"x" * (FIELD_LIMIT - 8) + SECRET.encode()
    head = b"HTTP/1.1 200 OK\r\nX-Echo: %s\r\nContent-Length: %d\r\n\r\n" % (field, len(body))
    with script(read_head, send(head + body))() as there:
        explanation = explained(
            {
                "name": "edge",
                "url": f"http://127.0.0.1:{there['port']}/",
                "headers": {"X-Key": "${KEY}"},
            },
            env={"KEY": SECRET},
        )
    assert SECRET[:5].encode() not in encode(explanation)


def test_a_black_hole_is_an_address_that_did_not_answer() -> None:
    explanation = of("black hole")
    ((one,),) = [hop.tried for hop in explanation.attempts[-1].hops]
    assert one.fate == "pending"
    assert any("no answer in time" in line for line in shown(explanation))


def test_a_name_that_does_not_exist_says_who_was_asked() -> None:
    explanation = of("NXDOMAIN")
    names = explanation.attempts[0].hops[0].names
    assert names is not None
    assert names.cause == "dns.name_not_resolved"
    assert f"The resolver {names.resolver} answers" in explanation.diagnosis


def test_controls_are_probed_and_told() -> None:
    with running_target(BY_NAME["black hole"]) as target, script(read_head, send(FINE))() as there:
        control = {"name": "control", "url": f"http://127.0.0.1:{there['port']}/"}
        explanation = explained(target, controls=[control])
    assert [one.state for one in explanation.controls] == ["up"]
    assert explanation.diagnosis.endswith("a control answers, so your own network works.")


def hostile_answer() -> bytes:
    """A response whose every part tries to steer a terminal, and echoes a secret."""
    evil = b"\x1b]0;owned\x07\x1b[31m ::error::pwned \xe2\x80\xae[bold red]markup[/]"
    body = evil + b"\n" + SECRET.encode() + b"\n"
    return (
        b"HTTP/1.1 503 Down " + evil[:30].replace(b"\x1b", b" ").replace(b"\x07", b" ") + b"\r\n"
        b"Content-Type: text/html; charset=utf-8\r\n"
        b"X-Echo: " + SECRET.encode() + b" [red]x[/red] \xe2\x80\xae ::warning::y\r\n"
        b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(body)
    ) + body


@pytest.mark.parametrize("color", [False, True])
def test_nothing_that_a_server_sends_steers_a_terminal_or_tells_a_secret(color: bool) -> None:
    with script(read_head, send(hostile_answer()))() as there:
        explanation = explained(
            {
                "name": "hostile",
                "url": f"http://127.0.0.1:{there['port']}/?key=${{KEY}}",
                "headers": {"X-Key": "${KEY}"},
                "retry": {"attempts": 1},
            },
            env={"KEY": SECRET},
        )
    lines = shown(explanation, color=color)
    text = "\n".join(lines)
    assert SECRET not in text
    assert "***" in text
    assert "[bold red]markup[/]" in text
    assert "::error::" not in text
    assert "\x07" not in text
    assert "\u202e" not in text
    allowed = text if not color else __import__("re").sub(r"\x1b\[[0-9;]*m", "", text)
    assert "\x1b" not in allowed
    document = encode(explanation)
    assert SECRET.encode() not in document
    assert b"\x1b" not in document


@pytest.mark.parametrize("columns", [40, 80, 120])
@pytest.mark.parametrize(
    "row",
    ["good", "missing intermediate", "thousand names", "11 hops", "NXDOMAIN", "tcp banner",
     "dns record differs", "giant header", "countless headers", "holding page, French", "ws"],
)  # fmt: skip
def test_every_line_fits_its_terminal(row: str, columns: int) -> None:
    for line in shown(of(row), columns):
        assert cell_len(line) <= columns
        assert line.isprintable()


def test_the_document_can_be_read_back() -> None:
    explanation = of("cookie wall")
    assert msgspec.json.decode(encode(explanation), type=Explanation) == explanation
