"""What one attempt measured, before anyone judges it."""

from msgspec import Struct

from probecli.model.result import HttpFacts, Server, Timings, TlsFacts


class Failure(Struct, frozen=True, gc=False):
    """Why no usable response came: a cause of the transport and its detail in words."""

    cause: str
    detail: str


class Evidence(Struct, frozen=True, gc=False, kw_only=True):
    """Everything that the verdict may look at.

    `headers` are in the order of the response, by lower-case name.
    `body` is decoded and cut at the target's `max_body`; `failure` is set when the exchange did
    not end in a complete response, whatever of it had arrived by then.
    """

    timings: Timings
    failure: Failure | None = None
    server: Server | None = None
    http: HttpFacts | None = None
    tls: TlsFacts | None = None
    reason: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    banner: bytes | None = None
    records: tuple[str, ...] | None = None
    rcode: str | None = None
