"""An explanation as lines of a terminal: the verdict and its meaning first, evidence below."""

from collections.abc import Callable, Iterator

from rich.cells import cell_len

from probecli.explain.chain_view import chain_lines
from probecli.explain.facts import AddressTried, Explanation, HopFacts, Names
from probecli.explain.layout import INDENT, MOST_LINES, labelled, paragraph
from probecli.explain.timeline import attempt_lines, phase_lines
from probecli.model.result import ExpectationResult, Result
from probecli.output.cells import Line, crop, fit, span, tidy, wrap
from probecli.output.layout import GLYPHS
from probecli.output.words import duration, flaky_words, plural, why

_WIDEST = 120
# What the table of causes says where only the detail helps, which stands on top already.
_HINT_OF_THE_DETAIL = "Read the detail."
_FATES = {
    "answered": ("✓", "up", "answered"),
    "failed": ("✗", "down", ""),
    "pending": ("✗", "unknown", "no answer in time"),
    "unknown": ("?", "unknown", "cut off"),
    "not_tried": ("·", "faint", "not tried: another answered before"),
}

Section = Callable[[Explanation, int], Iterator[Line]]


def lines_of(explanation: Explanation, columns: int) -> Iterator[Line]:
    """The whole explanation for a terminal of this many columns."""
    width = max(40, min(columns, _WIDEST))
    yield from _verdict(explanation, width)
    for title, section in _SECTIONS:
        body = list(section(explanation, width))
        if body:
            yield []
            yield [span(title, "strong")]
            yield from (crop(line, columns) for line in body)


def _verdict(explanation: Explanation, width: int) -> Iterator[Line]:
    result = explanation.result
    word = result.state.upper() if result.state != "up" else "up"
    yield crop(
        [
            span(f"{GLYPHS[result.state]} {word}", result.state),
            span("  "),
            span(tidy(result.name), "strong"),
        ],
        width,
    )
    if result.url != result.name:
        yield from paragraph(result.url, width, style="faint")
    reason = ": ".join(filter(None, (result.cause, why(result) or flaky_words(result))))
    if reason:
        yield from paragraph(reason, width, style=result.state)
    if explanation.notice:
        yield from paragraph(explanation.notice, width, style="notice")


def _diagnosis(explanation: Explanation, width: int) -> Iterator[Line]:
    yield from paragraph(explanation.diagnosis, width)
    if explanation.meaning:
        yield from labelled("meaning", explanation.meaning, width)
    if explanation.hint and explanation.hint != _HINT_OF_THE_DETAIL:
        yield from labelled("hint", explanation.hint, width)


def _addresses(explanation: Explanation, width: int) -> Iterator[Line]:
    """Names and addresses, each set of fates once, with the attempts that met it."""
    seen: dict[tuple[str, tuple[AddressTried, ...]], tuple[HopFacts, list[int]]] = {}
    for facts in explanation.attempts:
        for hop in facts.hops:
            key = (hop.names.host if hop.names else "", hop.tried)
            known = seen.setdefault(key, (hop, []))[1]
            if facts.attempt.number not in known:
                known.append(facts.attempt.number)
    several = len(explanation.attempts) > 1
    for hop, numbers in seen.values():
        if hop.proxy is not None:
            yield from paragraph(f"through the proxy {hop.proxy}", width)
        if hop.names is not None:
            yield from paragraph(_names_words(hop.names), width)
        if several and hop.tried and len(seen) > 1:
            listed = ", ".join(map(str, numbers))
            yield from paragraph(f"in attempt {listed}:", width, style="faint")
        if not hop.tried and hop.server is not None and hop.server.ip is not None:
            answered = hop.timings_ms.wait is not None
            yield _address_line(
                hop.server.ip, hop.server.port, *_FATES["answered" if answered else "pending"]
            )
        for one in hop.tried:
            glyph, style, words = _FATES[one.fate]
            said = words or f"{one.cause}: {one.detail}"
            yield _address_line(one.ip, one.port, glyph, style, said)


def _address_line(ip: str, port: int, glyph: str, style: str, said: str) -> Line:
    place = f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"
    return [
        span(INDENT),
        span(glyph, style),
        span(f" {tidy(place)}  "),
        span(tidy(said), "faint" if style == "up" else style),
    ]


def _names_words(names: Names) -> str:
    if names.cause is not None:
        found = f"{names.cause}: {names.detail}"
    else:
        found = ", ".join(names.addresses) or "not known"
    took = f" in {duration(names.dns_ms)}" if names.dns_ms is not None else ""
    return f"{names.host} -> {found}{took}, asked of {names.resolver}"


