"""What is probed and what must hold: the fields of a target as in the target file.

A field whose name ends in a unit (`timeout_s`) is written in the file without it (`timeout`).
The JSON Schema of the target file is generated from these types.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

Kind = Literal["http", "tcp", "tls", "dns", "ws"]

KIND_BY_SCHEME: dict[str, Kind] = {
    "http": "http",
    "https": "http",
    "tcp": "tcp",
    "tls": "tls",
    "dns": "dns",
    "ws": "ws",
    "wss": "ws",
}
# Enough of a URL to tell the schemes apart, and found several times as fast.
_KIND_BY_START = {f"{scheme}://"[:5]: kind for scheme, kind in KIND_BY_SCHEME.items()}


class Seconds(float):
    """A duration in seconds, written `200ms`, `10s`, `5m`, `1h` or as a number of seconds."""


class ByteCount(int):
    """A size in bytes, written `64KiB`, `1MiB` or as a number of bytes."""


class StatusRange(Struct, frozen=True, order=True):
    """Statuses from `low` to `high`, both included; written `200`, `301-308` or `4xx`."""

    low: int
    high: int


class StatusSet(tuple[StatusRange, ...]):
    """The statuses that an expectation allows, one range or a list of them."""

    __slots__ = ()

    def __contains__(self, status: object) -> bool:
        return any(part.low <= status <= part.high for part in self)  # type: ignore[operator]

    def __str__(self) -> str:
        return ", ".join(
            str(part.low) if part.low == part.high else f"{part.low}-{part.high}" for part in self
        )


Texts = str | tuple[str, ...]
Pattern = Annotated[str, Meta(description="An RE2 pattern: it runs in time linear in the text.")]
Patterns = Pattern | tuple[Pattern, ...]
Number = int | float


class Matcher(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a text or value must be like; every key given must hold."""

    equals: Any = None
    contains: Texts | None = None
    not_contains: Texts | None = None
    matches: Patterns | None = None
    not_matches: Patterns | None = None
    exists: bool | None = None
    eq: Number | None = None
    ne: Number | None = None
    lt: Number | None = None
    lte: Number | None = None
    gt: Number | None = None
    gte: Number | None = None


class Latency(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Upper bounds for phases of the attempt; `total` is the whole attempt."""

    dns_s: Seconds | None = field(default=None, name="dns")
    connect_s: Seconds | None = field(default=None, name="connect")
    tls_s: Seconds | None = field(default=None, name="tls")
    send_s: Seconds | None = field(default=None, name="send")
    wait_s: Seconds | None = field(default=None, name="wait")
    receive_s: Seconds | None = field(default=None, name="receive")
    total_s: Seconds | None = field(default=None, name="total")


class Expectations(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What must hold (under `expect`) or should hold (under `warn`); one vocabulary for both."""

    status: StatusSet | None = None
    body: Matcher | None = None
    header: dict[str, Matcher] | None = None
    json: dict[str, Matcher] | None = None
    latency: Latency | None = None
    certificate_days: int | None = None
    final_url: Matcher | None = None
    banner: Matcher | None = None
    records: tuple[str, ...] | None = None
    rcode: str | None = None


RetryReason = Annotated[str, Meta(description="A cause, its first part, or an HTTP status.")]


class Retry(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """When and how often an attempt is repeated: exponential back-off with full jitter."""

    attempts: Annotated[int, Meta(ge=1, le=100)] = 3
    initial_s: Seconds = field(default=Seconds(0.2), name="initial")
    max_s: Seconds = field(default=Seconds(5.0), name="max")
    multiplier: Annotated[float, Meta(ge=1)] = 2.0
    jitter: Literal["full", "none"] = "full"
    on: tuple[RetryReason, ...] | None = None


class Basic(Struct, frozen=True, forbid_unknown_fields=True):
    """HTTP basic authentication (RFC 7617)."""

    username: str
    password: str


class Auth(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How the request authenticates: one of the two."""

    basic: Basic | None = None
    bearer: str | None = None


class Tls(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the TLS handshake offers and demands."""

    verify: bool = True
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None
    crl_file: str | None = None
    server_name: str | None = None
    min_version: Literal["1.0", "1.1", "1.2", "1.3"] = "1.2"


class Target(Struct, frozen=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """One thing to probe, with every default already merged in.

    `secrets` holds every form of a value that must never be shown, longest first; it is set by the
    loader and is no field of the file.
    """

    name: str
    url: str
    group: str | None = None
    tags: tuple[str, ...] = ()
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    body: str | None = None
    json: Any = None
    form: dict[str, str] | None = None
    auth: Auth | None = None
    follow_redirects: bool = True
    max_redirects: Annotated[int, Meta(ge=0, le=100)] = 10
    http_version: Literal["auto", "1.1", "2"] = "auto"
    ip_version: Literal["auto", "4", "6"] = "auto"
    resolve_to: str | None = None
    resolver: str | None = None
    proxy: str | None = None
    tls: Tls = Tls()
    timeout_s: Seconds = field(default=Seconds(10.0), name="timeout")
    connect_timeout_s: Seconds = field(default=Seconds(5.0), name="connect_timeout")
    max_body_bytes: ByteCount = field(default=ByteCount(1024 * 1024), name="max_body")
    retry: Retry = Retry()
    expect: Expectations = Expectations(status=StatusSet((StatusRange(200, 399),)))
    warn: Expectations = Expectations(certificate_days=14)
    detect_unavailable: bool = True
    allow_failure: bool = False
    enabled: bool = True
    secrets: tuple[str, ...] = ()

    @property
    def kind(self) -> Kind:
        """The probe kind, from the URL's scheme."""
        url = self.url
        return _KIND_BY_START.get(url[:5]) or KIND_BY_SCHEME[url[: url.index(":")].lower()]
