"""How a `dns` target is measured: one question to one resolver (RFC 1035)."""

import asyncio
from time import perf_counter
from typing import Literal, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

import dns.asyncbackend
import dns.asyncquery
import dns.exception
import dns.flags
import dns.inet
import dns.message
import dns.rcode
import dns.rdatatype
import dns.resolver

from probecli.model.evidence import Evidence, Failure
from probecli.model.result import Server, Timings
from probecli.model.target import Target
from probecli.probe.addresses import endpoint, literal
from probecli.probe.hop import ms
from probecli.probe.network import Network
from probecli.probe.question import TRUNCATED, answer_by_udp
from probecli.probe.wire.fault import Fault, connect_fault


class Question(NamedTuple):
    """What a `dns://` URL asks, and whom; no host means the system's resolver."""

    host: str | None
    port: int
    name: str
    record_type: str


def question(url: str) -> Question:
    """`dns://resolver[:port]/name?type=A`, or `dns:///name` with the system's resolver."""
    parts = urlsplit(url)
    record_type = parse_qs(parts.query).get("type", ["A"])[0].upper()
    return Question(parts.hostname, parts.port or 53, unquote(parts.path.lstrip("/")), record_type)


async def probe_dns(target: Target, network: Network) -> Evidence:
    """One attempt at a `dns://` target: UDP, and TCP when the answer was truncated."""
    asked = question(target.url)
    if asked.host is not None:
        await network.resolver.prepare(
            asked.host, version=target.ip_version, resolver=target.resolver
        )
    started = perf_counter()
    ip: str | None = None
    port = asked.port
    resolver: str | None = None
    try:
        ip, port = await _resolver(asked, target, network)
        query = _query(asked)
        resolver = endpoint(ip, port)
        left_s = max(0.001, target.timeout_s - (perf_counter() - started))
        sent = perf_counter()
        try:
            async with asyncio.timeout(left_s):
                answer = await _answer(query, ip, port, left_s)
        except (dns.exception.Timeout, TimeoutError):
            raise Fault("dns.unreachable", f"no answer after {target.timeout_s:g} s") from None
        except OSError as error:
            raise Fault(
                "dns.unreachable", connect_fault(error.errno or 0, immediate=False).detail
            ) from None
        except dns.exception.DNSException as error:
            raise Fault("dns.failed", f"malformed answer: {error}") from None
        wait_ms = ms(perf_counter() - sent)
        rcode = dns.rcode.to_text(answer.rcode())
        judged = target.expect.rcode is not None
        fault = None if judged else _fault_of(rcode, answer, target)
        server = _server(asked, ip, port, resolver)
        return _evidence(asked, server, started, wait_ms, fault, answer, rcode)
    except Fault as fault:
        if ip is None and asked.host is not None:
            # The name of the resolver itself did not resolve.
            resolver = network.resolver.asked(
                asked.host, version=target.ip_version, resolver=target.resolver
            )
        server = _server(asked, ip, port, resolver)
        return _evidence(asked, server, started, None, fault, None, None)


async def _answer(
    query: dns.message.QueryMessage, ip: str, port: int, timeout_s: float
) -> dns.message.Message:
    """The answer to `query` over UDP, or over TCP when it is truncated; wrong ids are ignored.

    Raises Fault where that takes TCP and there is none, and what `answer_by_udp` raises.
    """
    ends_at = perf_counter() + timeout_s
    answer = await answer_by_udp(query, ip, port, timeout_s)
    if answer.flags & dns.flags.TC:
        left_s = max(0.001, ends_at - perf_counter())
        try:
            return await dns.asyncquery.tcp(query, ip, port=port, timeout=left_s)
        except (OSError, EOFError):
            # Refused, reset or closed: the resolver has answered, and so it can be reached.
            raise Fault("dns.failed", TRUNCATED) from None
    return answer


def _query(asked: Question) -> dns.message.QueryMessage:
    try:
        return dns.message.make_query(asked.name, asked.record_type)
    except dns.exception.DNSException as error:
        raise Fault("dns.name_not_resolved", f"not a valid name: {error}") from None


def _fault_of(rcode: str, answer: dns.message.Message, target: Target) -> Fault | None:
    if rcode == "NXDOMAIN":
        return Fault("dns.name_not_resolved", "no such name (NXDOMAIN)")
    if rcode != "NOERROR":
        return Fault("dns.failed", f"the resolver answered {rcode}")
    if not answer.answer and target.expect.records is None:
        return Fault("dns.name_not_resolved", "the name has no record of this type")
    return None


def _evidence(
    asked: Question,
    server: Server,
    started: float,
    wait_ms: float | None,
    fault: Fault | None,
    answer: dns.message.Message | None,
    rcode: str | None,
) -> Evidence:
    wanted = dns.rdatatype.from_text(asked.record_type)
    records = None
    if answer is not None:
        records = tuple(
            record.to_text()
            for group in answer.answer
            if group.rdtype == wanted
            for record in group
        )
    return Evidence(
        timings=Timings(wait=wait_ms, total=ms(perf_counter() - started)),
        failure=None if fault is None else Failure(fault.cause, fault.detail),
        server=server,
        records=records,
        rcode=rcode,
    )


def _server(asked: Question, ip: str | None, port: int, resolver: str | None) -> Server:
    return Server(asked.host or "system resolver", ip, port, _family(ip), resolver)


def _family(ip: str | None) -> Literal["ipv4", "ipv6"] | None:
    if ip is None:
        return None
    return "ipv6" if ":" in ip else "ipv4"


async def _resolver(asked: Question, target: Target, network: Network) -> tuple[str, int]:
    """The address of the resolver to ask."""
    if asked.host is None:
        try:
            servers = dns.resolver.Resolver().nameservers
        except dns.resolver.NoResolverConfiguration:
            raise Fault("dns.unreachable", "this system has no resolver configured") from None
        return str(servers[0]), asked.port
    if literal(asked.host, asked.port) is not None:
        return asked.host, asked.port
    found = await network.resolver.addresses(
        asked.host,
        asked.port,
        version=target.ip_version,
        resolver=target.resolver,
        timeout_s=target.timeout_s,
    )
    return found[0].ip, asked.port
