"""What an error of a socket means, in the vocabulary of causes."""

import errno
import os
from typing import NamedTuple


class Fault(Exception):
    """An exchange ended without a usable response; `cause` is a name of the cause table."""

    def __init__(self, cause: str, detail: str) -> None:
        super().__init__(detail)
        self.cause = cause
        self.detail = detail


class _Meaning(NamedTuple):
    cause: str
    words: str


_CONNECT_ERRORS = {
    errno.ECONNREFUSED: _Meaning("tcp.refused", "connection refused"),
    errno.ECONNRESET: _Meaning("tcp.reset", "connection reset while connecting"),
    errno.ETIMEDOUT: _Meaning("tcp.timed_out", "connection timed out"),
    errno.EHOSTUNREACH: _Meaning("tcp.address_unreachable", "no route to host"),
    errno.EHOSTDOWN: _Meaning("tcp.address_unreachable", "host is down"),
    errno.ENETUNREACH: _Meaning("tcp.address_unreachable", "network unreachable"),
}

_LOCAL_ERRORS = {
    errno.ENETUNREACH: _Meaning("local.network", "no route to this network from here"),
    errno.ENETDOWN: _Meaning("local.network", "the network interface is down"),
    errno.EACCES: _Meaning("local.network", "a local rule forbids this connection"),
    errno.EPERM: _Meaning("local.network", "a local rule forbids this connection"),
    errno.EAFNOSUPPORT: _Meaning("local.network", "this address family is not available here"),
    errno.EADDRNOTAVAIL: _Meaning("local.resources", "no local port or address is free"),
    errno.EMFILE: _Meaning("local.resources", "no file descriptor is free"),
    errno.ENFILE: _Meaning("local.resources", "the system has no file descriptor free"),
    errno.ENOBUFS: _Meaning("local.resources", "no network buffer is free"),
    errno.ENOMEM: _Meaning("local.resources", "no memory is free"),
}

_RANK = (
    "tcp.reset",
    "tcp.refused",
    "tcp.timed_out",
    "tcp.address_unreachable",
    "tcp.failed",
    "local.resources",
    "local.network",
)


def connect_fault(code: int, *, immediate: bool) -> Fault:
    """The fault of a failed connect; `immediate` when the call itself failed, before any packet.

    A network that is unreachable at the call has no route from here, which says nothing about the
    target; the same word later comes from a router on the way.
    """
    if immediate and code in _LOCAL_ERRORS:
        cause, words = _LOCAL_ERRORS[code]
    elif code in _CONNECT_ERRORS:
        cause, words = _CONNECT_ERRORS[code]
    elif code in _LOCAL_ERRORS:
        cause, words = _LOCAL_ERRORS[code]
    else:
        cause, words = "tcp.failed", os.strerror(code)
    return Fault(cause, words)


def most_telling(faults: list[Fault]) -> Fault:
    """Of the faults of several addresses, the one that says most about the target."""
    return min(faults, key=lambda fault: _RANK.index(fault.cause))
