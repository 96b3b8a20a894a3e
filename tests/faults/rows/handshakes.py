"""Faults of the TLS handshake, and of TLS after it."""

from collections.abc import Iterator
from typing import Any

from faults.fault import Fault, merged
from faults.http import FINE, answer, head, response
from faults.rows.certificates import SERVICE
from faults.server import close, drip, read_head, read_some, reset, script, send, stall
from faults.tls import (
    HALF_SERVER_HELLO,
    OLD,
    ONLY_1_2,
    ONLY_1_3,
    alert,
    close_notify,
    handshake,
    send_raw,
)

TITLE = "TLS"

SHORT = {"timeout": "300ms"}
NO_CIPHER = "ECDHE-RSA-AES128-GCM-SHA256"
"""Of no use with the ECDSA keys of the range."""

MISMATCH = "tls.version_or_cipher_mismatch"
CLIENT = "tls.bad_client_auth_cert"


def row(
    name: str,
    state: Any,
    cause: str | None,
    steps: tuple[Any, ...],
    words: str = "",
    note: str = "",
    **target: Any,
) -> Fault:
    """A row of a TLS server that follows `steps`."""
    return Fault(name, state, cause, script(*steps), merged(SERVICE, target), words, note)


def alerts() -> Iterator[Fault]:
    """A row for each alert that a server may answer a ClientHello with."""
    for description, name, cause, note in (
        (40, "handshake_failure", MISMATCH, "The server found nothing in common."),
        (70, "protocol_version", MISMATCH, "The server refuses every version offered."),
        (71, "insufficient_security", MISMATCH, "The server wants stronger ciphers."),
        (80, "internal_error", "tls.failed", "The server's TLS layer is broken."),
        (112, "unrecognized_name", "tls.failed", "The server does not know this name."),
        (49, "access_denied", CLIENT, "The server does not let this client in."),
    ):
        words = name.partition("_")[2]
        steps = (read_some, send(alert(description)))
        yield row(f"alert {name}", "down", cause, steps, words, note)


def client_certificates() -> Iterator[Fault]:
    """What a server that wants a client certificate does, under TLS 1.2 and 1.3."""
    for version, versions in (("1.2", ONLY_1_2), ("1.3", ONLY_1_3)):
        wanting = handshake(versions=versions, wants_client=True)
        steps = (wanting, read_head, send(FINE))
        late = "" if version == "1.2" else " The alert comes after the handshake."
        yield row(
            f"client certificate wanted, TLS {version}",
            "down",
            CLIENT,
            steps,
            "client certificate",
            f"The target has none to show.{late}",
        )
        yield row(
            f"client certificate of an unknown authority, TLS {version}",
            "down",
            CLIENT,
            steps,
            "unknown ca",
            f"The server does not trust who signed it.{late}",
            tls={"cert_file": "{foreign_client}"},
        )
        yield row(
            f"client certificate expired, TLS {version}",
            "down",
            CLIENT,
            steps,
            "expired",
            f"The prober's own certificate has ended.{late}",
            tls={"cert_file": "{expired_client}"},
        )
        yield row(
            f"client certificate shown, TLS {version}",
            "up",
            None,
            steps,
            note="The certificate that the server wants.",
            tls={"cert_file": "{client}"},
        )


