"""The table of probe kinds: one function of one shape each, imported when first needed."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from functools import cache
from importlib import import_module
from typing import Any, Protocol

from probecli.model.evidence import Evidence
from probecli.model.target import Kind, Target
from probecli.probe.network import Network

Probe = Callable[[Target, Network], Awaitable[Evidence]]


class Begun(Protocol):
    """A measurement under way; its time began `held_s` seconds after it."""

    @property
    def held_s(self) -> float:
        """How long it had to wait for others of ours."""

    def conclude(self) -> Evidence | Coroutine[Any, Any, Evidence]:
        """What was measured once it has settled, or what is still to be awaited for it."""

    def cancel(self) -> None:
        """Lets go of it; it settles no more."""


Settled = Callable[[], None]
Begin = Callable[[Target, Network, Settled], Begun]

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


@cache
def begin_for(kind: Kind) -> Begin:
    """The function that begins the same and calls back once it has settled.

    Most HTTP attempts are one exchange, perhaps after one question: they need no task of their own,
    which is a tenth of their cost.
    """
    general = in_task(probe_for(kind))
    if kind != "http":
        return general
    from probecli.probe.http import begin_http

    def begin(target: Target, network: Network, settled: Settled) -> Begun:
        return begin_http(target, network, settled) or named(target, network, settled)

    def named(target: Target, network: Network, settled: Settled) -> Begun:
        from probecli.probe.named import begin_named

        return begin_named(target, network, settled) or general(target, network, settled)

    return begin


def in_task(probe: Probe) -> Begin:
    """The way to begin any probe: in a task of the event loop."""

    def begin(target: Target, network: Network, settled: Settled) -> Begun:
        return Running(probe(target, network), settled)

    return begin


class Running:
    """A measurement in a task of the event loop."""

    held_s = 0.0

    def __init__(self, measuring: Awaitable[Evidence], settled: Settled) -> None:
        self._settled = settled
        self._let_go = False
        self.task = asyncio.ensure_future(measuring)
        self.task.add_done_callback(self._ended)

    def conclude(self) -> Evidence:
        """The evidence; raises what the probe raised."""
        try:
            return self.task.result()
        except asyncio.CancelledError:
            raise RuntimeError("a probe was cancelled, and not by its run") from None

    def cancel(self) -> None:
        """Cancels the task; whatever it held is given back in the loop's next turns."""
        self._let_go = True
        self.task.cancel()

    def _ended(self, _: "asyncio.Future[Evidence]") -> None:
        if not self._let_go:
            self._settled()
