"""Connections end, stall and flood as their rows say, as seen by a plain socket."""

import socket
from typing import Any
from urllib.parse import urlsplit

import pytest

from faults.client import REQUEST, connected, exchange


@pytest.mark.parametrize("target", ["refused", "tcp refused", "proxy not there"], indirect=True)
def test_a_refusing_port_refuses(target: dict[str, Any]) -> None:
    address = urlsplit(target.get("proxy", target["url"]))
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((address.hostname or "", address.port or 0), 5)


@pytest.mark.parametrize("target", ["black hole"], indirect=True)
def test_a_black_hole_answers_nothing_at_all(target: dict[str, Any]) -> None:
    with pytest.raises(TimeoutError):
        connected(target, 0.3)


@pytest.mark.parametrize(
    ("target", "ends", "received"),
    [
        ("reset after accept", "reset", b""),
        ("reset after the request", "reset", b""),
        ("reset inside the head", "reset", b"HTTP/1.1 200 OK\r\nContent-Type: text/ht"),
        ("reset inside a chunk", "reset", b"x" * 50),
        ("reset after a complete body", "reset", b"fine\n"),
        ("closed at once", "closed", b""),
        ("closed with no byte", "closed", b""),
        ("closed inside the status line", "closed", b"HTTP/1.1 2"),
        ("closed before the body", "closed", b"Content-Length: 100\r\n\r\n"),
        ("closed inside the body", "closed", b"x" * 50),
        ("closed between chunks", "closed", b"4\r\nsome\r\n"),
        ("stalled before the head", "stalled", b""),
        ("stalled inside the head", "stalled", b"text/ht"),
        ("stalled inside the body", "stalled", b"x" * 50),
        ("kept open", "stalled", b"fine\n"),
        ("SSH banner", "closed", b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"),
        ("103 Early Hints first", "closed", b"fine\n"),
    ],
    indirect=["target"],
)
def test_connections_end_as_the_row_says(
    target: dict[str, Any], ends: str, received: bytes
) -> None:
    try:
        connection = connected(target, 0.3 if ends == "stalled" else 5)
    except ConnectionResetError:
        # A reset may be here before connect() has returned.
        got, end = b"", "reset"
    else:
        got, end = exchange(connection)
    assert end == ends
    assert got.endswith(received)
    assert bool(got) == bool(received)


@pytest.mark.parametrize("target", ["stalled during the upload"], indirect=True)
def test_an_upload_that_nobody_reads_blocks_the_sender(target: dict[str, Any]) -> None:
    with connected(target, 0.3) as connection, pytest.raises(TimeoutError):
        connection.sendall(target["body"].encode())


@pytest.mark.parametrize(
    "target",
    ["body a byte at a time", "head a byte at a time", "interim responses without end"],
    indirect=True,
)
def test_a_drip_always_makes_progress_and_never_ends(target: dict[str, Any]) -> None:
    with connected(target) as connection:
        connection.sendall(REQUEST)
        sizes = [len(connection.recv(65536)) for _ in range(6)]
    assert sizes[2:] == [1] * 4


@pytest.mark.parametrize(
    "target", ["endless body", "endless chunks", "ten gigabytes"], indirect=True
)
def test_a_flood_gives_more_than_any_client_takes(target: dict[str, Any]) -> None:
    with connected(target) as connection:
        connection.sendall(REQUEST)
        received = 0
        while received < 8 << 20:
            received += len(connection.recv(1 << 20))
