"""The diagnosis: two sentences composed of what was measured, and of nothing else.

The first says how far the probe came and what it met there; the second what that means, and what
it says of the reader's own network. Where evidence leaves two readings, both are named.
"""

from probecli.explain.cases import CASES, REMARKS, RESOLVER_CASES, Case
from probecli.explain.clues import WORDS, Clues, refused_by_proxy
from probecli.explain.facts import AddressTried


def diagnosis(clues: Clues) -> str:
    """Two sentences on the target: how far the probe came, and what that means."""
    result = clues.explanation.result
    table = RESOLVER_CASES if result.kind == "dns" and result.cause in RESOLVER_CASES else CASES
    case = table.get(result.cause) or CASES["http.failed"]
    words = {name: fill(clues) for name, fill in WORDS.items()}
    steps = [*_works(clues), case.finds.format_map(words)]
    first = ", and ".join([", ".join(steps[:-1]), steps[-1]] if len(steps) > 1 else steps)
    means = case.means.format_map(words)
    return f"{_capital(first)}. {_capital(means)}; {_remark(clues, case)}."


def _remark(clues: Clues, case: Case) -> str:
    if refused_by_proxy(clues):
        return "whoever runs the proxy can say why"
    state = clues.explanation.result.state
    if case.reach == "served" and state in ("up", "degraded"):
        return _aside(clues)
    return REMARKS[case.reach, clues.control]


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
