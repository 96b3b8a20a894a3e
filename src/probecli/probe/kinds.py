"""The table of probe kinds: one function of one shape each, imported when first needed."""

from collections.abc import Awaitable, Callable
from importlib import import_module

from probecli.model.evidence import Evidence
from probecli.model.target import Kind, Target
from probecli.probe.network import Network

Probe = Callable[[Target, Network], Awaitable[Evidence]]

_PROBES: dict[Kind, tuple[str, str]] = {
    "http": ("probecli.probe.http", "probe_http"),
    "tcp": ("probecli.probe.stream", "probe_stream"),
    "tls": ("probecli.probe.stream", "probe_stream"),
    "ws": ("probecli.probe.websocket", "probe_websocket"),
    "dns": ("probecli.probe.dns", "probe_dns"),
}


def probe_for(kind: Kind) -> Probe:
    """The function that measures one attempt at a target of this kind."""
    module, name = _PROBES[kind]
    probe: Probe = getattr(import_module(module), name)
    return probe
