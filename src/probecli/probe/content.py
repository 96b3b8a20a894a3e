"""A body's content codings undone (RFC 9110, 8.4), within bounds, whatever the server sent."""

import zlib
from collections.abc import Callable

from probecli.probe.wire.fault import Fault

# Names that some servers give to no coding at all.
_NO_CODINGS = frozenset({"", "identity", "none", "utf-8"})
_GZIP = 16 + zlib.MAX_WBITS
_GZIP_MARK = b"\x1f\x8b"
# Every coding is a round of work that the server asks for; curl draws the same line.
_MOST_CODINGS = 5
# What follows a gzip member is copied to begin the next: small, so that thousands cost little.
_MEMBER_PIECE_BYTES = 4096


def decoded(body: bytes, codings: str, *, limit: int, cut: bool) -> bytes:
    """The body without its codings, at most `limit` bytes.

    `cut` says that the body ends early by our own choice, so that a stream without its end is no
    fault. Raises Fault on a corrupt stream, and on a coding that was not offered.
    """
    named = [part.strip().lower() for part in codings.split(",")]
    if len(named) > _MOST_CODINGS:
        raise Fault("http.response.invalid", f"{len(named)} content codings on end")
    for coding in reversed(named):
        if not body or coding in _NO_CODINGS:
            continue
        undo = _UNDO.get(coding)
        if undo is None:
            raise Fault("http.response.invalid", f"the content coding {coding} was not asked for")
        body, ended = undo(body, limit)
        if not ended and len(body) < limit and not cut:
            raise Fault("http.response.invalid", f"the {coding} body ends early")
        cut = cut or len(body) > limit
    return body[:limit]


def _gzip(body: bytes, limit: int) -> tuple[bytes, bool]:
    return _inflate(body, limit, _GZIP, "gzip")


def _deflate(body: bytes, limit: int) -> tuple[bytes, bool]:
    """Deflate in zlib's wrapping as the RFC says, or raw as some servers send it."""
    wrapped = len(body) >= 2 and body[0] & 0x0F == 8 and int.from_bytes(body[:2]) % 31 == 0
    return _inflate(body, limit, zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS, "deflate")


def _inflate(body: bytes, limit: int, window: int, coding: str) -> tuple[bytes, bool]:
    pieces: list[bytes] = []
    size = at = 0
    stream = zlib.decompressobj(window)
    try:
        while at < len(body) and size <= limit:
            if stream.eof:
                # Several members on end are one body (RFC 1952, 2.2); anything else is padding.
                if window != _GZIP or body[at : at + 2] != _GZIP_MARK:
                    break
                stream = zlib.decompressobj(window)
            given = body[at : at + _MEMBER_PIECE_BYTES]
            piece = stream.decompress(given, limit - size + 1)
            pieces.append(piece)
            size += len(piece)
            at += len(given) - len(stream.unused_data)
    except zlib.error as error:
        raise Fault("http.response.invalid", f"corrupt {coding} body: {error}") from None
    return b"".join(pieces), stream.eof


def _brotli(body: bytes, limit: int) -> tuple[bytes, bool]:
    import brotli

    stream = brotli.Decompressor()
    pieces: list[bytes] = []
    size = 0
    try:
        piece = stream.process(body, output_buffer_limit=limit + 1)
        while piece:
            pieces.append(piece)
            size += len(piece)
            if size > limit or stream.is_finished() or stream.can_accept_more_data():
                break
            piece = stream.process(b"", output_buffer_limit=limit + 1 - size)
    except brotli.error as error:
        raise Fault("http.response.invalid", f"corrupt br body: {error}") from None
    return b"".join(pieces), stream.is_finished()


_UNDO: dict[str, Callable[[bytes, int], tuple[bytes, bool]]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
}
