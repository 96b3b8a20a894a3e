"""The way through an HTTP proxy to a TLS server: CONNECT (RFC 9110, 9.3.6)."""

from probecli.probe.call import Origin
from probecli.probe.wire.fault import Fault
from probecli.probe.wire.http1 import Http1


class Tunnel:
    """Asks the proxy for a tunnel; `done` once it stands.

    `rest` is what the server behind it said in one piece with the proxy's answer.
    """

    def __init__(self, origin: Origin, credentials: str | None) -> None:
        host = f"[{origin.host}]" if ":" in origin.host else origin.host
        authority = f"{host}:{origin.port}"
        lines = [f"CONNECT {authority} HTTP/1.1", f"Host: {authority}"]
        if credentials is not None:
            lines.append(f"Proxy-Authorization: {credentials}")
        request = ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")
        self._http = Http1(request, no_body=True, max_body_bytes=0)
        self._head = b""
        self.answering = False
        self.done = False
        self.rest = b""

    def open(self) -> bytes:
        """The CONNECT request."""
        return self._http.open()

    def feed(self, data: bytes) -> bytes:
        """Takes the proxy's answer; raises Fault when it refuses."""
        self._head += data
        end = self._head.find(b"\r\n\r\n")
        if end >= 0:
            self.rest = self._head[end + 4 :]
            self._head = b""
        self._http.feed(data[: len(data) - len(self.rest)])
        if self._http.done:
            self._judge()
        elif self.rest:
            # That was an interim answer: the final one follows.
            rest, self.rest = self.rest, b""
            return self.feed(rest)
        return b""

    def eof(self) -> None:
        """The proxy hung up."""
        raise Fault("http.error", "the proxy closed the connection without a tunnel")

    def _judge(self) -> None:
        status = self._http.status or 0
        if not 200 <= status < 300:
            reason = self._http.reason.decode("latin-1")
            raise Fault("http.error", f"the proxy answered {status} {reason} to CONNECT".rstrip())
        self.done = True
