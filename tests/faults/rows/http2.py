"""Faults of HTTP/2."""

from typing import Any

from h2.errors import ErrorCodes
from h2.settings import SettingCodes
from hyperframe.frame import DataFrame, HeadersFrame, PushPromiseFrame

from faults.fault import Fault, merged
from faults.http import FINE
from faults.http2 import OK, Exchange, serving, session
from faults.rows.certificates import SERVICE
from faults.server import close, read_head, read_some, reset, script, send, stall
from faults.tls import handshake

TITLE = "HTTP/2"

BROKEN = "http.protocol.error"
SHORT: dict[str, Any] = {"timeout": "300ms"}


def nothing(_: Exchange) -> None:
    """The request was read, and no answer is made."""


def big_page(exchange: Exchange) -> None:
    exchange.page(b"x" * 300_000)


def interim(exchange: Exchange) -> None:
    exchange.h2.send_headers(exchange.stream, [(":status", "103")])
    exchange.page()


def trailers(exchange: Exchange) -> None:
    exchange.h2.send_headers(exchange.stream, OK)
    exchange.h2.send_data(exchange.stream, b"fine\n")
    exchange.h2.send_headers(exchange.stream, [("x-sum", "1")], end_stream=True)
    exchange.flush()


def no_content(exchange: Exchange) -> None:
    exchange.h2.send_headers(exchange.stream, [(":status", "204")], end_stream=True)
    exchange.flush()


def ping(exchange: Exchange) -> None:
    exchange.h2.ping(b"12345678")
    exchange.flush()
    exchange.read()
    exchange.page()


def half_page(exchange: Exchange) -> None:
    exchange.h2.send_headers(exchange.stream, [*OK, ("content-length", "100")])
    exchange.body(b"x" * 50, end=False)


def short_page(exchange: Exchange) -> None:
    exchange.h2.send_headers(exchange.stream, [*OK, ("content-length", "100")])
    exchange.body(b"x" * 50)


def unavailable(exchange: Exchange) -> None:
    exchange.h2.send_headers(exchange.stream, [(":status", "503")], end_stream=True)
    exchange.flush()


def goaway(error: ErrorCodes, last: int | None = None) -> Any:
    def respond(exchange: Exchange) -> None:
        exchange.h2.close_connection(error, last_stream_id=last)
        exchange.flush()

    return respond


def page_then_goaway(exchange: Exchange) -> None:
    exchange.page()
    goaway(ErrorCodes.NO_ERROR)(exchange)


def goaway_then_page(exchange: Exchange) -> None:
    # A graceful shutdown lets the streams it names finish; h2 itself would refuse to go on.
    exchange.raw(b"\0\0\x08\x07\0\0\0\0\0" + exchange.stream.to_bytes(4) + bytes(4))
    exchange.page()


def stream_reset(error: ErrorCodes) -> Any:
    def respond(exchange: Exchange) -> None:
        exchange.h2.reset_stream(exchange.stream, error)
        exchange.flush()

    return respond


def half_page_then_reset(exchange: Exchange) -> None:
    half_page(exchange)
    stream_reset(ErrorCodes.INTERNAL_ERROR)(exchange)


def page_then_reset(exchange: Exchange) -> None:
    exchange.page()
    exchange.raw(b"\0\0\x04\x03\0" + exchange.stream.to_bytes(4) + bytes(4))


def raw(data: bytes) -> Any:
    return lambda exchange: exchange.raw(data)


def frame(made: Any) -> Any:
    return lambda exchange: exchange.raw(made(exchange.stream).serialize())


def row(
    name: str,
    state: Any,
    cause: str | None,
    respond: Any,
    *after: Any,
    words: str = "",
    note: str = "",
    settings: dict[int, int] | None = None,
    **target: Any,
) -> Fault:
    """A row of a server that offers HTTP/2 alone."""
    serve = serving(respond, *after, settings=settings)
    return Fault(name, state, cause, serve, merged(SERVICE, target), words, note)


