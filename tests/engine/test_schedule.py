"""Which target may be probed now."""

import asyncio
import tracemalloc
from array import array
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator

import pytest

from engine.runs import target
from probecli.engine.schedule import Job, Schedule, host_key
from probecli.model.plan import Plan
from probecli.model.result import Attempt, Timings

Body = Callable[[Schedule], Awaitable[None]]


class Wakes:
    """Counts how often a schedule asked to be looked at again."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> None:
        self.count += 1


def scheduled(
    hosts: list[str],
    body: Body,
    *,
    in_flight: int = 100,
    per_host: int = 100,
    places: Iterable[int] | None = None,
    wakes: Wakes | None = None,
) -> None:
    """Runs `body` over a schedule of one target a host named, at all places or these."""
    targets = {host: target(host, host=host) for host in hosts}

    async def once() -> None:
        await body(
            Schedule(
                asyncio.get_running_loop(),
                Plan(targets=tuple(targets[host] for host in hosts)),
                range(len(hosts)) if places is None else places,
                in_flight=in_flight,
                per_host=per_host,
                wake=wakes or Wakes(),
            )
        )

    asyncio.run(once())


def tried(job: Job) -> None:
    """Gives the job an attempt."""
    job.attempts.append(
        Attempt(
            number=1,
            started_at="",
            duration_ms=1,
            state="down",
            cause=None,
            detail=None,
            status=None,
            ip=None,
            timings_ms=Timings(),
        )
    )


def taken(schedule: Schedule) -> Job:
    """The next job, which must be there at once."""
    job = schedule.take()
    assert job is not None
    return job


async def turns() -> None:
    """Lets the loop do what is due."""
    for _ in range(5):
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("http://a.test/", "a.test:80"),
        ("https://a.test/path", "a.test:443"),
        ("HTTPS://A.Test", "a.test:443"),
        ("http://a.test:8080/", "a.test:8080"),
        ("http://user:pass@a.test/", "a.test:80"),
        ("http://a.test?q=1:2", "a.test:80"),
        ("http://[::1]/", "[::1]:80"),
        ("http://[::1]:8080/", "[::1]:8080"),
        ("wss://a.test/", "a.test:443"),
        ("tcp://a.test:25", "a.test:25"),
        ("dns://192.0.2.1/name", "192.0.2.1:53"),
    ],
)
def test_the_key_of_the_per_host_limit_is_host_and_port(url: str, key: str) -> None:
    assert host_key(url) == key


def test_jobs_are_taken_in_order_and_then_there_are_none() -> None:
    async def body(schedule: Schedule) -> None:
        for index in range(3):
            assert not schedule.over
            job = taken(schedule)
            assert job.index == index
            schedule.leave(job)
        assert schedule.take() is None
        assert schedule.over

    scheduled(["a", "b", "c"], body)


def test_no_more_than_the_limit_are_in_flight() -> None:
    async def body(schedule: Schedule) -> None:
        first = taken(schedule)
        taken(schedule)
        assert schedule.take() is None
        assert not schedule.over
        schedule.leave(first)
        assert taken(schedule).index == 2

    scheduled(["a", "b", "c"], body, in_flight=2)


def test_a_busy_host_is_passed_over_and_does_not_block_the_others() -> None:
    async def body(schedule: Schedule) -> None:
        first = taken(schedule)
        assert first.host == "busy:80"
        assert taken(schedule).host == "free:80"
        assert schedule.take() is None
        schedule.leave(first)
        assert taken(schedule).index == 1

    scheduled(["busy", "busy", "free"], body, per_host=1)


def test_a_retry_that_is_due_goes_before_jobs_that_never_started() -> None:
    async def body(schedule: Schedule) -> None:
        first = taken(schedule)
        schedule.again(first, 0)
        schedule.leave(first)
        schedule.leave(taken(schedule))
        await turns()
        assert taken(schedule) is first

    scheduled(["a", "b", "c", "d"], body, in_flight=1)


def test_a_retry_goes_before_fresh_jobs_that_wait_for_the_same_host() -> None:
    async def body(schedule: Schedule) -> None:
        first, second = taken(schedule), taken(schedule)
        assert schedule.take() is None
        tried(first)
        schedule.again(first, 0)
        schedule.leave(first)
        third = taken(schedule)
        assert third.index == 2
        assert schedule.take() is None
        await turns()
        schedule.leave(second)
        later = taken(schedule)
        schedule.leave(third)
        assert first in (later, taken(schedule))

    scheduled(["a"] * 10, body, per_host=2)


def test_a_retry_that_comes_due_asks_for_a_turn() -> None:
    wakes = Wakes()

    async def body(schedule: Schedule) -> None:
        job = taken(schedule)
        schedule.again(job, 0)
        schedule.leave(job)
        assert schedule.take() is None
        assert not schedule.over
        assert not wakes.count
        await turns()
        assert wakes.count == 1
        assert taken(schedule) is job
        schedule.leave(job)
        assert schedule.over

    scheduled(["a"], body, wakes=wakes)


def test_what_remains_is_every_job_that_was_not_taken() -> None:
    async def body(schedule: Schedule) -> None:
        held, backing_off = taken(schedule), taken(schedule)
        schedule.again(backing_off, 60)
        schedule.leave(backing_off)
        left = sorted(job.index for job in schedule.remaining())
        assert left == [1, 2, 3]
        assert held.index == 0

    scheduled(["a", "b", "c", "d"], body, in_flight=2)


def test_a_host_with_a_hundred_thousand_targets_does_not_hold_up_those_behind_it() -> None:
    async def body(schedule: Schedule) -> None:
        busy = deque(taken(schedule) for _ in range(6))
        assert {job.host for job in busy} == {"same:80"}
        while (job := schedule.take()) is None:
            assert wakes.count
        assert job.host == "behind:80"
        schedule.leave(job)
        order = []
        while busy:
            schedule.leave(busy.popleft())
            if (job := schedule.take()) is not None:
                order.append(job.index)
                busy.append(job)
        assert order == list(range(6, 100_000))
        assert schedule.over

    wakes = Wakes()
    scheduled(["same"] * 100_000 + ["behind"], body, per_host=6, wakes=wakes)


def test_targets_that_wait_take_no_memory_and_what_remains_is_made_one_by_one() -> None:
    async def body(schedule: Schedule) -> None:
        taken(schedule)
        tracemalloc.start()
        try:
            turns = 0
            while turns == wakes.count:
                assert schedule.take() is None
                turns += 1
            assert turns > 20_000 / 500
            places = array("I", (job.index for job in schedule.remaining()))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert places == array("I", range(1, 20_000))
        assert peak - places.itemsize * len(places) < 50_000

    wakes = Wakes()
    scheduled(["same"] * 20_000, body, per_host=1, wakes=wakes)


def test_in_a_turn_no_more_are_asked_for_than_some_that_have_to_wait() -> None:
    asked = 0

    def claims() -> Iterator[int]:
        nonlocal asked
        for place in range(10_000):
            asked += 1
            yield place

    async def body(schedule: Schedule) -> None:
        begun = before = 0
        while asked < 10_000:
            while schedule.take() is not None:
                begun += 1
            assert asked - before < 500
            before = asked
        assert begun == 6 * 100

    hosts = [str(number // 100) for number in range(10_000)]
    scheduled(hosts, body, in_flight=1_000, per_host=6, places=claims())
