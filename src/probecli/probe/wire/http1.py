"""HTTP/1.1 (RFC 9112), the client's side of one request."""

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct

from probecli.probe.wire.codec import HttpCodec
from probecli.probe.wire.fault import Fault

if TYPE_CHECKING:
    import httptools

MAX_HEAD_BYTES = 256 * 1024

# What an ordinary head is made of; whatever is unusual goes to the incremental parser.
_STATUS_LINE = re.compile(r"HTTP/(1\.[01]) ([2-5][0-9][0-9])(?: (.*))?")
_FIELD_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_TEXT = bytes({*range(0x20, 0x100), 0x09} - {0x7F})
_BODILESS = (204, 304)
# Up to these lengths, lines and whole heads are looked up by what was seen before: servers say the
# same few, and many behind one front end answer in the same second.
_FAMILIAR = 64
_FAMILIAR_HEAD = 512
# As much of what is no HTTP as a reader needs to know it by.
_QUOTED_BYTES = 60


class Http1(HttpCodec):
    """One request and its response."""

    __slots__ = (
        "_framed",
        "_head",
        "_head_bytes",
        "_headers",
        "_interim",
        "_no_body",
        "_parser",
        "_request",
    )

    def __init__(self, request: bytes, *, no_body: bool, max_body_bytes: int) -> None:
        super().__init__(max_body_bytes)
        self._request = request
        self._no_body = no_body
        self._parser: httptools.HttpResponseParser | None = None
        self._headers: list[tuple[bytes, bytes]] = []
        self._head_bytes = 0
        self._head = b""
        self._interim = self._framed = False

    def open(self) -> bytes:
        """The request."""
        return self._request

    def feed(self, data: bytes) -> bytes:
        """Takes response bytes; raises Fault on anything that is not HTTP/1."""
        if self._parser is None:
            self.answering = True
            if self._head:
                data, self._head, self._head_bytes = self._head + data, b"", 0
                if b"\r\n\r\n" not in data and len(data) <= MAX_HEAD_BYTES:
                    self._head = data
                    return b""
            elif self._feed_whole(data):
                return b""
            self._parser = self._started_parser()
        self._feed_parser(self._parser, data)
        return b""

    def eof(self) -> None:
        """The server closed: the end of a body without a length, or too early."""
        if not self.answering:
            raise Fault("http.response.invalid", "closed without a response")
        if not self.in_body:
            raise Fault("http.response.invalid", "closed inside the response head")
        if self._framed:
            raise Fault(
                "http.response.invalid", f"closed inside the response body{self._missing()}"
            )
        self.done = True

    def _feed_whole(self, data: bytes) -> bool:
        """The one-piece response with a Content-Length; False leaves it to the parser."""
        end = data.find(b"\r\n\r\n")
        if end < 0:
            return False
        head = _known_head(data[:end]) if end <= _FAMILIAR_HEAD else _head(data[:end])
        if head is None:
            return False
        length = 0 if self._no_body or head.status in _BODILESS else head.length
        body = data[end + 4 : end + 4 + length]
        if len(body) < length and len(body) < self._max_body_bytes:
            return False
        self.status = head.status
        self.version = head.version
        self.reason = head.reason
        self.headers = head.headers
        self._keep(body)
        self.in_body = True
        self.done = True
        return True

    def _started_parser(self) -> "httptools.HttpResponseParser":
        import httptools

        parser = httptools.HttpResponseParser(self)
        # Bare LF line ends and white space after a chunk size are old servers' habits that every
        # browser and curl accept; what follows a complete response is nobody's concern here.
        parser.set_dangerous_leniencies(
            lenient_optional_cr_before_lf=True,
            lenient_spaces_after_chunk_size=True,
            lenient_data_after_close=True,
        )
        return parser

    def _feed_parser(self, parser: "httptools.HttpResponseParser", data: bytes) -> None:
        import httptools

        if not self.in_body:
            self._head_bytes += len(data)
            self._head += data
        repaired: bytes | None = None
        try:
            parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self.done = True
        except httptools.HttpParserCallbackError as error:
            if isinstance(error.__context__, Fault):
                raise error.__context__ from None
            raise
        except httptools.HttpParserError as error:
            if self.done:
                return
            words = str(error).lower()
            if self.in_body:
                raise Fault("http.response.invalid", f"broken body framing: {words}") from None
            whole = b"\r\n\r\n" in self._head or len(self._head) > MAX_HEAD_BYTES
            if "duplicate content-length" in words and not whole:
                # Whether the lengths agree shows when the head is whole.
                self._parser = None
                return
            repaired = without_equal_lengths(self._head)
            if repaired is None:
                raise self._not_http(words) from None
        if repaired is not None:
            # Not while an error is handled, which would hide the Fault that a callback raises.
            self._parser = self._started_parser()
            self._head = b""
            self._feed_parser(self._parser, repaired)
            return
        if not self.in_body and self._head_bytes > MAX_HEAD_BYTES:
            raise Fault("http.protocol.error", "response head over 256 KiB")
        if self.cut:
            self.done = True

    def _missing(self) -> str:
        for name, value in self.headers:
            if name == "content-length":
                return f", after {self.body_bytes} of {int(value)} bytes"
        return ""

    def _not_http(self, words: str) -> Fault:
        """What came in place of HTTP is told by its first bytes; of HTTP, what is wrong with it."""
        start = self._head[:_QUOTED_BYTES]
        if start.startswith(b"HTTP/"):
            return Fault("http.protocol.error", f"broken response head: {words}")
        if start[:2] in (b"\x15\x03", b"\x16\x03"):
            return Fault("http.protocol.error", "not HTTP: the server speaks TLS on this port")
        line = start.split(b"\n", 1)[0].decode("latin-1").strip()
        return Fault("http.protocol.error", f'not HTTP: the answer begins "{line}"')

    def on_message_begin(self) -> None:
        """A final or an interim response begins."""
        if not self.done:
            self._headers = []
            self.reason = b""

    def on_status(self, data: bytes) -> None:
        """A piece of the reason phrase."""
        if not self.done:
            self.reason += data

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header field."""
        if not self.done and not self.in_body:
            self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        """The head is complete: judge what the body's end will be told by."""
        if self.done or self._parser is None:
            return
        self._head = b""
        if sum(len(name) + len(value) for name, value in self._headers) > MAX_HEAD_BYTES:
            raise Fault("http.protocol.error", "response head over 256 KiB")
        status = self._parser.get_status_code()
        version = self._parser.get_http_version()
        if version not in ("1.0", "1.1"):
            raise Fault("http.protocol.error", f"not a valid HTTP response: version {version}")
        if status < 100:
            raise Fault("http.protocol.error", f"not a valid HTTP response: status {status:03}")
        self._interim = status < 200 and status != 101
        if self._interim:
            return
        self.status = status
        self.version = version
        self.in_body = True
        self.headers = tuple(
            (name.decode("latin-1").lower(), value.decode("latin-1"))
            for name, value in self._headers
        )
        named = dict(self.headers)
        encoding = named.get("transfer-encoding")
        self._framed = (
            "content-length" in named if encoding is None else encoding.lower().endswith("chunked")
        )
        if self._no_body:
            self.done = True

    def on_body(self, data: bytes) -> None:
        """A piece of the body."""
        if not self.done:
            self._keep(data)

    def on_message_complete(self) -> None:
        """The response is complete, unless it was an interim one."""
        if not self._interim:
            self.done = True


