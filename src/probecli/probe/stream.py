"""How a `tcp` or `tls` target is measured: connect, shake hands, read a banner if one is wanted."""

from time import perf_counter

from probecli.model.evidence import Evidence, Failure
from probecli.model.result import Server, Timings
from probecli.model.target import Target
from probecli.probe.call import proxy_origin, split_url
from probecli.probe.hop import asked, ms, order_addresses, ready, server, timings, tls_order
from probecli.probe.network import Network
from probecli.probe.proxy import Tunnel
from probecli.probe.wire.fault import Fault
from probecli.probe.wire.order import Order

_BANNER_BYTES = 4096


class Banner:
    """Reads what the server says of itself: one line, or what it sends before it closes."""

    def __init__(self, *, wanted: bool) -> None:
        self.text = b""
        self.answering = False
        self.done = not wanted

    def open(self) -> bytes:
        """Nothing: the server speaks first."""
        return b""

    def feed(self, data: bytes) -> bytes:
        """Collects up to the first line end or 4 KiB; nothing where no banner is wanted."""
        if not self.done:
            self.answering = True
            self.text = (self.text + data)[:_BANNER_BYTES]
            self.done = b"\n" in self.text or len(self.text) == _BANNER_BYTES
        return b""

    def eof(self) -> None:
        """What came is the banner."""
        self.done = True


async def probe_stream(target: Target, network: Network) -> Evidence:
    """One attempt at a `tcp://` or `tls://` target."""
    origin, _, _ = split_url(target.url)
    proxy = proxy_origin(target.proxy) if target.proxy else None
    peer = origin if proxy is None else proxy[0]
    await ready(network, target, peer)
    started = perf_counter()
    wanted = target.expect.banner is not None or target.warn.banner is not None
    banner = Banner(wanted=wanted)
    dns_ms = resolver = None
    try:
        addresses, dns_ms = await order_addresses(network, target, peer, target.timeout_s)
        if dns_ms is not None:
            resolver = asked(network, target, peer)
        order = Order(
            addresses,
            lambda _: banner,
            max(0.001, target.timeout_s - (perf_counter() - started)),
            target.connect_timeout_s,
            target.timeout_s,
            tls_order(network, target, origin.host, ()) if origin.scheme == "tls" else None,
            None if proxy is None else Tunnel(origin, proxy[1]),
        )
    except Fault as fault:
        if fault.cause.startswith("dns."):
            dns_ms = ms(perf_counter() - started)
            resolver = asked(network, target, peer)
        return Evidence(
            timings=Timings(dns=dns_ms, total=ms(perf_counter() - started)),
            server=Server(origin.host, None, origin.port, None, resolver),
            failure=Failure(fault.cause, fault.detail),
        )
    outcome = await network.exchange(order)
    failed = outcome.fault
    if wanted and failed is not None and failed.cause == "http.response.timed_out":
        # The connection stands; that nothing was said is for the expectation to judge.
        failed = None
    return Evidence(
        timings=timings(outcome, dns_ms),
        failure=None if failed is None else Failure(failed.cause, failed.detail),
        server=server(outcome, origin.host, origin.port, resolver),
        tls=outcome.agreed,
        banner=banner.text if wanted and failed is None else None,
    )
