"""HTTP/1.1 as steps: fixed answers, and small applications that look at the request."""

import base64
import gzip
import hashlib
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import brotli
import h11

from faults.server import Peer, Serve, Step, read_head, read_some, script, send

WEBSOCKET_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""RFC 6455, section 1.3."""


def response(
    body: bytes = b"fine\n", *headers: str, status: str = "200 OK", length: bool = True
) -> bytes:
    """A whole response, with Content-Length and `Connection: close`."""
    lines = [f"HTTP/1.1 {status}", "Connection: close", *headers]
    if length:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def head(*lines: str) -> bytes:
    """A response head of exactly these lines."""
    return "".join(line + "\r\n" for line in lines).encode("latin-1") + b"\r\n"


def answer(raw: bytes) -> Serve:
    """A server that reads a request head and answers with exactly these bytes."""
    return script(read_head, send(raw))


FINE = response()


@dataclass(frozen=True)
class Request:
    """A request as an application sees it; header names are lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


def app(respond: Callable[[Request], bytes]) -> Step:
    """A step that reads one whole request and sends what `respond` makes of it."""

    def step(peer: Peer) -> None:
        parser = h11.Connection(h11.SERVER)
        parts: list[h11.Event] = []
        while not (parts and isinstance(parts[-1], h11.EndOfMessage)):
            event = parser.next_event()
            if event is h11.NEED_DATA:
                peer.received = b""
                read_some(peer)
                parser.receive_data(peer.received)
            else:
                assert isinstance(event, h11.Request | h11.Data | h11.EndOfMessage)
                parts.append(event)
        assert isinstance(parts[0], h11.Request)
        peer.connection.sendall(
            respond(
                Request(
                    method=parts[0].method.decode(),
                    path=parts[0].target.decode(),
                    headers={name.decode(): value.decode() for name, value in parts[0].headers},
                    body=b"".join(part.data for part in parts if isinstance(part, h11.Data)),
                )
            )
        )

    return step


def redirect(location: str, status: str = "302 Found", *headers: str) -> bytes:
    """A redirect to `location`."""
    return response(b"", f"Location: {location}", *headers, status=status)


def hops(count: int) -> Serve:
    """A server with `count` redirects in a row before its page."""

    def respond(request: Request) -> bytes:
        number = int(request.path[1:] or 0)
        return FINE if number == count else redirect(f"/{number + 1}")

    return script(app(respond))


def passes(holds: Callable[[Request], bool], otherwise: str) -> Callable[[Request], bytes]:
    """An application that is fine when the request is as it should be, and 400 when not."""
    return lambda request: FINE if holds(request) else response(status=f"400 {otherwise}")


def redirected(status: str, holds: Callable[[Request], bool]) -> Serve:
    """A server that redirects `/` to `/next`, where the request must be as `holds` says."""

    def respond(request: Request) -> bytes:
        if request.path == "/":
            return redirect("/next", status)
        return passes(holds, f"{request.method} after the redirect")(request)

    return script(app(respond))


def websocket(peer: Peer) -> None:
    """Accepts a WebSocket (RFC 6455, section 4.2.2)."""

    def respond(request: Request) -> bytes:
        key = request.headers["sec-websocket-key"].encode() + WEBSOCKET_GUID
        accept = base64.b64encode(hashlib.sha1(key).digest()).decode()
        return head(
            "HTTP/1.1 101 Switching Protocols",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Accept: {accept}",
        )

    app(respond)(peer)


PAGE = b"<!doctype html><title>Shop</title><h1>Welcome</h1><p>" + b"Parcels and letters. " * 200


def raw_deflate(data: bytes) -> bytes:
    """Deflate without the zlib header that RFC 9110 asks for: what many servers send."""
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


def encoded(encoding: str, body: bytes) -> Serve:
    """A server whose page says `Content-Encoding: encoding`."""
    return answer(response(body, f"Content-Encoding: {encoding}", "Content-Type: text/html"))


@lru_cache(maxsize=1)
def bombs() -> dict[str, bytes]:
    """Bodies of some kilobytes that unpack to 64 MiB of zeros, by encoding."""
    zeros = bytes(64 << 20)
    return {
        "gzip": gzip.compress(zeros, 6, mtime=0),
        "deflate": zlib.compress(zeros, 6),
        "br": brotli.compress(zeros, quality=5),
    }


def bomb(encoding: str) -> Serve:
    """A server whose page is a bomb; made when it is first served."""
    return lambda: encoded(encoding, bombs()[encoding])()
