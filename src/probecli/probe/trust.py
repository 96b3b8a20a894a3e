"""TLS contexts, one for each way of trusting, and what a certificate says."""

import math
import ssl
import warnings
from functools import lru_cache
from typing import Any

from msgspec.structs import replace

from probecli.model.moment import rfc3339
from probecli.model.result import TlsFacts
from probecli.model.target import Tls
from probecli.probe.wire.fault import Fault

_VERSIONS = {
    "1.0": ssl.TLSVersion.TLSv1,
    "1.1": ssl.TLSVersion.TLSv1_1,
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}

_SHORT_NAMES = {
    "commonName": "CN",
    "organizationName": "O",
    "organizationalUnitName": "OU",
    "countryName": "C",
    "localityName": "L",
    "stateOrProvinceName": "ST",
}


def tls_context(options: Tls, protocols: tuple[str, ...]) -> ssl.SSLContext:
    """The context for these options, offering `protocols` by ALPN; one for any server's name.

    Raises Fault `local.resources` when a file named by the options cannot be used.
    """
    if options.server_name is not None:
        options = replace(options, server_name=None)
    return _context(options, protocols)


@lru_cache(maxsize=256)
def _context(options: Tls, protocols: tuple[str, ...]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # A common name is no name of the server (RFC 9110, 4.3.4).
    context.hostname_checks_common_name = False
    try:
        if not options.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        elif options.ca_file:
            context.load_verify_locations(cafile=options.ca_file)
        else:
            _load_system_roots(context)
        if options.cert_file:
            # Without a password of its own OpenSSL would ask for one at the terminal, and wait.
            context.load_cert_chain(options.cert_file, options.key_file, password="")
        if options.crl_file:
            context.load_verify_locations(cafile=options.crl_file)
            context.verify_flags |= ssl.VerifyFlags.VERIFY_CRL_CHECK_LEAF
    except (OSError, ssl.SSLError) as error:
        names = [options.ca_file, options.cert_file, options.key_file, options.crl_file]
        files = ", ".join(name for name in names if name)
        raise Fault("local.resources", f"cannot use {files}: {error}") from None
    if options.min_version in ("1.0", "1.1"):
        # OpenSSL 3 allows the digests of the old protocols at security level 0 only.
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with warnings.catch_warnings():
        # Whoever writes min_version 1.0 knows that it is deprecated.
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = _VERSIONS[options.min_version]
    if protocols:
        context.set_alpn_protocols(list(protocols))
    return context


def _load_system_roots(context: ssl.SSLContext) -> None:
    context.load_default_certs()
    if not context.get_ca_certs() and not _has_system_directory():
        import certifi

        context.load_verify_locations(cafile=certifi.where())


def _has_system_directory() -> bool:
    """Whether OpenSSL finds roots in a directory, which it reads only when it needs one."""
    import os

    directory = ssl.get_default_verify_paths().capath
    if directory is None:
        return False
    with os.scandir(directory) as entries:
        return any(entries)


def tls_facts(connection: ssl.SSLObject, now_s: float) -> TlsFacts:
    """What a completed handshake agreed on; `now_s` is the time that the days are counted from."""
    cipher = connection.cipher()
    encoded = connection.getpeercert(binary_form=True)
    if encoded is None:
        return TlsFacts(version=connection.version(), cipher=cipher[0] if cipher else None)
    subject, issuer, not_after_s = _certificate(encoded, connection)
    days = None if not_after_s is None else math.floor((not_after_s - now_s) / 86400)
    return TlsFacts(
        version=connection.version(),
        cipher=cipher[0] if cipher else None,
        subject=subject,
        issuer=issuer,
        not_after=None if not_after_s is None else rfc3339(not_after_s),
        certificate_days=days,
    )


_Certificate = tuple[str | None, str | None, float | None]
_SEEN: dict[bytes, _Certificate] = {}
_SEEN_LIMIT = 4096


def _certificate(encoded: bytes, connection: ssl.SSLObject) -> _Certificate:
    known = _SEEN.get(encoded)
    if known is None:
        fields: dict[str, Any] = connection.getpeercert() or {}
        known = _from_fields(fields) if fields else _from_der(encoded)
        if len(_SEEN) >= _SEEN_LIMIT:
            _SEEN.clear()
        _SEEN[encoded] = known
    return known


def _from_fields(fields: dict[str, Any]) -> _Certificate:
    return (
        _name(fields.get("subject", ())),
        _name(fields.get("issuer", ())),
        float(ssl.cert_time_to_seconds(fields["notAfter"])),
    )


def _name(parts: tuple[tuple[tuple[str, str], ...], ...]) -> str:
    return ", ".join(
        f"{_SHORT_NAMES.get(key, key)}={value}" for part in parts for key, value in part
    )


def _from_der(encoded: bytes) -> _Certificate:
    """An unverified certificate, which the ssl module does not decode."""
    from cryptography import x509

    try:
        with warnings.catch_warnings():
            # A server's odd certificate is no reason to write to the user's terminal.
            warnings.simplefilter("ignore")
            certificate = x509.load_der_x509_certificate(encoded)
        return (
            _x509_name(certificate.subject),
            _x509_name(certificate.issuer),
            certificate.not_valid_after_utc.timestamp(),
        )
    except (ValueError, x509.InvalidVersion):
        return None, None, None


def _x509_name(name: Any) -> str:
    return ", ".join(f"{attribute.rfc4514_attribute_name}={attribute.value}" for attribute in name)
