"""Addresses and name servers as texts, and the order in which to try addresses."""

import ipaddress
import re
import socket
from collections.abc import Sequence

from probecli.probe.call import DNS_PORT
from probecli.probe.wire.dial import Address


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
