"""TLS as steps of a script: real handshakes with chosen flaws, and raw records."""

import socket
import ssl
import warnings
from collections.abc import Callable
from functools import cache
from typing import Any

from faults.certificates import chain_file, places
from faults.server import Peer, Step

OLD = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
ONLY_1_2 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2
ONLY_1_3 = ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_3


@cache
def context(
    certificate: str = "good",
    *,
    versions: tuple[ssl.TLSVersion, ssl.TLSVersion] | None = None,
    ciphers: str = "DEFAULT:@SECLEVEL=0",
    protocols: tuple[str, ...] = (),
    wants_client: bool = False,
    known_name: str | None = None,
    tickets: int = 2,
) -> ssl.SSLContext:
    """A server's context; security level 0 lets it present what is too weak for a client.

    So many session tickets are sent after a handshake of TLS 1.3, without being asked. With
    `known_name` any other server name is answered with the alert unrecognized_name.
    """
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.set_ciphers(ciphers)
    made.load_cert_chain(chain_file(certificate))
    made.num_tickets = tickets
    if versions:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            made.minimum_version, made.maximum_version = versions
    if protocols:
        made.set_alpn_protocols(list(protocols))
    if wants_client:
        made.load_verify_locations(places()["root"])
        made.verify_mode = ssl.CERT_REQUIRED
    if known_name:
        made.sni_callback = _knowing(known_name)
    return made


def _knowing(name: str) -> Callable[[ssl.SSLObject, str | None, ssl.SSLContext], int | None]:
    def callback(_: ssl.SSLObject, asked: str | None, __: ssl.SSLContext) -> int | None:
        return None if asked == name else ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME

    return callback


def handshake(certificate: str = "good", **how: Any) -> Step:
    """A TLS handshake as server; what follows in the script is inside TLS. See `context`."""

    def step(peer: Peer) -> None:
        peer.connection = context(certificate, **how).wrap_socket(
            peer.connection, server_side=True, do_handshake_on_connect=False
        )
        peer.connection.do_handshake()

    return step


def close_notify(peer: Peer) -> None:
    """Ends TLS as it should be."""
    assert isinstance(peer.connection, ssl.SSLSocket)
    peer.connection.unwrap()


def send_raw(data: bytes) -> Step:
    """Sends `data` below an established TLS."""
    return lambda peer: socket.socket.sendall(peer.connection, data)


def alert(description: int) -> bytes:
    """A fatal alert as a plain record, such as 40 for handshake_failure (RFC 8446, section 6)."""
    return bytes((21, 3, 3, 0, 2, 2, description))


HALF_SERVER_HELLO = bytes((22, 3, 3, 0, 122, 2, 0, 0, 118, 3, 3)) + bytes(32)
"""The beginning of a ServerHello record that promises more."""
