"""The workers of one run on one event loop: each takes a job, measures it once, passes it on."""

import asyncio
import random
import traceback
from collections.abc import Callable, Iterable, Iterator
from functools import cache

from probecli.engine.attempt import attempt, unfinished
from probecli.engine.ledger import Ledger
from probecli.engine.limits import Limits
from probecli.engine.outcome import interrupted_result, result_of, with_backoff
from probecli.engine.retry import backoff_s, worth_repeating
from probecli.engine.schedule import Job, Schedule
from probecli.model.plan import Maintenance, Plan
from probecli.model.result import Result
from probecli.model.target import Kind, Target
from probecli.probe.kinds import Probe
from probecli.probe.network import Network


class Runner:
    """Probes a plan's targets and controls into a ledger."""

    def __init__(
        self,
        plan: Plan,
        limits: Limits,
        network: Network,
        ledger: Ledger,
        *,
        rng: random.Random,
        probe_of: Callable[[Kind], Probe],
    ) -> None:
        self._plan = plan
        self._probe_of = cache(probe_of)
        self._network = network
        self._ledger = ledger
        self._rng = rng
        self._running: dict[Job, float] = {}
        self._ungated = _Maintained(plan.maintenance)
        self._workers = max(1, min(limits.in_flight, len(plan.targets) + len(plan.controls)))
        self._schedule = Schedule(
            asyncio.get_running_loop(),
            self._jobs(),
            in_flight=self._workers,
            per_host=limits.per_host,
        )
        self.bugs: list[str] = []

    def _jobs(self) -> Iterator[Job]:
        """Controls first: they decide what network failures mean."""
        for index, target in enumerate(self._plan.controls):
            yield Job(index, target, control=True)
        for index, target in enumerate(self._plan.targets):
            yield Job(index, target)

    async def measure(self) -> None:
        """Probes everything; may be cancelled at any point."""
        workers = [asyncio.ensure_future(self._work()) for _ in range(self._workers)]
        try:
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)

    def interrupt(self) -> None:
        """Gives every unfinished target its result: unknown, with the attempts it had."""
        now_s = self._network.now()
        for job in [*self._running, *self._schedule.remaining()]:
            self._interrupt(job, now_s, "interrupted before it was finished")
        self._running.clear()

    async def _work(self) -> None:
        schedule = self._schedule
        while (job := await schedule.next()) is not None:
            self._running[job] = self._network.now()
            try:
                await self._probe(job)
            except Exception:
                self.bugs.append(traceback.format_exc())
                self._interrupt(job, self._network.now(), "a fault in probecli itself")
            del self._running[job]
            schedule.leave(job)

    async def _probe(self, job: Job) -> None:
        target = job.target
        number = len(job.attempts) + 1
        tried, evidence, verdict = await attempt(
            target, number, self._probe_of(target.kind), self._network
        )
        if worth_repeating(target.retry, verdict, tried.status):
            wait_s = backoff_s(target.retry, number, evidence, self._rng)
            if wait_s is not None:
                job.attempts.append(with_backoff(tried, wait_s))
                self._schedule.again(job, wait_s)
                return
        job.attempts.append(tried)
        attempts = tuple(job.attempts)
        duration_ms = tried.duration_ms
        if number > 1:
            duration_ms = round(
                sum(one.duration_ms + (one.backoff_ms or 0.0) for one in attempts), 3
            )
        self._finish(
            job,
            result_of(target, attempts, duration_ms, evidence, verdict, gated=self._gated(target)),
        )

    def _gated(self, target: Target) -> bool:
        if target.allow_failure:
            return False
        return not self._plan.maintenance or not self._ungated(target, self._network.now())

    def _interrupt(self, job: Job, now_s: float, detail: str) -> None:
        started_at_s = self._running.get(job)
        if started_at_s is not None:
            job.attempts.append(unfinished(len(job.attempts) + 1, started_at_s, now_s, detail))
        self._finish(
            job,
            interrupted_result(
                job.target, tuple(job.attempts), now_s, detail, gated=self._gated(job.target)
            ),
        )

    def _finish(self, job: Job, result: Result) -> None:
        if job.control:
            self._ledger.add_control(job.index, result)
        else:
            self._ledger.add(job.index, result)


class _Maintained:
    """Which targets a maintenance window covers at a moment."""

    def __init__(self, windows: Iterable[Maintenance]) -> None:
        self._windows = tuple(windows)

    def __call__(self, target: Target, now_s: float) -> bool:
        return any(
            window.from_s <= now_s < window.until_s
            and (target.name in window.targets or target.group in window.groups)
            for window in self._windows
        )
