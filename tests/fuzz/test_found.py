"""What the fuzzer found stays mended."""

import asyncio
import json
import random
import ssl
import time
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from faults.certificates import SERVICE, issue
from faults.http import FINE, answer
from faults.server import Peer, Serve, read_head, script, send
from probecli.config.load import load
from probecli.engine.run import Limits, Measured, Stop, run
from probecli.probe.network import Network


def _measured(serve: Serve, **fields: Any) -> Measured:
    async def once(target: dict[str, Any]) -> Measured:
        text = json.dumps({"targets": [target]}).encode()
        plan = load(["-"], env={}, stdin=lambda: text, cwd=Path.cwd())
        network = Network(asyncio.get_running_loop(), now=time.time)
        try:
            return await run(
                plan,
                Limits(),
                network,
                rng=random.Random(1),
                stop=Stop(),
                on_result=lambda _: None,
            )
        finally:
            await network.close()

    with serve() as served:
        filled = {
            key: value.replace("{port}", str(served["port"])) if isinstance(value, str) else value
            for key, value in fields.items()
        }
        return asyncio.run(once({"retry": {"attempts": 1}, **filled}))


def test_a_fault_after_lengths_that_are_equal_has_its_name() -> None:
    raw = b"HTTP/1.1 099 Little\r\nContent-Length: 5, 5\r\n\r\nfine\n"
    measured = _measured(answer(raw), url="http://127.0.0.1:{port}/")
    assert measured.bugs == ()
    assert measured.results[0].cause == "http.protocol.error"
    assert "status 099" in str(measured.results[0].detail)


def test_a_serial_number_that_no_authority_would_give_is_not_spoken_of(tmp_path: Path) -> None:
    made = issue(SERVICE, None, names=[SERVICE])
    number = made.certificate.serial_number
    serial = number.to_bytes(number.bit_length() // 8 + 1)
    der = made.certificate.public_bytes(Encoding.DER)
    negative = der.replace(serial, bytes([serial[0] | 0x80]) + serial[1:])
    assert negative != der
    key = made.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "negative.pem").write_bytes(key + ssl.DER_cert_to_PEM_cert(negative).encode())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "negative.pem")

    def secure(peer: Peer) -> None:
        peer.connection = context.wrap_socket(peer.connection, server_side=True)

    # Every warning is an error in these tests, and so would be a fault of the probe's own.
    measured = _measured(
        script(secure, read_head, send(FINE)),
        url="https://service.test:{port}/",
        resolve_to="127.0.0.1",
        tls={"verify": False},
    )
    assert measured.bugs == ()
    assert measured.results[0].state == "up"
    assert measured.results[0].tls is not None
    assert measured.results[0].tls.subject == f"CN={SERVICE}"
