"""The range does what its rows say, as seen by the standard library and by other clients."""

import gzip
import http.client
import socket
import ssl
import zlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import brotli
import dns.exception
import dns.message
import dns.query
import dns.rcode
import httpx
import pytest

from faults.client import REQUEST, connected, exchange, secured
from faults.fault import running, running_target
from faults.http import PAGE, bombs
from faults.rows.content import TITLE as CONTENT
from faults.table import BY_NAME, FAULTS, SECTIONS
from probecli.model.cause import CAUSES

WITHOUT_A_ROW = {
    "tcp.address_unreachable": "no loopback address makes a router answer EHOSTUNREACH",
    "tcp.failed": "what has no name of its own cannot be ordered",
    "http.failed": "what has no name of its own cannot be ordered",
    "local.resources": "needs a process without file descriptors",
    "local.interrupted": "is about the run, not about a server",
}

END = b"\r\n\r\n"


def test_every_cause_has_a_row_or_a_reason_to_have_none() -> None:
    assert {fault.cause for fault in FAULTS if fault.cause} == set(CAUSES) - set(WITHOUT_A_ROW)


def test_names_are_unique_and_every_row_has_a_note() -> None:
    assert len(BY_NAME) == len(FAULTS)
    plain = {"gzip", "br"}
    assert [fault.name for fault in FAULTS if not fault.note and fault.name not in plain] == []


def test_states_are_those_of_their_causes_but_for_warnings_and_resolvers_as_targets() -> None:
    odd = {
        (fault.state, fault.cause)
        for fault in FAULTS
        if fault.state != (CAUSES[fault.cause].state if fault.cause else "up")
    }
    assert ("down", "dns.unreachable") in odd
    odd.discard(("down", "dns.unreachable"))
    assert {state for state, _ in odd} == {"degraded"}
    assert all(str(cause).startswith("expect.") for _, cause in odd)


def test_every_server_starts_gives_a_url_and_ends_by_itself() -> None:
    for fault in FAULTS:
        with running(fault) as url:
            assert "{" not in url, fault.name


@pytest.fixture
def target(request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    """The target of the row named by the parameter, while it is served."""
    with running_target(BY_NAME[request.param]) as served:
        yield served


@pytest.mark.parametrize("target", ["refused", "tcp refused", "proxy not there"], indirect=True)
def test_a_refusing_port_refuses(target: dict[str, Any]) -> None:
    address = urlsplit(target.get("proxy", target["url"]))
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((address.hostname or "", address.port or 0), 5)


@pytest.mark.parametrize("target", ["black hole"], indirect=True)
def test_a_black_hole_answers_nothing_at_all(target: dict[str, Any]) -> None:
    with pytest.raises(TimeoutError):
        connected(target, 0.3)


@pytest.mark.parametrize(
    ("target", "ends", "received"),
    [
        ("reset after accept", "reset", b""),
        ("reset after the request", "reset", b""),
        ("reset inside the head", "reset", b"HTTP/1.1 200 OK\r\nContent-Type: text/ht"),
        ("reset inside a chunk", "reset", b"x" * 50),
        ("reset after a complete body", "reset", b"fine\n"),
        ("closed at once", "closed", b""),
        ("closed with no byte", "closed", b""),
        ("closed inside the status line", "closed", b"HTTP/1.1 2"),
        ("closed before the body", "closed", b"Content-Length: 100\r\n\r\n"),
        ("closed inside the body", "closed", b"x" * 50),
        ("closed between chunks", "closed", b"4\r\nsome\r\n"),
        ("stalled before the head", "stalled", b""),
        ("stalled inside the head", "stalled", b"text/ht"),
        ("stalled inside the body", "stalled", b"x" * 50),
        ("kept open", "stalled", b"fine\n"),
        ("SSH banner", "closed", b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"),
        ("103 Early Hints first", "closed", b"fine\n"),
    ],
    indirect=["target"],
)
def test_connections_end_as_the_row_says(
    target: dict[str, Any], ends: str, received: bytes
) -> None:
    got, end = exchange(connected(target, 0.3 if ends == "stalled" else 5))
    assert end == ends
    assert got.endswith(received)
    assert bool(got) == bool(received)


@pytest.mark.parametrize("target", ["stalled during the upload"], indirect=True)
def test_an_upload_that_nobody_reads_blocks_the_sender(target: dict[str, Any]) -> None:
    with connected(target, 0.3) as connection, pytest.raises(TimeoutError):
        connection.sendall(target["body"].encode())


@pytest.mark.parametrize(
    "target",
    ["body a byte at a time", "head a byte at a time", "interim responses without end"],
    indirect=True,
)
def test_a_drip_always_makes_progress_and_never_ends(target: dict[str, Any]) -> None:
    with connected(target) as connection:
        connection.sendall(REQUEST)
        sizes = [len(connection.recv(65536)) for _ in range(6)]
    assert sizes[2:] == [1] * 4


@pytest.mark.parametrize(
    "target", ["endless body", "endless chunks", "ten gigabytes"], indirect=True
)
def test_a_flood_gives_more_than_any_client_takes(target: dict[str, Any]) -> None:
    with connected(target) as connection:
        connection.sendall(REQUEST)
        received = 0
        while received < 8 << 20:
            received += len(connection.recv(1 << 20))


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("expired", 10),
        ("not yet valid", 9),
        ("expired intermediate", 10),
        ("expired root", 10),
        ("wrong name", 62),
        ("common name only", 62),
        ("wildcard, bare domain", 62),
        ("wildcard, two labels", 62),
        ("name in place of address", 64),
        ("self-signed", 18),
        ("unknown root", 19),
        ("missing intermediate", 20),
        ("wrong intermediate", 20),
        ("revoked", 23),
        ("too deep", 25),
        ("constrained", 47),
        ("signed by a leaf", 79),
        ("client only", 26),
        ("weak key", 66),
    ],
    indirect=["target"],
)
def test_openssl_finds_the_flaw_of_each_certificate(target: dict[str, Any], code: int) -> None:
    # Codes: X509_V_ERR_* of openssl/x509_vfy.h.
    with pytest.raises(ssl.SSLCertVerificationError) as raised, secured(target):
        pass
    assert raised.value.verify_code == code


