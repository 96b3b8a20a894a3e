"""Faults of the other kinds of target: tcp, tls, ws; and of proxies."""

from typing import Any

from faults.fault import Fault, merged
from faults.http import FINE, answer, head, response, websocket
from faults.rows.certificates import SERVICE
from faults.server import (
    close,
    forget,
    in_turn,
    read_head,
    refusing,
    reset,
    script,
    send,
    stall,
    swallowing,
    wait,
)
from faults.tls import handshake

TITLE = "Other kinds of target, and proxies"

SHORT = {"timeout": "300ms"}
TCP: dict[str, Any] = {"url": "tcp://127.0.0.1:{port}"}
SSH = {**TCP, "expect": {"banner": "SSH-2.0"}}
TLS = merged(SERVICE, {"url": "tls://service.test:{port}"})
WS: dict[str, Any] = {"url": "ws://127.0.0.1:{port}/"}
PROXIED: dict[str, Any] = {
    "url": "http://service.test/",
    "proxy": "http://127.0.0.1:{port}",
}
TUNNELLED = merged(
    SERVICE, {"url": "https://service.test/", "resolve_to": None}, {"proxy": PROXIED["proxy"]}
)

ESTABLISHED = in_turn(read_head, send(head("HTTP/1.1 200 Connection established")), forget)


ROWS = (
    Fault("tcp", "up", None, script(stall), TCP, note="A port that accepts is enough."),
    Fault("tcp refused", "down", "tcp.refused", refusing, TCP, "refused", "Nothing listens."),
    Fault(
        "tcp black hole",
        "down",
        "tcp.timed_out",
        swallowing,
        {**TCP, "connect_timeout": "300ms"},
        "300",
        "Packets are dropped.",
    ),
    Fault("tcp closed at once", "up", None, script(close), TCP, note="It did accept."),
    Fault(
        "tcp banner",
        "up",
        None,
        script(send(b"SSH-2.0-OpenSSH_9.2p1\r\n"), stall),
        SSH,
        note="The greeting expected.",
    ),
    Fault(
        "tcp banner in two parts",
        "up",
        None,
        script(send(b"SSH"), wait(0.05), send(b"-2.0-x\r\n")),
        SSH,
        note="A greeting may come in pieces.",
    ),
    Fault(
        "tcp other banner",
        "down",
        "expect.banner",
        script(send(b"220 mx.test ESMTP\r\n"), stall),
        {**SSH, "timeout": "1s"},
        "220 mx.test",
        "Another service answers on this port.",
    ),
    Fault(
        "tcp no banner",
        "down",
        "expect.banner",
        script(stall),
        {**SSH, **SHORT},
        "SSH-2.0",
        "Accepted, and the greeting never comes.",
    ),
    Fault(
        "tcp closed without banner",
        "down",
        "expect.banner",
        script(close),
        SSH,
        "SSH-2.0",
        "Accepted and closed before the greeting.",
    ),
    Fault(
        "tcp reset before the banner",
        "down",
        "tcp.reset",
        script(reset),
        SSH,
        "reset",
        "Accepted and cut before the greeting.",
    ),
    Fault("tls", "up", None, script(handshake(), stall), TLS, note="A handshake is enough."),
    Fault(
        "tls expired",
        "down",
        "tls.cert.date_invalid",
        script(handshake("expired"), stall),
        TLS,
        "expired",
        "As for https.",
    ),
    Fault(
        "tls expiring",
        "degraded",
        "expect.certificate_days",
        script(handshake("expiring"), stall),
        TLS,
        "14",
        "As for https.",
    ),
    Fault(
        "tls stalled",
        "down",
        "tls.timed_out",
        script(stall),
        {**TLS, **SHORT},
        "300",
        "Connected, and no word of TLS.",
    ),
    Fault("tls refused", "down", "tcp.refused", refusing, TLS, "refused", "Nothing listens."),
    Fault("ws", "up", None, script(websocket, stall), WS, note="101 and the right key."),
    Fault(
        "wss",
        "up",
        None,
        script(handshake(), websocket, stall),
        merged(SERVICE, {"url": "wss://service.test:{port}/"}),
        note="The same inside TLS.",
    ),
    Fault(
        "ws answered by a page",
        "down",
        "expect.status",
        answer(FINE),
        WS,
        "200",
        "A proxy that does not know WebSocket answers with the page.",
    ),
    Fault(
        "ws answered 503",
        "down",
        "expect.status",
        answer(response(status="503 Service Unavailable")),
        WS,
        "503",
        "Not 101.",
    ),
    Fault(
        "ws with a wrong key",
        "down",
        "http.protocol.error",
        answer(
            head(
                "HTTP/1.1 101 Switching Protocols",
                "Upgrade: websocket",
                "Connection: Upgrade",
                "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
            )
        ),
        WS,
        "Sec-WebSocket-Accept",
        "RFC 6455, 4.1: a cache or a fool answered, not a WebSocket server.",
    ),
    Fault(
        "ws closed",
        "down",
        "http.response.invalid",
        script(read_head, close),
        WS,
        "closed",
        "No answer to the upgrade.",
    ),
    Fault("proxy", "up", None, answer(FINE), PROXIED, note="Asked for the absolute URL."),
    Fault(
        "tunnel through a proxy",
        "up",
        None,
        script(ESTABLISHED, handshake(), read_head, send(FINE)),
        TUNNELLED,
        note="CONNECT, and TLS with the service inside.",
    ),
    Fault(
        "proxy wants a login",
        "down",
        "http.error",
        answer(response(status="407 Proxy Authentication Required")),
        PROXIED,
        "proxy",
        "407 is the proxy's word, not the service's.",
    ),
    Fault(
        "tunnel wants a login",
        "down",
        "http.error",
        answer(response(status="407 Proxy Authentication Required")),
        TUNNELLED,
        "proxy",
        "The same, at CONNECT.",
    ),
    Fault(
        "tunnel refused",
        "down",
        "http.error",
        answer(response(status="502 Bad Gateway")),
        TUNNELLED,
        "proxy",
        "The proxy could not reach the service.",
    ),
    Fault(
        "proxy not there",
        "down",
        "tcp.refused",
        refusing,
        PROXIED,
        "proxy",
        "The detail says that it is the proxy that refuses.",
    ),
    Fault(
        "tunnel to an expired certificate",
        "down",
        "tls.cert.date_invalid",
        script(ESTABLISHED, handshake("expired"), stall),
        TUNNELLED,
        "expired",
        "The service behind the tunnel is at fault, not the proxy.",
    ),
    Fault(
        "tunnel closed",
        "down",
        "tls.failed",
        script(ESTABLISHED, close),
        TUNNELLED,
        "closed",
        "The tunnel stood, and was closed inside the handshake.",
    ),
)
