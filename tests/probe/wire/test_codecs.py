"""The codecs alone: a response means the same however it is cut into pieces."""

from itertools import pairwise

import h2.config
import h2.connection
import pytest
from hypothesis import given
from hypothesis import strategies as st

from probecli.probe.wire.codec import HttpCodec
from probecli.probe.wire.fault import Fault
from probecli.probe.wire.http1 import MAX_HEAD_BYTES, Http1
from probecli.probe.wire.http2 import Http2

WHOLE = {
    "length": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhello",
    "no reason": b"HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n",
    "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"3\r\nabc\r\n2;e=1\r\nde\r\n0\r\nX-Trailer: t\r\n\r\n",
    "no body": b"HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n",
    "not modified": b"HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n",
    "interim": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\n"
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "equal lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
    "bare line feeds": b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
    "old": b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
}
UNTIL_CLOSE = b"HTTP/1.0 200 OK\r\nX-A: b\r\n\r\nuntil the end"
BROKEN = {
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok!",
    "negative length": b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok",
    "ssh": b"SSH-2.0-OpenSSH_9.2p1\r\n",
    "html": b"<html><body>hello</body></html>",
    "version": b"HTTP/7.3 200 OK\r\n\r\n",
    "status": b"HTTP/1.1 2x0 OK\r\n\r\n",
    "zero byte": b"HTTP/1.1 200 OK\r\nX-A: a\0b\r\n\r\n",
}


def http1(*, no_body: bool = False, most: int = 1 << 20) -> Http1:
    """A codec that waits for a response."""
    return Http1(b"", no_body=no_body, max_body_bytes=most)


def meaning(codec: HttpCodec) -> tuple[object, ...]:
    """What a response means."""
    return codec.done, codec.status, codec.version, codec.headers, codec.body, codec.reason


def fed(codec: HttpCodec, pieces: list[bytes], *, ends: bool = False) -> tuple[object, ...]:
    """What the response means after these pieces."""
    for piece in pieces:
        if not codec.done:
            codec.feed(piece)
    if ends and not codec.done:
        codec.eof()
    return meaning(codec)


FAULTS = (None, "http.protocol.error", "http.response.invalid")


def fault_of(codec: HttpCodec, pieces: list[bytes]) -> str | None:
    """The cause of the fault that these pieces and the end make, None for a whole response."""
    try:
        fed(codec, pieces, ends=True)
    except Fault as fault:
        return fault.cause
    assert codec.done
    return None


@pytest.mark.parametrize("name", WHOLE)
def test_a_response_means_the_same_wherever_it_is_split(name: str) -> None:
    raw = WHOLE[name]
    whole = fed(http1(), [raw])
    assert whole[0]
    for at in range(1, len(raw)):
        assert fed(http1(), [raw[:at], raw[at:]]) == whole, at
    assert fed(http1(), [bytes([byte]) for byte in raw]) == whole


def test_a_response_until_close_means_the_same_wherever_it_is_split() -> None:
    whole = fed(http1(), [UNTIL_CLOSE], ends=True)
    assert whole[0]
    assert whole[4] == b"until the end"
    for at in range(1, len(UNTIL_CLOSE)):
        assert fed(http1(), [UNTIL_CLOSE[:at], UNTIL_CLOSE[at:]], ends=True) == whole, at


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_head_is_a_protocol_error_wherever_it_is_split(name: str) -> None:
    raw = BROKEN[name]
    for at in range(1, len(raw)):
        with pytest.raises(Fault) as caught:
            fed(http1(), [raw[:at], raw[at:]], ends=True)
        assert caught.value.cause == "http.protocol.error", at


@pytest.mark.parametrize("name", [name for name in WHOLE if name != "no body"])
def test_a_response_that_ends_early_is_invalid_wherever_it_ends(name: str) -> None:
    raw = WHOLE[name]
    for at in range(len(raw)):
        codec = http1()
        cause = fault_of(codec, [raw[:at]] if at else [])
        if cause is None:
            assert meaning(codec) == fed(http1(), [raw]), at
        else:
            assert cause == "http.response.invalid", at


def test_a_response_to_head_has_no_body_whatever_its_fields_say() -> None:
    for fields in (b"Content-Length: 99\r\n", b"Transfer-Encoding: chunked\r\n", b""):
        codec = http1(no_body=True)
        codec.feed(b"HTTP/1.1 200 OK\r\n" + fields + b"\r\n")
        assert codec.done
        assert codec.body == b""


