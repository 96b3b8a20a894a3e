"""Which target may be probed now: so many in flight, so many for one host, retries when due."""

import asyncio
from collections import deque
from collections.abc import Iterable, Iterator

from probecli.model.result import Attempt
from probecli.model.target import Target

# Targets that wait for their host's turn are held in memory; past this many, no more are read.
_PARKED_LIMIT = 10_000
_PORTS = {"http": "80", "https": "443", "ws": "80", "wss": "443", "dns": "53"}


class Job:
    """One target on its way to a result."""

    __slots__ = ("attempts", "control", "host", "index", "target")

    def __init__(self, index: int, target: Target, *, control: bool = False) -> None:
        self.index = index
        self.target = target
        self.control = control
        self.host = host_key(target.url)
        self.attempts: list[Attempt] = []


def host_key(url: str) -> str:
    """Host and port of a URL, as the key of the per-host limit."""
    scheme, _, rest = url.partition("://")
    authority = rest.partition("/")[0].partition("?")[0].rpartition("@")[2].lower()
    if authority.rpartition(":")[2].isdigit():
        return authority
    return f"{authority}:{_PORTS.get(scheme.lower(), '')}"


class Schedule:
    """Hands jobs to workers in order, past those whose host is busy; constant work a job."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        jobs: Iterable[Job],
        *,
        in_flight: int,
        per_host: int,
    ) -> None:
        self._loop = loop
        self._source: Iterator[Job] = iter(jobs)
        self._exhausted = False
        self._ready: deque[Job] = deque()
        self._parked: dict[str, deque[Job]] = {}
        self._parked_count = 0
        self._busy: dict[str, int] = {}
        self._active = 0
        self._backing_off: dict[Job, asyncio.TimerHandle] = {}
        self._idle: deque[asyncio.Future[None]] = deque()
        self.in_flight = in_flight
        self.per_host = per_host

    async def next(self) -> Job | None:
        """The next job that may start, None when there will be none any more."""
        while True:
            job = self._take()
            if job is not None:
                return job
            if self._over():
                self._wake(len(self._idle))
                return None
            waiting = self._loop.create_future()
            self._idle.append(waiting)
            await waiting

    def leave(self, job: Job) -> None:
        """The job's attempt is over: its place is free."""
        self._active -= 1
        left = self._busy[job.host] - 1
        if left:
            self._busy[job.host] = left
        else:
            del self._busy[job.host]
        parked = self._parked.get(job.host)
        if parked is not None:
            self._ready.append(parked.popleft())
            self._parked_count -= 1
            if not parked:
                del self._parked[job.host]
        if self._idle:
            self._wake(1)

    def again(self, job: Job, delay_s: float) -> None:
        """The job is to be taken once more after `delay_s`, before jobs that never started."""
        self._backing_off[job] = self._loop.call_later(delay_s, self._due, job)

    def remaining(self) -> Iterator[Job]:
        """Every job that is neither finished nor held by a worker; ends the schedule."""
        for job, timer in self._backing_off.items():
            timer.cancel()
            yield job
        self._backing_off.clear()
        yield from self._ready
        self._ready.clear()
        for parked in self._parked.values():
            yield from parked
        self._parked.clear()
        yield from self._source
        self._exhausted = True

    def _due(self, job: Job) -> None:
        del self._backing_off[job]
        self._ready.appendleft(job)
        self._wake(1)

    def _take(self) -> Job | None:
        while self._active < self.in_flight:
            if self._ready:
                job = self._ready.popleft()
            elif self._exhausted or self._parked_count >= _PARKED_LIMIT:
                return None
            else:
                fresh = next(self._source, None)
                if fresh is None:
                    self._exhausted = True
                    return None
                job = fresh
            busy = self._busy.get(job.host, 0)
            if busy < self.per_host:
                self._busy[job.host] = busy + 1
                self._active += 1
                return job
            parked = self._parked.setdefault(job.host, deque())
            if job.attempts:
                parked.appendleft(job)
            else:
                parked.append(job)
            self._parked_count += 1
        return None

    def _over(self) -> bool:
        return (
            self._exhausted
            and not self._active
            and not self._ready
            and not self._parked
            and not self._backing_off
        )

    def _wake(self, count: int) -> None:
        while count and self._idle:
            waiting = self._idle.popleft()
            if not waiting.done():
                waiting.set_result(None)
                count -= 1
