import asyncio
from collections.abc import Callable, Iterable

import pytest

from engine.virtual import run_virtually
from probecli.engine.run import Measured, Stop
from probecli.engine.watch import Pace, watch
from probecli.model.plan import Plan
from probecli.verdict.gate import Gates

EVERY_S = 30.0


class Watched:
    """When the rounds of one watch began and ended, and what it left out."""

    def __init__(self) -> None:
        self.begun: list[float] = []
        self.ended: list[float] = []
        self.told: list[Measured] = []
        self.skipped = 0
        self.outlasted: list[bool] = []


def measured(stopped: int | None = None) -> Measured:
    return Measured(
        results=(),
        gates=Gates(Plan(targets=())),
        controls=(),
        duration_ms=1.0,
        stopped=stopped,
        notice=None,
        loop_lag=None,
        bugs=(),
    )


def watched(
    lengths_s: Iterable[float],
    *,
    rounds: int | None = None,
    then: Iterable[tuple[float, Callable[[Pace, Stop], object]]] = (),
) -> Watched:
    """A watch whose rounds take `lengths_s`; `then` are things that happen at a time."""
    seen = Watched()
    left = iter(lengths_s)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        pace, stop = Pace(EVERY_S), Stop()

        async def measure() -> Measured:
            assert len(seen.begun) == len(seen.ended), "a round overlaps another"
            seen.begun.append(loop.time())
            sleeping = asyncio.ensure_future(asyncio.sleep(next(left)))
            stop.watch(sleeping)
            await asyncio.gather(sleeping, return_exceptions=True)
            seen.ended.append(loop.time())
            return measured(stop.code)

        async def on_round(one: Measured) -> None:
            seen.told.append(one)
            seen.outlasted.append(pace.outlasted)

        for at_s, do in then:
            loop.call_at(at_s, do, pace, stop)
        await watch(measure, pace, stop, on_round=on_round, rounds=rounds)
        seen.skipped = pace.skipped

    run_virtually(main())
    return seen


def test_rounds_begin_at_once_and_keep_to_the_interval_whatever_they_take() -> None:
    seen = watched([1.0, 29.0, 0.3, 12.5] * 500, rounds=2_000)

    assert seen.begun == pytest.approx([number * EVERY_S for number in range(2_000)], abs=1e-6)
    assert seen.skipped == 0


def test_a_slow_round_leaves_out_what_it_ran_into_and_stays_on_the_grid() -> None:
    seen = watched([1.0, 70.0, 1.0], rounds=3)

    assert seen.begun == pytest.approx([0.0, 30.0, 120.0])
    assert seen.skipped == 2
    assert seen.outlasted == [False, True, False]


def test_a_stopped_machine_gets_one_round_at_once_and_no_backlog() -> None:
    def sleep_of_the_machine(pace: Pace, stop: Stop) -> None:
        loop = asyncio.get_running_loop()
        loop._virtual.passed_s += 1_000.0  # type: ignore[attr-defined]

    seen = watched([1.0] * 4, rounds=4, then=[(10.0, sleep_of_the_machine)])

    assert seen.begun == pytest.approx([0.0, 1010.0, 1020.0, 1050.0])
    assert seen.skipped == 0


def test_while_paused_no_round_begins_and_after_it_the_grid_goes_on() -> None:
    seen = watched(
        [1.0] * 3,
        rounds=3,
        then=[(10.0, lambda pace, _: pace.toggle()), (100.0, lambda pace, _: pace.toggle())],
    )

    assert seen.begun == pytest.approx([0.0, 120.0, 150.0])


def test_pausing_lets_the_running_round_finish() -> None:
    seen = watched(
        [20.0] * 2,
        rounds=2,
        then=[(10.0, lambda pace, _: pace.toggle()), (40.0, lambda pace, _: pace.toggle())],
    )

    assert seen.ended[0] == pytest.approx(20.0)
    assert seen.begun[1] == pytest.approx(60.0)


def test_a_round_asked_for_begins_at_once_and_the_interval_counts_from_it() -> None:
    seen = watched([1.0] * 3, rounds=3, then=[(10.0, lambda pace, _: pace.at_once())])

    assert seen.begun == pytest.approx([0.0, 10.0, 40.0])


def test_a_round_asked_for_while_one_runs_is_that_one() -> None:
    seen = watched([5.0] * 2, rounds=2, then=[(2.0, lambda pace, _: pace.at_once())])

    assert seen.begun == pytest.approx([0.0, 30.0])


def test_while_paused_a_round_can_still_be_asked_for() -> None:
    seen = watched(
        [1.0] * 3,
        rounds=3,
        then=[
            (5.0, lambda pace, _: pace.toggle()),
            (47.0, lambda pace, _: pace.at_once()),
            (90.0, lambda pace, _: pace.toggle()),
        ],
    )

    assert seen.begun == pytest.approx([0.0, 47.0, 107.0])


@pytest.mark.parametrize("at_s", [0.5, 17.0])
def test_stopping_ends_a_round_and_a_wait_at_once(at_s: float) -> None:
    seen = watched([1.0], then=[(at_s, lambda _, stop: stop(130))])

    assert len(seen.begun) == 1
    assert seen.ended[0] == pytest.approx(min(at_s, 1.0))
    assert [one.stopped for one in seen.told] == [130 if at_s < 1.0 else None]
