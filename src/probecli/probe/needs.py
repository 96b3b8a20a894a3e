"""What probing takes besides sockets, loaded when that costs no target's time."""

from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import suppress
from importlib import import_module
from itertools import islice

from probecli.model.target import Target
from probecli.probe.call import Origin, proxy_origin, split_url
from probecli.probe.hop import PROTOCOLS, known_addresses
from probecli.probe.kinds import begin_for

# What the others take is most likely among it. A list whose targets differ in all has many a TLS
# context, of 20 ms each, and the run is to begin.
_LOOKED_AT = 1000
_UNLIKE = 16

_Need = tuple[Callable[..., object], tuple[Hashable, ...]]


def prepare(targets: Iterable[Target]) -> None:
    """Loads what `targets` tell that they take; to be called before any of them is begun.

    What cannot be loaded is left for its target to tell of.
    """
    met: set[tuple[Hashable, ...]] = set()
    for target in islice(targets, _LOOKED_AT):
        scheme, _, rest = target.url.partition("://")
        named = not (rest[:1].isdigit() or rest[:1] == "[")
        alike = (
            scheme,
            named,
            target.resolve_to is None,
            target.http_version,
            target.proxy,
            target.tls,
        )
        if alike not in met:
            if len(met) == _UNLIKE:
                return
            met.add(alike)
            begin_for(target.kind)
            prepare_for(target, split_url(target.url)[0])


def prepare_for(target: Target, origin: Origin) -> None:
    """The same for a connection of `target` to `origin`, to which a redirect may lead."""
    for function, arguments in _needs(target, origin):
        with suppress(Exception):
            function(*arguments)


def _needs(target: Target, origin: Origin) -> Iterator[_Need]:
    """What a connection of `target` to `origin` takes, as functions to be called once."""
    scheme, version = origin.scheme, target.http_version
    asked_for = proxy_origin(target.proxy)[0] if target.proxy else origin
    if target.proxy:
        yield import_module, ("probecli.probe.proxy",)
    if asked_for.host and known_addresses(target, asked_for) is None:
        yield import_module, ("pycares",)
    if version == "2" or (version == "auto" and scheme == "https"):
        yield import_module, ("probecli.probe.wire.http2",)
    if scheme not in ("https", "wss", "tls"):
        return
    from probecli.probe.trust import tls_context

    yield import_module, ("probecli.probe.wire.handshake",)
    protocols = () if scheme == "tls" else PROTOCOLS["1.1" if scheme == "wss" else version]
    yield tls_context, (target.tls, protocols)
    if not target.tls.verify:
        # OpenSSL tells nothing of a certificate that it did not verify.
        yield import_module, ("cryptography.x509",)