@pytest.mark.parametrize(
    "target",
    ["good", "wildcard, one label", "address", "no subject", "thousand names", "superfluous",
     "not revoked", "expiring"],
    indirect=True,
)  # fmt: skip
def test_openssl_takes_the_good_certificates(target: dict[str, Any]) -> None:
    assert exchange(secured(target))[0].endswith(b"fine\n")


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("alert handshake_failure", "SSLV3_ALERT_HANDSHAKE_FAILURE"),
        ("alert protocol_version", "TLSV1_ALERT_PROTOCOL_VERSION"),
        ("alert unrecognized_name", "TLSV1_UNRECOGNIZED_NAME"),
        ("unknown server name", "TLSV1_UNRECOGNIZED_NAME"),
        ("no shared cipher", "SSLV3_ALERT_HANDSHAKE_FAILURE"),
        ("client certificate wanted, TLS 1.2", "SSLV3_ALERT_HANDSHAKE_FAILURE"),
        ("plain HTTP on a TLS port", "WRONG_VERSION_NUMBER"),
        ("SSH on a TLS port", "WRONG_VERSION_NUMBER"),
    ],
    indirect=["target"],
)
def test_the_handshake_fails_with_the_reason_of_the_row(
    target: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ssl.SSLError) as raised, secured(target):
        pass
    assert raised.value.reason == reason


@pytest.mark.parametrize("target", ["client certificate wanted, TLS 1.3"], indirect=True)
def test_under_tls_1_3_a_missing_client_certificate_shows_after_the_handshake(
    target: dict[str, Any],
) -> None:
    with secured(target) as connection:
        assert connection.version() == "TLSv1.3"
        with pytest.raises(ssl.SSLError, match="certificate required"):
            connection.recv(1)


@pytest.mark.parametrize(
    "target",
    ["client certificate shown, TLS 1.2", "client certificate shown, TLS 1.3"],
    indirect=True,
)
def test_the_client_certificate_that_is_wanted_opens_the_door(target: dict[str, Any]) -> None:
    assert exchange(secured(target))[0].endswith(b"fine\n")


@pytest.mark.parametrize("target", ["old protocol only"], indirect=True)
def test_the_old_server_speaks_tls_1_1_to_those_who_still_do(target: dict[str, Any]) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(target["tls"]["ca_file"])
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with context.wrap_socket(connected(target), server_hostname="service.test") as connection:
        assert connection.version() == "TLSv1.1"


@pytest.mark.parametrize(
    "target", ["stalled handshake", "stalled inside the ServerHello"], indirect=True
)
def test_a_stalled_handshake_never_ends(target: dict[str, Any]) -> None:
    with pytest.raises(TimeoutError):
        secured(target, 0.3)


@pytest.mark.parametrize(
    "target", ["length", "chunks", "until close", "HTTP/1.0 without length", "same length twice",
               "100 Continue first", "204 with a length", "304 with a length"], indirect=True
)  # fmt: skip
def test_a_plain_client_reads_what_is_only_odd(target: dict[str, Any]) -> None:
    client = http.client.HTTPConnection("127.0.0.1", urlsplit(target["url"]).port, timeout=5)
    client.request("GET", "/")
    answer = client.getresponse()
    assert answer.read() in (b"fine\n", b"fine", b"")
    client.close()


@pytest.mark.parametrize(
    ("target", "count"), [("10 hops", 10), ("11 hops", 11)], indirect=["target"]
)
def test_hops_are_as_many_as_the_row_says(target: dict[str, Any], count: int) -> None:
    answer = httpx.get(target["url"], follow_redirects=True)
    assert answer.status_code == 200
    assert len(answer.history) == count


def _unpacked(encoding: str, body: bytes) -> bytes:
    match encoding:
        case "gzip" | "x-gzip":
            return gzip.decompress(body)
        case "deflate":
            try:
                return zlib.decompress(body)
            except zlib.error:
                return zlib.decompress(body, wbits=-15)
        case "br":
            unpacked: bytes = brotli.decompress(body)
            return unpacked
        case "gzip, br":
            return gzip.decompress(brotli.decompress(body))
        case _:
            return body


