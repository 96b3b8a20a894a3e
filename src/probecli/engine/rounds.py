"""Rounds of probing until the gate passes."""

import asyncio
import random
from collections.abc import Callable, Iterator
from time import perf_counter

from msgspec import Struct
from msgspec.structs import replace

from probecli.engine.run import Limits, Measured, Stop, run
from probecli.model.plan import Plan
from probecli.model.result import Result
from probecli.probe.network import Network

FIRST_PAUSE_S = 0.5
DEADLINE = 124


class Waited(Struct, frozen=True):
    """The last round, and how many there were."""

    last: Measured
    rounds: int
    passed: bool


def pauses_s(longest_s: float, rng: random.Random) -> Iterator[float]:
    """Growing pauses with equal jitter: from half a second, doubling, up to `longest_s`."""
    bound = min(FIRST_PAUSE_S, longest_s)
    while True:
        yield bound / 2 + rng.uniform(0, bound / 2)
        bound = min(bound * 2, longest_s)


async def until_passed(
    plan: Plan,
    limits: Limits,
    *,
    for_s: float,
    longest_pause_s: float,
    network: Callable[[], Network],
    rng: random.Random,
    stop: Stop,
    on_change: Callable[[Result], None],
) -> Waited:
    """Probes `plan` again and again until its gate passes, `for_s` is over, or `stop` is called.

    `on_change` gets a result when its state or cause is not what it was in the round before. Each
    round has a network of its own, so that a name is asked for again.
    """
    ends_at = perf_counter() + for_s
    known: dict[str, tuple[str, str | None]] = {}

    def told(result: Result) -> None:
        seen = (result.state, result.cause)
        if result.cause != "local.interrupted" and known.get(result.name) != seen:
            known[result.name] = seen
            on_change(result)

    for rounds, pause_s in enumerate(pauses_s(longest_pause_s, rng), 1):
        bounded = replace(limits, deadline_s=max(0.001, ends_at - perf_counter()))
        one = network()
        try:
            measured = await run(plan, bounded, one, rng=rng, stop=stop, on_result=told)
        finally:
            one.close()
        passed = measured.stopped is None and measured.gates.decide().exit_code == 0
        left_s = ends_at - perf_counter()
        if passed or measured.stopped is not None:
            return Waited(measured, rounds, passed)
        if left_s <= 0 or not await _rested(min(pause_s, left_s), stop) or pause_s >= left_s:
            stop(DEADLINE)
            return Waited(replace(measured, stopped=stop.code), rounds, passed=False)
    raise AssertionError("pauses never end")


async def _rested(seconds: float, stop: Stop) -> bool:
    """Sleeps, unless the run is stopped meanwhile; whether it slept to the end."""
    resting = asyncio.ensure_future(asyncio.sleep(seconds))
    stop.watch(resting)
    try:
        await resting
    except asyncio.CancelledError:
        if stop.code is None:
            raise
        return False
    return True
