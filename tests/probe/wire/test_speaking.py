"""The handshake's last ACK, which a request carries, and those that must not wait after it."""

import socket
import sys

import pytest

from faults.http import FINE
from faults.server import in_turn, read_head, send, stall
from probe.wire.exchanges import SYSTEMS, met
from probecli.model.target import Seconds
from probecli.probe import network
from probecli.probe.wire.system import LinuxSystem


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux offers it")
def test_the_request_carries_the_last_ack_of_the_handshake(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    segments_out: list[int] = []

    def counted(self: LinuxSystem, sock: socket.SocketType) -> None:
        # tcpi_segs_out of `struct tcp_info` (linux/tcp.h)
        segments_out.append(int.from_bytes(sock.getsockopt(6, 11, 140)[136:], "little"))

    monkeypatch.setattr(network, "best_system", lambda loop, **_: LinuxSystem(loop))
    monkeypatch.setattr(LinuxSystem, "has_spoken", counted)
    # An answer might be acknowledged before it is counted.
    evidence = met(stall, timeout_s=Seconds(0.2))
    assert evidence.failure is not None
    assert segments_out == [2]


@pytest.mark.parametrize("portable", SYSTEMS, ids=["kernel", "portable"])
def test_a_server_that_sends_head_and_body_apart_does_not_wait_for_our_ack(portable: bool) -> None:
    whole = FINE.partition(b"\r\n\r\n")
    # What is held back would leave with the end of the connection.
    step = in_turn(read_head, send(b"".join(whole[:2])), send(whole[2]), stall)

    def receive_ms() -> float:
        evidence = met(step, portable=portable)
        assert evidence.body == b"fine\n"
        return evidence.timings.receive or 0.0

    # A delayed ACK takes 40 ms (TCP_DELACK_MIN of Linux); a busy machine delays some, not all.
    assert any(receive_ms() < 30 for _ in range(20))
