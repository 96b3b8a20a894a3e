"""Plain clients for looking at the range from outside, without probecli."""

import socket
import ssl
from typing import Any
from urllib.parse import urlsplit

from faults.certificates import SERVICE

REQUEST = b"GET / HTTP/1.1\r\nHost: service.test\r\nConnection: close\r\n\r\n"


def connected(target: dict[str, Any], timeout_s: float = 5) -> socket.socket:
    """A TCP connection to where `target` is served."""
    return socket.create_connection(("127.0.0.1", urlsplit(target["url"]).port or 0), timeout_s)


def secured(target: dict[str, Any], timeout_s: float = 5) -> ssl.SSLSocket:
    """A TLS connection that verifies as `target` says."""
    wanted = target.get("tls", {})
    context = ssl.create_default_context(cafile=wanted.get("ca_file"))
    # RFC 9110, 4.3.4: names are looked for in subjectAltName alone.
    context.hostname_checks_common_name = False
    if "crl_file" in wanted:
        context.load_verify_locations(wanted["crl_file"])
        context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    if "cert_file" in wanted:
        context.load_cert_chain(wanted["cert_file"])
    name = urlsplit(target["url"]).hostname or SERVICE
    return context.wrap_socket(connected(target, timeout_s), server_hostname=name)


def read_all(connection: socket.socket) -> tuple[bytes, str]:
    """Everything until the end, and how it ended: `closed`, `reset` or `stalled`."""
    received = b""
    try:
        while data := connection.recv(65536):
            received += data
    except ConnectionResetError:
        return received, "reset"
    except TimeoutError:
        return received, "stalled"
    return received, "closed"


def exchange(connection: socket.socket, request: bytes = REQUEST) -> tuple[bytes, str]:
    """What comes back for `request`, and how it ended."""
    with connection:
        try:
            connection.sendall(request)
        except (BrokenPipeError, ConnectionResetError):
            return b"", "reset"
        return read_all(connection)
