"""Ports that are only secured: who is refused hears of it, and nobody waits for it in vain."""

import errno
import time
from typing import Any

import pytest

from faults.certificates import places
from faults.server import Step, close, in_turn, listening, reset, send, stall
from faults.tls import ONLY_1_2, ONLY_1_3, close_notify, handshake
from probe.wire.exchanges import SYSTEMS, assert_phases_fit, met, on_network, target
from probecli.model.evidence import Evidence
from probecli.model.target import Seconds, Tls
from probecli.probe.network import Network
from probecli.probe.stream import probe_stream
from probecli.probe.wire import exchange

pytestmark = pytest.mark.parametrize("portable", SYSTEMS, ids=["kernel", "portable"])

FOR_EVER_S = 60.0
SILENT = {"versions": ONLY_1_3, "tickets": 0}


def secured(step: Step, portable: bool, **tls: Any) -> Evidence:
    """What one attempt at a `tls` target measures."""
    options = Tls(ca_file=places()["root"], server_name="service.test", **tls)
    return met(step, portable=portable, scheme="tls", timeout_s=Seconds(FOR_EVER_S), tls=options)


def cause(evidence: Evidence) -> str | None:
    """The cause of a failure."""
    return None if evidence.failure is None else evidence.failure.cause


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refusal is waited for as long as it takes."""
    monkeypatch.setattr(exchange, "_REFUSED_WITHIN_S", FOR_EVER_S)


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("versions", [ONLY_1_2, ONLY_1_3], ids=["1.2", "1.3"])
@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (None, "tls.bad_client_auth_cert"),
        ("foreign_client", "tls.bad_client_auth_cert"),
        ("client", None),
    ],
)
def test_a_client_certificate_is_wanted_whatever_the_version(
    shown: str | None, expected: str | None, versions: Any, portable: bool
) -> None:
    step = in_turn(handshake(versions=versions, wants_client=True), stall)
    evidence = secured(step, portable, cert_file=places()[shown] if shown else None)
    assert cause(evidence) == expected
    assert evidence.tls is not None or versions is ONLY_1_2
    assert_phases_fit(evidence)


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize(
    "step",
    [
        in_turn(handshake(versions=ONLY_1_3), stall),
        in_turn(handshake(**SILENT), send(b"220 mx.test"), stall),
        in_turn(handshake(**SILENT), close_notify),
        in_turn(handshake(**SILENT), close),
        in_turn(handshake(versions=ONLY_1_2), stall),
    ],
    ids=["tickets", "greeting", "close_notify", "close", "TLS 1.2"],
)
def test_whatever_a_server_says_or_does_after_the_handshake_is_enough(
    step: Step, portable: bool
) -> None:
    began = time.monotonic()
    evidence = secured(step, portable)
    assert time.monotonic() - began < FOR_EVER_S / 2
    assert evidence.failure is None
    assert (evidence.timings.wait, evidence.banner) == (None, None)


def test_a_server_that_says_nothing_has_not_refused_and_takes_no_longer(
    portable: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "_REFUSED_WITHIN_S", 0.2)
    began = time.monotonic()
    evidence = secured(in_turn(handshake(**SILENT), stall), portable)
    took_ms = (time.monotonic() - began) * 1000
    assert evidence.failure is None
    assert evidence.timings.total is not None
    assert evidence.timings.total <= took_ms - 200
    assert_phases_fit(evidence)


@pytest.mark.usefixtures("patient")
def test_a_connection_that_is_reset_after_the_handshake_is_not_up(portable: bool) -> None:
    assert cause(secured(in_turn(handshake(**SILENT), reset), portable)) == "tcp.reset"


def test_a_connection_that_breaks_during_the_handshake_is_no_fault_of_http(portable: bool) -> None:
    def broken(*_: object) -> tuple[bytes, int]:
        raise OSError(errno.EHOSTUNREACH, "No route to host")

    async def body(network: Network) -> Evidence:
        network.system.receive = broken  # type: ignore[method-assign]
        return await probe_stream(target(f"tls://127.0.0.1:{port}"), network)

    with listening(stall) as port:
        evidence = on_network(body, portable=portable)
    assert cause(evidence) == "tls.failed"
    assert "during the handshake" in evidence.failure.detail
