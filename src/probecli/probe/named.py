"""An HTTP attempt that asks for its host's name first, without a task of its own."""

from collections.abc import Callable
from time import perf_counter

from probecli.model.target import Target
from probecli.probe.call import first_call
from probecli.probe.hop import Hop, hop_of, known_addresses, ms, order_for, unreached
from probecli.probe.http import Single
from probecli.probe.lookup import Lookup, Question
from probecli.probe.network import Network
from probecli.probe.resolver import with_port
from probecli.probe.wire.fault import Fault
from probecli.probe.wire.order import Outcome


def begin_named(target: Target, network: Network, settled: Callable[[], None]) -> "Named | None":
    """Begins an attempt at a target whose name is to be asked for; None for any other."""
    if target.proxy is not None:
        return None
    call = first_call(target)
    if known_addresses(target, call.origin) is not None:
        return None
    question = Question(call.origin.host, target.ip_version, target.resolver)
    named = Named(target, network, call, settled)
    named.follow(network.resolver.look_up(question))
    return named


class Named(Single):
    """One question, then one exchange; its time begins when the question has been asked."""

    __slots__ = ("_deadline", "_dns_ms", "_lookup", "_over", "_started", "held_s")

    def follow(self, lookup: Lookup) -> None:
        """Goes on as `lookup` does."""
        self.held_s = 0.0
        self._lookup = lookup
        self._dns_ms: float | None = None
        self._deadline: int | None = None
        self._over = False
        # What it took to load the resolver is none of the target's time.
        self._started = perf_counter()
        self._step()

    def time_is_up(self) -> None:
        """No answer in time."""
        self._deadline = None
        self._dns_ms = ms(perf_counter() - self._started)
        self._end(self._lookup.unanswered(self.target.timeout_s))

    def hop(self, how: Outcome | Exception) -> Hop:
        """What became of the request; raises what went wrong in us."""
        call, target = self.call, self.target
        resolver = self.network.resolver.asked(
            call.origin.host, version=target.ip_version, resolver=target.resolver
        )
        if isinstance(how, Fault):
            total_ms = ms(perf_counter() - self._started)
            return unreached(call, how, self._dns_ms, total_ms, resolver)
        if isinstance(how, Exception):
            raise how
        return hop_of(how, call.origin, target.max_body_bytes, self._dns_ms, resolver)

    def cancel(self) -> None:
        """Hangs up."""
        self._over = True
        self._lift()
        super().cancel()

    def _step(self) -> None:
        if self._over:
            return
        lookup = self._lookup
        try:
            if lookup.done_at is not None:
                self._resolved(lookup)
                return
            if lookup.sent_at is not None and self._deadline is None:
                now = perf_counter()
                self.held_s = now - self._started
                self._started = now
                self._deadline = self.network.deadlines.set(self, self.target.timeout_s)
            lookup.watch(self._step)
        except Exception as error:
            self._end(error)

    def _resolved(self, lookup: Lookup) -> None:
        self._lift()
        took_s = perf_counter() - self._started
        target = self.target
        try:
            addresses = with_port(lookup.result(), self.call.origin.port)
        except Fault as fault:
            if fault.cause.startswith("dns."):
                self._dns_ms = ms(took_s)
            raise
        self._dns_ms = ms(took_s)
        left_s = max(0.001, target.timeout_s - took_s)
        self.begin(order_for(self.network, target, self.call, addresses, left_s))

    def _lift(self) -> None:
        if self._deadline is not None:
            self.network.deadlines.lift(self, self._deadline)
            self._deadline = None

    def _end(self, how: Exception) -> None:
        self._over = True
        self._lift()
        self.ended(how)
