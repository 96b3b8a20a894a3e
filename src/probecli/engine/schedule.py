"""Which target may be probed now: so many in flight, so many for one host, retries when due."""

import asyncio
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator

from probecli.model.result import Attempt
from probecli.model.target import Target
from probecli.probe.call import split_url
from probecli.probe.kinds import Begun

# Targets that wait for their host's turn are held in memory; past this many, no more are read.
_PARKED_LIMIT = 10_000
# The start of a common URL, whose host and port are its key as they stand.
_PLAIN_HOST = re.compile(r"http(s?)://([a-z0-9.-]+)(:[1-9][0-9]*)?(?:/|\Z)")


class Job:
    """One target on its way to a result; `started_s` is when its last attempt began (wall time)."""

    __slots__ = ("attempts", "begun", "control", "host", "index", "started_s", "target")

    def __init__(self, index: int, target: Target, *, control: bool = False) -> None:
        self.index = index
        self.target = target
        self.control = control
        self.host = host_key(target.url)
        self.attempts: list[Attempt] = []
        self.begun: Begun | None = None
        self.started_s = 0.0


def host_key(url: str) -> str:
    """Host and port of a URL, as the key of the per-host limit."""
    plain = _PLAIN_HOST.match(url)
    if plain is not None:
        secure, host, port = plain.groups()
        return f"{host}{port or (':443' if secure else ':80')}"
    origin = split_url(url)[0]
    host = f"[{origin.host}]" if ":" in origin.host else origin.host
    return f"{host}:{origin.port}"


class Schedule:
    """Hands out jobs in order, past those whose host is busy; constant work a job.

    `wake` is called when a job may be taken that could not be before, but for the places that
    `leave` frees.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        jobs: Iterable[Job],
        *,
        in_flight: int,
        per_host: int,
        wake: Callable[[], None],
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
        self._wake = wake
        self.in_flight = in_flight
        self.per_host = per_host

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

    def again(self, job: Job, delay_s: float) -> None:
        """The job is to be taken once more after `delay_s`, before jobs that never started."""
        self._backing_off[job] = self._loop.call_later(delay_s, self._due, job)

    def remaining(self) -> Iterator[Job]:
        """Every job that is neither finished nor taken; ends the schedule."""
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
        self._wake()

    def take(self) -> Job | None:
        """The next job that may start now, None when there is none."""
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

    @property
    def over(self) -> bool:
        """Whether every job has left and none will come again."""
        return (
            self._exhausted
            and not self._active
            and not self._ready
            and not self._parked
            and not self._backing_off
        )
