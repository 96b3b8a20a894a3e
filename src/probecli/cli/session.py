"""One run from a plan to an exit code: engine, outputs, signals."""

import asyncio
import contextlib
import gc
import os
import random
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from probecli.cli.failure import bug_report, fail, quiet_exit, say
from probecli.engine.descriptors import bounded_in_flight, raised_limit
from probecli.engine.run import (
    DEFAULT_IN_FLIGHT,
    DEFAULT_PER_HOST,
    Limits,
    Measured,
    Stop,
    run,
)
from probecli.engine.shares import chosen_workers
from probecli.engine.snapshot import snapshot_of, started_run
from probecli.model.plan import Plan
from probecli.model.result import Result
from probecli.model.snapshot import Clock, Run
from probecli.output.interface import Options
from probecli.output.sinks import Sinks, open_sinks
from probecli.output.specs import OutputError
from probecli.probe.network import Network
from probecli.verdict.gate import ExitCode, ExitProfile, worst

if TYPE_CHECKING:
    from probecli.engine.workers import Workers

PORTABLE = "PROBECLI_PORTABLE"


class Request(Struct, frozen=True, kw_only=True):
    """What a command line asks of a run, apart from its plan."""

    outputs: Sequence[str] = ()
    concurrency: int | None = None
    per_host: int | None = None
    workers: int | None = None
    deadline_s: float | None = None
    vantage: str | None = None
    profile: ExitProfile = "default"
    quiet: bool = False
    verbose: bool = False
    no_color: bool = False


class _Reader:
    """Hands results to the outputs; when the reader of the only one is gone, the run ends."""

    def __init__(self, sinks: Sinks, stop: Stop) -> None:
        self._sinks = sinks
        self._stop = stop
        self.gone = False

    def __call__(self, result: Result) -> None:
        if self.gone:
            return
        try:
            self._sinks.add(result)
        except BrokenPipeError:
            self.gone = True
            self._stop(ExitCode.INTERRUPTED)


def carry_out(plan: Plan, request: Request) -> int:
    """Probes the plan once and writes every output; the exit code.

    Exits with 2 on an output that cannot be meant so, with 74 on one that cannot be written.
    """
    _settle_memory()
    count = request.workers or chosen_workers(len(plan.targets))
    if count == 1:
        return asyncio.run(carried_out(plan, request))
    from probecli.engine.workers import Workers

    # Before any thread or event loop, which a forked process must not inherit.
    workers = Workers(plan, _limits(request), count, portable=_portable())
    try:
        return asyncio.run(carried_out(plan, request, workers))
    finally:
        workers.close()


async def carried_out(plan: Plan, request: Request, workers: "Workers | None" = None) -> int:
    """The same inside a running event loop, as the demo needs it."""
    vantage = request.vantage or plan.vantage or socket.gethostname() or "localhost"
    begun = started_run(plan, vantage, time.time())
    sinks = _opened(request, begun)
    with sinks:
        try:
            sinks.begin(begun, len(plan.targets))
        except BrokenPipeError:
            quiet_exit()
        stop = Stop()
        reader = _Reader(sinks, stop)
        network = Network(asyncio.get_running_loop(), now=time.time, portable=_portable())
        restore = listening(stop)
        try:
            measured = await _measured(plan, request, workers, network, stop, reader)
        finally:
            restore()
            await network.close()
        if reader.gone:
            quiet_exit()
        return _told(begun, measured, plan, request, sinks, network.system.clock)


async def _measured(
    plan: Plan,
    request: Request,
    workers: "Workers | None",
    network: Network,
    stop: Stop,
    reader: _Reader,
) -> Measured:
    limits, rng = _limits(request), random.Random()
    if workers is None:
        return await run(plan, limits, network, rng=rng, stop=stop, on_result=reader)
    from probecli.engine.workers import run_shared

    return await run_shared(plan, limits, workers, network, rng=rng, stop=stop, on_result=reader)


def _portable() -> bool:
    return bool(os.environ.get(PORTABLE))


def _settle_memory() -> None:
    """Spares the collector what lives as long as the run: measured, a tenth of the CPU time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def _opened(request: Request, begun: Run) -> Sinks:
    options = Options(
        quiet=request.quiet,
        verbose=request.verbose,
        color=False if request.no_color else None,
    )
    try:
        return open_sinks(
            request.outputs,
            stdout=sys.stdout,
            stderr=sys.stderr,
            env=os.environ,
            run=begun,
            now=datetime.now(UTC),
            options=options,
        )
    except OutputError as error:
        fail(f"probecli: {error}", ExitCode.USAGE)
    except OSError as error:
        fail(_not_written(error), ExitCode.NOT_WRITTEN)


def _limits(request: Request) -> Limits:
    wanted = request.concurrency or DEFAULT_IN_FLIGHT
    return Limits(
        in_flight=bounded_in_flight(wanted, raised_limit()),
        per_host=request.per_host or DEFAULT_PER_HOST,
        deadline_s=request.deadline_s,
    )


def listening(stop: Stop) -> Callable[[], None]:
    """Ctrl-C and SIGTERM end the run in order; the returned function undoes that."""
    loop = asyncio.get_running_loop()
    codes = {signal.SIGINT: ExitCode.INTERRUPTED, signal.SIGTERM: ExitCode.TERMINATED}
    # Not every kind of loop has signal handlers, and no other than the main thread.
    unavailable = contextlib.suppress(NotImplementedError, RuntimeError, ValueError)
    for number, code in codes.items():
        with unavailable:
            loop.add_signal_handler(number, stop, int(code))

    def restore() -> None:
        for number in codes:
            with unavailable:
                loop.remove_signal_handler(number)

    return restore


def _told(
    begun: Run, measured: Measured, plan: Plan, request: Request, sinks: Sinks, clock: Clock
) -> int:
    others = [ExitCode.BUG] if measured.bugs else []
    snapshot = snapshot_of(
        begun,
        measured,
        plan.gate,
        finished_s=time.time(),
        clock=clock,
        profile=request.profile,
        others=others,
    )
    code = snapshot.gate.exit_code
    try:
        sinks.end(snapshot)
    except BrokenPipeError:
        quiet_exit()
    except OSError as error:
        say(_not_written(error))
        code = 3 if request.profile == "nagios" else worst([code, ExitCode.NOT_WRITTEN])
    if measured.bugs:
        say(bug_report(measured.bugs))
    return int(code)


def _not_written(error: OSError) -> str:
    place = error.filename or "an output"
    notes = "".join(f"\n  {note}" for note in getattr(error, "__notes__", ()))
    return f"probecli: cannot write {place}: {error.strerror or error}{notes}"
