"""What an explanation says, apart from how it is shown: encoding one of these is its JSON.

Every text from outside is one printable line, and free of the target's secrets.
"""

from typing import Literal

from msgspec import Struct

from probecli.model.result import Attempt, Result, Server, Timings

AddressFate = Literal["answered", "failed", "pending", "not_tried", "unknown"]


class Names(Struct, frozen=True, kw_only=True):
    """One name resolution: who was asked, for how long, and every address that came back."""

    host: str
    resolver: str
    dns_ms: float | None = None
    addresses: tuple[str, ...] = ()
    cause: str | None = None
    detail: str | None = None


class AddressTried(Struct, frozen=True, kw_only=True):
    """What became of one address.

    `pending` had not answered when another did, or when time was up; `not_tried` came too late;
    `unknown` was cut off with its hop.
    """

    ip: str
    port: int
    fate: AddressFate
    cause: str | None = None
    detail: str | None = None


class Agreed(Struct, frozen=True, kw_only=True):
    """What a TLS handshake agreed on."""

    version: str | None = None
    cipher: str | None = None
    alpn: str | None = None


class HopFacts(Struct, frozen=True, kw_only=True):
    """One request to one server.

    `cookies` are the names that the response sets. With a `proxy` (host and port), names and
    addresses are the proxy's.
    """

    url: str
    proxy: str | None = None
    names: Names | None = None
    tried: tuple[AddressTried, ...] = ()
    server: Server | None = None
    timings_ms: Timings = Timings()
    tls: Agreed | None = None
    status: int | None = None
    reason: str = ""
    version: str | None = None
    location: str | None = None
    cookies: tuple[str, ...] = ()
    cause: str | None = None
    detail: str | None = None


class AttemptFacts(Struct, frozen=True, kw_only=True):
    """One attempt and its hops, in order."""

    attempt: Attempt
    hops: tuple[HopFacts, ...] = ()


class CertificateFacts(Struct, frozen=True, kw_only=True):
    """One certificate of the chain as it was served.

    `days` are those left, rounded down, negative once it has expired. `names` are the first of
    `names_total` alternative names. `matches` is only known of the server's own certificate.
    `faults` says in words what is wrong with it.
    """

    subject: str
    issuer: str
    not_before: str
    not_after: str
    days: int
    names: tuple[str, ...] = ()
    names_total: int = 0
    matches: bool | None = None
    key: str = ""
    signature: str = ""
    self_signed: bool = False
    authority: bool = False
    faults: tuple[str, ...] = ()


class Chain(Struct, frozen=True, kw_only=True):
    """The certificates that a server sent, leaf first, and what is wrong with the chain.

    `diagnostic` says that they were fetched by a second handshake that verified nothing and sent
    nothing, because the first one failed; `error` says why there are none.
    """

    host: str
    verified: bool
    diagnostic: bool = False
    certificates: tuple[CertificateFacts, ...] = ()
    faults: tuple[str, ...] = ()
    error: str | None = None


class Response(Struct, frozen=True, kw_only=True):
    """What the last response of the last attempt said: its head, and how its body begins."""

    reason: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: tuple[str, ...] = ()
    body_bytes: int = 0
    body_cut: bool = False
    banner: str | None = None
    records: tuple[str, ...] | None = None
    rcode: str | None = None


class Explanation(Struct, frozen=True, kw_only=True):
    """Everything that is known of one target, and what it means."""

    schema_version: int = 1
    result: Result
    diagnosis: str
    meaning: str | None = None
    hint: str | None = None
    notice: str | None = None
    attempts: tuple[AttemptFacts, ...] = ()
    chain: Chain | None = None
    response: Response | None = None
    controls: tuple[Result, ...] = ()
