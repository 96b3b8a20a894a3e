"""The handshake and the certificates, with what is wrong in them."""

from collections.abc import Iterator

from probecli.explain.facts import CertificateFacts, Chain, Explanation
from probecli.explain.layout import labelled, paragraph
from probecli.output.cells import Line, tidy
from probecli.output.words import plural

_SOON_DAYS = 14
_NAMES_SHOWN = 6


def chain_lines(explanation: Explanation, width: int) -> Iterator[Line]:
    """What the last handshake agreed on, and the chain that the server sent."""
    hops = explanation.attempts[-1].hops if explanation.attempts else ()
    agreed = next((hop.tls for hop in reversed(hops) if hop.tls is not None), None)
    if agreed is not None:
        alpn = f"ALPN {agreed.alpn}" if agreed.alpn else "no ALPN"
        words = ", ".join(filter(None, (agreed.version, agreed.cipher, alpn)))
        yield from paragraph(words, width)
    chain = explanation.chain
    if chain is None:
        return
    yield from _standing(chain, width)
    for number, certificate in enumerate(chain.certificates, 1):
        yield from _certificate(number, certificate, chain.host, width)


def _standing(chain: Chain, width: int) -> Iterator[Line]:
    if chain.diagnostic:
        yield from paragraph(
            "Verification failed. The chain below comes from a second handshake, made only to "
            "look at it: nothing was verified in it, and nothing sent.",
            width,
            style="notice",
        )
    elif chain.verified:
        count = plural(len(chain.certificates), "certificate")
        yield from paragraph(f"verified for {chain.host}, {count} sent", width, style="up")
    else:
        yield from paragraph(
            "not verified, as the target file says (`tls: {verify: false}`)", width, style="notice"
        )
    if chain.error is not None:
        yield from paragraph(f"the chain cannot be shown: {chain.error}", width, style="down")
    for fault in chain.faults:
        yield from paragraph(f"✗ {fault}", width, style="down")


def _certificate(number: int, one: CertificateFacts, host: str, width: int) -> Iterator[Line]:
    yield from labelled(f"{number}", one.subject, width, style="strong")
    issuer = "itself (self-signed)" if one.self_signed else one.issuer
    yield from labelled("issued by", issuer, width)
    style = "down" if one.days < 0 else "degraded" if one.days < _SOON_DAYS else ""
    left = "expired" if one.days < 0 else f"{plural(one.days, 'day')} left"
    if any(fault.startswith("not valid before") for fault in one.faults):
        left, style = "not begun", "down"
    valid = f"{one.not_before[:10]} to {one.not_after[:10]}, {left}"
    yield from labelled("valid", valid, width, style=style)
    if one.names:
        shown = ", ".join(map(tidy, one.names[:_NAMES_SHOWN]))
        rest = one.names_total - min(len(one.names), _NAMES_SHOWN)
        more = f" and {rest:,} more" if rest else ""
        fits = f"  ✓ right for {host}" if one.matches else ""
        yield from labelled("names", f"{shown}{more}{fits}", width)
    kind = ", an authority" if one.authority else ""
    yield from labelled("key", f"{one.key}, signed with {one.signature}{kind}", width)
    for fault in one.faults:
        yield from labelled("", f"✗ {fault}", width, style="down")
