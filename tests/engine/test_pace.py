"""How many probes are in flight, by how late the event loop is."""

import asyncio
import random
import time

import pytest

from engine.runs import answered, target
from engine.virtual import run_virtually
from probecli.engine.keeper import InMemory
from probecli.engine.ledger import Ledger
from probecli.engine.limits import LEAST_IN_FLIGHT, MOST_IN_FLIGHT, Limits, granted
from probecli.engine.pace import Pace
from probecli.engine.run import Stop, run
from probecli.engine.runner import Runner
from probecli.model.evidence import Evidence
from probecli.model.plan import Plan
from probecli.model.snapshot import Clock
from probecli.model.target import Target
from probecli.probe.kinds import begin_for, in_task
from probecli.probe.network import Network

PUNCTUAL, LATE = 0.0, 0.5
MOVING = Limits(in_flight=1000, least_in_flight=50)


def after(pace: Pace, *lags_s: float) -> int:
    """How many may be in flight when these samples were heard."""
    for lag_s in lags_s:
        pace.heard(lag_s)
    return pace.in_flight


def test_a_punctual_loop_gets_more_until_the_most() -> None:
    pace = Pace(MOVING, "kernel")
    begun = pace.in_flight
    assert begun < after(pace, PUNCTUAL) < after(pace, *[PUNCTUAL] * 100) == 1000


def test_a_late_loop_gets_fewer_until_the_least() -> None:
    pace = Pace(MOVING, "kernel")
    begun = pace.in_flight
    assert begun > after(pace, LATE) > after(pace, *[LATE] * 100) == 50


def test_one_late_moment_is_one_cut() -> None:
    pace = Pace(MOVING, "kernel")
    cut = after(pace, LATE)
    assert after(pace, LATE, LATE) == cut


def test_a_loop_that_recovers_gets_more_again() -> None:
    pace = Pace(MOVING, "kernel")
    cut = after(pace, LATE)
    assert after(pace, *[PUNCTUAL] * 20) > cut


@pytest.mark.parametrize(("clock", "cut"), [("kernel", False), ("loop", True)])
def test_a_few_milliseconds_matter_only_without_the_kernel_s_stamps(
    clock: Clock, *, cut: bool
) -> None:
    pace = Pace(MOVING, clock)
    begun = pace.in_flight
    assert (after(pace, 0.005) < begun) is cut


def test_handshakes_that_queue_make_it_fewer_though_the_loop_is_punctual(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    backlogs_s = iter([0.0, LATE])

    async def once() -> list[int]:
        network = Network(asyncio.get_running_loop(), now=time.time, portable=True)
        monkeypatch.setattr(network.system, "backlog_s", lambda: next(backlogs_s))
        nothing = Plan(targets=())
        ledger = Ledger(nothing, None, InMemory(0))
        rng = random.Random(1)
        runner = Runner(nothing, MOVING, network, ledger, rng=rng, begin_of=begin_for)
        seen = []
        for _ in range(2):
            runner.heard(PUNCTUAL)
            seen.append(runner._pace.in_flight)
        network.close()
        return seen

    more, fewer = asyncio.run(once())
    assert fewer < more


@pytest.mark.parametrize("lag_s", [PUNCTUAL, LATE])
def test_a_number_that_was_asked_for_stays(lag_s: float) -> None:
    assert after(Pace(Limits(in_flight=700), "kernel"), *[lag_s] * 100) == 700


def test_the_number_moves_only_where_nobody_asked_for_one() -> None:
    assert granted(None, None).least_in_flight == LEAST_IN_FLIGHT
    assert granted(30, None) == Limits(in_flight=30)


def test_targets_that_only_wait_get_places_while_none_is_given_back() -> None:
    running = 0
    seen: list[int] = []

    async def probe(_: Target, __: Network) -> Evidence:
        nonlocal running
        running += 1
        await asyncio.sleep(30)
        running -= 1
        return answered()

    async def once() -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(10, lambda: seen.append(running))
        network = Network(loop, now=time.time, portable=True)
        await run(
            Plan(targets=tuple(target(str(number)) for number in range(3000))),
            Limits(least_in_flight=LEAST_IN_FLIGHT),
            network,
            rng=random.Random(1),
            stop=Stop(),
            on_result=lambda _: None,
            begin_of=lambda _: in_task(probe),
        )
        network.close()

    run_virtually(once())
    assert seen == [MOST_IN_FLIGHT]
