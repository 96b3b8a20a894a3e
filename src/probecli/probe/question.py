"""One question over UDP (RFC 1035, 4.2.1), and a second look where c-ares cannot tell."""

from socket import SOCK_DGRAM
from time import time
from typing import Any

import dns.asyncbackend
import dns.asyncquery
import dns.exception
import dns.flags
import dns.inet
import dns.message
import dns.resolver

from probecli.probe.call import DNS_PORT
from probecli.probe.wire.fault import Fault

TRUNCATED = "the answer is truncated, and the resolver takes no TCP"


async def answer_by_udp(
    query: dns.message.QueryMessage, ip: str, port: int, timeout_s: float
) -> dns.message.Message:
    """The answer to `query`, perhaps truncated; whatever bears another id is ignored.

    Raises dns.exception.Timeout, another DNSException on a malformed answer, and OSError.
    """
    backend: Any = dns.asyncbackend.get_default_backend()
    expires_at = time() + timeout_s
    async with await backend.make_socket(dns.inet.af_for_address(ip), SOCK_DGRAM) as sock:
        await dns.asyncquery.send_udp(sock, query.to_wire(), (ip, port), expires_at)
        while True:
            wire, sender = await sock.recvfrom(65535, max(0.001, expires_at - time()))
            if sender[:2] == (ip, port) and int.from_bytes(wire[:2]) == query.id:
                return dns.message.from_wire(wire)


async def second_look(name: str, server: str | None, fault: Fault, timeout_s: float) -> Fault:
    """What a failure of c-ares really was, by asking once more and looking closer.

    c-ares parses an answer before it compares ids, so that noise from elsewhere reads as a
    malformed answer; and a truncated answer with TCP refused reads as no answer at all.
    """
    try:
        ip, port = place(server)
        answer = await answer_by_udp(dns.message.make_query(name, "A"), ip, port, timeout_s)
    except (dns.exception.Timeout, TimeoutError):
        return Fault("dns.unreachable", "no resolver answered")
    except (dns.exception.DNSException, OSError, ValueError):
        return fault
    if answer.flags & dns.flags.TC:
        return Fault("dns.failed", TRUNCATED)
    return fault


def place(server: str | None) -> tuple[str, int]:
    """Address and port of a resolver written `IP[:port]`; the system's first for None."""
    if server is None:
        return str(dns.resolver.Resolver().nameservers[0]), DNS_PORT
    if server.startswith("["):
        ip, _, port = server[1:].partition("]")
        return ip, int(port[1:] or DNS_PORT)
    if server.count(":") == 1:
        ip, _, port = server.partition(":")
        return ip, int(port)
    return server, DNS_PORT
