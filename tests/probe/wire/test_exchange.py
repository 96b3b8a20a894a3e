"""Exchanges over real sockets: every phase bounded, timed and given back."""

import asyncio
import os
import socket
import time
from pathlib import Path
from typing import Any

import pytest

from faults.certificates import places
from faults.http import FINE, head, response
from faults.http2 import Exchange as Http2Session
from faults.http2 import session
from faults.server import (
    Peer,
    Step,
    close,
    drip,
    flood,
    in_turn,
    listening,
    read_head,
    read_some,
    reset,
    send,
    stall,
    swallowing,
)
from faults.tls import HALF_SERVER_HELLO, close_notify, handshake
from probe.wire.exchanges import (
    SYSTEMS,
    assert_phases_fit,
    met,
    on_network,
    phases,
    probed,
    target,
)
from probecli.model.evidence import Evidence
from probecli.model.target import Expectations, Matcher, Seconds, Target, Tls
from probecli.probe.kinds import probe_for
from probecli.probe.lookup import Lookup, Question
from probecli.probe.network import Network
from probecli.probe.wire.dial import Address

pytestmark = pytest.mark.parametrize("portable", SYSTEMS, ids=["kernel", "portable"])

TRUSTING = {"tls": Tls(ca_file=places()["root"], server_name="service.test")}
OK_LINE = "HTTP/1.1 200 OK"


def secure(*steps: Step, protocols: tuple[str, ...] = ("http/1.1",), **how: Any) -> Step:
    """Steps inside TLS."""
    return in_turn(handshake(protocols=protocols, **how), *steps)


def at_once(peer: Peer) -> None:
    """Has later sends leave at once: a reset would discard what Nagle's algorithm holds back."""
    peer.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def many_pieces(data: bytes) -> Step:
    """Sends `data` a byte a segment."""

    def step(peer: Peer) -> None:
        at_once(peer)
        for byte in data:
            peer.connection.sendall(bytes([byte]))

    return step


def failure(evidence: Evidence) -> str | None:
    """The cause of a failure."""
    return None if evidence.failure is None else evidence.failure.cause


# Complete responses


