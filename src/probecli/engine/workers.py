"""Several processes for large lists: each claims shares, and a killed one's are not lost."""

import asyncio
import contextlib
import multiprocessing
import random
import signal
import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from multiprocessing.connection import Connection
from typing import Any

import msgspec
from msgspec.structs import replace

from probecli.engine.keeper import InMemory, SharedKeeper
from probecli.engine.ledger import Ledger
from probecli.engine.limits import Limits
from probecli.engine.run import Measured, Probed, measure, probe
from probecli.engine.shares import Claims, shares
from probecli.engine.stop import Stop
from probecli.engine.worker import BEGIN, DECODER, END, ENDING_SIGNALS, Batch, Encode, serve
from probecli.model.plan import Plan
from probecli.model.result import Result
from probecli.model.snapshot import worst_lag
from probecli.probe.needs import prepare
from probecli.probe.network import Network

# What workers that were asked to end are waited for, and one that is ending.
_MOMENT_S = 2.0


@contextlib.contextmanager
def _signals_held_back() -> Iterator[None]:
    """What ends a run waits for the end of the block, and for a process begun in it as long."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING_SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Workers:
    """`count` processes, this one included, that share what `limits` allow.

    They are fewer where the system refuses to start so many. `claims` are the shares of this one,
    `limits` what the others leave it. To be started before any thread or event loop is: the others
    wait for a word to begin.
    """

    def __init__(
        self, plan: Plan, limits: Limits, count: int, *, encode: Encode, portable: bool
    ) -> None:
        method = "fork" if sys.platform == "linux" else "spawn"
        if method == "fork":
            # Once, in memory that they share.
            prepare(plan.targets)
        context: Any = multiprocessing.get_context(method)
        self.members: list[_Member] = []
        self.claims = Claims(shares(plan, count), context.Pipe(duplex=False))
        each = replace(limits, in_flight=max(1, limits.in_flight // count))
        try:
            # The system may allow no further process, or no further pipe.
            with _signals_held_back(), contextlib.suppress(OSError):
                for _ in range(count - 1):
                    self._start(context, plan, each, encode, portable)
        except BaseException:
            self.close()
            raise
        others = each.in_flight * len(self.members)
        self.limits = replace(limits, in_flight=max(1, limits.in_flight - others))

    def _start(
        self, context: Any, plan: Plan, limits: Limits, encode: Encode, portable: bool
    ) -> None:
        here, there = context.Pipe()
        with contextlib.closing(there):
            forked = context.get_start_method() == "fork"
            inherited = [*(member.connection for member in self.members), here] if forked else []
            process = context.Process(
                target=serve,
                args=(there, inherited, plan, self.claims, limits, encode, portable),
                daemon=True,
            )
            process.start()
        self.members.append(_Member(process, here))

    def close(self) -> None:
        """Ends every process that is still there: by now they hold nothing but connections."""
        for member in self.members:
            member.connection.close()
            member.process.kill()
        for member in self.members:
            member.process.join()
        self.claims.close()


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

    def probing(ledger: Ledger) -> Awaitable[Probed]:
        return _Shared(plan, limits, workers, network, ledger, keeper, rng, stop).probed()

    return await measure(
        plan, limits, network, probing, stop=stop, on_result=on_result, keeper=keeper
    )


class _Shared:
    """The probing of one plan, as the process sees it that started the workers."""

    def __init__(
        self,
        plan: Plan,
        limits: Limits,
        workers: Workers,
        network: Network,
        ledger: Ledger,
        keeper: SharedKeeper,
        rng: random.Random,
        stop: Stop,
    ) -> None:
        self._plan = plan
        self._limits = limits
        self._workers = workers
        self._network = network
        self._ledger = ledger
        self._keeper = keeper
        self._rng = rng
        self._stop = stop
        self._loop = asyncio.get_running_loop()
        self._alive = list(workers.members)
        self._done: asyncio.Future[None] = self._loop.create_future()
        self._killed_by: list[int] = []
        self._probed: list[Probed] = []

    async def probed(self) -> Probed:
        """Everything is probed, and the ledger knows of it."""
        for member in self._alive:
            self._loop.add_reader(member.connection.fileno(), self._read, member)
        self._tell(BEGIN)
        self._check()
        claimed = self._workers.claims.until(self._stop)
        parts = (
            asyncio.ensure_future(self._probe(self._plan, claimed, self._workers.limits)),
            asyncio.ensure_future(self._others()),
        )
        try:
            await asyncio.gather(*parts)
        finally:
            for part in parts:
                part.cancel()
            await asyncio.gather(*parts, return_exceptions=True)
            for member in self._alive:
                self._loop.remove_reader(member.connection.fileno())
        notice = None
        if missing := self._ledger.missing():
            if self._stop.code is None:
                notice = _lost_notice(self._killed_by)
            await self._probe(replace(self._plan, controls=()), missing, self._limits)
        lags = [one.loop_lag for one in self._probed if one.loop_lag is not None]
        bugs = [bug for one in self._probed for bug in one.bugs]
        return Probed(loop_lag=worst_lag(lags), bugs=bugs, notice=notice)

    async def _probe(self, plan: Plan, places: Iterable[int], limits: Limits) -> None:
        """Probes these targets in this process; marks them as interrupted after a stop."""
        self._probed.append(
            await probe(
                plan,
                limits,
                self._network,
                self._ledger,
                rng=self._rng,
                stop=self._stop,
                places=places,
            )
        )

    async def _others(self) -> None:
        """Until every worker is done or lost; after a stop they are asked to end, and hurry."""
        waiting = asyncio.ensure_future(asyncio.wait([self._done]))
        self._stop.watch(waiting)
        try:
            await waiting
        except asyncio.CancelledError:
            if self._stop.code is None:
                raise
            self._tell(END)
            await asyncio.wait([self._done], timeout=_MOMENT_S)
        if self._done.done():
            self._done.result()

    def _tell(self, word: bytes) -> None:
        for member in self._alive:
            # One that has died already is heard of by its reader.
            with contextlib.suppress(OSError):
                member.connection.send_bytes(word)

    def _read(self, member: _Member) -> None:
        try:
            self._hear(member)
        except Exception as error:
            # Whoever takes the results failed: as in one process, that ends the run.
            if not self._done.done():
                self._done.set_exception(error)

    def _hear(self, member: _Member) -> None:
        try:
            message = DECODER.decode(member.connection.recv_bytes())
        except (EOFError, OSError, msgspec.DecodeError):
            self._ended(member)
            return
        if isinstance(message, Batch):
            for index, result in message.results:
                self._ledger.add(index, result)
            if message.up:
                self._take_up(message)
        else:
            member.done = True
            self._network.resolver.answered.update(message.answered)
            self._probed.append(message.probed)
            self._check()

    def _take_up(self, batch: Batch) -> None:
        for (index, gated), line in zip(batch.up, batch.lines.split(b"\n"), strict=True):
            group = self._plan.targets[index].group
            self._keeper.add_up(index, group, line)
            self._ledger.add_up(index, group, line, gated=gated)

    def _ended(self, member: _Member) -> None:
        """A worker is gone: what it has not answered for is missing at the end."""
        self._loop.remove_reader(member.connection.fileno())
        self._alive.remove(member)
        if not member.done:
            member.process.join(_MOMENT_S)
            code = member.process.exitcode
            if code is not None and code < 0:
                self._killed_by.append(-code)
            else:
                bug = f"A worker ended before it was done, with exit code {code}."
                self._probed.append(Probed(loop_lag=None, bugs=[bug]))
        self._check()

    def _check(self) -> None:
        # A worker's last results are followed by what else it knows.
        if all(member.done for member in self._alive) and not self._done.done():
            self._done.set_result(None)


def _lost_notice(signals: Sequence[int]) -> str | None:
    """What to tell of workers that were killed by `signals`, and whose targets others took over."""
    if not signals:
        return None
    numbers = ", ".join(map(str, sorted(set(signals))))
    if len(signals) == 1:
        who, they = "A worker process was", "it"
    else:
        who, they = f"{len(signals)} worker processes were", "they"
    return f"{who} killed by signal {numbers}: what {they} left unfinished was probed by another."
