"""What the servers of the fault range send, recorded: the seeds of the mutations."""

import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from urllib.parse import urlsplit

from h2.connection import H2Connection

from faults.client import REQUEST
from faults.fault import Fault, running_target
from faults.table import FAULTS

_MOST_BYTES = 32 << 10
_PATIENCE_S = 5
_UNLIKE = {"timeout", "connect_timeout", "max_body", "body", "proxy", "resolver", "http_version"}
_WAITING = {"kept open", "slow and complete", "latency missed", "latency missed, warning",
            "HTTP/2 ping", "HTTP/1.1 after agreeing on HTTP/2", "choice of both"}  # fmt: skip


def _heard(connection: socket.socket, request: bytes) -> bytes:
    heard = b""
    with connection, suppress(OSError):
        connection.sendall(request)
        while len(heard) < _MOST_BYTES and (data := connection.recv(65536)):
            heard += data
    return heard[:_MOST_BYTES]


def _recorded(fault: Fault) -> bytes:
    with running_target(fault) as target:
        port = urlsplit(target["url"]).port
        assert port is not None
        try:
            connection = socket.create_connection(("127.0.0.1", port), _PATIENCE_S)
        except OSError:
            return b""
        if target["url"].startswith("http://"):
            return _heard(connection, REQUEST)
        context = ssl._create_unverified_context()
        context.set_alpn_protocols(["h2"])
        return _heard(context.wrap_socket(connection), _http2_request())


def _http2_request() -> bytes:
    client = H2Connection()
    client.initiate_connection()
    fields = [(":method", "GET"), (":scheme", "https"), (":authority", "x"), (":path", "/")]
    client.send_headers(1, fields, end_stream=True)
    return client.data_to_send()


def _all(faults: list[Fault]) -> tuple[bytes, ...]:
    with ThreadPoolExecutor(8) as pool:
        return tuple(dict.fromkeys(raw for raw in pool.map(_recorded, faults) if raw))


def _ends_by_itself(fault: Fault) -> bool:
    return fault.name not in _WAITING and not _UNLIKE & fault.target.keys()


@cache
def http1_responses() -> tuple[bytes, ...]:
    """Raw HTTP/1 responses, whole and broken, of the rows that end without a timeout."""
    return _all(
        [
            fault
            for fault in FAULTS
            if str(fault.target.get("url", "http://127.0.0.1:")).startswith("http://127")
            and _ends_by_itself(fault)
        ]
    )


@cache
def http2_responses() -> tuple[bytes, ...]:
    """Raw HTTP/2 frames as a server sends them, settings first."""
    from faults.rows.http2 import ROWS

    return _all([row for row in ROWS if _ends_by_itself(row)])
