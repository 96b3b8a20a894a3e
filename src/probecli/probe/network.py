"""The network as the probes see it: names and exchanges, on one event loop."""

import asyncio
from collections.abc import Callable

from probecli.probe.resolver import Resolver
from probecli.probe.wire.deadlines import Deadlines
from probecli.probe.wire.exchange import Exchange, Order, Outcome
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
        self._deadlines = Deadlines(loop)

    async def exchange(self, order: Order) -> Outcome:
        """Carries out `order`; a cancelled caller leaves nothing behind."""
        future: asyncio.Future[Outcome] = self._loop.create_future()
        exchange = Exchange(self.system, self._deadlines, self._loop, order, future)
        exchange.start()
        try:
            return await future
        finally:
            if exchange.alive:
                exchange.abort()

    async def close(self) -> None:
        """Gives everything back to the system."""
        await self.resolver.close()
        self._deadlines.close()
        self.system.close()
