"""Several processes for large lists: each claims shares, and a killed one's are not lost."""

import asyncio
import contextlib
import multiprocessing
import random
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from multiprocessing.connection import Connection
from typing import Any

import msgspec
from msgspec.structs import replace

from probecli.engine.keeper import Elsewhere, InMemory, SharedKeeper
from probecli.engine.ledger import Ledger
from probecli.engine.limits import Limits
from probecli.engine.run import Measured, run
from probecli.engine.shares import Claims, shares
from probecli.engine.stop import Stop
from probecli.engine.worker import DECODER, Batch, Encode, serve
from probecli.model.plan import Plan
from probecli.model.result import Result
from probecli.model.snapshot import LoopLag, worst_lag
from probecli.model.target import Target
from probecli.probe.kinds import begin_for
from probecli.probe.network import Network

_LOOKED_AT = 1000
_BEGIN = b"begin"


def _load(targets: Sequence[Target]) -> None:
    """Loads what probing takes before the processes part: once, in memory that they share."""
    for kind in {target.kind for target in targets[:_LOOKED_AT]}:
        begin_for(kind)


class Workers:
    """`count` processes, this one included, each of its own `limits`; `places` are what it claims.

    To be started before any thread or event loop is: the others wait for a word to begin.
    """

    def __init__(
        self, plan: Plan, limits: Limits, count: int, *, encode: Encode, portable: bool
    ) -> None:
        method = "fork" if sys.platform == "linux" else "spawn"
        if method == "fork":
            _load(plan.targets)
        context: Any = multiprocessing.get_context(method)
        self.limits = replace(limits, in_flight=max(1, limits.in_flight // count), deadline_s=None)
        self.members: list[_Member] = []
        self.places = Claims(shares(plan, count), context.Pipe(duplex=False))
        for _ in range(count - 1):
            here, there = context.Pipe()
            inherited = [member.connection for member in self.members] + [here]
            others = inherited if method == "fork" else []
            process = context.Process(
                target=serve,
                args=(there, others, plan, self.places, self.limits, encode, portable),
                daemon=True,
            )
            process.start()
            there.close()
            self.members.append(_Member(process, here))

    def close(self) -> None:
        """Ends every process that is still there: by now they hold nothing but connections."""
        for member in self.members:
            member.connection.close()
            member.process.kill()
        for member in self.members:
            member.process.join()
        self.places.close()


class _Member:
    """One process, its end of the pipe, and whether it has said that it is done."""

    def __init__(
        self, process: multiprocessing.process.BaseProcess, connection: Connection
    ) -> None:
        self.process = process
        self.connection = connection
        self.done = False


async def run_shared(
    plan: Plan,
    limits: Limits,
    workers: Workers,
    network: Network,
    *,
    rng: random.Random,
    stop: Stop,
    on_result: Callable[[Result], None] | None,
    keeper: SharedKeeper | None = None,
) -> Measured:
    """Probes `plan` with the workers' help; the same as `run`.

    This process probes as the others do, and the controls besides. What a worker has claimed and
    not answered for when it ends is probed by this process.
    """
    keeper = keeper or InMemory(len(plan.targets))
    parent = _Parent(plan, limits, workers, network, rng, stop, on_result, keeper)
    return await parent.measured()


class _Parent:
    def __init__(
        self,
        plan: Plan,
        limits: Limits,
        workers: Workers,
        network: Network,
        rng: random.Random,
        stop: Stop,
        on_result: Callable[[Result], None] | None,
        keeper: SharedKeeper,
    ) -> None:
        self._plan = plan
        self._limits = limits
        self._network = network
        self._rng = rng
        self._stop = stop
        self._loop = asyncio.get_running_loop()
        self._keeper = keeper
        self._ledger = Ledger(plan, on_result, keeper)
        self._workers = workers
        self._alive = list(workers.members)
        self._done: asyncio.Future[None] = self._loop.create_future()
        self._answered: set[str | None] = set()
        self._bugs: list[str] = []
        self._lags: list[LoopLag] = []

    async def measured(self) -> Measured:
        """Everything, in the plan's order."""
        started = time.perf_counter()
        for member in self._alive:
            self._loop.add_reader(member.connection.fileno(), self._read, member)
            # One that has died already is heard of by its reader.
            with contextlib.suppress(OSError):
                member.connection.send_bytes(_BEGIN)
        self._check()
        deadline = None
        if self._limits.deadline_s is not None:
            deadline = self._loop.call_later(self._limits.deadline_s, self._stop, 124)
        stops = Stop(), Stop()
        own = (
            asyncio.ensure_future(self._probe_controls(stops[0])),
            asyncio.ensure_future(
                self._probe_here(self._workers.places, self._workers.limits, stops[1])
            ),
        )
        waiting = asyncio.ensure_future(self._finished(own))
        self._stop.watch(waiting)
        try:
            await waiting
        except asyncio.CancelledError:
            if self._stop.code is None:
                raise
            for stop in stops:
                stop(self._stop.code)
            await asyncio.gather(*own)
            await self._wind_up()
        finally:
            if deadline is not None:
                deadline.cancel()
            for member in self._alive:
                self._loop.remove_reader(member.connection.fileno())
        if rest := self._ledger.missing():
            stop = Stop()
            if self._stop.code is not None:
                stop(self._stop.code)
            await self._probe_here(rest, self._limits, stop)
        answered = self._answered | self._network.resolver.answered
        said = self._ledger.settle(answered)
        return Measured(
            results=self._keeper.results(),
            gates=self._ledger.gates,
            controls=self._ledger.controls,
            duration_ms=round((time.perf_counter() - started) * 1000, 3),
            stopped=self._stop.code,
            notice=said,
            loop_lag=worst_lag(self._lags),
            bugs=tuple(self._bugs),
        )

    async def _finished(self, own: "Iterable[asyncio.Future[None]]") -> None:
        await asyncio.gather(self._done, *map(asyncio.shield, own))

    async def _probe_controls(self, stop: Stop) -> None:
        alone = replace(self._plan, targets=())
        measured = await run(
            alone,
            replace(self._limits, deadline_s=None),
            self._network,
            rng=self._rng,
            stop=stop,
            on_result=None,
        )
        for index, result in enumerate(measured.controls):
            self._ledger.add_control(index, result)
        self._know(measured.bugs, measured.loop_lag)

    async def _probe_here(self, places: Iterable[int], limits: Limits, stop: Stop) -> None:
        """Probes these targets in this process; marks them as interrupted after a stop."""
        measured = await run(
            replace(self._plan, controls=()),
            limits,
            self._network,
            rng=self._rng,
            stop=stop,
            on_result=None,
            keeper=Elsewhere(self._ledger.add),
            places=places,
        )
        self._know(measured.bugs, measured.loop_lag)

    def _know(self, bugs: Sequence[str], loop_lag: LoopLag | None) -> None:
        self._bugs += bugs
        if loop_lag is not None:
            self._lags.append(loop_lag)

    def _read(self, member: _Member) -> None:
        try:
            message = DECODER.decode(member.connection.recv_bytes())
        except (EOFError, OSError, msgspec.DecodeError):
            self._lost(member)
            return
        if isinstance(message, Batch):
            for index, result in message.results:
                self._ledger.add(index, result)
            if message.up:
                self._take_up(message)
        else:
            member.done = True
            self._answered.update(message.answered)
            self._know(message.bugs, message.loop_lag)
        self._check()

    def _take_up(self, batch: Batch) -> None:
        for (index, gated), line in zip(batch.up, batch.lines.split(b"\n"), strict=True):
            group = self._plan.targets[index].group
            self._keeper.add_up(index, group, line)
            self._ledger.add_up(index, group, line, gated=gated)

    def _lost(self, member: _Member) -> None:
        """A worker died: what it has not answered for is missing at the end."""
        self._loop.remove_reader(member.connection.fileno())
        self._alive.remove(member)
        self._check()

    def _check(self) -> None:
        # A worker's last results are followed by what else it knows.
        if all(member.done for member in self._alive) and not self._done.done():
            self._done.set_result(None)

    async def _wind_up(self) -> None:
        """Asks the workers to end in order, and takes what they still send for a moment."""
        self._done = self._loop.create_future()
        for member in self._alive:
            if member.process.is_alive():
                member.process.terminate()
        self._check()
        try:
            async with asyncio.timeout(2.0):
                await self._done
        except TimeoutError:
            return
