"""Runs of the real engine over probes that answer from a script instead of a network."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from probecli.engine.run import Limits, Measured, Stop, run
from probecli.model.evidence import Evidence, Failure
from probecli.model.plan import Plan
from probecli.model.result import HttpFacts, Result, Server, Timings
from probecli.model.target import Retry, Seconds, Target
from probecli.probe.kinds import Begin, in_task
from probecli.probe.network import Network

Answer = Callable[[Target, int], Evidence | Awaitable[Evidence]]
"""What the attempt of this number (from 1) at a target meets."""

ONCE = Retry(attempts=1)
AT_ONCE = Retry(initial_s=Seconds(0.001), max_s=Seconds(0.002))
"""Three attempts that hardly wait."""


def target(name: str, *, host: str | None = None, retry: Retry = ONCE, **fields: Any) -> Target:
    """A target of this name, on a host of its own unless one is given."""
    return Target(name=name, url=f"http://{host or name}/", retry=retry, **fields)


def answered(status: int = 200, *, retry_after_s: float | None = None, **fields: Any) -> Evidence:
    """A complete response."""
    return Evidence(
        timings=Timings(total=1.0),
        server=Server("host", "192.0.2.1", 80, "ipv4"),
        http=HttpFacts(method="GET", status=status, retry_after_s=retry_after_s),
        **fields,
    )


def failed(cause: str, detail: str = "in a test") -> Evidence:
    """No usable response."""
    return Evidence(timings=Timings(total=1.0), failure=Failure(cause, detail))


class Run:
    """What one run did: its measurement, and the results in the order they were told."""

    def __init__(self) -> None:
        self.told: list[Result] = []
        self.measured: Measured


def ran(
    plan: Plan | list[Target],
    answer: Answer,
    *,
    limits: Limits | None = None,
    seed: int = 1,
    stop: Stop | None = None,
    answered_resolvers: tuple[str | None, ...] = (),
    now: Callable[[], float] = time.time,
    on_told: Callable[[Run], None] = lambda _: None,
    begin: Begin | None = None,
    by: Callable[[Coroutine[Any, Any, None]], None] = asyncio.run,
) -> Run:
    """Runs `plan` with every attempt answered by `answer`, or begun by `begin`.

    `by` runs the loop, which `now` may look at.
    """
    whole = Plan(targets=tuple(plan)) if isinstance(plan, list) else plan
    done = Run()
    numbers: dict[str, int] = {}

    async def probe(one: Target, _: Network) -> Evidence:
        numbers[one.name] = numbers.get(one.name, 0) + 1
        given = answer(one, numbers[one.name])
        return given if isinstance(given, Evidence) else await given

    def told(result: Result) -> None:
        done.told.append(result)
        on_told(done)

    async def once() -> None:
        network = Network(asyncio.get_running_loop(), now=now, portable=True)
        network.resolver.answered.update(answered_resolvers)
        try:
            done.measured = await run(
                whole,
                limits or Limits(),
                network,
                rng=random.Random(seed),
                stop=stop or Stop(),
                on_result=told,
                begin_of=lambda _: begin or in_task(probe),
            )
        finally:
            network.close()

    by(once())
    return done
