"""What each cause says in a diagnosis: one table, as the causes themselves are one."""

from typing import Literal

from msgspec import Struct

from probecli.explain.clues import Control

Reach = Literal["served", "replied", "resolved", "silent", "own"]


class Case(Struct, frozen=True):
    """What one cause says: `finds` ends the first sentence, `means` begins the second.

    Both are filled in from the words of `clues`. `reach` is how far packets demonstrably came.
    """

    finds: str
    means: str
    reach: Reach


REMARKS: dict[tuple[Reach, Control], str] = {
    ("served", "none"): "your network is fine",
    ("served", "answers"): "a control answers too, so your network is fine",
    ("served", "fails"): "your network reaches this server, though every control fails",
    ("replied", "none"): "a reply came back, so your network lets packets through",
    ("replied", "answers"): "a control answers, so your network is fine",
    ("replied", "fails"): "a reply came back, yet every control fails: look at your network too",
    ("resolved", "none"): "the resolver answers, so your network is fine that far",
    ("resolved", "answers"): "a control answers, so your network is fine",
    (
        "resolved",
        "fails",
    ): "the resolver answers, yet every control fails: look at your network too",
    ("silent", "none"): "no control was probed, so your own network cannot be ruled out",
    ("silent", "answers"): "a control answers, so your own network works",
    ("silent", "fails"): "every control fails too, so look at your own network first",
    ("own", "none"): "nothing is known of the service itself",
    ("own", "answers"): "a control answers all the same, and nothing is known of the service",
    ("own", "fails"): "every control fails too, and nothing is known of the service itself",
}

_READ = "The exchange itself works, and what came back is not what the target file asks for"
_TLS_END = "Whoever runs the TLS endpoint must look at it"

