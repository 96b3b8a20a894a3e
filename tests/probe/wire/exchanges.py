"""Exchanges of the real engine with loopback servers, over either system."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from faults.server import Step, listening
from probecli.model.evidence import Evidence
from probecli.model.target import Retry, Seconds, Target
from probecli.probe.kinds import probe_for
from probecli.probe.network import Network

SYSTEMS = [False, True]
"""`portable`: the kernel's system where there is one, and the fall-back."""

Body = Callable[[Network], Awaitable[Any]]


def on_network(body: Body, *, portable: bool = False) -> Any:
    """Runs `body` with a network on a loop of its own."""

    async def once() -> Any:
        network = Network(asyncio.get_running_loop(), now=time.time, portable=portable)
        try:
            return await body(network)
        finally:
            network.close()

    return asyncio.run(once())


def target(url: str, **fields: Any) -> Target:
    """A target that is tried once, for five seconds at most."""
    given: dict[str, Any] = {
        "name": "t",
        "url": url,
        "timeout_s": Seconds(5),
        "retry": Retry(attempts=1),
    }
    return Target(**{**given, **fields})


def probed(one: Target, *, portable: bool = False) -> Evidence:
    """What one attempt at a target measures."""
    evidence: Evidence = on_network(
        lambda network: probe_for(one.kind)(one, network), portable=portable
    )
    return evidence


def met(step: Step, *, portable: bool = False, scheme: str = "http", **fields: Any) -> Evidence:
    """What one attempt measures at a server that does `step`."""
    with listening(step) as port:
        return probed(target(f"{scheme}://127.0.0.1:{port}", **fields), portable=portable)


def phases(evidence: Evidence) -> list[str]:
    """The phases that were reached, in order."""
    timings = evidence.timings
    names = ("dns", "connect", "tls", "send", "wait", "receive")
    return [name for name in names if getattr(timings, name) is not None]


def assert_phases_fit(evidence: Evidence) -> None:
    """Phases are not negative, do not overlap, and stay within the total."""
    timings = evidence.timings
    values = [getattr(timings, name) for name in phases(evidence)]
    assert timings.total is not None
    assert all(value >= 0 for value in values)
    assert sum(values) <= timings.total + 0.01
