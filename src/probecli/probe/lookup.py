"""One name on its way to addresses, both families at once."""

import asyncio
import socket
from collections.abc import Callable
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

from probecli.probe.addresses import interleaved
from probecli.probe.name_servers import NameServers
from probecli.probe.wire.dial import Address
from probecli.probe.wire.fault import Fault

if TYPE_CHECKING:
    import pycares

_FAMILIES = {
    "4": (socket.AF_INET,),
    "6": (socket.AF_INET6,),
    "auto": (socket.AF_INET6, socket.AF_INET),
}
_RESOLUTION_DELAY_S = 0.05

# c-ares' status codes (ares.h), which pycares passes on as numbers.
_NO_DATA, _FORMAT, _SERVER, _NOT_FOUND, _NOT_IMPLEMENTED, _REFUSED = 1, 2, 3, 4, 5, 6
_BAD_NAME, _BAD_RESPONSE, _CONNECTION_REFUSED, _TIMEOUT = 8, 10, 11, 12

_NO_FILE, _NO_MEMORY = 14, 15

# What only a resolver can have said; the rest c-ares finds out by itself.
_ANSWERS = frozenset({_NO_DATA, _FORMAT, _SERVER, _NOT_FOUND, _NOT_IMPLEMENTED, _REFUSED})
# Where c-ares' word is not the last one.
_UNCERTAIN = frozenset({_BAD_RESPONSE, _CONNECTION_REFUSED})
# What takes asking to find out, answered or not.
_ASKED = _ANSWERS | _UNCERTAIN | {_TIMEOUT}
_LOOK_S = 2.0

_MEANINGS = {
    _NO_DATA: ("dns.name_not_resolved", "the name has no address"),
    _NOT_FOUND: ("dns.name_not_resolved", "no such name (NXDOMAIN)"),
    _BAD_NAME: ("dns.name_not_resolved", "not a valid name"),
    _FORMAT: ("dns.failed", "the resolver answered FORMERR"),
    _SERVER: ("dns.failed", "the resolver answered SERVFAIL"),
    _NOT_IMPLEMENTED: ("dns.failed", "the resolver answered NOTIMP"),
    _REFUSED: ("dns.failed", "the resolver answered REFUSED"),
    _BAD_RESPONSE: ("dns.failed", "the resolver's answer is malformed"),
    _CONNECTION_REFUSED: ("dns.unreachable", "no resolver could be contacted"),
    _TIMEOUT: ("dns.unreachable", "no resolver answered"),
    _NO_FILE: ("local.resources", "the resolver's configuration cannot be read"),
    _NO_MEMORY: ("local.resources", "no memory is free"),
}


class Question(NamedTuple):
    """What is asked; equal questions are asked once a run."""

    host: str
    version: str
    resolver: str | None