@pytest.mark.parametrize("length", [0, 4, 5, 6, 1000])
@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
def test_the_body_is_cut_at_the_limit(length: int, framing: str) -> None:
    body = b"x" * length
    raw = {
        "length": b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % length + body,
        "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        + (b"%x\r\n%s\r\n" % (length, body) if length else b"")
        + b"0\r\n\r\n",
        "close": b"HTTP/1.1 200 OK\r\n\r\n" + body,
    }[framing]
    for pieces in ([raw], [raw[:40], raw[40:]], [raw[at : at + 1] for at in range(len(raw))]):
        codec = http1(most=5)
        fed(codec, pieces, ends=True)
        assert codec.done
        assert (codec.body, codec.body_bytes) == (body[:5], min(length, 5))
        assert codec.cut == (length > 5)


def test_a_head_without_end_is_refused_and_not_kept() -> None:
    codec = http1()
    codec.feed(b"HTTP/1.1 200 OK\r\n")
    fields = [b"X-%d: %s\r\n" % (number, b"y" * 100) for number in range(MAX_HEAD_BYTES // 100)]
    with pytest.raises(Fault, match="256 KiB") as caught:
        fed(codec, fields)
    assert caught.value.cause == "http.protocol.error"


def test_a_head_without_end_that_repeats_its_length_is_refused_too() -> None:
    start = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n"
    assert fault_of(http1(), [start, *([b"X: %s\r\n" % (b"y" * 1000)] * 300)]) == (
        "http.protocol.error"
    )


def test_interim_responses_without_end_are_refused() -> None:
    codec = http1()
    with pytest.raises(Fault):
        fed(codec, [b"HTTP/1.1 100 Continue\r\n\r\n"] * (MAX_HEAD_BYTES // 20))


@given(data=st.binary(max_size=400), cuts=st.lists(st.integers(0, 400), max_size=4))
def test_any_bytes_end_in_a_meaning_or_a_fault_of_http(data: bytes, cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(data)]
    pieces = [data[a:b] for a, b in pairwise(places) if b > a]
    for start in (
        b"",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    ):
        assert fault_of(http1(), [start, *pieces] if start else pieces) in FAULTS


# HTTP/2


def http2_response() -> bytes:
    """A server's whole response to a request."""
    client = Http2(REQUEST, b"", max_body_bytes=1 << 20)
    server = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
    server.initiate_connection()
    server.receive_data(client.open())
    server.send_headers(1, [(":status", "103"), ("link", "</x>")])
    server.send_headers(1, [(":status", "200"), ("x-a", "b")])
    server.send_data(1, b"hello ")
    server.send_data(1, b"world")
    server.send_headers(1, [("x-trailer", "t")], end_stream=True)
    return server.data_to_send()


REQUEST = [(b":method", b"GET"), (b":scheme", b"https"), (b":authority", b"a"), (b":path", b"/")]


def http2(*, most: int = 1 << 20) -> Http2:
    """A codec that has sent its request."""
    codec = Http2(REQUEST, b"", max_body_bytes=most)
    codec.open()
    return codec


def test_an_http2_response_means_the_same_wherever_it_is_split() -> None:
    raw = http2_response()
    whole = fed(http2(), [raw])
    assert whole[:3] == (True, 200, "2")
    assert whole[4] == b"hello world"
    for at in range(1, len(raw)):
        assert fed(http2(), [raw[:at], raw[at:]]) == whole, at
    assert fed(http2(), [bytes([byte]) for byte in raw]) == whole


def test_an_http2_response_that_ends_early_is_invalid_wherever_it_ends() -> None:
    raw = http2_response()
    for at in range(len(raw)):
        with pytest.raises(Fault) as caught:
            fed(http2(), [raw[:at]] if at else [], ends=True)
        assert caught.value.cause == "http.response.invalid", at


def test_an_http2_body_is_cut_at_the_limit() -> None:
    raw = http2_response()
    codec = http2(most=8)
    fed(codec, [raw])
    assert (codec.body, codec.cut, codec.done) == (b"hello wo", True, True)


@given(data=st.binary(max_size=300))
def test_any_bytes_in_http2_end_in_a_meaning_or_a_fault_of_http(data: bytes) -> None:
    settings = bytes((0, 0, 0, 4, 0, 0, 0, 0, 0))
    for start in (b"", settings):
        assert fault_of(http2(), [start + data]) in FAULTS
