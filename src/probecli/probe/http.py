"""How an HTTP target is measured: the first hop, and the redirects that follow it."""

from collections.abc import Callable, Coroutine
from typing import Any

from probecli.model.evidence import Evidence, Failure
from probecli.model.result import HttpFacts, Timings
from probecli.model.target import Target
from probecli.probe.call import Call, first_call, split_url
from probecli.probe.hop import Hop, hop_of, known_addresses, order_for, send
from probecli.probe.needs import prepare_for
from probecli.probe.network import Network
from probecli.probe.wire.exchange import Exchange
from probecli.probe.wire.fault import Fault
from probecli.probe.wire.order import Order, Outcome

_REDIRECTS = frozenset({301, 302, 303, 307, 308})


async def probe_http(target: Target, network: Network) -> Evidence:
    """One attempt at an `http` or `https` target."""
    call = first_call(target)
    hop = await send(network, target, call, target.timeout_s)
    if _leads_on(target, hop):
        return await _followed(target, network, call, hop)
    return evidence(target, hop, call.url, (), hop.timings, network.now())


def begin_http(target: Target, network: Network, settled: Callable[[], None]) -> "Single | None":
    """The same begun without a task, where one exchange with a known address may be all."""
    if target.proxy is not None:
        return None
    addresses = known_addresses(target, split_url(target.url)[0])
    if addresses is None:
        return None
    call = first_call(target)
    try:
        order = order_for(network, target, call, addresses, target.timeout_s)
    except Fault:
        return None
    single = Single(target, network, call, settled)
    single.begin(order)
    return single


class Single:
    """An attempt that its first exchange may complete.

    `held_s` is how long it waited, at our own wish, before its time began.
    """

    __slots__ = ("_exchange", "_how", "_settled", "call", "network", "target")

    held_s = 0.0

    def __init__(
        self, target: Target, network: Network, call: Call, settled: Callable[[], None]
    ) -> None:
        self.target = target
        self.network = network
        self.call = call
        self._settled = settled
        self._exchange: Exchange | None = None

    def begin(self, order: Order) -> None:
        """Begins the exchange."""
        self._exchange = self.network.begin(order, self.ended)

    def conclude(self) -> Evidence | Coroutine[Any, Any, Evidence]:
        """What the exchange told, or the redirects to follow; raises what went wrong in us."""
        call, target = self.call, self.target
        hop = self.hop(self._how)
        if _leads_on(target, hop):
            return _followed(target, self.network, call, hop)
        return evidence(target, hop, call.url, (), hop.timings, self.network.now())

    def hop(self, how: Outcome | Exception) -> Hop:
        """What became of the request; raises what went wrong in us."""
        if isinstance(how, Exception):
            raise how
        return hop_of(how, self.call.origin, self.target.max_body_bytes)

    def cancel(self) -> None:
        """Hangs up."""
        if self._exchange is not None:
            self._exchange.cancel()

    def ended(self, how: Outcome | Exception) -> None:
        """How it ended: to be concluded when there is time."""
        self._how = how
        self._settled()


def _leads_on(target: Target, hop: Hop) -> bool:
    return (
        hop.status in _REDIRECTS
        and hop.failure is None
        and target.follow_redirects
        and hop.header("location") is not None
    )


async def _followed(target: Target, network: Network, call: Call, first: Hop) -> Evidence:
    # What is loaded here and between the hops is in no target's time.
    from probecli.probe.redirects import follow

    spent_ms = first.timings.total or 0.0

    async def send_hop(next_call: Call, timeout_s: float) -> Hop:
        nonlocal spent_ms
        prepare_for(target, next_call.origin)
        hop = await send(network, target, next_call, timeout_s)
        spent_ms += hop.timings.total or 0.0
        return hop

    def left_s() -> float:
        return max(0.001, target.timeout_s - spent_ms / 1000)

    journey = await follow(first, call, target, send_hop, left_s)
    last = journey.hops[-1]
    if journey.fault is not None:
        last.failure = Failure(journey.fault.cause, journey.fault.detail)
    elif last.failure is not None and journey.urls:
        last.failure = Failure(
            last.failure.cause, f"{last.failure.detail} (after a redirect to {journey.urls[-1]})"
        )
    total = added_up([hop.timings for hop in journey.hops])
    final_url = journey.urls[len(journey.hops) - 2] if len(journey.hops) > 1 else call.url
    return evidence(target, last, final_url, tuple(journey.urls), total, network.now())


def evidence(
    target: Target,
    hop: Hop,
    final_url: str,
    redirects: tuple[str, ...],
    timings: Timings,
    now_s: float,
) -> Evidence:
    """What the last hop tells, with the timings of them all; `now_s` is for a dated Retry-After."""
    return Evidence(
        timings=timings,
        failure=hop.failure,
        server=hop.server,
        http=HttpFacts(
            method=target.method,
            status=hop.status,
            version=hop.version,
            final_url=None if hop.status is None else shared(final_url, target.url),
            redirects=redirects,
            body_bytes=hop.body_bytes,
            retry_after_s=retry_after_s(hop, now_s),
        ),
        tls=hop.tls,
        reason=hop.reason.decode("latin-1"),
        headers=hop.headers,
        body=hop.body,
    )


def shared(text: str, known: str) -> str:
    """`known` where it is the same text: results are kept, and so is every text in them."""
    return known if text == known else text


def added_up(parts: list[Timings]) -> Timings:
    """The phases of several hops, and their totals, each None only when no hop reached it."""

    def phase(name: str) -> float | None:
        values = [value for part in parts if (value := getattr(part, name)) is not None]
        return round(sum(values), 3) if values else None

    return Timings(**{name: phase(name) for name in Timings.__struct_fields__})


def retry_after_s(hop: Hop, now_s: float) -> float | None:
    """The server's Retry-After in seconds (RFC 9110, 10.2.3), None when absent or not usable."""
    if hop.status is None or hop.status < 300:
        return None
    field = hop.header("retry-after")
    if field is None:
        return None
    text = field.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    from email.utils import parsedate_to_datetime

    try:
        return max(0.0, round(parsedate_to_datetime(text).timestamp() - now_s, 3))
    except (ValueError, OverflowError):
        return None
