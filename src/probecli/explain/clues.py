"""What is known of a target in single words and phrases, for a diagnosis to put together."""

from collections.abc import Callable
from typing import Literal

from msgspec import Struct

from probecli.explain.facts import Explanation, HopFacts
from probecli.output.words import PHASES, duration

Control = Literal["none", "answers", "fails"]


class Clues(Struct, frozen=True, kw_only=True):
    """What the diagnosis is made of; `control` sums up the controls of the run."""

    explanation: Explanation
    control: Control = "none"

    @property
    def hop(self) -> HopFacts | None:
        """The last hop of the last attempt: where it ended."""
        attempts = self.explanation.attempts
        return attempts[-1].hops[-1] if attempts and attempts[-1].hops else None


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


def refused_by_proxy(clues: Clues) -> bool:
    """Whether it was the proxy that turned the request away, by its own word."""
    result, hop = clues.explanation.result, clues.hop
    if hop is None or hop.proxy is None or result.cause != "http.error":
        return False
    status = result.http.status if result.http is not None else None
    return status in (None, 407)


def _tier(clues: Clues) -> str:
    return "the proxy" if refused_by_proxy(clues) else "the web tier"


def _refusal(clues: Clues) -> str:
    http = clues.explanation.result.http
    if http is None or http.status is None:
        return _detail(clues)
    return f"{_tier(clues)} answers {_answer(clues)}{_retry(clues)}"


def _refusing(clues: Clues) -> str:
    """What the class of the status says (RFC 9110, 15.5 and 15.6)."""
    if refused_by_proxy(clues):
        return "was not reached, for the proxy before it refuses"
    http = clues.explanation.result.http
    status = http.status if http is not None else None
    if status == 401:
        return "wants other credentials than it was given"
    if status == 403:
        return "forbids this request to this client"
    if status in (404, 410):
        return "works, and does not have what this URL asks for"
    if status is not None and status < 500:
        return "is refusing this request"
    if status in (502, 504):
        return "does not answer the gateway that stands before it"
    return "is refusing" if status == 503 else "is failing"


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
    reached = [(value, name) for name in PHASES if (value := getattr(timings, name)) is not None]
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


WORDS: dict[str, Callable[[Clues], str]] = {
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
    "refusal": _refusal,
    "refuse": _plural("refuses", "refuse"),
    "refusing": _refusing,
    "resolver": _resolver,
    "retry": _retry,
    "slowest": _slowest,
    "success": _success,
    "tier": _tier,
    "where": _where,
}
