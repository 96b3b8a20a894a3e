"""The one vocabulary of causes: why a target is not up.

The names are those of W3C Network Error Logging where it has one, so that they mean the same
elsewhere. Documentation, retry policy and tests read this table; nothing else lists causes.
"""

from typing import Literal

from msgspec import Struct

State = Literal["up", "degraded", "down", "unknown"]

STATES: tuple[State, ...] = ("up", "degraded", "down", "unknown")


class Cause(Struct, frozen=True):
    """One row of the table.

    `state` is what a target with this cause is, unless the verdict has a reason of its own (a
    missed `warn` is degraded). `retried` says whether another attempt may mend it.
    """

    name: str
    state: State
    meaning: str
    hint: str
    retried: bool = False


_ROWS = (
    Cause(
        "dns.name_not_resolved",
        "down",
        "The name does not exist, or has no address.",
        "Check the spelling of the name, and whether the domain or its record was removed.",
    ),
    Cause(
        "dns.failed",
        "down",
        "The resolver answered with a failure (SERVFAIL, REFUSED) or a malformed answer.",
        "The domain's name servers or DNSSEC are at fault; ask another resolver to compare.",
        retried=True,
    ),
    Cause(
        "dns.unreachable",
        "unknown",
        "No resolver answered.",
        "Check this machine's resolver and network before blaming the target.",
        retried=True,
    ),
    Cause(
        "tcp.refused",
        "down",
        "The host answered and refused the connection.",
        "The host is alive but nothing listens on this port, or a firewall rejects it.",
        retried=True,
    ),
    Cause(
        "tcp.timed_out",
        "down",
        "Nothing answered the connection attempt in time.",
        "The host is off, overloaded, or a firewall drops packets silently.",
        retried=True,
    ),
    Cause(
        "tcp.address_unreachable",
        "down",
        "The network says that the address cannot be reached.",
        "A router on the way reports no path to the host.",
        retried=True,
    ),
    Cause(
        "tcp.failed",
        "down",
        "The connection failed in a way without a name of its own.",
        "Read the detail.",
        retried=True,
    ),
    Cause(
        "tcp.reset",
        "down",
        "The peer reset the connection.",
        "The service crashed, or a load balancer or a filter cut the connection.",
        retried=True,
    ),
    Cause(
        "tls.cert.date_invalid",
        "down",
        "The certificate has expired or is not yet valid.",
        "Renew the certificate; check the clock on both sides.",
    ),
    Cause(
        "tls.cert.name_invalid",
        "down",
        "The certificate is for another name.",
        "The wrong virtual host answered, or the certificate lacks this name.",
    ),
    Cause(
        "tls.cert.authority_invalid",
        "down",
        "The certificate does not lead to a trusted authority.",
        "Self-signed, an unknown root, or a missing intermediate: look at the chain served.",
    ),
    Cause(
        "tls.cert.revoked",
        "down",
        "The certificate has been revoked.",
        "Replace the certificate.",
    ),
    Cause(
        "tls.cert.invalid",
        "down",
        "The certificate is unusable for another reason.",
        "Read the detail: purpose, signature or constraints are wrong.",
    ),
    Cause(
        "tls.version_or_cipher_mismatch",
        "down",
        "Client and server share no TLS version or cipher.",
        "The server is too old or too strict; compare with `tls: {min_version: ...}`.",
    ),
    Cause(
        "tls.bad_client_auth_cert",
        "down",
        "The server wants a client certificate and did not accept what it got.",
        "Set `tls: {cert_file, key_file}`, or renew the client certificate.",
    ),
    Cause(
        "tls.protocol.error",
        "down",
        "The peer does not speak TLS, or broke its rules.",
        "Is it plain HTTP on a TLS port? Is something else listening?",
    ),
    Cause(
        "tls.timed_out",
        "down",
        "The TLS handshake did not finish in time.",
        "The host accepts connections but its TLS layer is stalled or overloaded.",
        retried=True,
    ),
    Cause(
        "tls.failed",
        "down",
        "The TLS handshake failed in a way without a name of its own.",
        "Read the detail.",
        retried=True,
    ),
    Cause(
        "http.error",
        "down",
        "The server answered with a 4xx or 5xx status that is not expected.",
        "The web tier works and refuses or fails: look at the application behind it.",
    ),
    Cause(
        "http.protocol.error",
        "down",
        "The answer is not HTTP, or its head is broken.",
        "Something else listens on this port, or a middlebox mangles answers.",
    ),
    Cause(
        "http.response.invalid",
        "down",
        "The response was cut short or cannot be decoded.",
        "The server closed before the response was complete: look at its error log.",
        retried=True,
    ),
    Cause(
        "http.response.timed_out",
        "down",
        "Connected, but no complete response in time.",
        "The server accepts requests and does not finish them: overload or a stuck backend.",
        retried=True,
    ),
    Cause(
        "http.response.redirect_loop",
        "down",
        "Redirects form a loop or are too many.",
        "Follow the redirects listed in the result.",
    ),
    Cause(
        "http.failed",
        "down",
        "The exchange failed after the request was sent.",
        "Read the detail.",
        retried=True,
    ),
    Cause("expect.status", "down", "The status is not the expected one.", "Read the detail."),
    Cause("expect.body", "down", "The body misses what is expected.", "Read the detail."),
    Cause("expect.header", "down", "A header misses what is expected.", "Read the detail."),
    Cause("expect.json", "down", "The JSON body misses what is expected.", "Read the detail."),
    Cause("expect.latency", "down", "The answer took too long.", "Look at the phases."),
    Cause(
        "expect.certificate_days",
        "down",
        "The certificate expires too soon.",
        "Renew the certificate; check that its automatic renewal still works.",
    ),
    Cause("expect.final_url", "down", "Redirects led elsewhere.", "Read the detail."),
    Cause("expect.banner", "down", "The banner is not the expected one.", "Read the detail."),
    Cause("expect.records", "down", "The DNS records differ.", "Read the detail."),
    Cause("expect.rcode", "down", "The DNS response code differs.", "Read the detail."),
    Cause(
        "content.unavailable",
        "down",
        "The page answers with success and says that the service is unavailable.",
        "The web tier serves a holding page: the service behind it is off.",
        retried=True,
    ),
    Cause(
        "blocked.challenge",
        "unknown",
        "A robot challenge answered in place of the service.",
        "Ask the site to let this prober through, or probe an API instead.",
    ),
    Cause(
        "blocked.rate_limited",
        "unknown",
        "The server limits this prober's rate (429).",
        "Probe less often, or lower --per-host.",
        retried=True,
    ),
    Cause(
        "local.network",
        "unknown",
        "The prober's own network failed.",
        "Check this machine's link, routes and proxy.",
    ),
    Cause(
        "local.resources",
        "unknown",
        "The prober ran out of a resource of its own.",
        "Raise `ulimit -n`, or lower --concurrency.",
    ),
    Cause(
        "local.interrupted",
        "unknown",
        "The probe was interrupted before it finished.",
        "Run it again, or raise --deadline.",
    ),
)

CAUSES: dict[str, Cause] = {row.name: row for row in _ROWS}
RETRIED_CAUSES: frozenset[str] = frozenset(row.name for row in _ROWS if row.retried)
RETRIED_STATUSES: frozenset[int] = frozenset({408, 425, 429, 500, 502, 503, 504, *range(520, 530)})
