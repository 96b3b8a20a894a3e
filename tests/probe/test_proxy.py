"""Through a proxy: plain forwarding, and tunnels by CONNECT."""

import base64
from typing import Any

import pytest

from faults.certificates import places
from faults.http import FINE, head, response
from faults.server import Peer, Step, close, forget, in_turn, listening, read_head, send, stall
from faults.tls import handshake
from probe.wire.exchanges import SYSTEMS, assert_phases_fit, probed, target
from probecli.model.evidence import Evidence
from probecli.model.target import Seconds, Tls

pytestmark = pytest.mark.parametrize("portable", SYSTEMS, ids=["kernel", "portable"])

CREDENTIALS = base64.b64encode(b"user:p@ss").decode()
OPEN = head("HTTP/1.1 200 Connection established")


def through(step: Step, url: str, portable: bool, user: str = "", **fields: Any) -> Evidence:
    """What one attempt at `url` measures through a proxy that does `step`."""
    with listening(step) as port:
        proxied = target(
            url,
            proxy=f"http://{user}127.0.0.1:{port}",
            tls=Tls(ca_file=places()["root"]),
            **fields,
        )
        return probed(proxied, portable=portable)


def noting(seen: list[str]) -> Step:
    """Notes the head of a request."""

    def step(peer: Peer) -> None:
        read_head(peer)
        seen.append(peer.received.decode())

    return step


def test_a_plain_request_is_forwarded_in_absolute_form_with_credentials(portable: bool) -> None:
    seen: list[str] = []
    step = in_turn(noting(seen), send(FINE))
    url = "http://service.test:8080/x?y"
    evidence = through(step, url, portable, user="user:p%40ss@")
    assert (evidence.failure, evidence.body) == (None, b"fine\n")
    assert seen[0].startswith("GET http://service.test:8080/x?y HTTP/1.1\r\n")
    assert f"Proxy-Authorization: Basic {CREDENTIALS}\r\n" in seen[0]
    assert "Host: service.test:8080\r\n" in seen[0]


@pytest.mark.parametrize("protocols", [("http/1.1",), ("h2",)])
def test_tls_goes_through_a_tunnel_that_alone_sees_the_credentials(
    protocols: tuple[str, ...], portable: bool
) -> None:
    from faults.http2 import session

    seen: list[str] = []
    inside = (
        session(lambda exchange: exchange.page())
        if protocols == ("h2",)
        else in_turn(forget, noting(seen), send(FINE))
    )
    step = in_turn(noting(seen), send(OPEN), handshake(protocols=protocols), inside)
    evidence = through(step, "https://service.test/", portable, user="user:p%40ss@")
    assert (evidence.failure, evidence.body) == (None, b"fine\n")
    assert seen[0].startswith("CONNECT service.test:443 HTTP/1.1\r\nHost: service.test:443\r\n")
    assert f"Proxy-Authorization: Basic {CREDENTIALS}\r\n" in seen[0]
    assert all("Proxy-Authorization" not in one for one in seen[1:])
    assert evidence.timings.tls is not None
    assert_phases_fit(evidence)


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (
            in_turn(read_head, send(response(status="407 Proxy Authentication Required"))),
            "the proxy answered 407",
        ),
        (in_turn(read_head, send(response(status="502 Bad Gateway"))), "the proxy answered 502"),
        (in_turn(read_head, send(response(status="502 Bad Gateway")), close), "502"),
        (in_turn(read_head, close), "the proxy closed"),
        (in_turn(read_head, send(b"HTTP/1.1 200"), close), "the proxy closed"),
        (in_turn(read_head, stall), "the proxy did not answer"),
    ],
)
def test_a_tunnel_that_does_not_open_is_the_proxys_fault(
    step: Step, words: str, portable: bool
) -> None:
    evidence = through(step, "https://service.test/", portable, timeout_s=Seconds(0.15))
    assert evidence.failure is not None
    assert evidence.failure.cause == "http.error"
    assert words in evidence.failure.detail


def test_a_handshake_that_fails_inside_a_tunnel_is_the_servers_fault(portable: bool) -> None:
    step = in_turn(read_head, send(OPEN), handshake("expired"), stall)
    evidence = through(step, "https://service.test/", portable)
    assert evidence.failure is not None
    assert evidence.failure.cause == "tls.cert.date_invalid"


def test_a_plain_websocket_goes_through_a_tunnel(portable: bool) -> None:
    from faults.http import websocket

    seen: list[str] = []
    step = in_turn(noting(seen), send(OPEN), forget, websocket)
    evidence = through(step, "ws://service.test/", portable)
    assert evidence.failure is None
    assert evidence.http is not None
    assert evidence.http.status == 101
    assert seen[0].startswith("CONNECT service.test:80 HTTP/1.1\r\n")


def test_a_port_that_is_no_web_server_goes_through_a_tunnel(portable: bool) -> None:
    from probecli.model.target import Expectations, Matcher

    seen: list[str] = []
    step = in_turn(noting(seen), send(OPEN + b"220 ready\r\n"), stall)
    wanting = Expectations(banner=Matcher(contains="220"))
    evidence = through(step, "tcp://service.test:25", portable, expect=wanting)
    assert seen[0].startswith("CONNECT service.test:25 HTTP/1.1\r\n")
    assert (evidence.failure, evidence.banner) == (None, b"220 ready\r\n")
