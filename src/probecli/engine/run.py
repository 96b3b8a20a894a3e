"""One run: every target probed once, in whatever order its network allows."""

import asyncio
import random
import traceback
from collections.abc import Callable, Iterable, Iterator
from time import perf_counter

from msgspec import Struct

from probecli.engine.attempt import attempt, unfinished
from probecli.engine.blame import control_fails, may_change, notice, reassessed
from probecli.engine.lag import LagSampler
from probecli.engine.outcome import interrupted_result, result_of, with_backoff
from probecli.engine.retry import backoff_s, worth_repeating
from probecli.engine.schedule import Job, Schedule
from probecli.model.plan import Maintenance, Plan
from probecli.model.result import Result
from probecli.model.snapshot import LoopLag
from probecli.model.target import Kind, Target
from probecli.probe.kinds import Probe, probe_for
from probecli.probe.network import Network

# Measured with one fresh connection a target: throughput is flat from some 100 in flight on, and
# kernel receive times keep the timings exact; the rest is head-room for targets that only wait.
DEFAULT_IN_FLIGHT = 512
DEFAULT_PER_HOST = 6


class Limits(Struct, frozen=True, kw_only=True):
    """How much at once, and for how long at most (seconds)."""

    in_flight: int = DEFAULT_IN_FLIGHT
    per_host: int = DEFAULT_PER_HOST
    deadline_s: float | None = None


class Measured(Struct, frozen=True, kw_only=True):
    """What a run measured; `results` and `controls` keep the order of the plan.

    `stopped` is the exit code of what ended it early, `bugs` are tracebacks of our own faults.
    """

    results: tuple[Result, ...]
    controls: tuple[Result, ...]
    duration_ms: float
    stopped: int | None
    notice: str | None
    loop_lag: LoopLag | None
    bugs: tuple[str, ...]


class Stop:
    """Ends a run from outside; `code` is the exit code that it will have."""

    def __init__(self) -> None:
        self.code: int | None = None
        self._task: asyncio.Task[None] | None = None

    def __call__(self, code: int) -> None:
        """Stops the run; the first caller's code counts."""
        if self.code is None:
            self.code = code
            if self._task is not None:
                self._task.cancel()

    def watch(self, task: "asyncio.Task[None]") -> None:
        """Names the task to end, at once when stopping was already asked."""
        self._task = task
        if self.code is not None:
            task.cancel()


class Runner:
    """The state of one run."""

    def __init__(
        self,
        plan: Plan,
        limits: Limits,
        network: Network,
        *,
        rng: random.Random,
        on_result: Callable[[Result], None],
        probe_of: Callable[[Kind], Probe],
    ) -> None:
        self._plan = plan
        self._probe_of = probe_of
        self._network = network
        self._rng = rng
        self._on_result = on_result
        self._results: list[Result | None] = [None] * len(plan.targets)
        self._controls: list[Result | None] = [None] * len(plan.controls)
        self._controls_left = len(plan.controls)
        # Whether network failures can no longer be blamed on this prober's own network.
        self._cleared = not plan.controls
        self._held: list[Job] = []
        self._running: dict[Job, float] = {}
        self._bugs: list[str] = []
        self._ungated = _Maintained(plan.maintenance)
        self._workers = max(1, min(limits.in_flight, len(plan.targets) + len(plan.controls)))
        self._schedule = Schedule(
            asyncio.get_running_loop(),
            self._jobs(),
            in_flight=self._workers,
            per_host=limits.per_host,
        )

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

    def conclude(self, stopped: int | None) -> str | None:
        """Gives every unfinished target its result and settles what was held; the run's notice."""
        if stopped is not None:
            now_s = self._network.now()
            for job in [*self._running, *self._schedule.remaining()]:
                self._interrupt(job, now_s, "interrupted before it was finished")
            self._running.clear()
        self._settle()
        return notice(len(self._controls)) if self._all_controls_fail() else None

    def measured(
        self, duration_ms: float, stopped: int | None, said: str | None, lag: LoopLag | None
    ) -> Measured:
        """The whole, in the plan's order."""
        return Measured(
            results=tuple(one for one in self._results if one is not None),
            controls=tuple(one for one in self._controls if one is not None),
            duration_ms=duration_ms,
            stopped=stopped,
            notice=said,
            loop_lag=lag,
            bugs=tuple(self._bugs),
        )

    async def _work(self) -> None:
        schedule = self._schedule
        while (job := await schedule.next()) is not None:
            self._running[job] = self._network.now()
            try:
                await self._probe(job)
            except Exception:
                self._bugs.append(traceback.format_exc())
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
        return not target.allow_failure and not self._ungated(target, self._network.now())

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
            self._controls[job.index] = result
            self._controls_left -= 1
            if not self._cleared and not control_fails(result):
                self._cleared = True
                self._release()
            return
        self._results[job.index] = result
        if self._must_wait(result):
            self._held.append(job)
        else:
            self._on_result(result)

    def _must_wait(self, result: Result) -> bool:
        return may_change(result, has_controls=not self._cleared)

    def _all_controls_fail(self) -> bool:
        return not self._cleared and not self._controls_left

    def _release(self) -> None:
        """A control answers: what waited only for that need not wait any more."""
        held, self._held = self._held, []
        for job in held:
            result = self._results[job.index]
            assert result is not None
            if may_change(result, has_controls=False):
                self._held.append(job)
            else:
                self._on_result(result)

    def _settle(self) -> None:
        failing = self._all_controls_fail()
        answered = self._network.resolver.answered
        for job in self._held:
            result = self._results[job.index]
            assert result is not None
            settled = reassessed(
                result,
                controls_failed=failing,
                resolver_answered=job.target.resolver in answered,
            )
            self._results[job.index] = settled
            self._on_result(settled)
        self._held.clear()


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


async def run(
    plan: Plan,
    limits: Limits,
    network: Network,
    *,
    rng: random.Random,
    stop: Stop,
    on_result: Callable[[Result], None],
    probe_of: Callable[[Kind], Probe] = probe_for,
) -> Measured:
    """Probes every target and control of `plan` once.

    `on_result` gets each target's result as soon as nothing can change it any more; `probe_of`
    names the function that measures a kind.
    """
    loop = asyncio.get_running_loop()
    runner = Runner(plan, limits, network, rng=rng, on_result=on_result, probe_of=probe_of)
    started = perf_counter()
    lag = LagSampler(loop)
    lag.start()
    measuring = asyncio.ensure_future(runner.measure())
    stop.watch(measuring)
    deadline = None
    if limits.deadline_s is not None:
        deadline = loop.call_later(limits.deadline_s, stop, 124)
    try:
        await measuring
    except asyncio.CancelledError:
        if stop.code is None:
            raise
    finally:
        if deadline is not None:
            deadline.cancel()
    said = runner.conclude(stop.code)
    return runner.measured(round((perf_counter() - started) * 1000, 3), stop.code, said, lag.stop())
