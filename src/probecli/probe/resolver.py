"""Names to addresses, concurrently and once a run: a phase of its own."""

import asyncio
import ipaddress
import re
import socket
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from probecli.probe.call import DNS_PORT
from probecli.probe.wire.dial import Address
from probecli.probe.wire.fault import Fault

if TYPE_CHECKING:
    import aiodns

_FAMILIES = {"4": socket.AF_INET, "6": socket.AF_INET6}
_RESOLUTION_DELAY_S = 0.05

# c-ares' status codes (ares.h), which its Python face passes on as numbers.
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


class Resolver:
    """Asks the system's resolvers, or those that targets name, by c-ares.

    /etc/hosts is honoured; answers, failures included, hold for the run, but silence is asked
    again. `answered` are the resolvers that did answer, as targets name them.
    """

    def __init__(self) -> None:
        self._channels: dict[str | None, aiodns.DNSResolver] = {}
        self._known: dict[Question, asyncio.Future[tuple[Address, ...]]] = {}
        self._servers: dict[str | None, str] = {}
        self._asked: dict[Question, str] = {}
        self._prepared = False
        self.answered: set[str | None] = set()

    def prepare(self, host: str) -> None:
        """Loads what resolving takes, so that no target's time counts it; nothing for a literal."""
        if not self._prepared and literal(host, 0) is None:
            import aiodns  # noqa: F401

            self._prepared = True

    async def addresses(
        self, host: str, port: int, *, version: str, resolver: str | None, timeout_s: float
    ) -> tuple[Address, ...]:
        """The addresses of `host`, in the order to try them; raises Fault."""
        question = Question(host, version, resolver)
        asked = self._known.get(question)
        if asked is None or (asked.done() and _is_silence(asked)):
            asked = asyncio.ensure_future(self._ask(question))
            self._known[question] = asked
        try:
            async with asyncio.timeout(timeout_s):
                found = await asyncio.shield(asked)
        except TimeoutError:
            self._note(question)
            raise Fault("dns.unreachable", f"no answer after {round(timeout_s, 2):g} s") from None
        return tuple(address._replace(port=port) for address in found)

    def asked(self, host: str, *, version: str, resolver: str | None) -> str | None:
        """The name servers that were asked for `host`, as results name them.

        None where none is known to have been: /etc/hosts knew it (a record without time to live
        reads the same), or it is no valid name.
        """
        return self._asked.get(Question(host, version, resolver))

    async def close(self) -> None:
        """Ends what is still asked."""
        for asked in self._known.values():
            if asked.done():
                asked.cancelled() or asked.exception()
            else:
                asked.cancel()
        for channel in self._channels.values():
            await channel.close()

    async def _ask(self, question: Question) -> tuple[Address, ...]:
        if question.version != "auto":
            return await self._ask_family(question, _FAMILIES[question.version])
        return interleaved(await self._ask_both(question))

    async def _ask_both(self, question: Question) -> list[Address]:
        """Both families at once; a late one is waited for only briefly (RFC 8305, section 3)."""
        asked = [
            asyncio.ensure_future(self._ask_family(question, family))
            for family in (socket.AF_INET6, socket.AF_INET)
        ]
        try:
            answered, late = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
            if late:
                enough = any(one.exception() is None for one in answered)
                await asyncio.wait(late, timeout=_RESOLUTION_DELAY_S if enough else None)
        finally:
            for one in asked:
                one.cancel()
                # One that fails while it is being cancelled has nobody else to hear of it.
                one.add_done_callback(_heard)
        return _found(asked)

    async def _ask_family(
        self, question: Question, family: socket.AddressFamily
    ) -> tuple[Address, ...]:
        import aiodns

        try:
            answer = await self._channel(question.resolver).getaddrinfo(
                question.host, family=family, type=socket.SOCK_STREAM
            )
        except aiodns.error.DNSError as error:
            code = error.args[0]
            cause, words = _MEANINGS.get(code, ("dns.failed", str(error.args[-1])))
            fault = Fault(cause, words)
            if code in _UNCERTAIN:
                from probecli.probe.question import second_look

                fault = await second_look(question.host, question.resolver, fault, _LOOK_S)
            if code in _ASKED:
                self._note(question)
            if code in _ANSWERS or fault.cause == "dns.failed":
                self.answered.add(question.resolver)
            raise fault from None
        # Entries of /etc/hosts and localhost have no time to live, and no resolver gave them.
        if any(node.ttl for node in answer.nodes):
            self.answered.add(question.resolver)
            self._note(question)
        found = [
            Address(socket.AddressFamily(node.family), node.addr[0].decode(), 0)
            for node in answer.nodes
        ]
        if not found:
            raise Fault("dns.name_not_resolved", "the name has no address")
        return tuple(found)

    def _channel(self, server: str | None) -> "aiodns.DNSResolver":
        channel = self._channels.get(server)
        if channel is None:
            import aiodns

            channel = aiodns.DNSResolver(
                nameservers=None if server is None else [server],
                timeout=2.0,
                tries=3,
                # All questions share one socket: the usual buffer drops answers to a thousand
                # names at once, and each drop costs a time-out.
                socket_receive_buffer_size=4 << 20,
            )
            self._channels[server] = channel
        return channel

    def _note(self, question: Question) -> None:
        """Keeps that the name servers of `question` were asked."""
        server = question.resolver
        if server not in self._servers:
            # aiodns' own list has lost the ports.
            self._servers[server] = listed(self._channel(server)._channel.servers)
        self._asked[question] = self._servers[server]


