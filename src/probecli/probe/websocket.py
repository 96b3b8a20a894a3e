"""How a `ws` or `wss` target is measured: the opening handshake (RFC 6455, section 4)."""

import base64
import hashlib
import os

from msgspec.structs import replace

from probecli.model.evidence import Evidence, Failure
from probecli.model.target import Target
from probecli.probe.call import first_call
from probecli.probe.hop import Hop, send
from probecli.probe.http import evidence
from probecli.probe.network import Network

_HANDSHAKE = frozenset({"connection", "upgrade", "sec-websocket-version", "sec-websocket-key"})
_MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


async def probe_websocket(target: Target, network: Network) -> Evidence:
    """One attempt at a `ws://` or `wss://` target; 101 is the status that a server gives."""
    key = base64.b64encode(os.urandom(16))
    call = first_call(target)
    call = replace(
        call,
        headers=(
            *(field for field in call.headers if field[0].lower() not in _HANDSHAKE),
            ("Connection", "Upgrade"),
            ("Upgrade", "websocket"),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", key.decode("ascii")),
        ),
    )
    hop = await send(network, replace(target, http_version="1.1"), call, target.timeout_s)
    if hop.failure is None and hop.status == 101 and not _accepted(hop, key):
        hop.failure = Failure("http.protocol.error", "the server's Sec-WebSocket-Accept is wrong")
    return evidence(target, hop, call.url, (), hop.timings, network.now())


def _accepted(hop: Hop, key: bytes) -> bool:
    digest = hashlib.sha1(key + _MAGIC, usedforsecurity=False).digest()
    return hop.header("sec-websocket-accept") == base64.b64encode(digest).decode("ascii")
