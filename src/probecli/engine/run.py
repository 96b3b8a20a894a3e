"""One run: every target probed once, in whatever order its network allows."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable, Sequence
from itertools import chain
from time import perf_counter

from msgspec import Struct

from probecli.engine.keeper import InMemory, Keeper
from probecli.engine.lag import LagSampler
from probecli.engine.ledger import Ledger, Taker
from probecli.engine.limits import Limits
from probecli.engine.runner import Runner
from probecli.engine.stop import Stop
from probecli.model.plan import Plan
from probecli.model.result import Result
from probecli.model.snapshot import LoopLag
from probecli.model.target import Kind
from probecli.probe.kinds import Begin, begin_for
from probecli.probe.needs import prepare
from probecli.probe.network import Network
from probecli.verdict.gate import Gates

__all__ = ["Limits", "Measured", "Stop", "run"]


class Measured(Struct, frozen=True, kw_only=True):
    """What a run measured; `results` and `controls` keep the order of the plan.

    `results` are what the run's keeper kept, and `gates` have counted them. `stopped` is the exit
    code of what ended the run early, `bugs` are tracebacks of our own faults.
    """

    results: Sequence[Result]
    gates: Gates
    controls: tuple[Result, ...]
    duration_ms: float
    stopped: int | None
    notice: str | None
    loop_lag: LoopLag | None
    bugs: tuple[str, ...]


class Probed(Struct, frozen=True, kw_only=True):
    """What is known of some probing besides its results."""

    loop_lag: LoopLag | None
    bugs: Sequence[str]
    notice: str | None = None


async def run(
    plan: Plan,
    limits: Limits,
    network: Network,
    *,
    rng: random.Random,
    stop: Stop,
    on_result: Callable[[Result], None] | None,
    begin_of: Callable[[Kind], Begin] = begin_for,
    keeper: Keeper | None = None,
) -> Measured:
    """Probes every target and control of `plan` once.

    `on_result` gets each target's result as soon as nothing can change it any more, None where
    nobody waits for it; `begin_of` names the function that begins to measure a kind. Without a
    `keeper` all results stay in memory.
    """

    def probing(ledger: Ledger) -> Awaitable[Probed]:
        return probe(plan, limits, network, ledger, rng=rng, stop=stop, begin_of=begin_of)

    keeper = keeper or InMemory(len(plan.targets))
    return await measure(
        plan, limits, network, probing, stop=stop, on_result=on_result, keeper=keeper
    )


async def measure(
    plan: Plan,
    limits: Limits,
    network: Network,
    probing: Callable[[Ledger], Awaitable[Probed]],
    *,
    stop: Stop,
    on_result: Callable[[Result], None] | None,
    keeper: Keeper,
) -> Measured:
    """Measures `plan` by `probing`, which fills the ledger that it is given.

    The deadline of `limits` holds until `probing` is over.
    """
    ledger = Ledger(plan, on_result, keeper)
    started = perf_counter()
    deadline = None
    if limits.deadline_s is not None:
        deadline = asyncio.get_running_loop().call_later(limits.deadline_s, stop, 124)
    try:
        probed = await probing(ledger)
    finally:
        if deadline is not None:
            deadline.cancel()
    said = ledger.settle(network.resolver.answered)
    return Measured(
        results=keeper.results(),
        gates=ledger.gates,
        controls=ledger.controls,
        duration_ms=round((perf_counter() - started) * 1000, 3),
        stopped=stop.code,
        notice=" ".join(filter(None, (said, probed.notice))) or None,
        loop_lag=probed.loop_lag,
        bugs=tuple(probed.bugs),
    )


async def probe(
    plan: Plan,
    limits: Limits,
    network: Network,
    taker: Taker,
    *,
    rng: random.Random,
    stop: Stop,
    begin_of: Callable[[Kind], Begin] = begin_for,
    places: Iterable[int] | None = None,
) -> Probed:
    """Probes `plan` in this process and gives each result to `taker`, for whom it may change yet.

    `places` are those of the targets to probe, asked for one after another as there is time; all
    of them where it is None. After a stop each that is unfinished has a result that says so.
    """
    prepare(chain(plan.controls, plan.targets))
    runner = Runner(plan, limits, network, taker, rng=rng, begin_of=begin_of, places=places)
    lag = LagSampler(asyncio.get_running_loop(), runner.heard)
    lag.start()
    measuring = asyncio.ensure_future(runner.measure())
    stop.watch(measuring)
    try:
        await measuring
    except asyncio.CancelledError:
        if stop.code is None:
            raise
    finally:
        loop_lag = lag.stop()
    if stop.code is not None:
        runner.interrupt()
    return Probed(loop_lag=loop_lag, bugs=runner.bugs)
