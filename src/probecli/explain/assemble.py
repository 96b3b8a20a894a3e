"""From what was recorded of one target to its explanation, with nothing hostile or secret in it."""

from collections.abc import Sequence

from msgspec.structs import replace

from probecli.engine.outcome import concealed
from probecli.explain.chain import chain_of
from probecli.explain.clues import Clues, Control
from probecli.explain.diagnosis import diagnosis
from probecli.explain.facts import (
    AddressTried,
    Agreed,
    AttemptFacts,
    Explanation,
    HopFacts,
    Names,
    Response,
)
from probecli.explain.recorder import AttemptTrace, HopTrace, Question
from probecli.model.cause import CAUSES
from probecli.model.evidence import Evidence
from probecli.model.result import Result, Timings
from probecli.model.target import Target
from probecli.probe.call import first_call, proxy_origin
from probecli.probe.hop import ms, server, timings
from probecli.probe.network import Network
from probecli.probe.wire.codec import HttpCodec
from probecli.text import one_line, redact
from probecli.verdict.content import body_text, by_name
from probecli.verdict.controls import all_fail

URL_LIMIT = 2_000
FIELD_LIMIT = 2_000
DETAIL_LIMIT = 400
BODY_LINE_LIMIT = 500
_MOST_FIELDS = 200
_BODY_LINES = 20
_BODY_BYTES = 64 * 1024
_HEX_BYTES = 64


async def explained(
    target: Target,
    result: Result,
    traces: Sequence[AttemptTrace],
    *,
    controls: tuple[Result, ...],
    notice: str | None,
    network: Network,
) -> Explanation:
    """Everything that is known of `target`; may shake hands once more to see a refused chain."""
    resolver = _resolver_of(target, traces)
    attempts = []
    for number, attempt in enumerate(result.attempts):
        trace = traces[number] if number < len(traces) else AttemptTrace()
        attempts.append(AttemptFacts(attempt=attempt, hops=_hops(target, trace, resolver)))
    last = traces[-1] if traces else AttemptTrace()
    chain = await chain_of(
        list(zip(last.hops, _urls(target, last), strict=False)), target, network, network.now()
    )
    cause = CAUSES.get(result.cause or "")
    explanation = Explanation(
        result=result,
        diagnosis="",
        meaning=cause.meaning if cause else None,
        hint=cause.hint if cause else None,
        notice=notice,
        attempts=tuple(attempts),
        chain=chain,
        response=_response(target, last.evidence),
        controls=controls,
    )
    explanation = concealed(explanation, target.secrets) if target.secrets else explanation
    said = diagnosis(Clues(explanation=explanation, control=_control(controls)))
    return _with_diagnosis(explanation, said)


def _with_diagnosis(explanation: Explanation, said: str) -> Explanation:
    return replace(explanation, diagnosis=said)


def _control(controls: tuple[Result, ...]) -> Control:
    if not controls:
        return "none"
    return "fails" if all_fail(controls) else "answers"


def _line(target: Target, text: str, limit: int) -> str:
    """Masked before it is cut, so that no part of a secret is left at the edge."""
    return one_line(redact(text, target.secrets), limit)


def _urls(target: Target, trace: AttemptTrace) -> list[str]:
    """The URL of each hop; what a cut-off attempt does not tell comes from its redirects."""
    first = first_call(target).url if target.kind in ("http", "ws") else target.url
    http = trace.evidence.http if trace.evidence is not None else None
    urls = [first, *(http.redirects if http is not None else ())]
    for hop in trace.hops[len(urls) - 1 : -1]:
        codec = hop.outcome.codec if hop.outcome is not None else None
        location = _field(codec, "location") if isinstance(codec, HttpCodec) else None
        urls.append(location or "?")
    return urls


def _field(codec: HttpCodec, name: str) -> str | None:
    return next((value for key, value in codec.headers if key == name), None)


def _hops(target: Target, trace: AttemptTrace, resolver: str) -> tuple[HopFacts, ...]:
    evidence = trace.evidence
    if not trace.hops:
        return () if evidence is None else (_bare(target, evidence),)
    urls = _urls(target, trace)
    proxy = _proxy(target)
    facts = [
        replace(_hop(target, hop, url, resolver), proxy=proxy)
        for hop, url in zip(trace.hops, urls, strict=False)
    ]
    if evidence is not None and trace.hops[-1].order is None and target.kind == "dns":
        facts[-1] = replace(facts[-1], server=evidence.server, timings_ms=evidence.timings)
    return tuple(facts)


def _proxy(target: Target) -> str | None:
    """Host and port of the proxy, without its credentials."""
    return proxy_origin(target.proxy)[0].authority if target.proxy else None


def _bare(target: Target, evidence: Evidence) -> HopFacts:
    """The one hop of a probe that needed neither a name nor a connection of the wire engine."""
    failure = evidence.failure
    return HopFacts(
        url=_line(target, target.url, URL_LIMIT),
        server=evidence.server,
        timings_ms=evidence.timings,
        cause=failure.cause if failure is not None else None,
        detail=_line(target, failure.detail, DETAIL_LIMIT) if failure is not None else None,
    )


