"""HTTP/2 (RFC 9113), the client's side of one request on one connection."""

from collections.abc import Iterator

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
import h2.settings
import hyperframe.exceptions
import hyperframe.frame

from probecli.probe.wire.codec import HttpCodec
from probecli.probe.wire.fault import Fault

_STREAM = 1
_MAX_FRAME_BYTES = 2**14
_FRAME_HEAD_BYTES = 9
_WINDOW_BYTES = 2**20


class Frames:
    """Whole frames of the server, of a size that it may send, and without those that mislead h2.

    h2 holds a frame until it is whole before it looks at its length, and takes nothing after a
    GOAWAY, though streams up to the last one named go on (RFC 9113, 6.8).
    """

    def __init__(self) -> None:
        self._rest = b""
        self._first = True

    def passed(self, data: bytes) -> Iterator[bytes]:
        """The frames that are whole with `data`, one by one; raises Fault on what is no HTTP/2."""
        self._rest += data
        while len(self._rest) >= _FRAME_HEAD_BYTES:
            frame, length = hyperframe.frame.Frame.parse_frame_header(
                memoryview(self._rest[:_FRAME_HEAD_BYTES])
            )
            if self._first and not isinstance(frame, hyperframe.frame.SettingsFrame):
                start = self._rest[:60].split(b"\n", 1)[0].decode("latin-1").strip()
                raise Fault("http.protocol.error", f'not HTTP/2: the answer begins "{start}"')
            if length > _MAX_FRAME_BYTES:
                raise Fault("http.protocol.error", f"HTTP/2 frame of {length} bytes is too large")
            if len(self._rest) < _FRAME_HEAD_BYTES + length:
                break
            self._first = False
            end = _FRAME_HEAD_BYTES + length
            whole, self._rest = self._rest[:end], self._rest[end:]
            if not self._is_orderly_goaway(frame, whole[_FRAME_HEAD_BYTES:]):
                yield whole

    def _is_orderly_goaway(self, frame: hyperframe.frame.Frame, body: bytes) -> bool:
        if not isinstance(frame, hyperframe.frame.GoAwayFrame) or len(body) < 8:
            return False
        frame.parse_body(memoryview(body))
        return frame.last_stream_id >= _STREAM and frame.error_code == 0


class Http2(HttpCodec):
    """One request and its response."""

    def __init__(
        self, headers: list[tuple[bytes, bytes]], body: bytes, *, max_body_bytes: int
    ) -> None:
        super().__init__(max_body_bytes)
        self.version = "2"
        self._request_headers = headers
        self._to_send = memoryview(body)
        self._frames = Frames()
        self._connection = h2.connection.H2Connection(
            h2.config.H2Configuration(client_side=True, header_encoding=None)
        )

    def open(self) -> bytes:
        """The connection preface, the settings and the request."""
        self._connection.local_settings = h2.settings.Settings(
            client=True,
            initial_values={
                h2.settings.SettingCodes.ENABLE_PUSH: 0,
                h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: _WINDOW_BYTES,
                h2.settings.SettingCodes.MAX_HEADER_LIST_SIZE: 256 * 1024,
            },
        )
        self._connection.initiate_connection()
        self._connection.increment_flow_control_window(_WINDOW_BYTES)
        self._connection.send_headers(
            _STREAM, self._request_headers, end_stream=not len(self._to_send)
        )
        self._send_body()
        return self._connection.data_to_send()

    def feed(self, data: bytes) -> bytes:
        """Takes frames and returns frames to send; raises Fault."""
        try:
            # One by one, so that a broken frame does not take the response before it along.
            for frame in self._frames.passed(data):
                for event in self._connection.receive_data(frame):
                    self._handle(event)
                if self.done:
                    break
        except (h2.exceptions.ProtocolError, hyperframe.exceptions.HyperframeError) as error:
            if not self.done:
                words = str(error) or type(error).__name__
                raise Fault("http.protocol.error", f"HTTP/2: {words}") from None
        return self._connection.data_to_send()

    def eof(self) -> None:
        """The server closed before the stream ended."""
        where = "inside the response body" if self.in_body else "without a response"
        raise Fault("http.response.invalid", f"closed {where}")

    def _handle(self, event: h2.events.Event) -> None:
        if isinstance(event, h2.events.ResponseReceived):
            self._head(event.headers or [])
        elif isinstance(event, h2.events.DataReceived):
            self._keep(event.data or b"")
            self.done = self.cut
            self._connection.acknowledge_received_data(
                event.flow_controlled_length or 0, event.stream_id or _STREAM
            )
        elif isinstance(event, h2.events.StreamEnded):
            self.done = True
        elif isinstance(event, h2.events.StreamReset):
            if not self.done:
                raise Fault(
                    "http.protocol.error", f"HTTP/2 stream reset: {_code(event.error_code)}"
                )
        elif isinstance(event, h2.events.ConnectionTerminated):
            refused = (event.last_stream_id or 0) < _STREAM
            if not self.done and (event.error_code or refused):
                raise Fault(
                    "http.protocol.error", f"HTTP/2 connection ended: {_code(event.error_code)}"
                )
        elif isinstance(event, h2.events.WindowUpdated | h2.events.RemoteSettingsChanged):
            self._send_body()

    def _head(self, headers: list[tuple[bytes, bytes]]) -> None:
        self.answering = True
        self.in_body = True
        fields = []
        for name, value in headers:
            if name == b":status":
                self.status = int(value) if value.isdigit() else 0
            else:
                fields.append((name.decode("latin-1"), value.decode("latin-1")))
        self.headers = tuple(fields)
        if not self.status or not 100 <= self.status <= 999:
            raise Fault("http.protocol.error", "HTTP/2: a response without a valid status")

    def _send_body(self) -> None:
        while len(self._to_send):
            room = min(
                self._connection.local_flow_control_window(_STREAM),
                self._connection.max_outbound_frame_size,
            )
            if room <= 0:
                return
            piece, self._to_send = self._to_send[:room], self._to_send[room:]
            self._connection.send_data(_STREAM, bytes(piece), end_stream=not len(self._to_send))


def _code(code: int | None) -> str:
    try:
        return h2.errors.ErrorCodes(code or 0).name
    except ValueError:
        return f"code {code}"
