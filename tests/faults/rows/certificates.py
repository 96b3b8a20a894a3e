"""Faults of the server's certificate, after badssl.com."""

from typing import Any

from faults.fault import Fault, merged
from faults.http import FINE
from faults.server import read_head, script, send
from faults.tls import handshake

TITLE = "Certificates"

SERVICE = {
    "url": "https://service.test:{port}/",
    "resolve_to": "127.0.0.1",
    "tls": {"ca_file": "{root}"},
}
CRL: dict[str, Any] = {"tls": {"crl_file": "{crl}"}}


def presented(
    certificate: str,
    state: Any,
    cause: str | None,
    words: str = "",
    note: str = "",
    *,
    name: str = "",
    **target: Any,
) -> Fault:
    """A row of a server that presents `certificate` and is fine otherwise."""
    serve = script(handshake(certificate), read_head, send(FINE))
    return Fault(name or certificate, state, cause, serve, merged(SERVICE, target), words, note)


ROWS = (
    presented("good", "up", None, note="The right name, in date, with its intermediate."),
    presented("expired", "down", "tls.cert.date_invalid", "expired", "It ended yesterday."),
    presented(
        "not yet valid",
        "down",
        "tls.cert.date_invalid",
        "not yet valid",
        "It begins tomorrow: often a clock that is wrong.",
    ),
    presented(
        "expired intermediate",
        "down",
        "tls.cert.date_invalid",
        "expired",
        "The leaf is in date, the intermediate is not.",
    ),
    presented(
        "expired root",
        "down",
        "tls.cert.date_invalid",
        "expired",
        "The trusted root itself has expired, as DST Root CA X3 did in 2021.",
        tls={"ca_file": "{old_root}"},
    ),
    presented(
        "wrong name",
        "down",
        "tls.cert.name_invalid",
        "service.test",
        "The certificate is for other.test.",
    ),
    presented(
        "common name only",
        "down",
        "tls.cert.name_invalid",
        "service.test",
        "The right name stands in the subject alone, where no client looks since 2017.",
    ),
    presented(
        "wildcard",
        "down",
        "tls.cert.name_invalid",
        "service.test",
        "A wildcard covers one label: neither the bare domain ...",
        name="wildcard, bare domain",
    ),
    presented(
        "wildcard",
        "down",
        "tls.cert.name_invalid",
        "service.test",
        "... nor two labels below it.",
        name="wildcard, two labels",
        url="https://a.b.service.test:{port}/",
    ),
    presented(
        "wildcard",
        "up",
        None,
        note="One label below the domain is what a wildcard is for.",
        name="wildcard, one label",
        url="https://www.service.test:{port}/",
    ),
    presented(
        "address",
        "up",
        None,
        note="A certificate for an IP address, asked for by that address.",
        url="https://127.0.0.1:{port}/",
    ),
    presented(
        "good",
        "down",
        "tls.cert.name_invalid",
        "127.0.0.1",
        "Asked for by IP address; the certificate has only the name.",
        name="name in place of address",
        url="https://127.0.0.1:{port}/",
    ),
    presented(
        "good",
        "up",
        None,
        note="Asked for by IP address, with `tls.server_name` saying whose certificate is meant.",
        name="server name given",
        url="https://127.0.0.1:{port}/",
        tls={"server_name": "service.test"},
    ),
    presented(
        "no subject",
        "up",
        None,
        note="An empty subject is allowed: the names stand in subjectAltName.",
    ),
    presented(
        "thousand names", "up", None, note="A certificate of many TLS records is still fine."
    ),
    presented(
        "self-signed",
        "down",
        "tls.cert.authority_invalid",
        "self-signed",
        "Signed by itself.",
    ),
    presented(
        "unknown root",
        "down",
        "tls.cert.authority_invalid",
        "self-signed certificate in",
        "The whole chain is served, and its root is not trusted here.",
    ),
    presented(
        "good",
        "down",
        "tls.cert.authority_invalid",
        "local issuer",
        "A private authority, and the target has no `tls.ca_file`.",
        name="private authority",
        tls={"ca_file": None},
    ),
    presented(
        "missing intermediate",
        "down",
        "tls.cert.authority_invalid",
        "local issuer",
        "Browsers mend this silently; curl, Java and probecli do not.",
    ),
    presented(
        "wrong intermediate",
        "down",
        "tls.cert.authority_invalid",
        "local issuer",
        "Last year's intermediate is still served beside the new leaf.",
    ),
    presented("superfluous", "up", None, note="A stray certificate in the chain does not matter."),
    presented(
        "too deep",
        "down",
        "tls.cert.invalid",
        "path length",
        "An authority that may not have authorities below it has one.",
    ),
    presented(
        "constrained",
        "down",
        "tls.cert.invalid",
        "permitted subtree",
        "The authority may only sign names below elsewhere.test.",
    ),
    presented(
        "signed by a leaf",
        "down",
        "tls.cert.invalid",
        "CA",
        "The issuer is a server's certificate and no authority.",
    ),
    presented(
        "client only",
        "down",
        "tls.cert.invalid",
        "purpose",
        "The certificate may identify clients, not servers.",
    ),
    presented("weak key", "down", "tls.cert.invalid", "key too", "RSA with 1024 bits."),
    presented(
        "revoked",
        "down",
        "tls.cert.revoked",
        "revoked",
        "On the revocation list that `tls.crl_file` names.",
        **CRL,
    ),
    presented(
        "revoked",
        "up",
        None,
        note="Nothing is fetched: without `tls.crl_file` a revocation cannot be known.",
        name="revoked, no list given",
    ),
    presented(
        "address",
        "up",
        None,
        note="With a revocation list, and not on it.",
        name="not revoked",
        url="https://127.0.0.1:{port}/",
        **CRL,
    ),
    presented(
        "expired",
        "up",
        None,
        note="`tls.verify: false` looks at no certificate.",
        name="expired, not verified",
        tls={"verify": False},
        warn={"certificate_days": None},
    ),
    presented(
        "self-signed",
        "up",
        None,
        note="`tls.verify: false` looks at no authority.",
        name="self-signed, not verified",
        tls={"verify": False},
    ),
    presented(
        "expiring",
        "degraded",
        "expect.certificate_days",
        "14",
        "Five days left; the built-in warning is at 14.",
    ),
    presented(
        "expiring",
        "down",
        "expect.certificate_days",
        "7",
        "Five days left, and the target expects seven.",
        name="expiring, expected",
        expect={"certificate_days": 7},
    ),
)
