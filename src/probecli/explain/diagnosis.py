"""The diagnosis: two sentences composed of what was measured, and of nothing else.

The first says how far the probe came and what it met there; the second what that means, and what
it says of the reader's own network. Where evidence leaves two readings, both are named.
"""

from collections.abc import Callable
from typing import Literal

from msgspec import Struct

from probecli.explain.facts import AddressTried, Explanation, HopFacts
from probecli.output.words import duration

Control = Literal["none", "answers", "fails"]
Reach = Literal["served", "replied", "resolved", "silent", "own"]


class Clues(Struct, frozen=True, kw_only=True):
    """What the diagnosis is made of; `control` sums up the controls of the run."""

    explanation: Explanation
    control: Control = "none"

    @property
    def hop(self) -> HopFacts | None:
        """The last hop of the last attempt: where it ended."""
        attempts = self.explanation.attempts
        return attempts[-1].hops[-1] if attempts and attempts[-1].hops else None


class Case(Struct, frozen=True):
    """What one cause says: `finds` ends the first sentence, `means` begins the second.

    Both are filled in from `_words`. `reach` is how far packets demonstrably came.
    """

    finds: str
    means: str
    reach: Reach


_REMARKS: dict[tuple[Reach, Control], str] = {
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
        "The chain served must be mended, or its root be trusted here (`tls: {{ca_file}}`)",
        "served",
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
        "served",
    ),
    "tls.timed_out": Case(
        "the TLS handshake does not finish: {detail}",
        "The TLS layer of the host is stalled or overloaded, or something on the way holds it up",
        "replied",
    ),
    "tls.failed": Case("the TLS handshake fails: {detail}", _TLS_END, "replied"),
    "http.error": Case(
        "{tier} answers {answer}{retry}",
        "The service itself is {refusing}",
        "served",
    ),
    "http.protocol.error": Case(
        "what comes back is not sound HTTP: {detail}",
        "Something else listens on port {port}, or a middlebox mangles the answers",
        "served",
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
_RESOLVER_CASES: dict[str | None, Case] = {
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


def diagnosis(clues: Clues) -> str:
    """Two sentences on the target: how far the probe came, and what that means."""
    result = clues.explanation.result
    table = _RESOLVER_CASES if result.kind == "dns" and result.cause in _RESOLVER_CASES else CASES
    case = table.get(result.cause) or CASES["http.failed"]
    words = {name: fill(clues) for name, fill in _WORDS.items()}
    steps = [*_works(clues), case.finds.format_map(words)]
    first = ", and ".join([", ".join(steps[:-1]), steps[-1]] if len(steps) > 1 else steps)
    means = case.means.format_map(words)
    return f"{_capital(first)}. {_capital(means)}; {_remark(clues, case)}."


def _remark(clues: Clues, case: Case) -> str:
    state = clues.explanation.result.state
    if case.reach == "served" and state in ("up", "degraded"):
        return _aside(clues)
    return _REMARKS[case.reach, clues.control]


def _aside(clues: Clues) -> str:
    """What is worth a word although the service answers."""
    explanation = clues.explanation
    lost = (
        [one for one in clues.hop.tried if one.fate in ("failed", "pending")] if clues.hop else []
    )
    if lost:
        return f"but {_fates(lost)}: have that mended or withdrawn from DNS"
    if explanation.result.flaky:
        first = explanation.result.attempts[0]
        said = first.cause or "a failure"
        return f"but only at attempt {len(explanation.result.attempts)}, after {said}"
    if clues.control == "fails":
        return "every control fails, though: look at those"
    return "your network is fine"


def _fates(lost: list[AddressTried]) -> str:
    return " and ".join(
        f"{one.ip} fails ({one.detail})" if one.detail else f"{one.ip} did not answer in time"
        for one in lost
    )


def _works(clues: Clues) -> list[str]:
    """The steps that succeeded on the way to the last hop's end."""
    explanation = clues.explanation
    hop = clues.hop
    if hop is None or explanation.result.kind == "dns":
        return []
    steps = []
    count = len(explanation.attempts[-1].hops) - 1
    if count:
        leads = "a redirect leads" if count == 1 else f"{count} redirects lead"
        steps.append(f"{leads} to {hop.server.address if hop.server else hop.url}")
        if hop.server is not None and hop.server.ip == hop.server.address:
            steps[-1] += ", which accepts connections"
    if hop.names is not None and hop.names.addresses:
        steps.append("name resolution works")
    said = count and hop.server is not None and hop.server.ip == hop.server.address
    if hop.server is not None and hop.server.ip is not None and not said:
        peer = f"the proxy {hop.proxy}" if hop.proxy else hop.server.ip
        steps.append(f"{peer} accepts connections")
    if hop.tls is not None:
        chain = explanation.chain
        steps.append("its certificate is valid" if chain and chain.verified else "TLS is agreed on")
    return steps


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _detail(clues: Clues) -> str:
    result = clues.explanation.result
    return (result.detail or result.cause or "nothing more is known").rstrip(".")


def _host(clues: Clues) -> str:
    hop = clues.hop
    if hop is not None and hop.names is not None:
        return hop.names.host
    server = clues.explanation.result.server
    return server.address if server is not None else clues.explanation.result.url


def _port(clues: Clues) -> str:
    hop = clues.hop
    if hop is not None and hop.tried:
        return str(hop.tried[0].port)
    server = clues.explanation.result.server
    return str(server.port) if server is not None else "?"


def _resolver(clues: Clues) -> str:
    hop = clues.hop
    asked = hop.names.resolver if hop is not None and hop.names is not None else ""
    return f"the resolver {asked}" if asked[:1].isdigit() else asked or "the resolver"


def _addresses(clues: Clues) -> list[str]:
    hop = clues.hop
    return [one.ip for one in hop.tried if one.fate != "not_tried"] if hop is not None else []


def _where(clues: Clues) -> str:
    tried = _addresses(clues)
    hop = clues.hop
    if hop is not None and hop.proxy:
        return f"the proxy {hop.proxy}"
    if len(tried) > 3:
        return f"each of {len(tried)} addresses of {_host(clues)}"
    return " and ".join(tried) or _host(clues)


def _plural(one: str, several: str) -> Callable[[Clues], str]:
    return lambda clues: several if " and " in _where(clues) else one


def _answer(clues: Clues) -> str:
    http = clues.explanation.result.http
    if http is None or http.status is None:
        return _detail(clues)
    response = clues.explanation.response
    reason = response.reason if response is not None else ""
    return f"{http.status} {reason}".rstrip()


def _tier(clues: Clues) -> str:
    hop = clues.hop
    refused = hop is not None and hop.proxy and "proxy" in _detail(clues)
    return "the proxy" if refused else "the web tier"


def _refusing(clues: Clues) -> str:
    """What the class of the status says (RFC 9110, 15.5 and 15.6)."""
    if _tier(clues) == "the proxy":
        return "not reached, for the proxy before it refuses"
    http = clues.explanation.result.http
    status = http.status if http is not None else None
    if status in (401, 403, 407):
        return "refusing this request: its credentials or rights do not suffice"
    if status in (404, 410):
        return "answering, and does not have what this URL asks for"
    if status is not None and status < 500:
        return "refusing this request"
    if status in (502, 504):
        return "not answering the gateway that stands before it"
    return "refusing" if status == 503 else "failing"


def _retry(clues: Clues) -> str:
    http = clues.explanation.result.http
    seconds = http.retry_after_s if http is not None else None
    return "" if seconds is None else f" with Retry-After {seconds:g}"


def _expected(clues: Clues) -> str:
    missed = [one for one in clues.explanation.result.expectations if not one.ok]
    return missed[0].expected if missed else "what was expected"


_SUBJECTS = {
    "body": "its body is",
    "header": "its header {rest} is",
    "json": "its JSON {rest} is",
    "latency": "its latency {rest} is",
    "certificate_days": "the days left on it are",
    "final_url": "its final URL is",
    "banner": "its banner is",
    "records": "its records are",
    "rcode": "its rcode is",
}


def _missed(clues: Clues) -> str:
    """The expectation that names the cause, actual beside expected."""
    result = clues.explanation.result
    kind = (result.cause or "").removeprefix("expect.")
    for one in result.expectations:
        base, _, rest = one.name.partition(".")
        if not one.ok and base == kind and base in _SUBJECTS:
            subject = " ".join(_SUBJECTS[base].replace("{rest}", rest).split())
            return f"{subject} {one.actual}, expected {one.expected}".rstrip(".")
    return _detail(clues)


def _slowest(clues: Clues) -> str:
    timings = clues.explanation.result.timings_ms
    reached = [
        (value, name)
        for name in ("dns", "connect", "tls", "send", "wait", "receive")
        if (value := getattr(timings, name)) is not None
    ]
    if not reached:
        return ""
    value, name = max(reached)
    return f", and most of it is {name} with {duration(value)}"


def _certificate(clues: Clues) -> str:
    """What is wrong with the chain, in the words of its first fault."""
    chain = clues.explanation.chain
    if chain is None:
        return _detail(clues)
    whose = [
        ("the certificate served is" if fault.startswith("not ") else "the certificate served")
        + f" {fault}"
        if place == 0
        else f"the certificate {one.subject} in its chain: {fault}"
        for place, one in enumerate(chain.certificates)
        for fault in one.faults
    ]
    said = [_chain_words(fault) for fault in chain.faults]
    cause = clues.explanation.result.cause
    found = said + whose if cause == "tls.cert.authority_invalid" else whose + said
    if cause == "tls.cert.date_invalid" and not whose:
        found = list(chain.faults)
    if cause == "tls.cert.invalid" or not found:
        return f"verification fails: {_detail(clues)}"
    return found[0]


_CHAIN_WORDS = {
    "self-signed": "the certificate served is self-signed",
    "unknown root": "the certificate served has an unknown root",
    "incomplete": "the certificate chain is incomplete",
    "missing intermediate": "the certificate chain lacks an intermediate",
    "missing intermediate or unknown root": (
        "the certificate chain is incomplete or its root unknown"
    ),
}


def _chain_words(fault: str) -> str:
    label, _, words = fault.partition(": ")
    return f"{_CHAIN_WORDS[label]}: {words}" if label in _CHAIN_WORDS else fault


def _success(clues: Clues) -> str:
    result = clues.explanation.result
    took = duration(result.timings_ms.total)
    if result.http is not None and result.http.status is not None:
        return f"the answer is {_answer(clues)} in {took}"
    if result.kind == "dns":
        return f"{_peer(clues)} answers in {took}"
    return f"the connection stands after {took}"


def _holds(clues: Clues) -> str:
    count = len(clues.explanation.result.expectations)
    if not count:
        return "The service answers"
    return {1: "The one expectation holds", 2: "Both expectations hold"}.get(
        count, f"All {count} expectations hold"
    )


def _peer(clues: Clues) -> str:
    server = clues.explanation.result.server
    return f"the resolver {server.ip or server.address}" if server is not None else "the resolver"


_WORDS: dict[str, Callable[[Clues], str]] = {
    "answer": _answer,
    "certificate": _certificate,
    "detail": _detail,
    "do": _plural("does", "do"),
    "expected": _expected,
    "holds": _holds,
    "host": _host,
    "missed": _missed,
    "peer": _peer,
    "port": _port,
    "refuse": _plural("refuses", "refuse"),
    "refusing": _refusing,
    "resolver": _resolver,
    "retry": _retry,
    "slowest": _slowest,
    "success": _success,
    "tier": _tier,
    "where": _where,
}
