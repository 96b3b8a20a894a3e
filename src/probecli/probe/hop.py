"""One hop: one HTTP request to one server, and what was measured of its response."""

from collections.abc import Awaitable, Callable
from time import perf_counter

from msgspec import Struct

from probecli.model.evidence import Failure
from probecli.model.result import Server, Timings, TlsFacts
from probecli.model.target import Target
from probecli.probe.addresses import literal
from probecli.probe.call import Call, Origin, http1_bytes, http2_fields, proxy_origin
from probecli.probe.content import decoded
from probecli.probe.network import Network
from probecli.probe.wire.codec import Codec, HttpCodec
from probecli.probe.wire.dial import Address
from probecli.probe.wire.fault import Fault
from probecli.probe.wire.http1 import Http1
from probecli.probe.wire.order import Order, Outcome, TlsOrder

# One text for all results, not one each.
_VERSIONS = {version: f"HTTP/{version}" for version in ("1.0", "1.1", "2")}
PROTOCOLS = {"auto": ("h2", "http/1.1"), "1.1": ("http/1.1",), "2": ("h2",)}
"""What is offered by ALPN for each `http_version`."""


class Hop(Struct, kw_only=True):
    """What one request brought; `failure` is set when the response is not complete."""

    timings: Timings
    server: Server | None = None
    tls: TlsFacts | None = None
    failure: Failure | None = None
    status: int | None = None
    reason: bytes = b""
    version: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    body_bytes: int | None = None

    def header(self, name: str) -> str | None:
        """The first field of this name, which is to be given in lower case."""
        return next((value for key, value in self.headers if key == name), None)

    def joined(self, name: str) -> str:
        """All fields of this name as one list (RFC 9110, 5.3); empty without any."""
        return ", ".join([value for key, value in self.headers if key == name])


Send = Callable[[Call, float], Awaitable[Hop]]


async def send(network: Network, target: Target, call: Call, timeout_s: float) -> Hop:
    """Carries out one request within `timeout_s`, resolution included."""
    started = perf_counter()
    dns_ms = resolver = None
    try:
        proxy = proxy_origin(target.proxy) if target.proxy else None
        origin = call.origin if proxy is None else proxy[0]
        addresses = known_addresses(target, origin)
        if addresses is None:
            await ready(network, target, origin)
            started = perf_counter()
            addresses, dns_ms = await order_addresses(network, target, origin, timeout_s)
            resolver = asked(network, target, origin)
            timeout_s = max(0.001, timeout_s - (dns_ms or 0.0) / 1000)
        order = order_for(network, target, call, addresses, timeout_s, proxy)
    except Fault as fault:
        if fault.cause.startswith("dns."):
            dns_ms = ms(perf_counter() - started)
            resolver = asked(network, target, origin)
        return unreached(call, fault, dns_ms, ms(perf_counter() - started), resolver)
    outcome = await network.exchange(order)
    hop = hop_of(outcome, call.origin, target.max_body_bytes, dns_ms, resolver)
    if proxy is not None and hop.failure is not None and outcome.connect_s is None:
        hop.failure = Failure(hop.failure.cause, f"proxy: {hop.failure.detail}")
    return hop


def unreached(
    call: Call, fault: Fault, dns_ms: float | None, total_ms: float | None, resolver: str | None
) -> Hop:
    """The hop to a server that was not even looked for, or not found; `fault` says why."""
    return Hop(
        timings=Timings(dns=dns_ms, total=total_ms),
        server=Server(call.origin.host, None, call.origin.port, None, resolver),
        failure=Failure(fault.cause, fault.detail),
    )


async def ready(network: Network, target: Target, origin: Origin) -> None:
    """Returns when the origin's name, if there is one to ask for, has been asked for.

    The wait before is ours, and in no target's time.
    """
    if known_addresses(target, origin) is None:
        await network.resolver.prepare(
            origin.host, version=target.ip_version, resolver=target.resolver
        )


async def order_addresses(
    network: Network, target: Target, origin: Origin, timeout_s: float
) -> tuple[tuple[Address, ...], float | None]:
    """The addresses to try and the milliseconds that resolving took, None for a literal address.

    Raises Fault.
    """
    addresses = known_addresses(target, origin)
    if addresses is not None:
        return addresses, None
    started = perf_counter()
    addresses = await network.resolver.addresses(
        origin.host,
        origin.port,
        version=target.ip_version,
        resolver=target.resolver,
        timeout_s=timeout_s,
    )
    return addresses, ms(perf_counter() - started)


def asked(network: Network, target: Target, origin: Origin) -> str | None:
    """The name servers that were asked for the origin's name, None where none is known."""
    return network.resolver.asked(origin.host, version=target.ip_version, resolver=target.resolver)


