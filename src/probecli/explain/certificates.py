"""Certificates as they were served: what each one says, and what is wrong with it."""

import ipaddress
import math
import warnings
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from probecli.explain.facts import CertificateFacts
from probecli.model.moment import rfc3339
from probecli.text import one_line

if TYPE_CHECKING:
    from cryptography import x509

_MOST_NAMES = 20
_NAME_LIMIT = 200
_LEAST_RSA_BITS = 2048
_WEAK_DIGESTS = frozenset({"md5", "sha1"})


def parsed(chain: Sequence[bytes]) -> "list[x509.Certificate]":
    """The certificates of a chain in DER; raises ValueError on one that is none."""
    from cryptography import x509

    with warnings.catch_warnings():
        # The library warns of what real servers send all the same, such as odd serial numbers.
        warnings.simplefilter("ignore")
        try:
            return [x509.load_der_x509_certificate(encoded) for encoded in chain]
        except x509.InvalidVersion as error:
            raise ValueError(str(error)) from None


def described(
    chain: "Sequence[x509.Certificate]", host: str, now_s: float
) -> tuple[CertificateFacts, ...]:
    """Every certificate of a chain, leaf first; `host` is the name that the leaf must be for."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return tuple(
            _described(certificate, host if place == 0 else None, now_s)
            for place, certificate in enumerate(chain)
        )


def _described(certificate: "x509.Certificate", host: str | None, now_s: float) -> CertificateFacts:
    names = alternative_names(certificate)
    not_before_s = certificate.not_valid_before_utc.timestamp()
    not_after_s = certificate.not_valid_after_utc.timestamp()
    matches = None if host is None else any(is_for(host, name) for name in names)
    own = issued_by(certificate, certificate)
    authority = is_authority(certificate)
    faults = [
        *_date_faults(not_before_s, not_after_s, now_s),
        *([_name_fault(host or "", names)] if matches is False else []),
        *_strength_faults(certificate, own=own),
        *(
            ["marked as no authority, and signs another certificate"]
            if _misused(certificate, host)
            else []
        ),
        *(
            ["not meant for servers (extended key usage)"]
            if host is not None and not _for_servers(certificate)
            else []
        ),
    ]
    return CertificateFacts(
        subject=name_of(certificate.subject),
        issuer=name_of(certificate.issuer),
        not_before=rfc3339(not_before_s),
        not_after=rfc3339(not_after_s),
        days=math.floor((not_after_s - now_s) / 86400),
        names=tuple(one_line(name, _NAME_LIMIT) for name in names[:_MOST_NAMES]),
        names_total=len(names),
        matches=matches,
        key=_key(certificate),
        signature=_signature(certificate),
        self_signed=own,
        authority=authority is True,
        faults=tuple(faults),
    )


def name_of(name: "x509.Name") -> str:
    """A subject or issuer in one line, most telling part as it stands; `(empty)` for none."""
    parts = [f"{part.rfc4514_attribute_name}={part.value!s}" for part in name]
    return one_line(", ".join(parts), _NAME_LIMIT) or "(empty)"


def alternative_names(certificate: "x509.Certificate") -> list[str]:
    """The DNS names and addresses that a certificate is for (RFC 5280, 4.2.1.6)."""
    from cryptography import x509

    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return []
    return [
        *extension.value.get_values_for_type(x509.DNSName),
        *map(str, extension.value.get_values_for_type(x509.IPAddress)),
    ]


def is_for(host: str, name: str) -> bool:
    """Whether an alternative name covers `host` (RFC 9525, 6.3): a wildcard is one whole label."""
    address, other = _address(host), _address(name)
    if address is not None or other is not None:
        return address == other
    host, name = host.rstrip(".").lower(), name.rstrip(".").lower()
    if name.startswith("*."):
        label, _, parent = host.partition(".")
        return bool(label) and parent == name[2:] and "." in parent
    return host == name


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def issued_by(certificate: "x509.Certificate", issuer: "x509.Certificate") -> bool:
    """Whether `issuer` signed it, by name and signature."""
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def is_authority(certificate: "x509.Certificate") -> bool | None:
    """What its basic constraints say; None without them."""
    from cryptography import x509

    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return None


def _misused(certificate: "x509.Certificate", host: str | None) -> bool:
    return host is None and is_authority(certificate) is False


def _for_servers(certificate: "x509.Certificate") -> bool:
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID

    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return True
    allowed = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE)
    return any(purpose in usage for purpose in allowed)


def _date_faults(not_before_s: float, not_after_s: float, now_s: float) -> list[str]:
    if not_after_s < now_s:
        return [f"expired {_days(now_s - not_after_s)} ago, on {_date(not_after_s)}"]
    if not_before_s > now_s:
        return [f"not valid before {_date(not_before_s)}, in {_days(not_before_s - now_s)}"]
    return []


def _days(seconds: float) -> str:
    days = int(seconds // 86400)
    if not days:
        hours = int(seconds // 3600)
        return f"{hours} hours" if hours > 1 else "an hour" if hours else "less than an hour"
    return "1 day" if days == 1 else f"{days} days"


def _date(epoch: float) -> str:
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%d %H:%MZ")


def _name_fault(host: str, names: list[str]) -> str:
    if not names:
        return f"names no host at all in its alternative names, where {host} should stand"
    shown = [one_line(name, _NAME_LIMIT) for name in names[:3]]
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"not for {host}, but for {', '.join(shown)}{more}"


def _strength_faults(certificate: "x509.Certificate", *, own: bool) -> list[str]:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    faults = []
    key = _public_key(certificate)
    if isinstance(key, RSAPublicKey) and key.key_size < _LEAST_RSA_BITS:
        faults.append(f"its RSA key of {key.key_size} bits is too weak")
    digest = _digest(certificate)
    if digest in _WEAK_DIGESTS and not own:
        faults.append(f"signed with {digest.upper()}, which clients no longer accept")
    return faults


def _public_key(certificate: "x509.Certificate") -> object:
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        return certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return None


def _key(certificate: "x509.Certificate") -> str:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    key = _public_key(certificate)
    if isinstance(key, RSAPublicKey):
        return f"RSA {key.key_size} bits"
    if isinstance(key, EllipticCurvePublicKey):
        return f"EC {key.curve.name}"
    return "unknown" if key is None else type(key).__name__.removesuffix("PublicKey")


def _digest(certificate: "x509.Certificate") -> str:
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        algorithm = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return ""
    return algorithm.name if algorithm is not None else ""


def _signature(certificate: "x509.Certificate") -> str:
    known = getattr(certificate.signature_algorithm_oid, "_name", "")
    return known or certificate.signature_algorithm_oid.dotted_string
