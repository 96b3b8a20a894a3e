"""An authority for one run, and one certificate that all its servers share."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from msgspec import Struct


class Files(Struct, frozen=True):
    """PEM files: the authority to trust, and a server's chain and key."""

    authority: Path
    chain: Path
    key: Path


def issue(directory: Path, addresses: Iterable[str]) -> Files:
    """Writes the files of a certificate (P-256, valid for 90 days) that names `addresses`."""
    files = Files(directory / "ca.pem", directory / "chain.pem", directory / "key.pem")
    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Benchmark authority")])
    now = datetime.now(UTC)

    def builder(
        subject: x509.Name, public_key: ec.EllipticCurvePublicKey, *, ca: bool
    ) -> x509.CertificateBuilder:
        authority_identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(
            authority_key.public_key()
        )
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(authority)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=90))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(authority_identifier, critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        )

    may = dict.fromkeys(
        (
            "digital_signature",
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    signed = (
        builder(authority, authority_key.public_key(), ca=True)
        .add_extension(x509.KeyUsage(key_cert_sign=True, crl_sign=True, **may), critical=True)
        .sign(authority_key, hashes.SHA256())
    )
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(one)) for one in addresses])
    leaf = (
        builder(x509.Name([]), key.public_key(), ca=False)
        .add_extension(names, critical=True)
        .sign(authority_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    files.authority.write_bytes(signed.public_bytes(pem))
    files.chain.write_bytes(leaf.public_bytes(pem))
    files.key.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return files
