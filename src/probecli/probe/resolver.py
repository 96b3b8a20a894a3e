"""Names to addresses, concurrently and once a run: a phase of its own."""

import asyncio
from time import perf_counter

from probecli.probe.addresses import literal
from probecli.probe.lookup import Lookup, Question
from probecli.probe.name_servers import NameServers
from probecli.probe.window import START
from probecli.probe.wire.dial import Address

# Short beside the wait before a retry, which is to ask again; long beside a host's thousand
# targets, which are not.
_FAILURE_HOLDS_S = 0.05


class Resolver:
    """Asks the system's resolvers, or those that targets name, by c-ares.

    /etc/hosts is honoured. What is said of a name holds for the run; a failure to learn it is
    asked about again. `answered` are the resolvers that did answer, as targets name them; `room` is
    for how many questions to the same name servers at first.
    """

    def __init__(self) -> None:
        self._servers: dict[str | None, NameServers] = {}
        self._known: dict[Question, Lookup] = {}
        self.answered: set[str | None] = set()
        self.room = START

    def look_up(self, question: Question) -> Lookup:
        """The question on its way, or its answer."""
        known = self._known.get(question)
        if known is not None and (known.done_at is None or not self._is_over(known)):
            return known
        loop = asyncio.get_running_loop()
        servers = self._servers.get(question.resolver)
        if servers is None:
            servers = NameServers(question.resolver, loop, self.answered, self.room)
            self._servers[question.resolver] = servers
        lookup = self._known[question] = Lookup(question, servers, loop)
        lookup.start()
        return lookup

    async def prepare(self, host: str, *, version: str, resolver: str | None) -> None:
        """Returns when `host` has been asked for, so that no target's time counts the wait before.

        Nothing for a literal address.
        """
        if literal(host, 0) is None:
            lookup = self.look_up(Question(host, version, resolver))
            while lookup.sent_at is None and lookup.done_at is None:
                await lookup.next_step()

    async def addresses(
        self, host: str, port: int, *, version: str, resolver: str | None, timeout_s: float
    ) -> tuple[Address, ...]:
        """The addresses of `host`, in the order to try them; raises Fault.

        Its time begins when the question has been asked.
        """
        await self.prepare(host, version=version, resolver=resolver)
        lookup = self.look_up(Question(host, version, resolver))
        try:
            async with asyncio.timeout(timeout_s):
                while lookup.done_at is None:
                    await lookup.next_step()
        except TimeoutError:
            raise lookup.unanswered(timeout_s) from None
        return with_port(lookup.result(), port)

    def asked(self, host: str, *, version: str, resolver: str | None) -> str | None:
        """The name servers that were asked for `host`, as results name them.

        None where none is known to have been: /etc/hosts knew it (a record without time to live
        reads the same), or it is no valid name.
        """
        lookup = self._known.get(Question(host, version, resolver))
        if lookup is None or not lookup.was_asked:
            return None
        return self._servers[resolver].names

    def close(self) -> None:
        """Ends what is still asked."""
        for lookup in self._known.values():
            lookup.close()
        for servers in self._servers.values():
            servers.close()

    def _is_over(self, known: Lookup) -> bool:
        return (
            known.failed
            and known.done_at is not None
            and perf_counter() - known.done_at > _FAILURE_HOLDS_S
        )


def with_port(found: tuple[Address, ...], port: int) -> tuple[Address, ...]:
    """The addresses with the port to connect to."""
    return tuple([Address(family, ip, port) for family, ip, _ in found])