ROWS = (
    row("HTTP/2", "up", None, Exchange.page, note="As it should be."),
    row("HTTP/2 demanded", "up", None, Exchange.page, http_version="2", note="And it is there."),
    row(
        "big HTTP/2 page",
        "up",
        None,
        big_page,
        note="More than one flow control window: the prober must grant the rest.",
    ),
    row("HTTP/2 with 103", "up", None, interim, note="An interim response comes first."),
    row("HTTP/2 trailers", "up", None, trailers, note="Headers after the body."),
    row("HTTP/2 204", "up", None, no_content, note="Headers alone end the stream."),
    row("HTTP/2 ping", "up", None, ping, note="The server waits for an answer to its PING."),
    row("HTTP/2 503", "down", "http.error", unavailable, words="503", note="A status."),
    row(
        "GOAWAY in place of an answer",
        "down",
        BROKEN,
        goaway(ErrorCodes.INTERNAL_ERROR),
        words="INTERNAL_ERROR",
        note="The server gives up the connection with an error.",
    ),
    row(
        "GOAWAY before the request counts",
        "down",
        BROKEN,
        goaway(ErrorCodes.NO_ERROR, 0),
        words="NO_ERROR",
        note="A restarting server that did not take the request.",
    ),
    row(
        "ENHANCE_YOUR_CALM",
        "down",
        BROKEN,
        goaway(ErrorCodes.ENHANCE_YOUR_CALM),
        words="ENHANCE_YOUR_CALM",
        note="The server thinks that it is being attacked.",
    ),
    row("GOAWAY, then the page", "up", None, goaway_then_page, note="A graceful shutdown."),
    row("GOAWAY after the page", "up", None, page_then_goaway, note="The response was whole."),
    row(
        "RST_STREAM",
        "down",
        BROKEN,
        stream_reset(ErrorCodes.INTERNAL_ERROR),
        words="INTERNAL_ERROR",
        note="The server gives up this request alone.",
    ),
    row(
        "RST_STREAM refused",
        "down",
        BROKEN,
        stream_reset(ErrorCodes.REFUSED_STREAM),
        words="REFUSED_STREAM",
        note="The server did not begin with this request.",
    ),
    row(
        "HTTP/1.1 required",
        "down",
        BROKEN,
        stream_reset(ErrorCodes.HTTP_1_1_REQUIRED),
        words="HTTP_1_1_REQUIRED",
        note="Try `http_version: '1.1'`.",
    ),
    row(
        "RST_STREAM inside the body",
        "down",
        BROKEN,
        half_page_then_reset,
        words="INTERNAL_ERROR",
        note="50 of 100 bytes, then the stream is given up.",
    ),
    row(
        "RST_STREAM after the page",
        "up",
        None,
        page_then_reset,
        note="RFC 9113, 8.1: the response is complete, the rest of the request unwanted.",
    ),
    row(
        "stalled stream",
        "down",
        "http.response.timed_out",
        nothing,
        stall,
        words="300",
        note="The connection lives, the stream says nothing.",
        **SHORT,
    ),
    row(
        "stalled inside the stream",
        "down",
        "http.response.timed_out",
        half_page,
        stall,
        words="300",
        note="50 of 100 bytes, then nothing.",
        **SHORT,
    ),
    row(
        "no stream allowed",
        "down",
        "http.response.timed_out",
        nothing,
        stall,
        settings={SettingCodes.MAX_CONCURRENT_STREAMS: 0},
        words="300",
        note="The server's settings allow no request at all.",
        **SHORT,
    ),
    row(
        "HTTP/2 closed with no byte",
        "down",
        "http.response.invalid",
        nothing,
        close,
        words="closed",
        note="No GOAWAY, no answer.",
    ),
    row(
        "HTTP/2 closed inside the body",
        "down",
        "http.response.invalid",
        half_page,
        close,
        words="closed",
        note="50 of 100 bytes, then the end of the connection.",
    ),
    row(
        "HTTP/2 connection reset",
        "down",
        "tcp.reset",
        half_page,
        reset,
        words="reset",
        note="50 of 100 bytes, then RST.",
    ),
    row(
        "HTTP/2 length mismatch",
        "down",
        BROKEN,
        short_page,
        note="The stream ends with 50 of the 100 bytes announced.",
    ),
    row(
        "noise in HTTP/2",
        "down",
        BROKEN,
        raw(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n" * 8),
        note="Not frames.",
    ),
    row(
        "frame too large",
        "down",
        BROKEN,
        raw(b"\xff\xff\xff\0\0\0\0\0\1" + bytes(32768)),
        note="16 MiB where 16 KiB are allowed.",
    ),
    row(
        "data before headers",
        "down",
        BROKEN,
        frame(lambda stream: DataFrame(stream, b"fine\n", flags=["END_STREAM"])),
        note="A body without a head.",
    ),
    row(
        "headers that do not unpack",
        "down",
        BROKEN,
        frame(lambda stream: HeadersFrame(stream, b"\xff" * 20, flags=["END_HEADERS"])),
        note="Broken HPACK.",
    ),
    row(
        "push unasked",
        "down",
        BROKEN,
        frame(lambda stream: PushPromiseFrame(stream, 2, b"\x82", flags=["END_HEADERS"])),
        note="RFC 9113, 8.4: a client that disabled push treats it as an error.",
    ),
    row(
        "HTTP/2 without status",
        "down",
        BROKEN,
        frame(
            lambda stream: HeadersFrame(stream, b"\x58\x02no", flags=["END_HEADERS", "END_STREAM"])
        ),
        note="A head without `:status`.",
    ),
    Fault(
        "HTTP/1.1 after agreeing on HTTP/2",
        "down",
        BROKEN,
        script(handshake(protocols=("h2",)), read_some, send(FINE)),
        SERVICE,
        note="The handshake promised h2.",
    ),
    Fault(
        "HTTP/2 demanded and not there",
        "down",
        BROKEN,
        script(handshake(), read_head, send(FINE)),
        {**SERVICE, "http_version": "2"},
        words="HTTP/2",
        note="`http_version: 2` against a server without it.",
    ),
    Fault(
        "HTTP/1.1 demanded",
        "up",
        None,
        script(handshake(protocols=("h2", "http/1.1")), read_head, send(FINE)),
        {**SERVICE, "http_version": "1.1"},
        note="`http_version: 1.1` does not offer HTTP/2.",
    ),
    Fault(
        "choice of both",
        "up",
        None,
        script(handshake(protocols=("h2", "http/1.1")), session(Exchange.page)),
        SERVICE,
        note="Server and prober both speak both.",
    ),
)