class _Head(Struct, frozen=True):
    """An ordinary head: one status line, fields, and a Content-Length."""

    version: str
    status: int
    reason: bytes
    headers: tuple[tuple[str, str], ...]
    length: int


def _head(data: bytes) -> _Head | None:
    """What a head says, without the empty line at its end; None for one that is not ordinary."""
    lines = data.decode("latin-1").split("\r\n")
    if data.translate(None, _TEXT) != b"\r\n" * (len(lines) - 1):
        return None
    begun = _begun(lines[0]) if len(lines[0]) <= _FAMILIAR else None
    if begun is None:
        return None
    del lines[0]
    headers = []
    for line in lines:
        field = _known_field(line) if len(line) <= _FAMILIAR else _field(line)
        if field is None:
            return None
        headers.append(field)
    named = dict(headers)
    length = named.get("content-length", "")
    if not length.isdecimal() or len(length) > 15 or "transfer-encoding" in named:
        return None
    if len(named) < len(headers) and sum(name == "content-length" for name, _ in headers) > 1:
        return None
    return _Head(*begun, tuple(headers), int(length))


_known_head = lru_cache(maxsize=256)(_head)


@lru_cache(maxsize=256)
def _begun(status_line: str) -> tuple[str, int, bytes] | None:
    """Version, status and reason; None for what is no ordinary status line."""
    match = _STATUS_LINE.fullmatch(status_line)
    if match is None:
        return None
    version, status, reason = match.groups(default="")
    return version, int(status), reason.encode("latin-1")


def _field(line: str) -> tuple[str, str] | None:
    """A field's name in lower case and its value; None when the name is no token (RFC 9110, 5)."""
    name, colon, value = line.partition(":")
    if not colon or not _FIELD_NAME.fullmatch(name):
        return None
    return name.lower(), value.strip(" \t")


_known_field = lru_cache(maxsize=1024)(_field)


def without_equal_lengths(data: bytes) -> bytes | None:
    """The response with one Content-Length where it has several that agree (RFC 9112, 6.3).

    None when they do not agree, or when the head has no more than one.
    """
    head, separator, rest = data.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    lengths = [line for line in lines[1:] if line.lower().startswith(b"content-length:")]
    values = {value.strip() for line in lengths for value in line.partition(b":")[2].split(b",")}
    if not separator or len(values) != 1 or (len(lengths) == 1 and b"," not in lengths[0]):
        return None
    kept = [line for line in lines if line not in lengths]
    return b"\r\n".join([*kept, b"Content-Length: " + values.pop(), b"", b""]) + rest
