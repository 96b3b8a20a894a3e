"""Who is asked for names: the system's name servers, or one that targets name."""

import asyncio
from functools import cached_property

from probecli.probe.addresses import listed
from probecli.probe.window import START, Window


class NameServers:
    """Name servers that are asked together: the system's for None, else the one given.

    There is room for `room` questions to them at first.
    """

    def __init__(
        self,
        server: str | None,
        loop: asyncio.AbstractEventLoop,
        answered: set[str | None],
        room: int = START,
    ) -> None:
        import aiodns

        self.server = server
        self.channel = aiodns.DNSResolver(
            nameservers=None if server is None else [server],
            loop=loop,
            timeout=2.0,
            tries=3,
            # All questions share one socket: the usual buffer drops answers to a thousand
            # names at once, and each drop costs a time-out.
            socket_receive_buffer_size=4 << 20,
        )
        self.window = Window(loop, room)
        self._answered = answered

    def has_answered(self) -> None:
        """One of them did."""
        self._answered.add(self.server)

    @cached_property
    def names(self) -> str:
        """The servers as results name them."""
        # aiodns' own list has lost the ports.
        return listed(self.channel._channel.servers)

    async def close(self) -> None:
        """Ends what is still asked."""
        self.window.close()
        await self.channel.close()
