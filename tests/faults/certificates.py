"""Certificates of an authority of our own: the good one, and every way to be wrong.

They are made once per process, in a temporary folder that goes away with it.
"""

import atexit
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SERVICE = "service.test"
"""The name that the good certificate is for."""

_NOW = datetime.now(UTC).replace(microsecond=0)
_Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class Issued:
    """A certificate with the key that belongs to it."""

    certificate: x509.Certificate
    key: _Key


def issue(
    common_name: str,
    by: Issued | None,
    *,
    names: Sequence[str] = (),
    days: tuple[int, int] = (-30, 60),
    authority: bool = False,
    path_length: int | None = None,
    permitted: str | None = None,
    usage: x509.ObjectIdentifier = ExtendedKeyUsageOID.SERVER_AUTH,
    key: _Key | None = None,
) -> Issued:
    """A certificate signed `by` an authority, or by itself; `days` are its bounds from today.

    `permitted` is a DNS subtree that an authority may sign for (RFC 5280, name constraints).
    """
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, common_name)] if common_name else []
    )
    signer_key = by.key if by else key
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_NOW + timedelta(days=days[0]))
        .not_valid_after(_NOW + timedelta(days=days[1]))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer_key.public_key()),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(authority, path_length), critical=True)
        .add_extension(_key_usage(authority), critical=True)
    )
    if names:
        alternatives = x509.SubjectAlternativeName([_general_name(name) for name in names])
        builder = builder.add_extension(alternatives, critical=not common_name)
    if permitted:
        subtree = x509.NameConstraints([x509.DNSName(permitted)], None)
        builder = builder.add_extension(subtree, critical=True)
    if not authority:
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    return Issued(builder.sign(signer_key, SHA256()), key)


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _key_usage(authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _chains(root: Issued, intermediate: Issued) -> dict[str, tuple[Issued, ...]]:
    """What each server presents, leaf first, by the name that the rows of the table use."""

    def leaf(by: Issued = root, common_name: str = SERVICE, **how: Any) -> Issued:
        return issue(common_name, by, **{"names": [SERVICE], **how})

    old_root = issue("Old Root", None, authority=True, days=(-400, -1))
    old_intermediate = issue("Old Intermediate", root, authority=True, days=(-400, -1))
    foreign_root = issue("Foreign Root", None, authority=True)
    no_deeper = issue("No Deeper", root, authority=True, path_length=0)
    too_deep = issue("Too Deep", no_deeper, authority=True)
    elsewhere_only = issue("Elsewhere Only", root, authority=True, permitted="elsewhere.test")
    not_an_authority = issue("Not An Authority", root)
    many = [SERVICE, *(f"{number}.many.test" for number in range(1000))]
    good = leaf(intermediate)
    return {
        "good": (good, intermediate),
        "expired": (leaf(names=[SERVICE, "127.0.0.1"], days=(-400, -1)),),
        "not yet valid": (leaf(days=(1, 60)),),
        "expiring": (leaf(days=(-30, 5)),),
        "wrong name": (leaf(common_name="other.test", names=["other.test"]),),
        "common name only": (leaf(names=[]),),
        "wildcard": (leaf(common_name="*.test", names=["*.service.test"]),),
        "no subject": (leaf(common_name=""),),
        "address": (leaf(names=["127.0.0.1"]),),
        "thousand names": (leaf(names=many),),
        "self-signed": (issue(SERVICE, None, names=[SERVICE]),),
        "unknown root": (leaf(foreign_root), foreign_root),
        "missing intermediate": (good,),
        "wrong intermediate": (good, no_deeper),
        "superfluous": (good, foreign_root, intermediate),
        "expired intermediate": (leaf(old_intermediate), old_intermediate),
        "expired root": (leaf(old_root), old_root),
        "too deep": (leaf(too_deep), too_deep, no_deeper),
        "constrained": (leaf(elsewhere_only), elsewhere_only),
        "signed by a leaf": (leaf(not_an_authority), not_an_authority),
        "client only": (leaf(usage=ExtendedKeyUsageOID.CLIENT_AUTH),),
        "weak key": (leaf(key=rsa.generate_private_key(65537, 1024)),),
        "revoked": (leaf(),),
        "client": (leaf(common_name="prober", usage=ExtendedKeyUsageOID.CLIENT_AUTH),),
        "foreign client": (leaf(foreign_root, usage=ExtendedKeyUsageOID.CLIENT_AUTH),),
        "expired client": (leaf(usage=ExtendedKeyUsageOID.CLIENT_AUTH, days=(-400, -1)),),
        "old root itself": (old_root,),
    }


def _revocations(root: Issued, revoked: Issued) -> x509.CertificateRevocationList:
    entry = (
        x509.RevokedCertificateBuilder()
        .serial_number(revoked.certificate.serial_number)
        .revocation_date(_NOW - timedelta(days=1))
        .build()
    )
    return (
        x509.CertificateRevocationListBuilder()
        .issuer_name(root.certificate.subject)
        .last_update(_NOW - timedelta(days=2))
        .next_update(_NOW + timedelta(days=60))
        .add_revoked_certificate(entry)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(root.key.public_key()),
            critical=False,
        )
        .add_extension(x509.CRLNumber(1), critical=False)
        .sign(root.key, SHA256())
    )


@lru_cache(maxsize=1)
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="faults-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    root = issue("Range Root", None, authority=True)
    intermediate = issue("Range Intermediate", root, authority=True)
    chains = _chains(root, intermediate)
    for name, chain in chains.items():
        key = chain[0].key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        certificates = b"".join(part.certificate.public_bytes(Encoding.PEM) for part in chain)
        (folder / f"{name}.pem").write_bytes(key + certificates)
    (folder / "root.pem").write_bytes(root.certificate.public_bytes(Encoding.PEM))
    crl = _revocations(root, chains["revoked"][0])
    (folder / "revoked.crl").write_bytes(crl.public_bytes(Encoding.PEM))
    return folder


def chain_file(name: str) -> Path:
    """A PEM file with key and chain, by the name that the rows use."""
    return _folder() / f"{name}.pem"


@lru_cache(maxsize=1)
def places() -> Mapping[str, str]:
    """The files that a target may name: the trusted root, client certificates, the CRL."""
    return {
        "root": str(_folder() / "root.pem"),
        "old_root": str(chain_file("old root itself")),
        "crl": str(_folder() / "revoked.crl"),
        "client": str(chain_file("client")),
        "foreign_client": str(chain_file("foreign client")),
        "expired_client": str(chain_file("expired client")),
    }
