"""What is wrong with a certificate or a chain is said in words, from what was served."""

import ssl
import time
from typing import Any

import pytest

from faults.certificates import chain_file
from probecli.explain.certificates import described, is_for, parsed
from probecli.explain.chain import chain_faults
from probecli.explain.facts import CertificateFacts

DATE, NAME, AUTHORITY = (f"tls.cert.{kind}_invalid" for kind in ("date", "name", "authority"))


def served(name: str) -> list[bytes]:
    """The chain of the fault range by this name, as a server sends it."""
    marker = "-----BEGIN CERTIFICATE-----"
    parts = chain_file(name).read_text().split(marker)[1:]
    return [ssl.PEM_cert_to_DER_cert(marker + part) for part in parts]


def facts(name: str, host: str = "service.test") -> tuple[CertificateFacts, ...]:
    return described(parsed(served(name)), host, time.time())


def faults(name: str, cause: str) -> list[str]:
    certificates = parsed(served(name))
    return chain_faults(certificates, described(certificates, "service.test", time.time()), cause)


def test_a_good_chain_has_no_fault() -> None:
    leaf, intermediate = facts("good")
    assert leaf.faults == intermediate.faults == ()
    assert (leaf.subject, leaf.issuer) == ("CN=service.test", "CN=Range Intermediate")
    assert (leaf.matches, leaf.authority, leaf.self_signed) == (True, False, False)
    assert (intermediate.matches, intermediate.authority) == (None, True)
    assert leaf.days == 59
    assert leaf.key == "EC secp256r1"
    assert "SHA256" in leaf.signature


@pytest.mark.parametrize(
    ("chain", "place", "words"),
    [
        ("expired", 0, "expired 1 day ago"),
        ("not yet valid", 0, "not valid before"),
        ("expired intermediate", 1, "expired 1 day ago"),
        ("expired root", 1, "expired 1 day ago"),
        ("wrong name", 0, "not for service.test, but for other.test"),
        ("common name only", 0, "names no host at all"),
        ("wildcard", 0, "not for service.test, but for *.service.test"),
        ("weak key", 0, "RSA key of 1024 bits is too weak"),
        ("client only", 0, "not meant for servers"),
        ("signed by a leaf", 1, "no authority"),
    ],
)
def test_a_fault_stands_at_its_certificate(chain: str, place: int, words: str) -> None:
    said = [one.faults for one in facts(chain)]
    assert any(words in fault for fault in said[place]), said
    assert not any(fault for number, one in enumerate(said) if number != place for fault in one)


@pytest.mark.parametrize(
    ("chain", "cause", "words"),
    [
        ("self-signed", AUTHORITY, "self-signed"),
        ("unknown root", AUTHORITY, "unknown root: the chain leads to CN=Foreign Root"),
        ("missing intermediate", AUTHORITY, "CN=Range Intermediate, which signed it"),
        ("wrong intermediate", AUTHORITY, "missing intermediate: nothing of what the server"),
        ("good", AUTHORITY, "incomplete: the chain ends below CN=Range Root"),
        ("superfluous", AUTHORITY, "incomplete: the chain ends below CN=Range Root"),
        ("good", DATE, "trust store"),
    ],
)
def test_a_chain_says_which_link_is_missing(chain: str, cause: str, words: str) -> None:
    assert any(words in fault for fault in faults(chain, cause)), faults(chain, cause)


@pytest.mark.parametrize(("chain", "cause"), [("expired", DATE), ("wrong name", NAME)])
def test_a_fault_of_one_certificate_is_none_of_the_chain(chain: str, cause: str) -> None:
    assert faults(chain, cause) == []


def test_of_a_thousand_names_the_first_are_shown_and_all_are_counted() -> None:
    (leaf,) = facts("thousand names")
    assert leaf.names_total == 1001
    assert len(leaf.names) == 20
    assert described(parsed(served("thousand names")), "999.many.test", 0.0)[0].matches


@pytest.mark.parametrize(
    ("host", "name", "fits"),
    [
        ("a.test", "a.test", True),
        ("A.test", "a.TEST.", True),
        ("b.a.test", "a.test", False),
        ("a.test", "*.test", False),
        ("b.a.test", "*.a.test", True),
        ("c.b.a.test", "*.a.test", False),
        ("a.test", "*.a.test", False),
        ("b.a.test", "b*.a.test", False),
        ("192.0.2.1", "192.0.2.1", True),
        ("2001:db8::1", "2001:0db8:0:0:0:0:0:1", True),
        ("192.0.2.1", "*.0.2.1", False),
    ],
)
def test_names_cover_hosts_as_clients_read_them(host: str, name: str, fits: bool) -> None:
    assert is_for(host, name) is fits


def test_what_is_no_certificate_is_refused() -> None:
    with pytest.raises(ValueError, match=r".+"):
        parsed([b"nonsense"])


def test_a_subject_cannot_steer_a_terminal() -> None:
    from faults.certificates import issue

    hostile: Any = issue("red \x1b[31m\u202e name", None).certificate
    (one,) = described([hostile], "a.test", 0.0)
    assert one.subject.isprintable()
