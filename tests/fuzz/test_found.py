"""What the fuzzer found stays mended."""

import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import load_der_x509_certificate

from engine.probing import planned, probed
from faults.certificates import SERVICE, issue
from faults.http import FINE, answer
from faults.server import Peer, Serve, read_head, script, send
from probecli.engine.run import Measured


def _measured(serve: Serve, **fields: Any) -> Measured:
    with serve() as served:
        filled = {
            key: value.replace("{port}", str(served["port"])) if isinstance(value, str) else value
            for key, value in fields.items()
        }
        return probed(planned({"retry": {"attempts": 1}, **filled}))


def test_a_fault_after_lengths_that_are_equal_has_its_name() -> None:
    raw = b"HTTP/1.1 099 Little\r\nContent-Length: 5, 5\r\n\r\nfine\n"
    measured = _measured(answer(raw), url="http://127.0.0.1:{port}/")
    assert measured.bugs == ()
    assert measured.results[0].cause == "http.protocol.error"
    assert "status 099" in str(measured.results[0].detail)


def _served_with(certificate: Callable[[bytes], bytes], directory: Path) -> Measured:
    """A target that is not verified, behind a certificate with changed bytes."""
    made = issue(SERVICE, None, names=[SERVICE])
    der = made.certificate.public_bytes(Encoding.DER)
    changed = certificate(der)
    assert changed != der
    key = made.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (directory / "odd.pem").write_bytes(key + ssl.DER_cert_to_PEM_cert(changed).encode())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / "odd.pem")

    def secure(peer: Peer) -> None:
        peer.connection = context.wrap_socket(peer.connection, server_side=True)

    return _measured(
        script(secure, read_head, send(FINE)),
        url="https://service.test:{port}/",
        resolve_to="127.0.0.1",
        tls={"verify": False},
    )


def test_a_serial_number_that_no_authority_would_give_is_not_spoken_of(tmp_path: Path) -> None:
    def negative(der: bytes) -> bytes:
        number = load_der_x509_certificate(der).serial_number
        serial = number.to_bytes(number.bit_length() // 8 + 1)
        return der.replace(serial, bytes([serial[0] | 0x80]) + serial[1:])

    # Every warning is an error in these tests, and so would be a fault of the probe's own.
    measured = _served_with(negative, tmp_path)
    assert measured.bugs == ()
    assert measured.results[0].state == "up"
    assert measured.results[0].tls is not None
    assert measured.results[0].tls.subject == f"CN={SERVICE}"


def test_a_certificate_of_a_version_that_does_not_exist_tells_nothing(tmp_path: Path) -> None:
    third, sixty_fifth = b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x40"
    measured = _served_with(lambda der: der.replace(third, sixty_fifth, 1), tmp_path)
    assert measured.bugs == ()
    assert measured.results[0].state == "up"
    assert measured.results[0].tls is not None
    assert measured.results[0].tls.subject is None
