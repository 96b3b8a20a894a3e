"""Failures of one run that share evidence, made into incidents."""

import re
from array import array
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from ipaddress import ip_address, ip_network
from itertools import pairwise
from typing import TypeVar

from msgspec import Struct

from probecli.history.moment import DAY, micros, text_of
from probecli.history.outages import Outage
from probecli.model.result import Result
from probecli.model.snapshot import Incident, PastIncident, Shared

PAST_US = 7 * DAY
"""How far back an incident looks for others of the same targets."""

_NUMBERS = re.compile(r"\d+")
# What a page itself says is distinctive; "connection refused" says every host alike.
_QUOTED_CAUSES = frozenset({"content.unavailable"})
# "No such name" is not here: that is an answer about the name, and the name server gave it.
_NAME_SERVER_CAUSES = frozenset({"dns.failed", "dns.unreachable"})

Value = TypeVar("Value", bound=Hashable)


class Onset(Struct, frozen=True, kw_only=True):
    """When a target that is down went down: after `last_ok_us`, by `since_us`.

    `past` are its earlier incidents, `changes` is not 0 when it flaps.
    """

    since_us: int
    last_ok_us: int | None = None
    changes: int = 0
    past: tuple[Outage, ...] = ()


class Known(Struct, frozen=True, kw_only=True):
    """What a history adds to the results of a run.

    `onsets` are by target, `titles` by group; `absent` are targets of a group that the run left
    out; `interval_us` is the usual time between runs.
    """

    onsets: Mapping[str, Onset]
    titles: Mapping[str, str]
    absent: Mapping[str, tuple[str, ...]]
    interval_us: int | None = None


NOTHING = Known(onsets={}, titles={}, absent={})


class _Failure(Struct, frozen=True, gc=False):
    """A target that is down, with what may link it to others: a million of them fit in memory."""

    name: str
    group: str | None
    cause: str | None
    detail: str | None
    status: int | None
    ip: str | None
    lacks_name: bool
    name_server: str | None
    certificate: tuple[str, str | None, str | None] | None


def known_of(results: Iterable[Result], titles: Mapping[str, str], interval_us: int) -> Known:
    """What results that a history has dated know by themselves: since when they are down."""
    onsets = {
        result.name: Onset(
            since_us=micros(result.since),
            last_ok_us=None if result.last_ok is None else micros(result.last_ok),
        )
        for result in results
        if result.state == "down" and result.since is not None
    }
    return Known(onsets=onsets, titles=titles, absent={}, interval_us=interval_us)


def incidents_of(results: Iterable[Result], known: Known = NOTHING) -> tuple[Incident, ...]:
    """The targets that are down, those that share evidence together; the largest first.

    Two failures belong together when their onsets are no more than one interval apart and they
    share the group, the address or its prefix (/24, /64), the name server, the certificate, or
    cause and words; words that say the same of every service count only among targets without a
    group, and only where the history knows both onsets. An address of the loopback says nothing.

    A name server links those whose names it failed to answer for (dns.failed, dns.unreachable),
    itself as a target included, and nobody else: all that use the system's resolvers share them,
    and "no such name" is an answer about the name. A list of name servers is shared as a whole.

    Without a history a target that fails alone is no incident of its own: its row says as much.
    """
    texts: dict[str | None, str | None] = {}
    down = [_failure(result, texts) for result in results if result.state == "down"]
    parent = array("I", range(len(down)))
    has_company = bytearray(len(down))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    for together in _linked(down, known):
        first = root(together[0])
        for index in together[1:]:
            parent[root(index)] = first
            has_company[index] = has_company[together[0]] = True
    sets: dict[int, list[_Failure]] = {}
    for index, failure in enumerate(down):
        if has_company[index] or failure.name in known.onsets:
            sets.setdefault(root(index), []).append(failure)
    told = [_incident(members, known) for members in sets.values()]
    return tuple(sorted(told, key=lambda one: -len(one.targets)))


def _failure(result: Result, texts: dict[str | None, str | None]) -> _Failure:
    """What counts of a result; `texts` are those before it, which it shares where they are equal.

    Results that are read from disk have each their own.
    """
    tls = result.tls
    return _Failure(
        name=result.name,
        group=texts.setdefault(result.group, result.group),
        cause=texts.setdefault(result.cause, result.cause),
        detail=texts.setdefault(result.detail, result.detail),
        status=result.http.status if result.http else None,
        ip=result.server.ip if result.server else None,
        lacks_name=_lacks_name(result),
        name_server=_name_server(result),
        certificate=(tls.subject, tls.issuer, tls.not_after) if tls and tls.subject else None,
    )


