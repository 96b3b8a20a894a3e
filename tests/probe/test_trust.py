"""TLS contexts, and what a certificate says."""

import time
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from faults.certificates import chain_file, places
from faults.http import FINE
from faults.server import Step, in_turn, read_head, send
from faults.tls import ONLY_1_2, ONLY_1_3, handshake
from probe.wire.exchanges import met
from probecli.model.evidence import Evidence
from probecli.model.result import TlsFacts
from probecli.model.target import Tls
from probecli.probe.trust import tls_context
from probecli.probe.wire.fault import Fault

ROOT = places()["root"]


def served(certificate: str = "good", tls: Tls | None = None, **how: Any) -> Evidence:
    """What one attempt at a server with this certificate measures."""
    step: Step = in_turn(handshake(certificate, **how), read_head, send(FINE))
    options = tls or Tls(ca_file=ROOT, server_name="service.test")
    return met(step, scheme="https", tls=options)


def facts(evidence: Evidence) -> TlsFacts:
    """What the handshake settled."""
    assert evidence.failure is None, evidence.failure
    assert evidence.tls is not None
    return evidence.tls


@pytest.mark.parametrize("verify", [True, False])
def test_the_facts_are_the_same_with_and_without_verification(verify: bool) -> None:
    options = Tls(verify=verify, ca_file=ROOT if verify else None, server_name="service.test")
    found = facts(served("expiring", options, versions=ONLY_1_3))
    assert found.version == "TLSv1.3"
    assert found.cipher is not None
    assert found.subject == "CN=service.test"
    assert found.issuer == "CN=Range Root"
    # Made five days from the start of this process: a moment less, and so four whole days.
    assert found.certificate_days == 4
    assert found.not_after is not None
    assert found.not_after.endswith("Z")


def test_days_of_an_expired_certificate_are_below_zero() -> None:
    assert facts(served("expired", Tls(verify=False))).certificate_days == -2


def test_a_name_in_the_common_name_alone_is_the_wrong_name() -> None:
    evidence = served("common name only")
    assert evidence.failure is not None
    assert evidence.failure.cause == "tls.cert.name_invalid"


@pytest.mark.parametrize(
    ("certificate", "cause"), [("revoked", "tls.cert.revoked"), ("superfluous", None)]
)
def test_a_revocation_list_is_looked_at(certificate: str, cause: str | None) -> None:
    if cause is None:
        options = Tls(ca_file=ROOT, server_name="service.test")
    else:
        options = Tls(ca_file=ROOT, server_name="service.test", crl_file=places()["crl"])
    failure = served(certificate, options).failure
    assert (None if failure is None else failure.cause) == cause


def test_a_client_certificate_is_shown() -> None:
    options = Tls(ca_file=ROOT, server_name="service.test", cert_file=places()["client"])
    assert facts(served("good", options, wants_client=True))


@pytest.mark.parametrize(
    ("lowest", "cause"), [("1.2", None), ("1.3", "tls.version_or_cipher_mismatch")]
)
def test_the_lowest_version_is_held(lowest: Any, cause: str | None) -> None:
    options = Tls(ca_file=ROOT, server_name="service.test", min_version=lowest)
    failure = served("good", options, versions=ONLY_1_2).failure
    assert (None if failure is None else failure.cause) == cause


def test_a_context_is_made_once_for_the_same_options() -> None:
    assert tls_context(Tls(ca_file=ROOT), ("h2",)) is tls_context(Tls(ca_file=ROOT), ("h2",))
    assert tls_context(Tls(ca_file=ROOT), ("h2",)) is not tls_context(Tls(ca_file=ROOT), ())
    assert tls_context(Tls(verify=False), ()) is not tls_context(Tls(ca_file=ROOT), ())


def test_servers_of_any_name_share_a_context() -> None:
    named = Tls(ca_file=ROOT, server_name="service.test")
    assert tls_context(named, ()) is tls_context(Tls(ca_file=ROOT), ())


@pytest.mark.parametrize("field", ["ca_file", "cert_file", "crl_file"])
def test_a_file_that_holds_no_certificate_is_a_fault_of_ours(field: str, tmp_path: Path) -> None:
    file = tmp_path / "empty.pem"
    file.write_text("nothing")
    with pytest.raises(Fault, match=r"empty\.pem") as caught:
        tls_context(Tls(**{field: str(file)}), ())
    assert caught.value.cause == "local.resources"


def test_a_key_with_a_password_is_a_fault_and_no_question_at_the_terminal(tmp_path: Path) -> None:
    plain = load_pem_private_key(chain_file("client").read_bytes(), None)
    key = tmp_path / "key.pem"
    key.write_bytes(
        plain.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"pw"))
    )
    began = time.monotonic()
    with pytest.raises(Fault, match=r"key\.pem"):
        tls_context(Tls(cert_file=places()["client"], key_file=str(key)), ())
    assert time.monotonic() - began < 5
