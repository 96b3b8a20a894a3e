"""One run on one event loop: every job is begun when it may be, measured, judged, passed on."""

import asyncio
import random
import traceback
from collections.abc import Callable, Iterable
from functools import partial
from itertools import chain

from probecli.engine.attempt import attempted, unfinished
from probecli.engine.ledger import Taker
from probecli.engine.limits import Limits
from probecli.engine.outcome import duration_ms, interrupted_result, result_of, with_backoff
from probecli.engine.pace import Pace
from probecli.engine.retry import backoff_s, worth_repeating
from probecli.engine.schedule import Job, Schedule
from probecli.model.evidence import Evidence
from probecli.model.plan import Maintenance, Plan
from probecli.model.result import Result
from probecli.model.target import Kind, Target
from probecli.probe.kinds import Begin, Running
from probecli.probe.network import Network

_OWN_FAULT = "a fault in probecli itself"


class Runner:
    """Probes a plan's targets and controls into a ledger.

    What has settled is judged, and what may begin is begun, in turns of their own: the turn in
    which the network is served has nothing else to do.
    """

    def __init__(
        self,
        plan: Plan,
        limits: Limits,
        network: Network,
        ledger: Taker,
        *,
        rng: random.Random,
        begin_of: Callable[[Kind], Begin],
        places: Iterable[int] | None = None,
    ) -> None:
        self._plan = plan
        self._pace = Pace(limits, network.system.clock)
        if limits.least_in_flight is None:
            # A number that was asked for is kept, and a name is two questions.
            network.resolver.room = 2 * limits.in_flight
        self._begin_of = begin_of
        self._network = network
        self._ledger = ledger
        self._rng = rng
        self._loop = asyncio.get_running_loop()
        self._running: dict[Job, None] = {}
        self._settled: list[Job] = []
        self._turn_comes = False
        self._over: asyncio.Future[None] = self._loop.create_future()
        self._ungated = _Maintained(plan.maintenance)
        self._schedule = Schedule(
            self._loop,
            plan,
            range(len(plan.targets)) if places is None else places,
            in_flight=self._pace.in_flight,
            per_host=limits.per_host,
            wake=self._call_turn,
        )
        self.bugs: list[str] = []

    async def measure(self) -> None:
        """Probes everything; may be cancelled at any point."""
        self._call_turn()
        try:
            await self._over
        finally:
            self._turn_comes = True
            begun = [job.begun for job in self._running if job.begun is not None]
            for each in begun:
                each.cancel()
            # A cancelled task takes turns of the loop to give back what it holds.
            tasks = [each.task for each in begun if isinstance(each, Running)]
            await asyncio.gather(*tasks, return_exceptions=True)

    def heard(self, lag_s: float) -> None:
        """How late the event loop was just now: more or fewer probes may be in flight.

        Handshakes are served a few a turn, so that the loop stays punctual while they queue.
        """
        before = self._pace.in_flight
        self._pace.heard(max(lag_s, self._network.system.backlog_s()))
        if self._pace.in_flight > before:
            self._call_turn()

    def interrupt(self) -> None:
        """Gives every unfinished target its result: unknown, with the attempts it had."""
        self._conclude_settled()
        now_s = self._network.now()
        for job in chain(self._running, self._schedule.remaining()):
            self._interrupt(job, now_s, "interrupted before it was finished")
        self._running.clear()

    def _call_turn(self) -> None:
        if not self._turn_comes:
            self._turn_comes = True
            self._loop.call_soon(self._turn)

    def _turn(self) -> None:
        if self._over.done():
            return
        self._turn_comes = False
        try:
            self._conclude_settled()
            self._schedule.in_flight = self._pace.in_flight
            while not self._over.done() and (job := self._schedule.take()) is not None:
                self._begin(job)
        except Exception as error:
            if self._over.done():
                raise
            # Whoever takes the results failed: nothing else would ever end the run.
            self._over.set_exception(error)
        if self._schedule.over and not self._over.done():
            self._over.set_result(None)

    def _begin(self, job: Job) -> None:
        target = job.target
        job.started_s = self._network.now()
        self._running[job] = None
        try:
            job.begun = self._begin_of(target.kind)(
                target, self._network, partial(self._has_settled, job)
            )
        except Exception:
            self._broken(job)
            self._leave(job)

    def _has_settled(self, job: Job) -> None:
        self._settled.append(job)
        self._call_turn()

    def _conclude_settled(self) -> None:
        settled, self._settled = self._settled, []
        for job in settled:
            try:
                assert job.begun is not None
                told = job.begun.conclude()
                if isinstance(told, Evidence):
                    self._judge(job, told)
                elif self._over.done():
                    told.close()
                    continue
                else:
                    job.begun = Running(told, partial(self._has_settled, job))
                    continue
            except Exception:
                self._broken(job)
            self._leave(job)

    def _leave(self, job: Job) -> None:
        job.begun = None
        del self._running[job]
        self._schedule.leave(job)

    def _judge(self, job: Job, evidence: Evidence) -> None:
        target = job.target
        number = len(job.attempts) + 1
        assert job.begun is not None
        job.started_s += job.begun.held_s
        tried, verdict = attempted(target, number, job.started_s, self._network.now(), evidence)
        if worth_repeating(target.retry, verdict, tried.status):
            wait_s = backoff_s(target.retry, number, evidence, self._rng)
            if wait_s is not None:
                job.attempts.append(with_backoff(tried, wait_s))
                self._schedule.again(job, wait_s)
                return
        attempts = (*job.attempts, tried)
        took_ms = tried.duration_ms if number == 1 else duration_ms(attempts)
        self._finish(
            job, result_of(target, attempts, took_ms, evidence, verdict, gated=self._gated(target))
        )

    def _gated(self, target: Target) -> bool:
        if target.allow_failure:
            return False
        return not self._plan.maintenance or not self._ungated(target, self._network.now())

    def _broken(self, job: Job) -> None:
        """A fault of our own ends this job alone; to be called where it is handled."""
        self.bugs.append(traceback.format_exc())
        self._interrupt(job, self._network.now(), _OWN_FAULT)

    def _interrupt(self, job: Job, now_s: float, detail: str) -> None:
        if job in self._running:
            job.attempts.append(unfinished(len(job.attempts) + 1, job.started_s, now_s, detail))
        self._finish(
            job,
            interrupted_result(
                job.target,
                tuple(job.attempts),
                job.started_s,
                now_s,
                detail,
                gated=self._gated(job.target),
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
        # One window may name thousands, and is asked about each of them.
        self._windows = [(one, frozenset(one.targets), frozenset(one.groups)) for one in windows]

    def __call__(self, target: Target, now_s: float) -> bool:
        return any(
            window.from_s <= now_s < window.until_s
            and (target.name in names or target.group in groups)
            for window, names, groups in self._windows
        )
