"""Results in the snapshot's own shape: encoding one of these is the contract's JSON.

Times are RFC 3339 UTC texts with milliseconds, durations are milliseconds; what was not reached
or is not known is None.
"""

from typing import Literal

from msgspec import Struct

from probecli.model.cause import State


class Timings(Struct, frozen=True, gc=False, kw_only=True):
    """The non-overlapping phases of an attempt, in milliseconds; None for a phase not reached."""

    dns: float | None = None
    connect: float | None = None
    tls: float | None = None
    send: float | None = None
    wait: float | None = None
    receive: float | None = None
    total: float | None = None


class Server(Struct, frozen=True, gc=False):
    """The peer, named as OpenTelemetry's `server.*` and `network.peer.*` conventions do.

    `resolver` is whom resolution asked, whether or not it succeeded: an address, with its port
    unless that is 53; or the list that the system asks in turn, sorted and joined by ", ", of
    which it is not known who answered. None where no name server is known to have been asked.
    """

    address: str
    ip: str | None
    port: int
    family: Literal["ipv4", "ipv6"] | None
    resolver: str | None = None


class HttpFacts(Struct, frozen=True, gc=False, kw_only=True):
    """What the last HTTP response of an attempt said."""

    method: str
    status: int | None = None
    version: str | None = None
    final_url: str | None = None
    redirects: tuple[str, ...] = ()
    body_bytes: int | None = None
    retry_after_s: float | None = None


class TlsFacts(Struct, frozen=True, gc=False, kw_only=True):
    """What the handshake agreed on and the leaf certificate says."""

    version: str | None = None
    cipher: str | None = None
    subject: str | None = None
    issuer: str | None = None
    not_after: str | None = None
    certificate_days: int | None = None


Level = Literal["expect", "warn"]


class ExpectationResult(Struct, frozen=True, gc=False, kw_only=True):
    """One expectation, evaluated: it explains itself by what it expected and what it saw."""

    name: str
    level: Level
    ok: bool
    expected: str
    actual: str


class Verdict(Struct, frozen=True, gc=False):
    """State and cause of one attempt, with every expectation that was evaluated."""

    state: State
    cause: str | None
    detail: str | None
    expectations: tuple[ExpectationResult, ...] = ()


class Attempt(Struct, frozen=True, gc=False, kw_only=True):
    """One try; `backoff_ms` is the wait after it, None on the last."""

    number: int
    started_at: str
    duration_ms: float
    state: State
    cause: str | None
    detail: str | None
    status: int | None
    ip: str | None
    timings_ms: Timings
    backoff_ms: float | None = None


class Result(Struct, frozen=True, gc=False, kw_only=True):
    """The measurement of one target in one run: the last attempt's verdict, and every attempt."""

    name: str
    kind: str
    url: str
    group: str | None
    tags: tuple[str, ...]
    state: State
    cause: str | None
    detail: str | None
    flaky: bool
    gated: bool
    started_at: str
    duration_ms: float
    since: str | None = None
    last_ok: str | None = None
    server: Server | None = None
    http: HttpFacts | None = None
    tls: TlsFacts | None = None
    timings_ms: Timings = Timings()
    expectations: tuple[ExpectationResult, ...] = ()
    attempts: tuple[Attempt, ...] = ()
