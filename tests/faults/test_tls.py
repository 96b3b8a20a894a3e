"""Certificates and handshakes are as wrong as their rows say, as OpenSSL sees them."""

import ssl
from typing import Any

import pytest

from faults.client import connected, exchange, secured


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("expired", 10),
        ("not yet valid", 9),
        ("expired intermediate", 10),
        ("expired root", 10),
        ("wrong name", 62),
        ("common name only", 62),
        ("wildcard, bare domain", 62),
        ("wildcard, two labels", 62),
        ("name in place of address", 64),
        ("self-signed", 18),
        ("unknown root", 19),
        ("missing intermediate", 20),
        ("wrong intermediate", 20),
        ("revoked", 23),
        ("too deep", 25),
        ("constrained", 47),
        ("signed by a leaf", 79),
        ("client only", 26),
        ("weak key", 66),
    ],
    indirect=["target"],
)
def test_openssl_finds_the_flaw_of_each_certificate(target: dict[str, Any], code: int) -> None:
    # Codes: X509_V_ERR_* of openssl/x509_vfy.h.
    with pytest.raises(ssl.SSLCertVerificationError) as raised, secured(target):
        pass
    assert raised.value.verify_code == code


@pytest.mark.parametrize(
    "target",
    ["good", "wildcard, one label", "address", "no subject", "thousand names", "superfluous",
     "not revoked", "expiring"],
    indirect=True,
)  # fmt: skip
def test_openssl_takes_the_good_certificates(target: dict[str, Any]) -> None:
    assert exchange(secured(target))[0].endswith(b"fine\n")


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("alert handshake_failure", "SSLV3_ALERT_HANDSHAKE_FAILURE"),
        ("alert protocol_version", "TLSV1_ALERT_PROTOCOL_VERSION"),
        ("alert unrecognized_name", "TLSV1_UNRECOGNIZED_NAME"),
        ("unknown server name", "TLSV1_UNRECOGNIZED_NAME"),
        ("no shared cipher", "SSLV3_ALERT_HANDSHAKE_FAILURE"),
        ("client certificate wanted, TLS 1.2", "SSLV3_ALERT_HANDSHAKE_FAILURE"),
        ("plain HTTP on a TLS port", "WRONG_VERSION_NUMBER"),
        ("SSH on a TLS port", "WRONG_VERSION_NUMBER"),
    ],
    indirect=["target"],
)
def test_the_handshake_fails_with_the_reason_of_the_row(
    target: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ssl.SSLError) as raised, secured(target):
        pass
    assert raised.value.reason == reason


@pytest.mark.parametrize("target", ["client certificate wanted, TLS 1.3"], indirect=True)
def test_under_tls_1_3_a_missing_client_certificate_shows_after_the_handshake(
    target: dict[str, Any],
) -> None:
    with secured(target) as connection:
        assert connection.version() == "TLSv1.3"
        with pytest.raises(ssl.SSLError, match="certificate required"):
            connection.recv(1)


@pytest.mark.parametrize(
    "target",
    ["client certificate shown, TLS 1.2", "client certificate shown, TLS 1.3"],
    indirect=True,
)
def test_the_client_certificate_that_is_wanted_opens_the_door(target: dict[str, Any]) -> None:
    assert exchange(secured(target))[0].endswith(b"fine\n")


@pytest.mark.parametrize("target", ["old protocol only"], indirect=True)
def test_the_old_server_speaks_tls_1_1_to_those_who_still_do(target: dict[str, Any]) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(target["tls"]["ca_file"])
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with context.wrap_socket(connected(target), server_hostname="service.test") as connection:
        assert connection.version() == "TLSv1.1"


@pytest.mark.parametrize(
    "target", ["stalled handshake", "stalled inside the ServerHello"], indirect=True
)
def test_a_stalled_handshake_never_ends(target: dict[str, Any]) -> None:
    with pytest.raises(TimeoutError):
        secured(target, 0.3)