class Lookup:
    """One question: asked when its name servers have room for it, then answered.

    `sent_at` and `done_at` are moments of `perf_counter`, None until then; `was_asked` tells
    whether a name server is known to have been. The addresses bear no port. Once it is answered it
    holds little more than them: it stays for the run, and a run may have a million.
    """

    __slots__ = (
        "_answers",
        "_error",
        "_families",
        "_fault",
        "_found",
        "_host",
        "_looking",
        "_loop",
        "_patience",
        "_refused",
        "_servers",
        "_watchers",
        "done_at",
        "sent_at",
        "was_asked",
    )

    def __init__(
        self, question: Question, servers: NameServers, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._host = question.host
        self._families = _FAMILIES[question.version]
        self._servers = servers
        self._loop = loop
        self._answers: dict[int, tuple[Address, ...] | Fault] | None = {}
        self._found: tuple[Address, ...] = ()
        self._fault: tuple[str, str] | None = None
        self._error: BaseException | None = None
        self._watchers: list[Callable[[], None]] | None = None
        self._patience: asyncio.TimerHandle | None = None
        self._looking: tuple[asyncio.Task[None], ...] = ()
        self._refused = False
        self.sent_at: float | None = None
        self.done_at: float | None = None
        self.was_asked = False

    def start(self) -> None:
        """Asks as soon as there is room."""
        for family in self._families:
            self._servers.window.enter(partial(self._ask, family))

    def watch(self, step: Callable[[], None]) -> None:
        """Calls `step` once, at the next of two moments: it was asked, it is answered."""
        if self._watchers is None:
            self._watchers = []
        self._watchers.append(step)

    async def next_step(self) -> None:
        """Waits for the next of the two moments."""
        passed: asyncio.Future[None] = self._loop.create_future()
        self.watch(lambda: None if passed.done() else passed.set_result(None))
        await passed

    def result(self) -> tuple[Address, ...]:
        """The addresses in the order to try them, once it is done; raises Fault."""
        if self._error is not None:
            raise self._error
        if self._fault is not None:
            # One of its own for whoever raises it: it grows with what it passes through.
            raise Fault(*self._fault)
        return self._found

    def unanswered(self, after_s: float) -> Fault:
        """What it means to somebody who has waited for the answer so long."""
        self.was_asked = True
        if self._refused:
            return Fault(*_MEANINGS[_REFUSED])
        return Fault("dns.unreachable", f"no answer after {round(after_s, 2):g} s")

    def close(self) -> None:
        """Waits for nothing any more."""
        if self._patience is not None:
            self._patience.cancel()
        for task in self._looking:
            task.cancel()

    @property
    def failed(self) -> bool:
        """Whether the answer tells of the resolver and not of the name, and may be another soon."""
        return self._error is not None or (
            self._fault is not None and self._fault[0] != "dns.name_not_resolved"
        )

    def _ask(self, family: socket.AddressFamily, number: int) -> None:
        if self.done_at is not None:
            self._servers.window.dropped(number)
            return
        first = self.sent_at is None
        if first:
            self.sent_at = perf_counter()
        try:
            self._servers.channel.ask(self._host, family, partial(self._told, family, number))
        except Exception as error:
            self._break(error)
            self._servers.window.dropped(number)
            return
        if first:
            self._tell()

    def _told(
        self,
        family: socket.AddressFamily,
        number: int,
        answer: "pycares.AddrInfoResult | None",
        status: int,
    ) -> None:
        window = self._servers.window
        if answer is not None:
            window.answered(number)
            self._has_answer(family, self._addresses(answer))
            return
        if status in _ASKED:
            self.was_asked = True
        if status in _ANSWERS:
            self._servers.has_answered()
        if status == _REFUSED:
            self._refused = True
            if window.refused(number, partial(self._ask, family)):
                return
        else:
            window.answered(number)
        fault = _meaning(status)
        if status in _UNCERTAIN and self.done_at is None:
            looking = self._loop.create_task(self._look_again(family, fault))
            self._looking = (*self._looking, looking)
            looking.add_done_callback(self._has_looked)
        else:
            self._has_answer(family, fault)

    def _has_looked(self, task: "asyncio.Task[None]") -> None:
        self._looking = tuple(one for one in self._looking if one is not task)

    def _addresses(self, answer: "pycares.AddrInfoResult") -> tuple[Address, ...] | Fault:
        # Entries of /etc/hosts and localhost have no time to live, and no resolver gave them.
        if any(node.ttl for node in answer.nodes):
            self._servers.has_answered()
            self.was_asked = True
        if not answer.nodes:
            return Fault(*_MEANINGS[_NO_DATA])
        return tuple(
            [
                Address(socket.AddressFamily(node.family), node.addr[0].decode(), 0)
                for node in answer.nodes
            ]
        )

    async def _look_again(self, family: socket.AddressFamily, fault: Fault) -> None:
        from probecli.probe.question import second_look

        try:
            seen = await second_look(self._host, self._servers.server, fault, _LOOK_S)
            if seen.cause == "dns.failed":
                self._servers.has_answered()
            self._has_answer(family, seen)
        except Exception as error:
            self._break(error)

    def _has_answer(
        self, family: socket.AddressFamily, answer: tuple[Address, ...] | Fault
    ) -> None:
        """Keeps one family's answer; the other is waited for only briefly (RFC 8305, section 3)."""
        if self._answers is None:
            return
        self._answers[family] = answer
        if len(self._answers) == len(self._families):
            self._settle()
        elif isinstance(answer, tuple):
            self._patience = self._loop.call_later(_RESOLUTION_DELAY_S, self._settle)

    def _break(self, error: BaseException) -> None:
        """A fault of our own: whoever waits for the name hears of it."""
        if self.done_at is None:
            self._error = error
            self._settle()

    def _settle(self) -> None:
        if self._answers is None:
            return
        answers, self._answers = self._answers, None
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
        found: list[Address] = []
        faults: list[Fault] = []
        for family in self._families:
            answer = answers.get(family, ())
            if isinstance(answer, Fault):
                faults.append(answer)
            else:
                found += answer
        if found:
            self._found = interleaved(found)
        elif faults:
            fault = min(faults, key=_telling)
            self._fault = fault.cause, fault.detail
        self.done_at = perf_counter()
        self._tell()

    def _tell(self) -> None:
        watchers, self._watchers = self._watchers, None
        for step in watchers or ():
            step()


def _meaning(status: int) -> Fault:
    """What a status code of c-ares means."""
    if status in _MEANINGS:
        return Fault(*_MEANINGS[status])
    import pycares

    return Fault("dns.failed", str(pycares.errno.strerror(status)))


def _telling(fault: Fault) -> int:
    """A name that does not exist has no family; a failure says more than an empty answer."""
    if "NXDOMAIN" in fault.detail:
        return 0
    told = ("dns.failed", "dns.unreachable", "dns.name_not_resolved", "local.resources")
    return told.index(fault.cause) + 1
