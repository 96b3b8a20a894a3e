"""Faults of name resolution, for web targets."""

from collections.abc import Iterable
from typing import Any

import dns.flags
from dns.rcode import Rcode

from faults.dns import (
    Answer,
    Query,
    beside_black_hole,
    by_type,
    fails,
    knows,
    no_resolver,
    record,
    reply,
    resolved,
    silence,
)
from faults.fault import Fault
from faults.http import FINE
from faults.server import LOOPBACK, LOOPBACK_6, read_head, refusing, script, send, swallowing

TITLE = "Names of web targets"

LIVE = record("A", LOOPBACK)
LIVE_6 = record("AAAA", LOOPBACK_6)
MISSING = "dns.name_not_resolved"
ON_6 = script(read_head, send(FINE), address=LOOPBACK_6)

SHORT: dict[str, Any] = {"timeout": "300ms"}
WEB: dict[str, Any] = {
    "url": "http://service.test:{port}/",
    "resolver": "127.0.0.1:{dns}",
}


def malformed(query: Query) -> Iterable[bytes]:
    """The right id, and then bytes that are no message."""
    return [query.message.id.to_bytes(2) + b"\x81\x80\0\1\0\5\0\0\0\0" + b"\xff" * 30]


def foreign(query: Query) -> Iterable[bytes]:
    """Bytes that answer nothing that was asked."""
    return [(query.message.id ^ 0xFFFF).to_bytes(2) + b"\xff" * 60]


def wrong_id(query: Query) -> Iterable[bytes]:
    """A forged answer: whole, and with another id."""
    forged = bytearray(reply(query, record("A", "203.0.113.9")))
    forged[0] ^= 0xFF
    return [bytes(forged)]


def wrong_id_first(query: Query) -> Iterable[bytes]:
    """The forged answer, then the true one."""
    return [*wrong_id(query), *knows(LIVE)(query)]


def late(query: Query) -> Iterable[bytes]:
    """The right answer, after a tenth of a second."""
    query.stop.wait(0.1)
    return knows(LIVE)(query)


def too_late(query: Query) -> Iterable[bytes]:
    """The right answer, when nobody waits any more."""
    query.stop.wait(2)
    return knows(LIVE)(query)


def truncated(query: Query) -> Iterable[bytes]:
    """TC over UDP, the whole answer over TCP."""
    if query.over_tcp:
        return knows(LIVE)(query)
    return [reply(query, flags=dns.flags.TC)]


def truncated_and_closed(query: Query) -> Iterable[bytes]:
    """The same, and over TCP the connection is closed without an answer."""
    if query.over_tcp:
        raise ConnectionAbortedError
    return truncated(query)


CHAIN = (
    record("CNAME", "www.service.test."),
    record("CNAME", "edge.cdn.test.", "www.service.test"),
    record("A", LOOPBACK, "edge.cdn.test"),
)
DANGLING = (record("CNAME", "gone.cloud.test."),)
CNAME_LOOP = (
    record("CNAME", "www.service.test."),
    record("CNAME", "service.test.", "www.service.test"),
)


def web(
    name: str,
    state: Any,
    cause: str | None,
    respond: Answer,
    words: str = "",
    note: str = "",
    *,
    tcp: bool = True,
    **target: Any,
) -> Fault:
    """A web target whose name the resolver answers for as `respond` does."""
    serve = resolved(respond, tcp=tcp)
    return Fault(name, state, cause, serve, {**WEB, **target}, words, note)


