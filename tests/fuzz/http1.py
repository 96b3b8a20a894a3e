"""Cases of HTTP/1: responses from a grammar of hostile parts, or recorded, then mutated."""

import gzip
import zlib
from random import Random
from typing import Any

import brotli

from fuzz.corpus import http1_responses
from fuzz.mutate import Act, in_pieces, mutated, spliced

_STATUS_LINES = (
    "HTTP/1.1 200 OK", "HTTP/1.1 200", "HTTP/1.0 200 OK", "HTTP/1.1 204 No Content",
    "HTTP/1.1 304 Not Modified", "HTTP/1.1 101 Switching Protocols", "HTTP/1.1 302 Found",
    "HTTP/1.1 308 Permanent Redirect", "HTTP/1.1 401 Unauthorized", "HTTP/1.1 403 Forbidden",
    "HTTP/1.1 407 Proxy Authentication Required", "HTTP/1.1 429 Too Many Requests",
    "HTTP/1.1 503 \x1b[31mDown\x1b[0m", "HTTP/1.1 599 \u202eyaw", "HTTP/1.1 200 " + "O" * 9000,
    "HTTP/1.1 1000 Much", "HTTP/1.1 000 None", "HTTP/1.1 099 Little", "HTTP/9.9 200 OK",
    "ICY 200 OK", "http/1.1 200 ok",
)  # fmt: skip
_INTERIM = (b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n")
_FIELDS = (
    "Content-Type: text/html; charset=utf-8", "Content-Type: text/html; charset=utf-7",
    "Content-Type: application/json", "Content-Type: text/html; charset=\x00", "Content-Type: ,",
    "Content-Type: text/html; charset=" + "x" * 300, "Content-Type: text/html; charset=rot13",
    "Content-Type: text/html; charset=idna", "Content-Type: text/html; charset=zlib_codec",
    "Location: /", "Location: /7", "Location: https://elsewhere.fuzz/", "Location: file:///etc",
    "Location: http://[::1", "Location: http://[v1.x]/", "Location: //", "Location: http://",
    "Location: http://a:99999/", "Location: http://\u0661.fuzz/", "Location: http://xn--a.fuzz/",
    "Location: http://" + "a" * 70 + ".fuzz/", "Location: http://a..b/", "Location: http://a:x/",
    "Location: \t", "Location: http://u:p@127.0.0.1/\x1b", "Location: ?\u202e", "Location: /%zz",
    "Retry-After: 0", "Retry-After: 99999999999999999999", "Retry-After: -1", "Retry-After: \xb2",
    "Retry-After: Fri, 31 Dec 9999 23:59:59 GMT", "Retry-After: Mon, 01 Jan 0001 00:00:00 +2359",
    "Retry-After: Thu, 99 Foo 99999 99:99:99", "Retry-After: soon", "Date: never",
    "Server: AkamaiGHost",
    "Set-Cookie: a=b; Domain=x; Max-Age=99999999999999999999", "Set-Cookie: =", "Set-Cookie: \xff",
    "Server: cloudflare", "cf-mitigated: challenge", "x-datadome: protected", "X-Iinfo: 1",
    "x-amzn-waf-action: challenge", "Upgrade: websocket", "Connection: upgrade",
    "Sec-WebSocket-Accept: x", "Transfer-Encoding: identity", "Transfer-Encoding: chunked, gzip",
    "Content-Length: 5", "Content-Length: -5", "Content-Length: 5, 5", "Content-Length: \u0665",
    "Content-Length: 99999999999999999999999", "X: \x1b]0;title\x07", "X: =cmd|' /C calc'!A0",
    "X: ::error::now", "X: <script>alert(1)</script>", " folded", "no colon", ": empty", "X y: z",
)  # fmt: skip
_TEXTS = (
    b"", b"fine\n", b'{"status": "up", "queue": {"depth": 3}}', b"[" * 3000, b'{"a":' * 500,
    b'{"status": 1e999999}', b'{"status": "\\ud800"}', b'{"status": NaN}', b"\xef\xbb\xbf{}",
    b'{"status": ' + b"9" * 5000 + b"}", b"<title>Service indisponible</title><h1>Maintenance</h1>",
    b"<html>" + b"<div>" * 5000 + b"maintenance", b"<title>" * 2000, b"<!--" * 3000, b"\0" * 4000,
    b"<h1>Service Unavailable</h1>\x1b[2J", "<title>\u202eHors service</title>".encode(),
    b"<script>window._cf_chl_opt={}</script>", b"\xff\xfe<\0h\0", b"a" * 40000 + b"b", b"\x80" * 99,
    b"<h1>Temporarily unavailable \xed\xa0\x80 \xff</h1>", b"<![CDATA[" * 900,
    b"&#x110000;&#0;" * 99,
)  # fmt: skip
_PACKERS = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "gzip, br": lambda body: brotli.compress(gzip.compress(body)),
    "deflate, gzip, br, gzip": gzip.compress,
    "zstd": bytes,
    ", " * 200: bytes,
}