def _hop(target: Target, hop: HopTrace, url: str, resolver: str) -> HopFacts:
    names = _names(target, hop.question, resolver) if hop.question is not None else None
    url = _line(target, url, URL_LIMIT)
    outcome = hop.outcome
    if outcome is None or hop.order is None:
        return HopFacts(
            url=url,
            names=names,
            tried=_untried(hop),
            timings_ms=Timings(dns=names.dns_ms, total=names.dns_ms) if names else Timings(),
            cause=names.cause if names else None,
            detail=names.detail if names else None,
        )
    peer = first_host(url) if hop.question is None else hop.question.host
    fault = outcome.fault
    facts = HopFacts(
        url=url,
        names=names,
        tried=_tried(hop),
        server=server(
            outcome,
            peer,
            hop.order.addresses[0].port,
            None if hop.question is None else hop.question.asked,
        ),
        timings_ms=timings(outcome, names.dns_ms if names else None),
        tls=_agreed(hop),
        cause=fault.cause if fault is not None else None,
        detail=_line(target, fault.detail, DETAIL_LIMIT) if fault is not None else None,
    )
    codec = outcome.codec
    return _answered(target, facts, codec) if isinstance(codec, HttpCodec) else facts


def _answered(target: Target, facts: HopFacts, codec: HttpCodec) -> HopFacts:
    if codec.status is None:
        return facts
    location = _field(codec, "location")
    cookies = [
        _line(target, value.partition("=")[0], 80)
        for name, value in codec.headers
        if name == "set-cookie"
    ]
    return replace(
        facts,
        status=codec.status,
        reason=_line(target, codec.reason.decode("latin-1"), 80),
        version=f"HTTP/{codec.version}",
        location=_line(target, location, URL_LIMIT) if location is not None else None,
        cookies=tuple(cookies[:20]),
    )


def first_host(url: str) -> str:
    """The host of a URL, as it is written there."""
    from urllib.parse import urlsplit

    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _names(target: Target, question: Question, resolver: str) -> Names:
    fault = question.fault
    return Names(
        host=one_line(question.host, DETAIL_LIMIT),
        resolver=resolver,
        dns_ms=ms(question.seconds),
        addresses=tuple(address.ip for address in question.found),
        cause=fault.cause if fault is not None else None,
        detail=_line(target, fault.detail, DETAIL_LIMIT) if fault is not None else None,
    )


def _resolver_of(target: Target, traces: Sequence[AttemptTrace]) -> str:
    """Who is asked for names, in words; the system's settings are read only when they were used."""
    if target.resolver is not None:
        return target.resolver
    if not any(hop.question is not None for trace in traces for hop in trace.hops):
        return ""
    import dns.resolver

    try:
        servers = [str(one) for one in dns.resolver.Resolver().nameservers]
    except dns.resolver.NoResolverConfiguration:
        servers = []
    return f"this system's ({', '.join(['hosts file', *servers])})"


def _untried(hop: HopTrace) -> tuple[AddressTried, ...]:
    if hop.order is None:
        return ()
    return tuple(
        AddressTried(ip=one.ip, port=one.port, fate="unknown") for one in hop.order.addresses
    )


def _tried(hop: HopTrace) -> tuple[AddressTried, ...]:
    """Every address of the order, with what became of it."""
    assert hop.order is not None
    assert hop.outcome is not None
    winner = hop.outcome.address
    fates = {one.ip: one.fault for one in hop.outcome.tried}
    found = []
    for address in hop.order.addresses:
        fault = fates.get(address.ip)
        if winner is not None and address.ip == winner.ip:
            fate = AddressTried(ip=address.ip, port=address.port, fate="answered")
        elif fault is not None:
            fate = AddressTried(
                ip=address.ip,
                port=address.port,
                fate="failed",
                cause=fault.cause,
                detail=one_line(fault.detail, DETAIL_LIMIT),
            )
        elif address.ip in fates:
            fate = AddressTried(ip=address.ip, port=address.port, fate="pending")
        else:
            fate = AddressTried(ip=address.ip, port=address.port, fate="not_tried")
        found.append(fate)
    return tuple(found)


def _agreed(hop: HopTrace) -> Agreed | None:
    secured = hop.secured
    if secured is None:
        return None
    return Agreed(version=secured.version, cipher=secured.cipher, alpn=secured.alpn)


def _response(target: Target, evidence: Evidence | None) -> Response | None:
    if evidence is None:
        return None
    fields = [
        (_line(target, name, 100), _line(target, value, FIELD_LIMIT))
        for name, value in evidence.headers[:_MOST_FIELDS]
    ]
    if len(evidence.headers) > _MOST_FIELDS:
        fields.append(("…", f"and {len(evidence.headers) - _MOST_FIELDS:,} more fields"))
    body, cut = _body(target, evidence)
    banner = evidence.banner
    response = Response(
        reason=_line(target, evidence.reason, 80),
        headers=tuple(fields),
        body=body,
        body_bytes=len(evidence.body),
        body_cut=cut,
        banner=_line(target, banner.decode("utf-8", "replace"), FIELD_LIMIT) if banner else None,
        records=_records(evidence),
        rcode=evidence.rcode,
    )
    return None if response == Response() else response


def _body(target: Target, evidence: Evidence) -> tuple[tuple[str, ...], bool]:
    """How the body begins, as lines of text or as hexadecimal digits; and whether more follows."""
    start = evidence.body[:_BODY_BYTES]
    if b"\0" in start[:1024]:
        digits = start[:_HEX_BYTES].hex(" ")
        return (f"binary: {digits}",), len(evidence.body) > _HEX_BYTES
    content_type = by_name(evidence.headers).get("content-type", "")
    text = redact(body_text(content_type, start), target.secrets)
    lines = [line for part in text.splitlines() if (line := one_line(part, BODY_LINE_LIMIT))]
    cut = len(lines) > _BODY_LINES or len(evidence.body) > len(start)
    return tuple(lines[:_BODY_LINES]), cut


def _records(evidence: Evidence) -> tuple[str, ...] | None:
    if evidence.records is None:
        return None
    return tuple(one_line(record, FIELD_LIMIT) for record in evidence.records)
