"""HTTP/2 as a step of a script: a correct server that goes wrong at a chosen point."""

from collections.abc import Callable

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import Event, RequestReceived

from faults.server import Peer, Serve, Step, read_some, script
from faults.tls import handshake

OK = [(":status", "200"), ("content-type", "text/plain")]


class Exchange:
    """One request over HTTP/2, with the connection it came on."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        configuration = H2Configuration(
            client_side=False,
            header_encoding="utf-8",
            # The flaws are the point: h2 must not mend or refuse what a row asks for.
            validate_outbound_headers=False,
        )
        self.h2 = H2Connection(configuration)
        self.stream = 0

    def flush(self) -> None:
        """Sends what h2 has to say."""
        self.peer.connection.sendall(self.h2.data_to_send())

    def raw(self, data: bytes) -> None:
        """Sends bytes that h2 knows nothing of."""
        self.peer.connection.sendall(data)

    def read(self) -> list[Event]:
        """Waits for frames and answers what the protocol wants answered."""
        self.peer.received = b""
        read_some(self.peer)
        events = self.h2.receive_data(self.peer.received)
        self.flush()
        return events

    def body(self, data: bytes, end: bool = True) -> None:
        """Sends a body within the client's flow control window."""
        while data:
            room = min(
                self.h2.local_flow_control_window(self.stream),
                self.h2.max_outbound_frame_size,
                len(data),
            )
            if room:
                self.h2.send_data(self.stream, data[:room], end and room == len(data))
                data = data[room:]
                self.flush()
            else:
                self.read()

    def page(self, body: bytes = b"fine\n") -> None:
        """A complete response."""
        self.h2.send_headers(self.stream, OK)
        self.flush()
        self.body(body)


def session(respond: Callable[[Exchange], None], settings: dict[int, int] | None = None) -> Step:
    """A step that reads one request as HTTP/2 and hands it to `respond`."""

    def step(peer: Peer) -> None:
        exchange = Exchange(peer)
        if settings:
            exchange.h2.update_settings(settings)
        exchange.h2.initiate_connection()
        exchange.flush()
        while not exchange.stream:
            for event in exchange.read():
                if isinstance(event, RequestReceived):
                    exchange.stream = event.stream_id
        respond(exchange)

    return step


def serving(
    respond: Callable[[Exchange], None], *after: Step, settings: dict[int, int] | None = None
) -> Serve:
    """A TLS server that offers `h2` only; `after` are the steps when `respond` is done."""
    return script(handshake(protocols=("h2",)), session(respond, settings), *after)