CASES: dict[str | None, Case] = {
    "dns.name_not_resolved": Case(
        "{resolver} answers for {host}: {detail}",
        "Nothing was contacted: check the spelling, and whether the name or its record was removed",
        "resolved",
    ),
    "dns.failed": Case(
        "{resolver} answers for {host} with a failure: {detail}",
        "The domain's name servers, its DNSSEC or this resolver are at fault, not the service",
        "resolved",
    ),
    "dns.unreachable": Case(
        "{resolver} gives no answer for {host}: {detail}",
        "The service was never contacted, so this is about name resolution",
        "silent",
    ),
    "tcp.refused": Case(
        "{where} {refuse} the connection",
        "The host is alive, and either nothing listens on port {port} or a firewall rejects it",
        "replied",
    ),
    "tcp.timed_out": Case(
        "{where} {do} not answer: {detail}",
        "The host is off or overloaded, or a firewall on the way drops packets silently",
        "silent",
    ),
    "tcp.address_unreachable": Case(
        "{where} cannot be reached: {detail}",
        "A router on the way, or the host's last network, reports that there is no path",
        "silent",
    ),
    "tcp.failed": Case(
        "the connection to {where} fails: {detail}",
        "The system's own words are all that is known of it",
        "silent",
    ),
    "tcp.reset": Case(
        "the connection is reset: {detail}",
        "The service crashed, or a load balancer or a filter on the way cut the connection",
        "replied",
    ),
    "tls.cert.date_invalid": Case(
        "{certificate}",
        "The certificate must be renewed, or a clock set right, by whoever runs the service",
        "served",
    ),
    "tls.cert.name_invalid": Case(
        "{certificate}",
        "The wrong virtual host answers, or its certificate lacks this name",
        "served",
    ),
    "tls.cert.authority_invalid": Case(
        "{certificate}",
        "The chain must be mended, or its root be trusted here (`tls: {{ca_file}}`), unless "
        "something on the way intercepts TLS",
        "replied",
    ),
    "tls.cert.revoked": Case(
        "the certificate served has been revoked",
        "Whoever runs the service must replace the certificate",
        "served",
    ),
    "tls.cert.invalid": Case(
        "{certificate}",
        "Whoever runs the service must replace the certificate",
        "served",
    ),
    "tls.version_or_cipher_mismatch": Case(
        "the TLS handshake finds nothing in common: {detail}",
        "The server is too old or too strict for this client",
        "served",
    ),
    "tls.bad_client_auth_cert": Case(
        "the server turns this client away: {detail}",
        "The target needs a client certificate that the server accepts, under `tls`",
        "served",
    ),
    "tls.protocol.error": Case(
        "what answers on port {port} is not TLS as it should be: {detail}",
        "The port serves something else, or a middlebox stands in between",
        "replied",
    ),
    "tls.timed_out": Case(
        "the TLS handshake does not finish: {detail}",
        "The TLS layer of the host is stalled or overloaded, or something on the way holds it up",
        "replied",
    ),
    "tls.failed": Case("the TLS handshake fails: {detail}", _TLS_END, "replied"),
    "http.error": Case(
        "{refusal}",
        "The service itself {refusing}",
        "served",
    ),
    "http.protocol.error": Case(
        "what comes back is not sound HTTP: {detail}",
        "The server is faulty, something else listens on port {port}, or a middlebox interferes",
        "replied",
    ),
    "http.response.invalid": Case(
        "the response is broken: {detail}",
        "The server, or what stands before it, ends or garbles its answers: see its error log",
        "served",
    ),
    "http.response.timed_out": Case(
        "no complete response comes: {detail}",
        "The service takes requests and does not finish them: overload, or a stuck backend",
        "replied",
    ),
    "http.response.redirect_loop": Case(
        "the redirects never arrive: {detail}",
        "The service sends its visitors in circles: its redirect rules are wrong",
        "served",
    ),
    "http.failed": Case(
        "the exchange fails after the request: {detail}",
        "The service, or what stands before it, did not see the exchange through",
        "replied",
    ),
    "expect.status": Case("the answer is {answer}{retry}, not {expected}", _READ, "served"),
    "expect.body": Case("{tier} answers {answer}, but {missed}", _READ, "served"),
    "expect.header": Case("{tier} answers {answer}, but {missed}", _READ, "served"),
    "expect.json": Case("{tier} answers {answer}, but {missed}", _READ, "served"),
    "expect.latency": Case(
        "the answer comes, but {missed}{slowest}",
        "The service works, and more slowly than the target file asks",
        "served",
    ),
    "expect.certificate_days": Case(
        "all is well but for the certificate: {missed}",
        "It will stop working on the day it expires: see why it was not renewed",
        "served",
    ),
    "expect.final_url": Case(
        "{tier} answers {answer}, but {missed}",
        "The redirects lead elsewhere than the target file asks for",
        "served",
    ),
    "expect.banner": Case("the port is open, but {missed}", _READ, "served"),
    "expect.records": Case("the resolver answers, but {missed}", _READ, "served"),
    "expect.rcode": Case("the resolver answers, but {missed}", _READ, "served"),
    "content.unavailable": Case(
        "{tier} answers {answer}, yet {detail}",
        "The web tier works and serves a holding page, so the service behind it is off",
        "served",
    ),
    "blocked.challenge": Case(
        "{tier} answers {answer} with a robot challenge: {detail}",
        "The service may well be up for people, for it was the prober that was turned away",
        "served",
    ),
    "blocked.rate_limited": Case(
        "{tier} answers {answer}{retry}",
        "This prober asks too often, which says nothing of the service for others",
        "served",
    ),
    "local.network": Case(
        "the way out of this machine fails: {detail}",
        "Look at this machine's link, routes and proxy",
        "own",
    ),
    "local.resources": Case(
        "this machine lacks what the probe needs: {detail}",
        "Mend that first, and probe again",
        "own",
    ),
    "local.interrupted": Case(
        "then the probe was cut off: {detail}",
        "It was ended before it could tell",
        "own",
    ),
    None: Case("{success}", "{holds}", "served"),
}

# Where the resolver is the target, it is what answers or does not.
RESOLVER_CASES: dict[str | None, Case] = {
    "dns.name_not_resolved": Case(
        "{peer} answers: {detail}", "The resolver works, and does not know this record", "served"
    ),
    "dns.failed": Case(
        "{peer} answers with a failure: {detail}",
        "The resolver, or the name servers that it asks, are at fault",
        "served",
    ),
    "dns.unreachable": Case(
        "{peer} does not answer: {detail}",
        "The resolver is off or overloaded, or something on the way drops packets silently",
        "silent",
    ),
}
