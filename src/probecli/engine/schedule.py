"""Which target may be probed now: so many in flight, so many for one host, retries when due."""

import asyncio
import re
from array import array
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from probecli.model.plan import Plan
from probecli.model.result import Attempt
from probecli.model.target import Target
from probecli.probe.call import split_url
from probecli.probe.kinds import Begun

# So many that have to wait are passed over in a turn. Then the network is served again, and other
# processes get at a list that is shared, of which this one would claim what it cannot begin.
_PASSED_A_TURN = 256
# The start of a common URL, whose host and port are its key as they stand.
_PLAIN_HOST = re.compile(r"http(s?)://([a-z0-9.-]+)(:[1-9][0-9]*)?(?:/|\Z)")


class Job:
    """One target on its way to a result; `started_s` is when its last attempt began (wall time)."""

    __slots__ = ("attempts", "begun", "control", "host", "index", "started_s", "target")

    def __init__(self, index: int, target: Target, host: str, *, control: bool = False) -> None:
        self.index = index
        self.target = target
        self.control = control
        self.host = host
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


class _Queues:
    """Places that wait for their host's turn: a queue a host, in 4 bytes for each of `total`.

    Each place leads to the next of its host, and the last to the first.
    """

    def __init__(self, total: int) -> None:
        self._next = array("I", bytes(4 * total))
        self._last: dict[str, int] = {}

    def put(self, host: str, place: int) -> None:
        """The place waits behind the others of its host."""
        last = self._last.get(host)
        if last is None:
            self._next[place] = place
        else:
            self._next[place] = self._next[last]
            self._next[last] = place
        self._last[host] = place

    def take(self, host: str) -> int | None:
        """The place that waits longest for this host."""
        last = self._last.get(host)
        if last is None:
            return None
        first = self._next[last]
        if first == last:
            del self._last[host]
        else:
            self._next[last] = self._next[first]
        return first

    def drained(self) -> Iterator[int]:
        """Every place, which waits no more."""
        for host in [*self._last]:
            while (place := self.take(host)) is not None:
                yield place

    def __bool__(self) -> bool:
        return bool(self._last)


class Schedule:
    """Hands out jobs in order, past those whose host is busy; constant work a job.

    The controls go first: they decide what network failures mean. `places` are of the plan's
    targets, and asked for one by one. `wake` is called when a job may be taken that could not be
    before, but for the places that `leave` frees, and when there is more to look at.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        plan: Plan,
        places: Iterable[int],
        *,
        in_flight: int,
        per_host: int,
        wake: Callable[[], None],
    ) -> None:
        self._loop = loop
        self._targets = plan.targets
        self._places: Iterator[int] = iter(places)
        self._exhausted = False
        self._ready = deque(
            Job(index, target, host_key(target.url), control=True)
            for index, target in enumerate(plan.controls)
        )
        # What waits for its host's turn: jobs before the places of those that never started.
        self._parked: dict[str, deque[Job]] = {}
        self._queues = _Queues(len(plan.targets))
        self._busy: dict[str, int] = {}
        self._active = 0
        self._passed = 0
        self._backing_off: dict[Job, asyncio.TimerHandle] = {}
        self._wake = wake
        self.in_flight = in_flight
        self.per_host = per_host

    def leave(self, job: Job) -> None:
        """The job's attempt is over: its place is free."""
        host = job.host
        self._active -= 1
        left = self._busy[host] - 1
        if left:
            self._busy[host] = left
        else:
            del self._busy[host]
        parked = self._parked.get(host)
        if parked is not None:
            self._ready.append(parked.popleft())
            if not parked:
                del self._parked[host]
        elif (place := self._queues.take(host)) is not None:
            self._ready.append(Job(place, self._targets[place], host))

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
        for place in chain(self._queues.drained(), self._places):
            target = self._targets[place]
            yield Job(place, target, host_key(target.url))
        self._exhausted = True

    def _due(self, job: Job) -> None:
        del self._backing_off[job]
        self._ready.appendleft(job)
        self._wake()

    def take(self) -> Job | None:
        """The next job that may start now, None when none is found: then the turn is over."""
        while self._active < self.in_flight and self._passed < _PASSED_A_TURN:
            job = self._ready.popleft() if self._ready else None
            if job is not None:
                place, host = job.index, job.host
            elif (place := next(self._places, -1)) >= 0:
                host = host_key(self._targets[place].url)
            else:
                self._exhausted = True
                break
            busy = self._busy.get(host, 0)
            if busy < self.per_host:
                self._busy[host] = busy + 1
                self._active += 1
                return job or Job(place, self._targets[place], host)
            self._passed += 1
            if job is None:
                self._queues.put(host, place)
            else:
                self._parked.setdefault(host, deque()).append(job)
        if self._passed == _PASSED_A_TURN:
            self._wake()
        self._passed = 0
        return None

    @property
    def over(self) -> bool:
        """Whether every job has left and none will come again."""
        return (
            self._exhausted
            and not self._active
            and not self._ready
            and not self._parked
            and not self._queues
            and not self._backing_off
        )