ROWS = (
    row(
        "plain HTTP on a TLS port",
        "down",
        "tls.protocol.error",
        (read_some, send(response(status="400 Bad Request"))),
        "TLS",
        "The port speaks HTTP without TLS.",
    ),
    row(
        "SSH on a TLS port",
        "down",
        "tls.protocol.error",
        (send(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"), read_some),
        "TLS",
        "Another service listens there.",
    ),
    row(
        "noise on a TLS port",
        "down",
        "tls.protocol.error",
        (read_some, send(bytes(range(97, 123)) * 8)),
        "TLS",
        "Bytes that are no TLS record.",
    ),
    Fault(
        "TLS on a plain port",
        "down",
        "http.protocol.error",
        script(read_head, send(alert(70))),
        words="TLS",
        note="A TLS server answers a plain request with an alert, in binary.",
    ),
    Fault(
        "nginx's 400 on a TLS port",
        "down",
        "http.error",
        answer(
            response(
                b"<h1>400 Bad Request</h1>The plain HTTP request was sent to HTTPS port",
                status="400 Bad Request",
            )
        ),
        words="400",
        note="A TLS server that knows HTTP says so in HTTP.",
    ),
    row(
        "closed at the ClientHello",
        "down",
        "tls.failed",
        (read_some, close),
        "closed",
        "The peer closed inside the handshake: often a proxy without a backend.",
    ),
    row(
        "closed before the ClientHello",
        "down",
        "tls.failed",
        (close,),
        "closed",
        "Accepted and closed in good order.",
    ),
    row(
        "closed inside the ServerHello",
        "down",
        "tls.failed",
        (read_some, send(HALF_SERVER_HELLO), close),
        "closed",
        "The handshake began and was not finished.",
    ),
    row(
        "reset at the ClientHello",
        "down",
        "tcp.reset",
        (read_some, reset),
        "reset",
        "A filter that looks at the server name does this.",
    ),
    row(
        "reset inside the ServerHello",
        "down",
        "tcp.reset",
        (read_some, send(HALF_SERVER_HELLO), reset),
        "reset",
        "Cut in the middle of the handshake.",
    ),
    row(
        "stalled handshake",
        "down",
        "tls.timed_out",
        (stall,),
        "300",
        "Connected, and no word of TLS.",
        **SHORT,
    ),
    row(
        "stalled inside the ServerHello",
        "down",
        "tls.timed_out",
        (read_some, send(HALF_SERVER_HELLO), stall),
        "300",
        "The handshake began and stopped.",
        **SHORT,
    ),
    row(
        "handshake a byte at a time",
        "down",
        "tls.timed_out",
        (read_some, send(HALF_SERVER_HELLO[:11]), drip(b"\0")),
        "300",
        "Always a little progress, never an end.",
        **SHORT,
    ),
    *alerts(),
    row(
        "unknown server name",
        "down",
        "tls.failed",
        (handshake(known_name="elsewhere.test"), read_head, send(FINE)),
        "unrecognized name",
        "A real server that refuses names it does not serve.",
    ),
    row(
        "old protocol only",
        "down",
        MISMATCH,
        (handshake(versions=OLD), read_head, send(FINE)),
        note="The server speaks TLS 1.0 and 1.1 only.",
    ),
    row(
        "old protocol allowed",
        "up",
        None,
        (handshake(versions=OLD), read_head, send(FINE)),
        note="The same server, and a target that says `tls.min_version: '1.0'`.",
        tls={"min_version": "1.0"},
    ),
    row(
        "TLS 1.2 where 1.3 is demanded",
        "down",
        MISMATCH,
        (handshake(versions=ONLY_1_2), read_head, send(FINE)),
        note="`tls.min_version: '1.3'` against a server without it.",
        tls={"min_version": "1.3"},
    ),
    row(
        "TLS 1.2 only",
        "up",
        None,
        (handshake(versions=ONLY_1_2), read_head, send(FINE)),
        note="The lowest version accepted without asking.",
    ),
    row(
        "no shared cipher",
        "down",
        MISMATCH,
        (handshake(versions=ONLY_1_2, ciphers=NO_CIPHER), read_head, send(FINE)),
        "handshake failure",
        "No cipher that both sides know.",
    ),
    *client_certificates(),
    row(
        "good, with close_notify",
        "up",
        None,
        (handshake(), read_head, send(FINE), close_notify),
        note="As it should be.",
    ),
    row(
        "ended without close_notify",
        "up",
        None,
        (handshake(), read_head, send(FINE), close),
        note="The response is complete by its length; how TLS ended is no fault.",
    ),
    row(
        "until close, without close_notify",
        "up",
        None,
        (handshake(), read_head, send(head("HTTP/1.1 200 OK") + b"fine"), close),
        note="Strictly this could be a truncation; half of the web does it.",
    ),
    row(
        "closed inside TLS with no byte",
        "down",
        "http.response.invalid",
        (handshake(), read_head, close),
        "closed",
        "The handshake was fine, the application closed.",
    ),
    row(
        "closed inside the body under TLS",
        "down",
        "http.response.invalid",
        (handshake(), read_head, send(response(b"x" * 100)[:-50]), close),
        "50",
        "50 bytes of a Content-Length of 100.",
    ),
    row(
        "reset inside TLS",
        "down",
        "tcp.reset",
        (handshake(), read_head, reset),
        "reset",
        "The handshake was fine, the connection was cut.",
    ),
    row(
        "stalled after the handshake",
        "down",
        "http.response.timed_out",
        (handshake(), read_head, stall),
        "300",
        "TLS is terminated in front of a stuck backend.",
        **SHORT,
    ),
    row(
        "noise inside TLS",
        "down",
        "tls.protocol.error",
        (handshake(), read_head, send_raw(b"HTTP/1.1 200 OK\r\n\r\n")),
        note="After a good handshake come bytes that are no TLS record.",
    ),
    row(
        "SSH banner inside TLS",
        "down",
        "http.protocol.error",
        (handshake(), read_head, send(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n")),
        "SSH-2.0",
        "TLS is fine, what is inside is not HTTP.",
    ),
)