def _linked(down: Sequence[_Failure], known: Known) -> Iterator[list[int]]:
    """Indexes of failures that one piece of evidence links, onset by onset."""
    buckets: dict[Hashable, list[int]] = {}
    for index, failure in enumerate(down):
        for key in _evidence(failure, known):
            buckets.setdefault(key, []).append(index)
    for members in buckets.values():
        if len(members) > 1:
            yield from _by_onset(members, down, known)


def _evidence(one: _Failure, known: Known) -> Iterator[Hashable]:
    if one.group is not None:
        yield "group", one.group
    if not one.lacks_name and (prefix := _prefix(one.ip)):
        yield "prefix", prefix
    if one.name_server:
        yield "name server", one.name_server
    if one.certificate:
        yield "certificate", one.certificate
    if one.detail and (
        one.cause in _QUOTED_CAUSES
        or (one.group is None and (onset := known.onsets.get(one.name)) and onset.last_ok_us)
    ):
        yield "words", one.cause, _NUMBERS.sub("0", one.detail).casefold()


def _by_onset(members: list[int], down: Sequence[_Failure], known: Known) -> Iterator[list[int]]:
    """Members apart where one was still ok an interval after the others had failed."""
    timed: list[tuple[int, int, int]] = []
    for index in members:
        onset = known.onsets.get(down[index].name)
        if onset is None:
            # Without a history the run is all that is known: they fail now.
            yield members
            return
        since = onset.since_us
        last_ok = since if onset.last_ok_us is None else onset.last_ok_us
        timed.append((since, min(last_ok, since - (known.interval_us or 0)), index))
    timed.sort()
    together = [timed[0][2]]
    for (before, _, _), (_, low, index) in pairwise(timed):
        if low > before:
            yield together
            together = []
        together.append(index)
    yield together


def _lacks_name(result: Result) -> bool:
    """Whether the address is that of a name server that works, and says a name does not exist."""
    return result.kind == "dns" and result.cause == "dns.name_not_resolved"


def _name_server(result: Result) -> str | None:
    """The name server that a failure is evidence against; None for any other failure."""
    if result.server is None or result.cause not in _NAME_SERVER_CAUSES:
        return None
    return result.server.resolver


@lru_cache(maxsize=4096)
def _prefix(ip: str | None) -> str | None:
    """The network that an address stands for; None for this machine's own and for no address."""
    if ip is None:
        return None
    if ":" not in ip:
        # Ten thousand failures at once have as many addresses: ipaddress would take a fifth of a
        # second for them.
        return None if ip.startswith("127.") else f"{ip.rpartition('.')[0]}.0/24"
    try:
        address = ip_address(ip.partition("%")[0])
    except ValueError:
        return None
    if address.is_loopback:
        return None
    return str(ip_network((address, 64), strict=False))


def _common(members: Sequence[_Failure], of: Callable[[_Failure], Value | None]) -> Value | None:
    """What all members have alike; None when they differ or one has none."""
    values = {of(member) for member in members}
    return values.pop() if len(values) == 1 else None


def _shared(members: Sequence[_Failure], titles: Mapping[str, str]) -> Shared:
    group = _common(members, lambda one: one.group)
    ip = _common(members, lambda one: one.ip)
    return Shared(
        group=group,
        title=titles.get(group) if group is not None else None,
        ip=ip,
        prefix=None if ip else _common(members, lambda one: _prefix(one.ip)),
        certificate=_common(members, lambda one: one.certificate[0] if one.certificate else None),
        name_server=_common(members, lambda one: one.name_server),
        cause=_common(members, lambda one: one.cause),
        status=_common(members, lambda one: one.status),
        text=_common(members, lambda one: one.detail),
    )


def _incident(members: Sequence[_Failure], known: Known) -> Incident:
    causes = Counter(member.cause or "down" for member in members)
    onsets = [known.onsets[one.name] for one in members if one.name in known.onsets]
    first = min(onsets, key=lambda onset: onset.since_us, default=None)
    shared = _shared(members, known.titles)
    absent = known.absent.get(shared.group, ()) if shared.group is not None else ()
    last_ok = first.last_ok_us if first else None
    return Incident(
        targets=tuple(member.name for member in members),
        cause=causes.most_common(1)[0][0],
        since=text_of(first.since_us) if first else None,
        last_ok=text_of(last_ok) if last_ok is not None else None,
        shared=shared,
        causes=dict(causes.most_common()),
        changes=max((onset.changes for onset in onsets), default=0),
        past=tuple(_merged(past for onset in onsets for past in onset.past)),
        not_probed=absent,
    )


def _merged(past: Iterable[Outage]) -> Iterator[PastIncident]:
    """Earlier incidents of several targets, those that overlap as one, oldest first."""
    spans = sorted((one.since_us, one.until_us) for one in past if one.until_us is not None)
    joined: list[tuple[int, int]] = []
    for since, until in spans:
        if joined and since <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], until))
        else:
            joined.append((since, until))
    for since, until in joined:
        yield PastIncident(since=text_of(since), until=text_of(until))