ROWS = (
    web("name found", "up", None, knows(LIVE), note="The plain case."),
    web(
        "NXDOMAIN",
        "down",
        MISSING,
        fails(Rcode.NXDOMAIN),
        "NXDOMAIN",
        "The name does not exist: a typing error, or a domain that was lost.",
    ),
    web(
        "NODATA",
        "down",
        MISSING,
        knows(record("MX", "10 mx.test.")),
        "no address",
        "The name exists and has no address.",
    ),
    web(
        "CNAME to nothing",
        "down",
        MISSING,
        knows(*DANGLING, rcode=Rcode.NXDOMAIN),
        "NXDOMAIN",
        "The alias leads to a name that was removed, as with a deleted cloud service.",
    ),
    web(
        "SERVFAIL",
        "down",
        "dns.failed",
        fails(Rcode.SERVFAIL),
        "SERVFAIL",
        "The domain's own name servers or its DNSSEC are broken.",
    ),
    web(
        "REFUSED",
        "down",
        "dns.failed",
        fails(Rcode.REFUSED),
        "REFUSED",
        "This resolver does not serve this prober.",
    ),
    web("NOTIMP", "down", "dns.failed", fails(Rcode.NOTIMP), "NOTIMP", "Not a resolver at all."),
    web(
        "malformed answer",
        "down",
        "dns.failed",
        malformed,
        note="The right id, and then bytes that are no message.",
    ),
    web(
        "answers to nothing",
        "unknown",
        "dns.unreachable",
        foreign,
        note="Noise with a wrong id is ignored, and so nobody has answered.",
        **SHORT,
    ),
    web(
        "wrong id alone",
        "unknown",
        "dns.unreachable",
        wrong_id,
        note="A whole answer with a wrong id is ignored, and so nobody has answered.",
        **SHORT,
    ),
    web(
        "silent resolver",
        "unknown",
        "dns.unreachable",
        silence,
        note="No answer: it may be the prober's own network.",
        **SHORT,
    ),
    web(
        "answer too late",
        "unknown",
        "dns.unreachable",
        too_late,
        note="The answer comes when the timeout is over.",
        **SHORT,
    ),
    Fault(
        "no resolver",
        "unknown",
        "dns.unreachable",
        no_resolver,
        WEB,
        note="Nothing listens where the resolver should be.",
    ),
    web("late answer", "up", None, late, note="Slow within the timeout is no fault."),
    web(
        "wrong id, then right",
        "up",
        None,
        wrong_id_first,
        note="A forged answer is ignored, the true one is taken.",
    ),
    web("truncated", "up", None, truncated, note="The answer is asked for again over TCP."),
    web(
        "truncated, and no TCP",
        "down",
        "dns.failed",
        truncated,
        tcp=False,
        note="A firewall that lets DNS through over UDP alone.",
    ),
    web("CNAME chain", "up", None, knows(*CHAIN), note="Two aliases before the address."),
    web(
        "CNAME loop",
        "down",
        MISSING,
        knows(*CNAME_LOOP),
        "no address",
        "Two aliases that point at each other: no address.",
    ),
    Fault(
        "AAAA only",
        "up",
        None,
        resolved(knows(LIVE_6), ON_6),
        WEB,
        note="A service that has IPv6 alone.",
        ipv6=True,
    ),
    web(
        "AAAA only, IPv4 wanted",
        "down",
        MISSING,
        knows(LIVE_6),
        "no address",
        "`ip_version: 4` and no A record.",
        ip_version="4",
    ),
    web(
        "A only, IPv6 wanted",
        "down",
        MISSING,
        knows(LIVE),
        "no address",
        "`ip_version: 6` and no AAAA record.",
        ip_version="6",
    ),
    web(
        "dead AAAA, live A",
        "up",
        None,
        knows(LIVE, LIVE_6),
        note="IPv6 is refused, IPv4 answers: happy eyeballs.",
    ),
    Fault(
        "dead A, live AAAA",
        "up",
        None,
        resolved(knows(LIVE, LIVE_6), ON_6),
        WEB,
        note="The other way round.",
        ipv6=True,
    ),
    Fault(
        "AAAA in a black hole, live A",
        "up",
        None,
        beside_black_hole(knows(LIVE, LIVE_6), LOOPBACK, LOOPBACK_6),
        WEB,
        note="IPv6 is dropped silently; IPv4 is tried 250 ms later (RFC 8305).",
        ipv6=True,
    ),
    Fault(
        "A in a black hole, live AAAA",
        "up",
        None,
        beside_black_hole(knows(LIVE, LIVE_6), LOOPBACK_6, LOOPBACK),
        WEB,
        note="The other way round.",
        ipv6=True,
    ),
    web(
        "AAAA fails, A answers",
        "up",
        None,
        by_type(A=knows(LIVE), AAAA=fails(Rcode.SERVFAIL)),
        note="Half of the answer is enough.",
    ),
    web(
        "AAAA silent, A answers",
        "up",
        None,
        by_type(A=knows(LIVE), AAAA=silence),
        note="A balancer that drops AAAA: waited for briefly (RFC 8305, 3), not to the end.",
        timeout="1s",
    ),
    web(
        "AAAA does not exist, A answers",
        "up",
        None,
        by_type(A=knows(LIVE), AAAA=fails(Rcode.NXDOMAIN)),
        note="A wrong NXDOMAIN for one type does not count against the other.",
    ),
    Fault(
        "A fails, AAAA answers",
        "up",
        None,
        resolved(by_type(A=fails(Rcode.SERVFAIL), AAAA=knows(LIVE_6)), ON_6),
        WEB,
        note="The other way round.",
        ipv6=True,
    ),
    Fault(
        "every address refused",
        "down",
        "tcp.refused",
        resolved(knows(LIVE, LIVE_6), refusing),
        WEB,
        words="refused",
        note="Two addresses tried, both refused.",
    ),
    Fault(
        "found, and a black hole",
        "down",
        "tcp.timed_out",
        resolved(knows(LIVE), swallowing),
        {**WEB, "connect_timeout": "300ms"},
        words="300",
        note="The name is fine, the host is not.",
    ),
)
