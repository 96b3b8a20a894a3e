"""The network as the probes see it: names and exchanges, on one event loop."""

import asyncio
from collections.abc import Callable

from probecli.probe.resolver import Resolver
from probecli.probe.wire.deadlines import Deadlines
from probecli.probe.wire.exchange import Ended, Exchange
from probecli.probe.wire.order import Order, Outcome
from probecli.probe.wire.system import System, best_system


class Network:
    """One run's access to the network; `now` is the wall clock in seconds since the epoch."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        *,
        now: Callable[[], float],
        portable: bool = False,
    ) -> None:
        self.system: System = best_system(loop, portable=portable)
        self.resolver = Resolver()
        self.now = now
        self._loop = loop
        self.deadlines = Deadlines(loop)

    def begin(self, order: Order, ended: Ended) -> Exchange:
        """Begins to carry out `order`; `ended` is told how it went, perhaps before this returns."""
        exchange = Exchange(self.system, self.deadlines, self._loop, order, ended)
        exchange.start()
        return exchange

    async def exchange(self, order: Order) -> Outcome:
        """Carries out `order`; a cancelled caller leaves nothing behind."""
        future: asyncio.Future[Outcome] = self._loop.create_future()

        def ended(how: Outcome | Exception) -> None:
            if future.done():
                return
            if isinstance(how, Outcome):
                future.set_result(how)
            else:
                future.set_exception(how)

        exchange = self.begin(order, ended)
        try:
            return await future
        finally:
            exchange.cancel()

    def close(self) -> None:
        """Gives everything back to the system."""
        self.resolver.close()
        self.deadlines.close()
        self.system.close()