PROFILES: tuple[dict[str, Any], ...] = (
    {},
    {"method": "HEAD"},
    {"method": "POST", "body": "x" * 2000},
    {
        "expect": {
            "body": {"matches": "(a+)+b", "not_contains": ["erreur"]},
            "header": {"content-type": {"matches": "json"}, "x": {"exists": True}},
            "json": {"$.status": "up", "$..depth": {"lt": 100}, "$[?@.a == 1]": {"exists": False}},
            "final_url": {"contains": "/"},
        }
    },
    {"warn": {"body": "Welcome", "json": {"$.status": {"matches": "u"}}, "latency": "1ms"}},
    {"follow_redirects": False, "max_body": "1KiB"},
    {"url": "ws://127.0.0.1:{plain}/{number}"},
    {"url": "http://c{number}.fuzz/{number}", "proxy": "http://127.0.0.1:{plain}"},
    {"url": "https://c{number}.fuzz/", "proxy": "http://u:p@127.0.0.1:{plain}"},
    {
        "retry": {"attempts": 2, "initial": "1ms", "max": "20ms"},
        "auth": {"bearer": "fuzzed"},
        "max_redirects": 3,
    },
)
"""Fields of the targets, in turn; `{plain}` is the server's port."""


def _chunked(rng: Random, body: bytes) -> bytes:
    out = b""
    while body:
        count = rng.randrange(1, 5000)
        part, body = body[:count], body[count:]
        extension = rng.choice((b"", b"", b";x=y", b' ; a="\\""'))
        out += f"{len(part):x}".encode() + extension + b"\r\n" + part + b"\r\n"
    return out + rng.choice((b"0\r\n\r\n", b"0\r\nX-Sum: 1\r\n\r\n", b"000\r\n\r\n", b"0\r\n"))


def _grown(rng: Random) -> bytes:
    fields = rng.choices(_FIELDS, k=rng.randrange(6))
    body = rng.choice(_TEXTS)
    if rng.random() < 0.3:
        encoding = rng.choice(list(_PACKERS))
        body = _PACKERS[encoding](body)
        fields.append(f"Content-Encoding: {encoding}")
        if rng.random() < 0.4:
            body = mutated(rng, body, 2)
    framing = rng.randrange(4)
    if framing == 0:
        fields.append(f"Content-Length: {len(body)}")
    elif framing == 1:
        fields.append(f"Content-Length: {max(0, len(body) + rng.choice((-3, 1, 7, 10**9)))}")
    elif framing == 2:
        fields.append("Transfer-Encoding: chunked")
        body = _chunked(rng, body)
    if rng.random() < 0.02:
        fields += [f"X-{number}: {'v' * 40}" for number in range(rng.choice((90, 300, 8000)))]
    rng.shuffle(fields)
    head = "\r\n".join([rng.choice(_STATUS_LINES), *fields]) + "\r\n\r\n"
    interim = rng.choice(_INTERIM) * rng.choice((1, 1, 2, 40)) if rng.random() < 0.1 else b""
    return interim + head.encode(rng.choice(("utf-8", "latin-1")), "replace") + body


def response(rng: Random) -> bytes:
    """Raw bytes in place of a response."""
    way = rng.random()
    if way < 0.25:
        return _grown(rng)
    if way < 0.55:
        return mutated(rng, _grown(rng))
    if way < 0.9:
        return mutated(rng, rng.choice(http1_responses()))
    if way < 0.97:
        return spliced(rng, http1_responses())
    return rng.randbytes(rng.randrange(300))


def act(rng: Random) -> Act:
    """What a server does with one request."""
    return in_pieces(rng, response(rng))