def _redirects(explanation: Explanation, width: int) -> Iterator[Line]:
    hops = explanation.attempts[-1].hops if explanation.attempts else ()
    if len(hops) < 2:
        return
    for number, hop in enumerate(hops, 1):
        status = str(hop.status or "-")
        version = hop.version or ""
        yield from labelled(f"{number}  {status}", hop.url, width, style="strong")
        if hop.location is not None:
            yield from labelled("", f"-> {hop.location}", width)
        if hop.cookies:
            yield from labelled("", f"sets {_cookies(hop.cookies)}", width)
        if hop.detail and hop.cause:
            yield from labelled("", f"{hop.cause}: {hop.detail}", width, style="down")
        agreed = f", {hop.tls.version}" if hop.tls and hop.tls.version else ""
        at = f" from {hop.server.ip}" if hop.server and hop.server.ip else ""
        total = duration(hop.timings_ms.total)
        yield from labelled("", f"{version}{agreed}{at} in {total}".strip(), width, style="faint")


def _cookies(names: tuple[str, ...]) -> str:
    return f"the cookie{'s' if len(names) > 1 else ''} {', '.join(names)}"


def _expectations(explanation: Explanation, width: int) -> Iterator[Line]:
    expectations = explanation.result.expectations
    names = [tidy(f"{one.name}{_level(one)}") for one in expectations]
    column = min(max(map(cell_len, names), default=0), 30)
    for name, one in zip(names, expectations, strict=True):
        style = "up" if one.ok else "down" if one.level == "expect" else "degraded"
        said = f"expected {one.expected}, is {one.actual}"
        indent = len(INDENT) + column + 4
        for number, line in enumerate(wrap(tidy(said, None), width - indent, 4)):
            if number:
                yield [span(" " * indent + line)]
            else:
                yield [
                    span(INDENT),
                    span("✓" if one.ok else "✗", style),
                    span(" "),
                    span(fit(name, column)),
                    span("  "),
                    span(line, "" if one.ok else style),
                ]


def _level(one: ExpectationResult) -> str:
    return " (warn)" if one.level == "warn" else ""


def _response(explanation: Explanation, width: int) -> Iterator[Line]:
    response, http = explanation.response, explanation.result.http
    if http is not None and http.status is not None:
        reason = response.reason if response is not None else ""
        yield from paragraph(
            f"{http.version or ''} {http.status} {reason}".strip(), width, style="strong"
        )
    if response is None:
        return
    for name, value in response.headers:
        for number, line in enumerate(wrap(f"{tidy(name)}: {tidy(value, None)}", width - 6, 4)):
            yield [span(INDENT + ("  " if number else "")), span(line)]
    if response.rcode is not None:
        yield from labelled("rcode", response.rcode, width)
    for record in response.records or ():
        yield from labelled("record", record, width)
    if response.banner is not None:
        yield from labelled("banner", response.banner, width)


def _body(explanation: Explanation, width: int) -> Iterator[Line]:
    response = explanation.response
    if response is None or not response.body:
        return
    rows = [row for line in response.body for row in wrap(tidy(line, None), width - 4, 3)]
    for row in rows[:MOST_LINES]:
        yield [span("  ┃ ", "faint"), span(row)]
    if response.body_cut or len(rows) > MOST_LINES:
        size = plural(response.body_bytes, "byte")
        yield [span(f"  … cut here; {size} in all, as far as they were read", "faint")]


def _controls(explanation: Explanation, width: int) -> Iterator[Line]:
    for control in explanation.controls:
        yield from _control(control, width)


def _control(control: Result, width: int) -> Iterator[Line]:
    reason = ": ".join(filter(None, (control.cause, why(control))))
    said = f"{control.name}  {reason or duration(control.duration_ms)}"
    glyph = f"{GLYPHS[control.state]} "
    for number, line in enumerate(wrap(tidy(said, None), width - 4, 4)):
        head = span(glyph if number == 0 else "  ", control.state)
        yield [span(INDENT), head, span(line)]


_SECTIONS: tuple[tuple[str, Section], ...] = (
    ("Diagnosis", _diagnosis),
    ("Attempts", attempt_lines),
    ("Phases", phase_lines),
    ("Names and addresses", _addresses),
    ("TLS and certificates", chain_lines),
    ("Redirects", _redirects),
    ("Expectations", _expectations),
    ("Response", _response),
    ("Body", _body),
    ("Controls", _controls),
)
