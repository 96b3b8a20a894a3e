"""What every hop of one target met, noted while the ordinary engine probes it."""

from collections.abc import Callable
from time import perf_counter

from probecli.explain.served import Secured, watched
from probecli.model.evidence import Evidence
from probecli.model.target import Kind, Target
from probecli.probe.kinds import Begin, in_task, probe_for
from probecli.probe.network import Network
from probecli.probe.resolver import Resolver
from probecli.probe.wire.dial import Address
from probecli.probe.wire.fault import Fault
from probecli.probe.wire.order import Order, Outcome


class Question:
    """One name resolution: what was asked of whom, and the answer or the fault.

    `asked` are the name servers as results name them.
    """

    def __init__(self, host: str, resolver: str | None) -> None:
        self.host = host
        self.resolver = resolver
        self.asked: str | None = None
        self.found: tuple[Address, ...] = ()
        self.fault: Fault | None = None
        self.seconds: float | None = None


class HopTrace:
    """One hop; `outcome` is None while it is under way, and when it was cut off.

    `secured` is what its TLS handshake settled, None when none completed.
    """

    def __init__(self, question: Question | None = None) -> None:
        self.question = question
        self.order: Order | None = None
        self.outcome: Outcome | None = None
        self.secured: Secured | None = None


class AttemptTrace:
    """One attempt; `evidence` is None when it was cut off."""

    def __init__(self) -> None:
        self.hops: list[HopTrace] = []
        self.evidence: Evidence | None = None


class Recorder:
    """Probes as the engine's table does, and keeps what the attempts at `target` met.

    `on_attempt` is told the number of each as it begins.
    """

    def __init__(self, target: Target, on_attempt: Callable[[int], None]) -> None:
        self._target = target
        self._on_attempt = on_attempt
        self.attempts: list[AttemptTrace] = []

    def begin_of(self, kind: Kind) -> Begin:
        """The function that begins to measure this kind."""
        probe = probe_for(kind)

        async def recorded(target: Target, network: Network) -> Evidence:
            if target is not self._target:
                return await probe(target, network)
            trace = AttemptTrace()
            self.attempts.append(trace)
            self._on_attempt(len(self.attempts))
            trace.evidence = await probe(target, _RecordedNetwork(network, trace))
            return trace.evidence

        return in_task(recorded)


class _RecordedNetwork(Network):
    """A view of a network: its state, with a note of every exchange."""

    def __init__(self, network: Network, trace: AttemptTrace) -> None:
        self.__dict__.update(vars(network))
        self.resolver = _RecordedResolver(network.resolver, trace)
        self._network = network
        self._trace = trace

    async def exchange(self, order: Order) -> Outcome:
        """Carries out `order`, and keeps it with its outcome."""
        hops = self._trace.hops
        if not hops or hops[-1].order is not None:
            hops.append(HopTrace())
        hop = hops[-1]
        hop.order = order

        def secured(settled: Secured) -> None:
            hop.secured = settled

        hop.outcome = await self._network.exchange(watched(order, secured))
        return hop.outcome


class _RecordedResolver(Resolver):
    """A view of a resolver: its state, with a note of every question."""

    def __init__(self, resolver: Resolver, trace: AttemptTrace) -> None:
        self.__dict__.update(vars(resolver))
        self._resolver = resolver
        self._trace = trace

    async def addresses(
        self, host: str, port: int, *, version: str, resolver: str | None, timeout_s: float
    ) -> tuple[Address, ...]:
        """Asks, and keeps question and answer as the beginning of a hop."""
        question = Question(host, resolver)
        self._trace.hops.append(HopTrace(question))
        started = perf_counter()
        try:
            question.found = await self._resolver.addresses(
                host, port, version=version, resolver=resolver, timeout_s=timeout_s
            )
        except Fault as fault:
            question.fault = fault
            raise
        finally:
            question.seconds = perf_counter() - started
            question.asked = self.asked(host, version=version, resolver=resolver)
        return question.found