def _found(asked: "Sequence[asyncio.Future[tuple[Address, ...]]]") -> list[Address]:
    """What the families' answers give together; raises the fault that says most of the name."""
    found: list[Address] = []
    faults: list[Fault] = []
    for one in asked:
        if not one.done() or one.cancelled():
            continue
        error = one.exception()
        if error is None:
            found += one.result()
        elif isinstance(error, Fault):
            faults.append(error)
        else:
            raise error
    if not found:
        raise min(faults, key=_telling)
    return found


def _telling(fault: Fault) -> int:
    """A name that does not exist has no family; a failure says more than an empty answer."""
    if "NXDOMAIN" in fault.detail:
        return 0
    return ("dns.failed", "dns.unreachable", "dns.name_not_resolved").index(fault.cause) + 1


def _heard(asked: "asyncio.Future[tuple[Address, ...]]") -> None:
    asked.cancelled() or asked.exception()


def _is_silence(asked: "asyncio.Future[tuple[Address, ...]]") -> bool:
    if asked.cancelled():
        return True
    error = asked.exception()
    return isinstance(error, Fault) and error.cause == "dns.unreachable"


def interleaved(found: list[Address]) -> tuple[Address, ...]:
    """Families in turn, beginning with that of the first address (RFC 8305, section 4)."""
    first = [address for address in found if address.family == found[0].family]
    second = [address for address in found if address.family != found[0].family]
    ordered: list[Address] = []
    while first or second:
        if first:
            ordered.append(first.pop(0))
        if second:
            ordered.append(second.pop(0))
    return tuple(dict.fromkeys(ordered))


def endpoint(ip: str, port: int) -> str:
    """A name server as results name it: its address, with its port unless that is 53."""
    if ":" in ip:
        ip = str(ipaddress.IPv6Address(ip))
        return ip if port == DNS_PORT else f"[{ip}]:{port}"
    return ip if port == DNS_PORT else f"{ip}:{port}"


# As c-ares writes them: `192.0.2.53:53`, `[2001:db8::53]:53`, `[fe80::1]:53%eth0`.
_CONFIGURED = r"(?:\[([^\]]+)\]|([^:]+)):(\d+)(%.+)?"


def listed(servers: Sequence[str]) -> str:
    """The name servers of a c-ares channel as results name them: sorted, joined by ", "."""
    names = set()
    for server in servers:
        parts = re.fullmatch(_CONFIGURED, server)
        if parts is None:
            names.add(server)
            continue
        ip_6, ip_4, port, scope = parts.groups()
        names.add(endpoint((ip_6 or ip_4) + (scope or ""), int(port)))
    return ", ".join(sorted(names))


def literal(host: str, port: int) -> Address | None:
    """The address that `host` is already, None for a name."""
    if not host or (host[-1] not in "0123456789" and ":" not in host):
        return None
    try:
        socket.inet_pton(socket.AF_INET, host)
    except OSError:
        try:
            ipaddress.IPv6Address(host)
        except ValueError:
            return None
        return Address(socket.AF_INET6, host, port)
    return Address(socket.AF_INET, host, port)
