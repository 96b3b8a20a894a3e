"""A certificate authority for one run, and a certificate for each demo service."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl

CA_FILE = "ca.pem"


def server_contexts(
    directory: Path, days: Mapping[str, int], now: datetime
) -> dict[str, "ssl.SSLContext"]:
    """A TLS server context for each host name in `days`, signed by an authority of this run.

    The value is the number of whole days from `now` until the host's certificate expires. The
    authority's certificate is written to `directory`/ca.pem. The private keys pass through
    `directory` too, which must be the caller's alone; they are removed again.
    """
    import ssl

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    def subject(name: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])

    def builder(name: str, key: ec.EllipticCurvePublicKey, days: int) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject(name))
            .issuer_name(authority)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=29))
            # Half a day more, so that the days left round down to `days` however long a run takes.
            .not_valid_after(now + timedelta(days=days, hours=12))
        )

    authority = subject("Demo authority, valid for one run")
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority_identifier = x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key())
    authority_certificate = (
        builder("Demo authority, valid for one run", authority_key.public_key(), 365)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=False,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=True,
                crl_sign=True,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .add_extension(authority_identifier, critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (directory / CA_FILE).write_bytes(authority_certificate.public_bytes(pem))

    key = ec.generate_private_key(ec.SECP256R1())
    key_pem = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    chain_file = directory / "chain.pem"
    contexts: dict[str, ssl.SSLContext] = {}
    for host, host_days in days.items():
        certificate = (
            builder(host, key.public_key(), host_days)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            # Python 3.13 verifies strictly (RFC 5280): a leaf must name its issuer's key.
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(
                    authority_identifier
                ),
                critical=False,
            )
            .sign(authority_key, hashes.SHA256())
        )
        chain_file.write_bytes(certificate.public_bytes(pem) + key_pem)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain_file)
        context.set_alpn_protocols(["http/1.1"])
        contexts[host] = context
    chain_file.unlink()
    return contexts
