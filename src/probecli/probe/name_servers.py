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
        from probecli.probe.channel import Channel

        self.server = server
        self.channel = Channel(server, loop)
        self.window = Window(loop, room)
        self._answered = answered

    def has_answered(self) -> None:
        """One of them did."""
        self._answered.add(self.server)

    @cached_property
    def names(self) -> str:
        """The servers as results name them."""
        return listed(self.channel.servers)

    def close(self) -> None:
        """Ends what is still asked."""
        self.window.close()
        self.channel.close()