@pytest.mark.parametrize(
    ("step", "body"),
    [
        pytest.param(in_turn(read_head, send(FINE)), b"fine\n", id="one piece"),
        pytest.param(in_turn(read_head, many_pieces(FINE)), b"fine\n", id="byte by byte"),
        pytest.param(send(FINE), b"fine\n", id="before the request"),
        pytest.param(
            in_turn(read_head, send(head(OK_LINE) + b"until the end"), close),
            b"until the end",
            id="until close",
        ),
        pytest.param(
            in_turn(
                read_head,
                send(
                    head(OK_LINE, "Transfer-Encoding: chunked")
                    + b"3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nX-Trailer: 1\r\n\r\n"
                ),
                stall,
            ),
            b"abcde",
            id="chunked with a trailer",
        ),
        pytest.param(
            in_turn(read_head, send(head("HTTP/1.1 103 Early Hints") * 3 + FINE), stall),
            b"fine\n",
            id="after early hints",
        ),
        pytest.param(in_turn(read_head, send(FINE + FINE), stall), b"fine\n", id="a second one"),
        pytest.param(
            in_turn(at_once, read_head, send(FINE + b"\0" * 9), reset), b"fine\n", id="then a reset"
        ),
        pytest.param(
            in_turn(read_head, send(response(b"x" * 300_000))), b"x" * 300_000, id="large"
        ),
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_response_of_any_shape_is_read_whole(
    step: Step, body: bytes, scheme: str, portable: bool
) -> None:
    served = secure(step) if scheme == "https" else step
    evidence = met(served, portable=portable, scheme=scheme, **TRUSTING)
    assert evidence.failure is None
    assert evidence.http is not None
    assert (evidence.http.status, evidence.body) == (200, body)
    assert evidence.http.body_bytes == len(body)
    expected = ["connect", "tls", "send", "wait", "receive"]
    assert phases(evidence) == [name for name in expected if name != "tls" or scheme == "https"]
    assert_phases_fit(evidence)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_body_over_the_limit_is_cut_and_no_error(scheme: str, portable: bool) -> None:
    step = in_turn(read_head, send(head(OK_LINE)), flood(b"y" * 4096))
    served = secure(step) if scheme == "https" else step
    evidence = met(served, portable=portable, scheme=scheme, max_body_bytes=100_000, **TRUSTING)
    assert evidence.failure is None
    assert evidence.body == b"y" * 100_000
    assert evidence.http is not None
    assert evidence.http.body_bytes == 100_000


def test_a_body_cut_exactly_at_the_limit_may_end_inside_its_coding(portable: bool) -> None:
    import gzip

    packed = gzip.compress(os.urandom(4000))
    step = in_turn(read_head, send(response(packed, "Content-Encoding: gzip")))
    evidence = met(step, portable=portable, max_body_bytes=len(packed) - 8)
    assert evidence.failure is None


def test_codings_in_two_fields_are_one_list(portable: bool) -> None:
    import gzip
    import zlib

    packed = zlib.compress(gzip.compress(b"welcome"))
    fields = ("Content-Encoding: gzip", "Content-Encoding: deflate")
    assert met(in_turn(read_head, send(response(packed, *fields))), portable=portable).body == (
        b"welcome"
    )


def test_a_large_handshake_is_read_to_its_end(portable: bool) -> None:
    step = secure(read_head, send(FINE), certificate="thousand names")
    assert met(step, portable=portable, scheme="https", **TRUSTING).body == b"fine\n"


def test_tls_facts_outlive_a_connection_that_fails_later(portable: bool) -> None:
    evidence = met(secure(read_head, reset), portable=portable, scheme="https", **TRUSTING)
    assert failure(evidence) == "tcp.reset"
    assert evidence.tls is not None
    assert evidence.tls.certificate_days == 59


# Uploads


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_large_upload_arrives_whole(scheme: str, portable: bool) -> None:
    body = "0123456789abcdef" * 400_000
    arrived = 0

    def count(peer: Peer) -> None:
        nonlocal arrived
        read_head(peer)
        arrived = len(peer.received.partition(b"\r\n\r\n")[2])
        while arrived < len(body) and (data := peer.connection.recv(65536)):
            arrived += len(data)
        peer.connection.sendall(FINE)

    served = secure(count) if scheme == "https" else count
    evidence = met(served, portable=portable, scheme=scheme, method="POST", body=body, **TRUSTING)
    assert evidence.failure is None
    assert arrived == len(body)
    assert_phases_fit(evidence)


def test_a_response_before_the_upload_is_over_is_the_response(portable: bool) -> None:
    step = in_turn(read_head, send(response(status="413 Too Large")), stall)
    evidence = met(step, portable=portable, method="POST", body="x" * (16 << 20))
    assert evidence.failure is None
    assert evidence.http is not None
    assert evidence.http.status == 413


# The deadline


SHORT = {"timeout_s": Seconds(0.15)}
STALLS: list[Any] = [
    pytest.param("http", stall, "http.response.timed_out", "no response", id="no answer"),
    pytest.param(
        "http", in_turn(read_head, drip(b"X-A: b\r\n")), "http.protocol.error", "", id="no HTTP"
    ),
    pytest.param(
        "http",
        in_turn(read_head, send(b"HTTP/1.1 200 OK\r\nX-Slow: "), drip(b"abc")),
        "http.response.timed_out",
        "response incomplete",
        id="slow head",
    ),
    pytest.param(
        "http",
        in_turn(read_head, send(head(OK_LINE, "Content-Length: 9999")), drip(b"x")),
        "http.response.timed_out",
        "response incomplete",
        id="dripping body",
    ),
    pytest.param(
        "http",
        in_turn(read_head, drip(head("HTTP/1.1 100 Continue"))),
        "http.response.timed_out",
        "response incomplete",
        id="endless 1xx",
    ),
    pytest.param("https", stall, "tls.timed_out", "handshake", id="stalled handshake"),
    pytest.param(
        "https",
        in_turn(send(HALF_SERVER_HELLO), stall),
        "tls.timed_out",
        "handshake",
        id="half a handshake",
    ),
    pytest.param(
        "https",
        secure(read_head, send(head(OK_LINE, "Content-Length: 9999")), drip(b"x")),
        "http.response.timed_out",
        "response incomplete",
        id="dripping body under TLS",
    ),
    pytest.param(
        "https",
        secure(session(lambda _: None), stall, protocols=("h2",)),
        "http.response.timed_out",
        "no response",
        id="stalled stream",
    ),
]


@pytest.mark.parametrize(("scheme", "step", "cause", "words"), STALLS)
def test_the_deadline_bounds_every_phase(
    scheme: str, step: Step, cause: str, words: str, portable: bool
) -> None:
    # A handshake must fit in where the stall comes after it, on a busy machine too.
    timeout_s = 1.0 if scheme == "https" and cause.startswith("http.") else 0.15
    began = time.monotonic()
    evidence = met(step, portable=portable, scheme=scheme, **TRUSTING, timeout_s=Seconds(timeout_s))
    assert time.monotonic() - began < timeout_s + 3
    assert failure(evidence) == cause
    assert evidence.failure is not None
    assert words in evidence.failure.detail
    if "timed_out" in cause:
        assert ("1 s" if timeout_s == 1.0 else "150 ms") in evidence.failure.detail
    assert_phases_fit(evidence)


def test_an_upload_that_nobody_reads_ends_with_the_deadline(portable: bool) -> None:
    evidence = met(stall, portable=portable, method="POST", body="x" * (16 << 20), **SHORT)
    assert failure(evidence) == "http.response.timed_out"
    assert evidence.failure is not None
    assert "not fully accepted" in evidence.failure.detail
    assert evidence.timings.send is None


def test_the_connect_timeout_bounds_a_black_hole(portable: bool) -> None:
    with swallowing() as hole:
        one = target(f"http://127.0.0.1:{hole['port']}/", connect_timeout_s=Seconds(0.2))
        evidence = probed(one, portable=portable)
    assert failure(evidence) == "tcp.timed_out"
    assert evidence.failure is not None
    assert "200 ms" in evidence.failure.detail
    assert phases(evidence) == []
    assert evidence.timings.total is not None
    assert 190 <= evidence.timings.total < 2000


# Which phases were reached


@pytest.mark.parametrize(
    ("scheme", "step", "cause", "reached"),
    [
        ("http", close, "http.response.invalid", ["connect", "send"]),
        ("http", in_turn(read_head, reset), "tcp.reset", ["connect", "send"]),
        (
            "http",
            in_turn(read_head, send(b"HTTP/1.1 200"), close),
            "http.response.invalid",
            ["connect", "send", "wait", "receive"],
        ),
        ("https", in_turn(read_some, close), "tls.failed", ["connect"]),
        ("https", in_turn(read_some, send(FINE)), "tls.protocol.error", ["connect"]),
        (
            "https",
            secure(read_head, close_notify),
            "http.response.invalid",
            ["connect", "tls", "send"],
        ),
    ],
)
def test_a_phase_that_was_not_reached_is_null(
    scheme: str, step: Step, cause: str, reached: list[str], portable: bool
) -> None:
    evidence = met(step, portable=portable, scheme=scheme, **TRUSTING)
    assert failure(evidence) == cause
    seen = phases(evidence)
    # A peer that is gone before the request leaves no send phase to speak of.
    assert [name for name in seen if name != "send"] == [name for name in reached if name != "send"]
    assert_phases_fit(evidence)


# What arrives with the connection, in one event with it


async def late(one: Target, network: Network) -> Evidence:
    """Probes on a loop that is busy while connection, data and end arrive: as one event."""
    probing = asyncio.ensure_future(probe_for(one.kind)(one, network))
    await asyncio.sleep(0)
    time.sleep(0.05)
    return await probing


@pytest.mark.parametrize(
    ("step", "banner"),
    [
        (send(b"220 ready\r\n"), b"220 ready\r\n"),
        (in_turn(send(b"no line end"), close), b"no line end"),
        (close, b""),
        (in_turn(many_pieces(b"220 slow\r\n"), stall), b"220 slow\r\n"),
    ],
)
def test_a_banner_or_an_end_that_comes_with_the_connection_is_not_lost(
    step: Step, banner: bytes, portable: bool
) -> None:
    wanting = Expectations(banner=Matcher(contains="220"))

    with listening(step) as port:
        one = target(f"tcp://127.0.0.1:{port}", expect=wanting)
        evidence = on_network(lambda network: late(one, network), portable=portable)
    assert evidence.failure is None
    assert evidence.banner == banner


@pytest.mark.parametrize(
    ("step", "cause"),
    [
        (in_turn(send(b"SSH-2.0-OpenSSH\r\n"), stall), "tls.protocol.error"),
        (close, "tls.failed"),
        (reset, "tcp.reset"),
    ],
)
def test_what_comes_with_the_connection_counts_in_a_handshake_too(
    step: Step, cause: str, portable: bool
) -> None:
    with listening(step) as port:
        one = target(f"https://127.0.0.1:{port}/", **TRUSTING)
        evidence = on_network(lambda network: late(one, network), portable=portable)
    assert failure(evidence) == cause


# Several addresses


def known(network: Network, host: str, *addresses: Address) -> None:
    """Lets the network's resolver know a name already."""
    question = Question(host, "auto", None)
    loop = asyncio.get_running_loop()
    nobody: Any = None
    lookup = Lookup(question, nobody, loop)
    lookup._found, lookup.done_at = addresses, 0.0
    network.resolver._known[question] = lookup


def at(ip: str) -> Address:
    """An address without a port."""
    return Address(socket.AF_INET6 if ":" in ip else socket.AF_INET, ip, 0)


def reached(portable: bool, port: int, *ips: str, **fields: Any) -> Evidence:
    """What a name with these addresses gives."""

    async def body(network: Network) -> Evidence:
        known(network, "many.test", *map(at, ips))
        return await probe_for("http")(target(f"http://many.test:{port}/", **fields), network)

    evidence: Evidence = on_network(body, portable=portable)
    return evidence


def test_after_a_refusal_the_next_address_is_tried_at_once(portable: bool) -> None:
    with listening(in_turn(read_head, send(FINE))) as port:
        evidence = reached(portable, port, "127.0.0.2", "127.0.0.3", "127.0.0.1")
    assert evidence.failure is None
    assert evidence.server is not None
    assert evidence.server.ip == "127.0.0.1"
    assert evidence.timings.total is not None
    assert evidence.timings.total < 200


def test_beside_a_black_hole_the_next_address_is_tried_after_a_quarter_second(
    portable: bool,
) -> None:
    with (
        listening(in_turn(read_head, send(FINE))) as port,
        swallowing("127.0.0.2", port),
    ):
        evidence = reached(portable, port, "127.0.0.2", "127.0.0.1")
    assert evidence.failure is None
    assert evidence.server is not None
    assert evidence.server.ip == "127.0.0.1"
    assert evidence.timings.connect is not None
    assert 240 <= evidence.timings.connect < 2000
    assert_phases_fit(evidence)


def test_when_all_refuse_the_target_refused(portable: bool) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        evidence = reached(portable, taken.getsockname()[1], "127.0.0.1", "127.0.0.2")
    assert failure(evidence) == "tcp.refused"


def test_the_connect_timeout_is_over_all_addresses(portable: bool) -> None:
    with swallowing("127.0.0.1") as one:
        port = one["port"]
        assert isinstance(port, int)
        with swallowing("127.0.0.2", port):
            evidence = reached(
                portable, port, "127.0.0.1", "127.0.0.2", connect_timeout_s=Seconds(0.4)
            )
    assert failure(evidence) == "tcp.timed_out"
    assert evidence.timings.total is not None
    assert evidence.timings.total < 1500


# Nothing is left behind


def open_sockets() -> int:
    """How many descriptors of this process are sockets."""
    links = Path("/proc/self/fd")
    if not links.is_dir():
        pytest.skip("no /proc here")
    count = 0
    for link in links.iterdir():
        try:
            count += os.readlink(link).startswith("socket:")
        except OSError:
            continue
    return count


@pytest.mark.parametrize("scheme", ["http", "https", "tcp"])
def test_a_cancelled_probe_leaves_no_socket(scheme: str, portable: bool) -> None:
    async def body(network: Network) -> None:
        before = open_sockets()
        one = target(
            f"{scheme}://127.0.0.1:{port}", expect=Expectations(banner=Matcher(contains="x"))
        )
        tasks = [asyncio.ensure_future(probe_for(one.kind)(one, network)) for _ in range(5)]
        while open_sockets() < before + 10:
            await asyncio.sleep(0.001)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        # The server's ends are left, until the server ends.
        assert open_sockets() <= before + 5

    with listening(stall) as port:
        on_network(body, portable=portable)


def test_hundreds_of_exchanges_one_after_another_reuse_descriptors(portable: bool) -> None:
    async def body(network: Network) -> None:
        one = target(f"http://127.0.0.1:{port}/")
        for _ in range(20):
            found = await asyncio.gather(*(probe_for("http")(one, network) for _ in range(20)))
            assert all(evidence.body == b"fine\n" for evidence in found)

    with listening(in_turn(read_head, send(FINE))) as port:
        on_network(body, portable=portable)


def test_an_exception_in_an_exchange_reaches_its_caller_and_nobody_else(
    portable: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    from probecli.probe.wire.http1 import Http1

    whole = Http1.feed

    def feed(self: Http1, data: bytes) -> bytes:
        if b"418" in data:
            raise ZeroDivisionError
        return whole(self, data)

    monkeypatch.setattr(Http1, "feed", feed)

    async def body(network: Network) -> list[Any]:
        targets = [target(f"http://127.0.0.1:{port}/") for port in (bad, good, good)]
        probes = [probe_for("http")(one, network) for one in targets]
        return await asyncio.gather(*probes, return_exceptions=True)

    with (
        listening(in_turn(read_head, send(response(status="418 Teapot")))) as bad,
        listening(in_turn(read_head, send(FINE))) as good,
    ):
        broken, *fine = on_network(body, portable=portable)
    assert isinstance(broken, ZeroDivisionError)
    assert [evidence.body for evidence in fine] == [b"fine\n"] * 2


def test_an_exception_in_a_later_turn_of_reading_reaches_its_caller(
    portable: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    from probecli.probe.wire.http1 import Http1

    whole = Http1.feed
    turns: list[int] = []

    def feed(self: Http1, data: bytes) -> bytes:
        turns.append(len(data))
        if len(turns) > 1:
            raise ZeroDivisionError
        return whole(self, data)

    monkeypatch.setattr(Http1, "feed", feed)
    monkeypatch.setattr("probecli.probe.wire.exchange._READS_A_TURN", 1)
    whole_body = b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n" + b"x" * 9000
    # All of it comes with the connection, in one event.
    with listening(in_turn(send(whole_body), stall)) as port:
        one = target(f"http://127.0.0.1:{port}/")
        with pytest.raises(ZeroDivisionError):
            on_network(lambda network: late(one, network), portable=portable)


# HTTP/2


def over_http2(respond: Any, portable: bool, *after: Step, **fields: Any) -> Evidence:
    """What one attempt measures at an HTTP/2 server."""
    step = secure(session(respond), *after, protocols=("h2", "http/1.1"))
    return met(step, portable=portable, scheme="https", **TRUSTING, **fields)


def test_http2_is_chosen_when_the_server_offers_it(portable: bool) -> None:
    evidence = over_http2(lambda exchange: exchange.page(b"z" * 200_000), portable)
    assert evidence.http is not None
    assert (evidence.http.version, evidence.http.status) == ("HTTP/2", 200)
    assert evidence.body == b"z" * 200_000
    assert_phases_fit(evidence)


def test_http11_can_be_insisted_on(portable: bool) -> None:
    step = secure(read_head, send(FINE), protocols=("h2", "http/1.1"))
    evidence = met(step, portable=portable, scheme="https", http_version="1.1", **TRUSTING)
    assert evidence.http is not None
    assert evidence.http.version == "HTTP/1.1"


def test_http2_insisted_on_without_a_server_of_it_is_a_protocol_error(portable: bool) -> None:
    step = secure(read_head, send(FINE))
    evidence = met(step, portable=portable, scheme="https", http_version="2", **TRUSTING)
    assert failure(evidence) == "http.protocol.error"


def test_http2_in_the_clear_begins_by_prior_knowledge(portable: bool) -> None:
    step = in_turn(session(lambda exchange: exchange.page()), stall)
    evidence = met(step, portable=portable, http_version="2")
    assert (evidence.failure, evidence.body) == (None, b"fine\n")


def test_a_large_upload_keeps_to_the_servers_window(portable: bool) -> None:
    import h2.events

    body = "u" * 500_000
    arrived = 0

    def respond(exchange: Http2Session) -> None:
        nonlocal arrived
        while arrived < len(body):
            for event in exchange.read():
                if isinstance(event, h2.events.DataReceived):
                    arrived += len(event.data or b"")
                    size = event.flow_controlled_length or 0
                    exchange.h2.acknowledge_received_data(size, exchange.stream)
            exchange.flush()
        exchange.page()

    evidence = over_http2(respond, portable, method="POST", body=body)
    assert (evidence.failure, arrived) == (None, len(body))


def test_informational_responses_of_http2_are_passed_over(portable: bool) -> None:
    def respond(exchange: Http2Session) -> None:
        for _ in range(3):
            exchange.h2.send_headers(exchange.stream, [(":status", "103"), ("link", "</x>")])
        exchange.page()

    evidence = over_http2(respond, portable)
    assert evidence.http is not None
    assert evidence.http.status == 200


@pytest.mark.parametrize("together", [True, False])
def test_an_orderly_goaway_lets_the_response_come(together: bool, portable: bool) -> None:
    goaway = bytes((0, 0, 8, 7, 0, 0, 0, 0, 0)) + (1).to_bytes(4) + (0).to_bytes(4)

    def respond(exchange: Http2Session) -> None:
        if together:
            exchange.h2.send_headers(exchange.stream, [(":status", "200")])
            exchange.h2.send_data(exchange.stream, b"fine\n", end_stream=True)
            exchange.raw(goaway + exchange.h2.data_to_send())
        else:
            exchange.raw(goaway)
            exchange.page()

    evidence = over_http2(respond, portable)
    assert (evidence.failure, evidence.body) == (None, b"fine\n")


def test_noise_after_a_whole_http2_response_is_nobodys_concern(portable: bool) -> None:
    def respond(exchange: Http2Session) -> None:
        exchange.h2.send_headers(exchange.stream, [(":status", "200")])
        exchange.h2.send_data(exchange.stream, b"fine\n", end_stream=True)
        bad = bytes((0, 0, 1, 8, 0, 0, 0, 0, 1, 9))
        exchange.raw(exchange.h2.data_to_send() + bad)

    evidence = over_http2(respond, portable)
    assert (evidence.failure, evidence.body) == (None, b"fine\n")
