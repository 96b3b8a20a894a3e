"""Faults of the HTTP/1.1 message: no HTTP at all, broken heads, lengths and chunks."""

from collections.abc import Iterator

from faults.fault import Fault
from faults.http import FINE, answer, head, response
from faults.server import flood, read_head, script, send, turns

TITLE = "HTTP messages"

NOT_HTTP = "http.protocol.error"
SHORT = {"timeout": "300ms"}
CHUNKED = head("HTTP/1.1 200 OK", "Transfer-Encoding: chunked")


def not_http() -> Iterator[Fault]:
    """Peers that speak something else, or a first line that is not of HTTP."""
    for name, raw, words, note in (
        ("SSH banner", b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", "SSH-2.0", "An SSH server."),
        ("SMTP greeting", b"220 mx.test ESMTP Postfix\r\n", "220 mx.test", "A mail server."),
        ("Telnet", bytes((255, 253, 1, 255, 253, 31)) + b"login: ", "", "Control bytes first."),
        ("noise", bytes(range(128, 256)) * 8, "", "Random bytes."),
        ("zeros", bytes(512), "", "Not even noise."),
        ("HTTP/0.9", b"<html><h1>Welcome</h1></html>\n", "<html>", "A page without a head."),
        ("echo service", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "GET", "The request comes back."),
        ("Shoutcast", b"ICY 200 OK\r\n\r\n", "ICY", "A radio stream: HTTP in all but name."),
        ("status of letters", b"HTTP/1.1 abc OK\r\n\r\n", "status", "The status is no number."),
        ("status of two digits", b"HTTP/1.1 20 OK\r\n\r\n", "", "A status has three digits."),
        ("status of four digits", b"HTTP/1.1 2000 OK\r\n\r\n", "", "A status has three digits."),
        ("version of letters", b"HTTP/x.y 200 OK\r\n\r\n", "", "The version is no number."),
        ("HTTP/2 unasked", bytes((0, 0, 0, 4, 0, 0, 0, 0, 0)), "", "Frames without a request."),
    ):
        yield Fault(name, "down", NOT_HTTP, answer(raw), words=words, note=note)


def broken_heads() -> Iterator[Fault]:
    """Heads that begin well and then break the rules of RFC 9112."""
    for name, lines, words, note in (
        ("header without colon", ("X-Fine: 1", "broken"), "", "No colon in a header line."),
        ("header with NUL", ("X: a\0b",), "", "A zero byte in a value."),
        ("space before colon", ("X-Fine : 1",), "", "RFC 9112, 5.1: a way to smuggle."),
        ("control in a header name", ("X\x01: 1",), "", "A name is made of token characters."),
        ("header without name", (": 1",), "", "A value and no name."),
        (
            "conflicting lengths",
            ("Content-Length: 5", "Content-Length: 6"),
            "Content-Length",
            "Two lengths: a way to smuggle responses past a proxy.",
        ),
        (
            "conflicting lengths in one header",
            ("Content-Length: 5, 6",),
            "Content-Length",
            "The same in one line.",
        ),
        ("length of letters", ("Content-Length: five",), "Content-Length", "No number."),
        ("negative length", ("Content-Length: -5",), "Content-Length", "Less than nothing."),
        ("signed length", ("Content-Length: +5",), "Content-Length", "Digits only."),
        ("empty length", ("Content-Length:",), "Content-Length", "No digits at all."),
        (
            "length beyond 64 bits",
            ("Content-Length: 99999999999999999999",),
            "Content-Length",
            "More than a machine can count.",
        ),
        (
            "length and chunks",
            ("Content-Length: 5", "Transfer-Encoding: chunked"),
            "",
            "RFC 9112, 6.3: ought to be handled as an error, it may be smuggling.",
        ),
    ):
        raw = head("HTTP/1.1 200 OK", *lines) + b"fine\n"
        yield Fault(name, "down", NOT_HTTP, answer(raw), words=words, note=note)


def big_heads() -> Iterator[Fault]:
    """Heads beyond 256 KiB, and one below."""
    status_line = send(b"HTTP/1.1 200 OK\r\n")
    note = "A head over 256 KiB is not read to its end."
    for name, steps in (
        ("giant header", [send(response(b"", "X: " + "x" * (1 << 20)))]),
        ("countless headers", [send(response(b"", *(f"X-{n}: {n}" for n in range(100_000))))]),
        ("endless head", [status_line, flood(b"X-Filler: " + b"x" * 4000 + b"\r\n")]),
        ("endless header name", [status_line, flood(b"x" * 4096)]),
    ):
        yield Fault(name, "down", NOT_HTTP, script(read_head, *steps), words="256", note=note)
    yield Fault(
        "big head",
        "up",
        None,
        answer(response(b"fine\n", *(f"Set-Cookie: n{n}={'x' * 4000}" for n in range(50)))),
        note="200 KB of cookies: ugly, and below the limit.",
    )


def broken_chunks() -> Iterator[Fault]:
    """Chunked bodies that break their framing."""
    for name, body, note in (
        ("chunk size of letters", b"zz\r\nfine\r\n0\r\n\r\n", "The size is no hexadecimal number."),
        ("negative chunk", b"-5\r\nfine\n\r\n0\r\n\r\n", "Less than nothing."),
        ("chunk beyond 64 bits", b"f" * 17 + b"\r\nfine", "More than a machine can count."),
        ("chunk longer than its size", b"2\r\nfine\r\n0\r\n\r\n", "The size and the data differ."),
        ("no size at all", b"fine\n", "The body is not chunked, whatever the head says."),
    ):
        serve = answer(CHUNKED + body)
        yield Fault(name, "down", "http.response.invalid", serve, words="chunk", note=note)


def fine() -> Iterator[Fault]:
    """What looks odd and is allowed."""
    ok = "HTTP/1.1 200 OK"
    chunks = b"5\r\nfine\n\r\n0\r\n"
    for name, raw, note in (
        ("length", FINE, "The plain case."),
        ("chunks", CHUNKED + chunks + b"\r\n", "The other plain case."),
        ("chunk extensions", CHUNKED + b"5;a=b\r\nfine\n\r\n0;x\r\n\r\n", "RFC 9112, 7.1.1."),
        ("trailers", CHUNKED + chunks + b"X-Sum: 1\r\n\r\n", "Headers after the body."),
        ("HTTP/1.0 without length", head("HTTP/1.0 200 OK") + b"fine", "Ends with the connection."),
        ("until close", head(ok, "Connection: close") + b"fine", "The same in HTTP/1.1."),
        ("empty until close", head(ok, "Connection: close"), "A body of nothing."),
        ("bare line feeds", FINE.replace(b"\r\n", b"\n"), "RFC 9112, 2.2: may be recognised."),
        ("no reason phrase", head("HTTP/1.1 200 ", "Content-Length: 0"), "RFC 9112, 4."),
        ("no space after status", head("HTTP/1.1 200", "Content-Length: 0"), "Often seen."),
        ("lower-case names", head(ok, "content-length: 5") + b"fine\n", "Names ignore case."),
        ("Latin-1 in a header", response(b"fine\n", "X-Ville: Orl\xe9ans"), "Bytes over 127."),
        (
            "same length twice",
            head(ok, "Content-Length: 5", "Content-Length: 5") + b"fine\n",
            "RFC 9112, 6.3: equal values count as one.",
        ),
        ("more than its length", FINE + b"and more", "What follows a whole body is not read."),
        ("100 Continue first", head("HTTP/1.1 100 Continue") + FINE, "An interim response."),
        (
            "103 Early Hints first",
            head("HTTP/1.1 103 Early Hints", "Link: </a.css>; rel=preload") + FINE,
            "An interim response with headers.",
        ),
        (
            "many interim responses",
            head("HTTP/1.1 102 Processing") * 5 + FINE,
            "Any number of them may come.",
        ),
        ("204 No Content", head("HTTP/1.1 204 No Content"), "No body, and no length to say so."),
        (
            "204 with a length",
            head("HTTP/1.1 204 No Content", "Content-Length: 100"),
            "There is no body with 204, whatever the length says.",
        ),
        (
            "304 with a length",
            head("HTTP/1.1 304 Not Modified", "Content-Length: 100"),
            "The length of what is not sent.",
        ),
    ):
        yield Fault(name, "up", None, answer(raw), note=note)


ROWS = (
    *not_http(),
    *broken_heads(),
    *big_heads(),
    *broken_chunks(),
    *fine(),
    Fault(
        "endless trailers",
        "down",
        "http.response.timed_out",
        script(read_head, send(CHUNKED + b"0\r\n"), flood(b"X-Filler: " + b"x" * 4000 + b"\r\n")),
        target=SHORT,
        words="300",
        note="Headers without end after the last chunk.",
    ),
    Fault(
        "endless chunk size",
        "down",
        "http.response.timed_out",
        script(read_head, send(CHUNKED), flood(b"0" * 4096)),
        target=SHORT,
        words="300",
        note="A chunk whose size never ends.",
    ),
    Fault(
        "HEAD",
        "up",
        None,
        answer(head("HTTP/1.1 200 OK", "Content-Length: 100")),
        {"method": "HEAD"},
        note="The length of a body that HEAD does not get.",
    ),
    Fault(
        "HEAD with an encoding",
        "up",
        None,
        answer(head("HTTP/1.1 200 OK", "Content-Encoding: gzip", "Content-Length: 100")),
        {"method": "HEAD"},
        note="There is nothing to decode.",
    ),
    Fault(
        "unasked switch of protocols",
        "down",
        "expect.status",
        answer(head("HTTP/1.1 101 Switching Protocols", "Upgrade: websocket")),
        words="101",
        note="101 is final, and not among 200-399.",
    ),
    Fault(
        "status 999",
        "down",
        "expect.status",
        answer(response(status="999 Request denied")),
        words="999",
        note="No class of statuses that exists; some sites answer robots so.",
    ),
    Fault(
        "cut once, then fine",
        "up",
        None,
        turns((read_head, send(b"HTTP/1.1 2")), (read_head, send(FINE))),
        {"retry": {"attempts": 2, "initial": "1ms"}},
        note="A second attempt mends it: up, and `flaky`.",
    ),
)