@pytest.mark.parametrize(
    "name", [row.name for row in SECTIONS[CONTENT] if "expect" in row.target
             and row.target["expect"] == {"body": "Welcome"} and row.state == "up"]
)  # fmt: skip
def test_encoded_pages_hold_the_page(name: str) -> None:
    with running_target(BY_NAME[name]) as target:
        raw, _ = exchange(connected(target))
    top, _, body = raw.partition(END)
    encoding = top.decode("latin-1").partition("Content-Encoding: ")[2].partition("\r\n")[0]
    assert _unpacked(encoding, body).endswith(PAGE)


@pytest.mark.parametrize(
    "name",
    [row.name for row in SECTIONS[CONTENT]
     if row.cause == "http.response.invalid" and row.name != "unknown encoding"],
)  # fmt: skip
def test_broken_encodings_do_not_unpack(name: str) -> None:
    with running_target(BY_NAME[name]) as target:
        raw, _ = exchange(connected(target))
    top, _, body = raw.partition(END)
    encoding = top.decode("latin-1").partition("Content-Encoding: ")[2].partition("\r\n")[0]
    with pytest.raises((zlib.error, brotli.error, EOFError, OSError)):
        _unpacked(encoding, body)


def test_bombs_are_small_on_the_wire() -> None:
    assert all(len(body) < 128 << 10 for body in bombs().values())


def _h2(target: dict[str, Any]) -> httpx.Response:
    context = ssl.create_default_context(cafile=target["tls"]["ca_file"])
    url = target["url"].replace("service.test", "127.0.0.1")
    with httpx.Client(verify=context, http1=False, http2=True, timeout=0.5) as client:
        return client.get(url, extensions={"sni_hostname": "service.test"})


@pytest.mark.parametrize(
    "target", ["HTTP/2", "big HTTP/2 page", "HTTP/2 trailers", "HTTP/2 ping"], indirect=True
)
def test_good_http2_is_read_by_another_client(target: dict[str, Any]) -> None:
    answer = _h2(target)
    assert (answer.status_code, answer.http_version) == (200, "HTTP/2")
    assert len(answer.content) in (5, 300_000)


@pytest.mark.parametrize(
    "target",
    [
        "GOAWAY in place of an answer",
        "RST_STREAM",
        "noise in HTTP/2",
        "headers that do not unpack",
        "HTTP/2 length mismatch",
        "HTTP/2 connection reset",
    ],
    indirect=True,
)
def test_broken_http2_fails_in_another_client_too(target: dict[str, Any]) -> None:
    with pytest.raises((httpx.ProtocolError, httpx.NetworkError)):
        _h2(target)


@pytest.mark.parametrize("target", ["stalled stream"], indirect=True)
def test_a_stalled_stream_times_out_in_another_client_too(target: dict[str, Any]) -> None:
    with pytest.raises(httpx.ReadTimeout):
        _h2(target)


def _asked(target: dict[str, Any], kind: str = "A") -> dns.message.Message:
    port = int(target["resolver"].rpartition(":")[2])
    question = dns.message.make_query("service.test.", kind)
    answer, _ = dns.query.udp_with_fallback(
        question, "127.0.0.1", port=port, timeout=0.3, ignore_unexpected=True, ignore_errors=True
    )
    return answer


@pytest.mark.parametrize(
    ("target", "rcode", "records"),
    [
        ("name found", "NOERROR", 1),
        ("NXDOMAIN", "NXDOMAIN", 0),
        ("NODATA", "NOERROR", 0),
        ("SERVFAIL", "SERVFAIL", 0),
        ("REFUSED", "REFUSED", 0),
        ("CNAME chain", "NOERROR", 3),
        ("CNAME to nothing", "NXDOMAIN", 1),
        ("late answer", "NOERROR", 1),
        ("wrong id, then right", "NOERROR", 1),
        ("truncated", "NOERROR", 1),
        ("AAAA only", "NOERROR", 0),
    ],
    indirect=["target"],
)
def test_the_resolver_answers_as_the_row_says(
    target: dict[str, Any], rcode: str, records: int
) -> None:
    answer = _asked(target)
    assert dns.rcode.to_text(answer.rcode()) == rcode
    assert len(answer.answer) == records


@pytest.mark.parametrize(
    ("target", "error"),
    [
        ("silent resolver", dns.exception.Timeout),
        ("answers to nothing", dns.exception.Timeout),
        ("answer too late", dns.exception.Timeout),
        ("truncated, and no TCP", ConnectionRefusedError),
    ],
    indirect=["target"],
)
def test_the_resolver_fails_as_the_row_says(target: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        _asked(target)


@pytest.mark.parametrize("target", ["no resolver"], indirect=True)
def test_where_no_resolver_is_the_kernel_says_so(target: dict[str, Any]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.settimeout(5)
        udp.connect(("127.0.0.1", int(target["resolver"].rpartition(":")[2])))
        udp.send(b"x")
        with pytest.raises(ConnectionRefusedError):
            udp.recv(1)
