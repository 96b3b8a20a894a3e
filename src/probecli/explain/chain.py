"""The chain that a server sent, fetched a second time where the first handshake refused it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from probecli.explain.certificates import described, issued_by, name_of, parsed
from probecli.explain.facts import CertificateFacts, Chain
from probecli.explain.recorder import HopTrace
from probecli.explain.served import Secured, watched
from probecli.model.target import Target, Tls
from probecli.probe.network import Network
from probecli.probe.wire.order import Order, Outcome

if TYPE_CHECKING:
    from cryptography import x509

_LONGEST_S = 5.0


async def chain_of(
    hops: Sequence[tuple[HopTrace, str]], target: Target, network: Network, now_s: float
) -> Chain | None:
    """The chain of the last hop that speaks TLS, None when none got so far.

    Each hop comes with its URL.
    """
    for hop, url in reversed(hops):
        order, outcome = hop.order, hop.outcome
        if order is None or outcome is None or order.tls is None:
            continue
        host = order.tls.server_name
        if hop.secured is not None:
            return _chain(hop.secured.chain, host, now_s, verified=target.tls.verify)
        cause = outcome.fault.cause if outcome.fault is not None else ""
        if not cause.startswith("tls.cert."):
            return None
        secured, words = await _looked_again(order, outcome, url, target, network)
        if secured is None:
            return Chain(host=host, verified=False, diagnostic=True, error=words)
        return _chain(secured.chain, host, now_s, verified=False, cause=cause)
    return None


async def _looked_again(
    order: Order, outcome: Outcome, url: str, target: Target, network: Network
) -> tuple[Secured | None, str]:
    """A handshake with the address that answered: nothing is verified, and nothing is sent.

    Returns what it settled, or None and the words of its fault.
    """
    from probecli.probe.stream import Banner
    from probecli.probe.trust import tls_context

    assert order.tls is not None
    options = Tls(verify=False, min_version=target.tls.min_version)
    again = replace(
        order,
        addresses=order.addresses if outcome.address is None else (outcome.address,),
        codec=lambda _: Banner(wanted=False),
        timeout_s=min(_LONGEST_S, target.timeout_s),
        tls=replace(order.tls, context=tls_context(options, ())),
    )
    if order.tunnel is not None and target.proxy is not None:
        from probecli.probe.call import proxy_origin, split_url
        from probecli.probe.proxy import Tunnel

        tunnel = Tunnel(split_url(url)[0], proxy_origin(target.proxy)[1])
        again = replace(again, tunnel=tunnel)
    settled: list[Secured] = []
    ended = await network.exchange(watched(again, settled.append))
    words = ended.fault.detail if ended.fault is not None else "no handshake"
    return (settled[0] if settled else None), words


def _chain(
    encoded: Sequence[bytes], host: str, now_s: float, *, verified: bool, cause: str = ""
) -> Chain:
    diagnostic = bool(cause)
    try:
        certificates = parsed(encoded)
        facts = described(certificates, host, now_s)
    except ValueError as error:
        words = f"a certificate that cannot be read: {error}"
        return Chain(host=host, verified=verified, diagnostic=diagnostic, error=words)
    return Chain(
        host=host,
        verified=verified,
        diagnostic=diagnostic,
        certificates=facts,
        faults=tuple(chain_faults(certificates, facts, cause)),
    )


def chain_faults(
    certificates: "Sequence[x509.Certificate]", facts: Sequence[CertificateFacts], cause: str
) -> list[str]:
    """What is wrong with the chain as a whole, given the cause of the failed verification."""
    if not certificates:
        return ["the server sent no certificate"]
    if cause == "tls.cert.authority_invalid":
        return [_untrusted(certificates)]
    dated = any("expired" in fault or "not valid" in fault for one in facts for fault in one.faults)
    if cause == "tls.cert.date_invalid" and not dated:
        return [
            "every certificate that the server sent is in date: the one that is not stands in "
            "this machine's trust store, or in the file that `tls: {ca_file}` names"
        ]
    return []


def _untrusted(certificates: "Sequence[x509.Certificate]") -> str:
    """Why no trusted authority is reached, from what was sent; never more than that shows."""
    leaf = certificates[0]
    end = leaf
    others = list(certificates[1:])
    while not issued_by(end, end):
        above = next((one for one in others if issued_by(end, one)), None)
        if above is None:
            break
        others.remove(above)
        end = above
    if issued_by(leaf, leaf):
        return "self-signed: no authority vouches for it"
    if issued_by(end, end):
        return f"unknown root: the chain leads to {name_of(end.subject)}, not trusted here"
    issuer = name_of(end.issuer)
    if end is not leaf:
        return f"incomplete: the chain ends below {issuer}, neither sent nor trusted here"
    if len(certificates) == 1:
        return (
            f"missing intermediate or unknown root: the server sends its own certificate alone, "
            f"and {issuer}, which signed it, is not trusted here"
        )
    return f"missing intermediate: nothing of what the server sends is {issuer}, which signed it"
