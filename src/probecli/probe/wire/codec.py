"""What is said on a connection, apart from how its bytes travel."""

from typing import Protocol


class Codec(Protocol):
    """One conversation: HTTP/1.1, HTTP/2, a banner, a WebSocket handshake.

    `answering` turns true with the first byte of the answer, `done` with its last.
    """

    answering: bool
    done: bool

    def open(self) -> bytes:
        """What to send first."""

    def feed(self, data: bytes) -> bytes:
        """Takes bytes from the peer and returns bytes to send; raises Fault."""

    def eof(self) -> None:
        """The peer closed: sets `done`, or raises Fault when that is too early."""


class HttpCodec:
    """What both versions of HTTP understand of a response.

    `headers` are in order, by lower-case name (RFC 9110, 5.1: they have no case of their own).
    `body` is as sent, still encoded; it is cut at `max_body_bytes`, and then `cut` is set.
    """

    __slots__ = (
        "_max_body_bytes",
        "_pieces",
        "answering",
        "body_bytes",
        "cut",
        "done",
        "headers",
        "in_body",
        "reason",
        "status",
        "version",
    )

    def __init__(self, max_body_bytes: int) -> None:
        self._max_body_bytes = max_body_bytes
        self._pieces: list[bytes] = []
        self.answering = False
        self.in_body = False
        self.done = False
        self.cut = False
        self.body_bytes = 0
        self.status: int | None = None
        self.version = ""
        self.reason = b""
        self.headers: tuple[tuple[str, str], ...] = ()

    @property
    def body(self) -> bytes:
        """The body as sent, until the cut."""
        return self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)

    def _keep(self, data: bytes) -> None:
        room = self._max_body_bytes - self.body_bytes
        if len(data) > room:
            data = data[:room]
            self.cut = True
        if data:
            self.body_bytes += len(data)
            self._pieces.append(data)
