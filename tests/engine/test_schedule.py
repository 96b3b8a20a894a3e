"""Which target may be probed now."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from engine.runs import target
from probecli.engine.schedule import Job, Schedule, host_key
from probecli.model.result import Attempt, Timings

Body = Callable[[Schedule], Awaitable[None]]


def scheduled(
    hosts: list[str], body: Body, *, in_flight: int = 100, per_host: int = 100
) -> list[Job]:
    """Runs `body` over a schedule of one job a host named; the jobs."""
    jobs = [Job(index, target(str(index), host=host)) for index, host in enumerate(hosts)]

    async def once() -> None:
        loop = asyncio.get_running_loop()
        await body(Schedule(loop, iter(jobs), in_flight=in_flight, per_host=per_host))

    asyncio.run(once())
    return jobs


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


async def taken(schedule: Schedule) -> Job:
    """The next job, which must be there at once."""
    job = await asyncio.wait_for(schedule.next(), 5)
    assert job is not None
    return job


async def turns() -> None:
    """Lets the loop do what is due."""
    for _ in range(5):
        await asyncio.sleep(0)


async def nothing_yet(schedule: Schedule) -> "asyncio.Task[Job | None]":
    """A worker that waits, as there is nothing to take now."""
    waiting = asyncio.ensure_future(schedule.next())
    await turns()
    assert not waiting.done()
    return waiting


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
            job = await taken(schedule)
            assert job.index == index
            schedule.leave(job)
        assert await schedule.next() is None

    scheduled(["a", "b", "c"], body)


def test_no_more_than_the_limit_are_in_flight() -> None:
    async def body(schedule: Schedule) -> None:
        first = await taken(schedule)
        await taken(schedule)
        waiting = await nothing_yet(schedule)
        schedule.leave(first)
        assert (await asyncio.wait_for(waiting, 5)).index == 2  # type: ignore[union-attr]

    scheduled(["a", "b", "c"], body, in_flight=2)


def test_a_busy_host_is_passed_over_and_does_not_block_the_others() -> None:
    async def body(schedule: Schedule) -> None:
        first = await taken(schedule)
        assert first.host == "busy:80"
        assert (await taken(schedule)).host == "free:80"
        waiting = await nothing_yet(schedule)
        schedule.leave(first)
        assert (await asyncio.wait_for(waiting, 5)).index == 1  # type: ignore[union-attr]

    scheduled(["busy", "busy", "free"], body, per_host=1)


def test_a_retry_that_is_due_goes_before_jobs_that_never_started() -> None:
    async def body(schedule: Schedule) -> None:
        first = await taken(schedule)
        waiting = await nothing_yet(schedule)
        schedule.again(first, 0)
        schedule.leave(first)
        schedule.leave((await asyncio.wait_for(waiting, 5)) or first)
        await turns()
        assert (await taken(schedule)) is first

    scheduled(["a", "b", "c", "d"], body, in_flight=1)


def test_a_retry_goes_before_fresh_jobs_that_wait_for_the_same_host() -> None:
    async def body(schedule: Schedule) -> None:
        first, second = await taken(schedule), await taken(schedule)
        waiting = await nothing_yet(schedule)
        tried(first)
        schedule.again(first, 0)
        schedule.leave(first)
        third = await asyncio.wait_for(waiting, 5)
        assert third is not None
        assert third.index == 2
        later = await nothing_yet(schedule)
        await turns()
        schedule.leave(second)
        assert (await asyncio.wait_for(later, 5)) is not None
        schedule.leave(third)
        order = [later.result(), await taken(schedule)]
        assert first in order

    scheduled(["a"] * 10, body, per_host=2)


def test_a_worker_that_waits_for_a_retry_is_told_when_nothing_is_left() -> None:
    async def body(schedule: Schedule) -> None:
        job = await taken(schedule)
        idle = await nothing_yet(schedule)
        schedule.again(job, 0.001)
        schedule.leave(job)
        again = await asyncio.wait_for(idle, 5)
        assert again is job
        schedule.leave(job)
        assert await schedule.next() is None

    scheduled(["a"], body)


def test_what_remains_is_every_job_that_no_worker_holds() -> None:
    async def body(schedule: Schedule) -> None:
        held, backing_off = await taken(schedule), await taken(schedule)
        schedule.again(backing_off, 60)
        schedule.leave(backing_off)
        left = sorted(job.index for job in schedule.remaining())
        assert left == [1, 2, 3]
        assert held.index == 0

    scheduled(["a", "b", "c", "d"], body, in_flight=2)


def test_a_hundred_thousand_jobs_on_one_host_are_not_all_parked_in_memory() -> None:
    read = 0

    async def once() -> None:
        def jobs() -> object:
            nonlocal read
            for index in range(100_000):
                read += 1
                yield Job(index, one)

        one = target("one", host="same")
        schedule = Schedule(asyncio.get_running_loop(), jobs(), in_flight=512, per_host=6)  # type: ignore[arg-type]
        busy = [await taken(schedule) for _ in range(6)]
        idle = await nothing_yet(schedule)
        assert read <= 10_010
        taken_order = []
        while True:
            schedule.leave(busy.pop(0))
            job = await idle if idle is not None else await schedule.next()
            idle = None  # type: ignore[assignment]
            if job is None:
                break
            taken_order.append(job.index)
            busy.append(job)
            if len(taken_order) == 99_994:
                for held in busy:
                    schedule.leave(held)
                assert await schedule.next() is None
                break
        assert taken_order == list(range(6, 100_000))

    asyncio.run(once())