def known_addresses(target: Target, origin: Origin) -> tuple[Address, ...] | None:
    """The addresses that need no resolution; None when a name is to be asked for."""
    if target.resolve_to is not None and target.proxy is None:
        address = literal(target.resolve_to, origin.port)
    else:
        address = literal(origin.host, origin.port)
    return None if address is None else (address,)


def order_for(
    network: Network,
    target: Target,
    call: Call,
    addresses: tuple[Address, ...],
    timeout_s: float,
    proxy: tuple[Origin, str | None] | None = None,
) -> Order:
    """What the wire engine is to do for one request; raises Fault on unusable files."""
    secure = call.origin.scheme in ("https", "wss")
    # A proxy forwards HTTP/1.1 requests; whatever else is said takes a tunnel.
    plain = call.origin.scheme == "http" and target.http_version != "2"
    tunnel = None
    if proxy is not None and not plain:
        from probecli.probe.proxy import Tunnel

        tunnel = Tunnel(call.origin, proxy[1])
    forwarded = proxy is not None and plain

    def codec(protocol: str | None) -> Codec:
        return _codec(target, call, protocol, secure, forwarded)

    if forwarded and proxy is not None and proxy[1] is not None:
        call = Call(
            call.method,
            call.origin,
            call.path,
            (*call.headers, ("Proxy-Authorization", proxy[1])),
            call.body,
        )
    return Order(
        addresses,
        codec,
        timeout_s,
        target.connect_timeout_s,
        target.timeout_s,
        tls_order(network, target, call.origin.host, PROTOCOLS[target.http_version])
        if secure
        else None,
        tunnel,
        # A handshake's first words wait for their turn, behind whatever is more urgent.
        speaks=tunnel is not None or not secure,
    )


def tls_order(network: Network, target: Target, host: str, protocols: tuple[str, ...]) -> TlsOrder:
    """How the target wants its connection secured; raises Fault on unusable files."""
    from probecli.probe.trust import tls_context, tls_facts

    return TlsOrder(
        tls_context(target.tls, protocols),
        target.tls.server_name or host,
        lambda connection: tls_facts(connection, network.now()),
    )


def _codec(
    target: Target, call: Call, protocol: str | None, secure: bool, forwarded: bool
) -> Codec:
    wanted = target.http_version
    if protocol == "h2" or (wanted == "2" and not secure):
        from probecli.probe.wire.http2 import Http2

        return Http2(http2_fields(call), call.body, max_body_bytes=target.max_body_bytes)
    if wanted == "2":
        raise Fault("http.protocol.error", "the server does not offer HTTP/2")
    return Http1(
        http1_bytes(call, absolute=forwarded),
        no_body=call.method == "HEAD",
        max_body_bytes=target.max_body_bytes,
    )


def hop_of(
    outcome: Outcome,
    origin: Origin,
    limit: int,
    dns_ms: float | None = None,
    resolver: str | None = None,
) -> Hop:
    """What an exchange brought; the body is decoded up to `limit` bytes."""
    fault = outcome.fault
    hop = Hop(
        timings=timings(outcome, dns_ms),
        server=server(outcome, origin.host, origin.port, resolver),
        tls=outcome.agreed,
    )
    codec = outcome.codec
    if isinstance(codec, HttpCodec) and codec.status is not None:
        hop.status = codec.status
        hop.reason = codec.reason
        hop.version = _VERSIONS.get(codec.version) or f"HTTP/{codec.version}"
        hop.headers = codec.headers
        hop.body = codec.body
        hop.body_bytes = codec.body_bytes
        if fault is None and (codings := hop.joined("content-encoding")):
            try:
                hop.body = decoded(hop.body, codings, limit=limit, cut=codec.cut)
            except Fault as corrupt:
                fault = corrupt
    if fault is not None:
        hop.failure = Failure(fault.cause, fault.detail)
    return hop


def server(outcome: Outcome, host: str, port: int, resolver: str | None) -> Server:
    """The peer that answered, or the name alone when none did."""
    address = outcome.address
    if address is None:
        return Server(host, None, port, None, resolver)
    return Server(host, address.ip, port, "ipv6" if ":" in address.ip else "ipv4", resolver)


def timings(outcome: Outcome, dns_ms: float | None) -> Timings:
    """The phases in milliseconds; resolution is part of the total."""
    return Timings(
        dns=dns_ms,
        connect=ms(outcome.connect_s),
        tls=ms(outcome.tls_s),
        send=ms(outcome.send_s),
        wait=ms(outcome.wait_s),
        receive=ms(outcome.receive_s),
        total=ms(outcome.total_s + (dns_ms or 0.0) / 1000),
    )


def ms(seconds: float | None) -> float | None:
    """Milliseconds to the microsecond; None stays None."""
    # As exact as round(), which goes by way of decimal text, at a fifth of its time.
    return None if seconds is None else int(seconds * 1e6 + 0.5) / 1000
