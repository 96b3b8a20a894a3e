"""One run from a plan to an exit code: engine, outputs, signals."""

import asyncio
import contextlib
import gc
import os
import random
import socket
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from probecli.cli.failure import bug_report, fail, not_written, quiet_exit, say
from probecli.cli.past import Held, Past, say_changes
from probecli.cli.signals import Signals
from probecli.engine.keeper import SharedKeeper
from probecli.engine.limits import granted
from probecli.engine.run import (
    Measured,
    Stop,
    run,
)
from probecli.engine.shares import chosen_workers
from probecli.engine.snapshot import snapshot_of, started_run
from probecli.history.place import AUTO
from probecli.model.plan import Plan
from probecli.model.result import Result
from probecli.model.snapshot import Run, Snapshot
from probecli.output.interface import Options
from probecli.output.sinks import Sinks, open_sinks
from probecli.output.specs import OutputError
from probecli.probe.network import Network
from probecli.verdict.gate import ExitCode, ExitProfile, worst

if TYPE_CHECKING:
    from probecli.engine.workers import Workers
    from probecli.history.memory import Change

PORTABLE = "PROBECLI_PORTABLE"

# So many results take some 12 MiB; to keep more on disk costs 2 us of CPU time for each.
HELD_UP_TO = 10_000


class Request(Struct, frozen=True, kw_only=True):
    """What a command line asks of a run, apart from its plan."""

    outputs: Sequence[str] = ()
    concurrency: int | None = None
    per_host: int | None = None
    workers: int | None = None
    deadline_s: float | None = None
    vantage: str | None = None
    shard: str | None = None
    profile: ExitProfile = "default"
    quiet: bool = False
    verbose: bool = False
    no_color: bool = False
    history: str | None = None
    only_changes: bool = False


class _Reader:
    """Hands results to the outputs; when the reader of the only one is gone, the run ends."""

    def __init__(self, sinks: Sinks, past: Past, stop: Stop) -> None:
        self._sinks = sinks
        self._past = past
        self._stop = stop
        self.gone = False

    def __call__(self, result: Result) -> None:
        if self.gone:
            return
        try:
            self._sinks.add(self._past.dated(result))
        except BrokenPipeError:
            self.gone = True
            self._stop(ExitCode.INTERRUPTED)


def carry_out(plan: Plan, request: Request) -> int:
    """Probes the plan once and writes every output; the exit code.

    Exits with 2 on an output that cannot be meant so, with 74 on one that cannot be written.
    """
    _settle_memory()
    limits = granted(request.concurrency, request.per_host, request.deadline_s)
    # Every process has one probe in flight at least.
    count = min(request.workers or chosen_workers(plan.targets), limits.in_flight)
    if count == 1:
        return asyncio.run(carried_out(plan, request))
    from probecli.engine.workers import Workers
    from probecli.output.json import encode_exactly

    # Before any thread or event loop, which a forked process must not inherit.
    workers = Workers(plan, limits, count, encode=encode_exactly, portable=portable())
    try:
        return asyncio.run(carried_out(plan, request, workers))
    finally:
        workers.close()


async def carried_out(
    plan: Plan,
    request: Request,
    workers: "Workers | None" = None,
    *,
    now: Callable[[], float] = time.time,
) -> int:
    """The same inside a running event loop, as the demo needs it.

    `now` is the time of day at which the run says it happens, in seconds since the epoch.
    """
    vantage = request.vantage or plan.vantage or socket.gethostname() or "localhost"
    begun = started_run(plan, vantage, now(), shard=request.shard)
    held = Held(sys.stdout, sys.stderr) if request.only_changes else None
    place = _history(plan, request)
    shared = workers is not None
    with (
        Signals() as signals,
        _opened(request, begun, held) as sinks,
        _keeper(plan, place, shared=shared) as keeper,
    ):
        past = Past(place, os.environ, begun)
        try:
            sinks.begin(begun, len(plan.targets))
        except BrokenPipeError:
            quiet_exit()
        stop = Stop()
        reader = _Reader(sinks, past, stop)
        network = Network(asyncio.get_running_loop(), now=time.time, portable=portable())
        on_result = reader if sinks.await_results else None
        try:
            with signals.ending(stop):
                measured = await _measured(plan, request, workers, network, stop, on_result, keeper)
        finally:
            network.close()
        if reader.gone:
            quiet_exit()
        snapshot = snapshot_of(
            begun,
            replace(measured, results=past.all_dated(measured.results)),
            plan,
            finished_s=now(),
            clock=network.system.clock,
            profile=request.profile,
            others=[ExitCode.BUG] if measured.bugs else [],
        )
        snapshot, changes = past.told(snapshot, plan.groups)
        code = _told(snapshot, request, sinks, past)
        if held is not None and changes != []:
            code = _released(code, request, held, changes)
        if signals.code is not None:
            code = _worst(code, signals.code, request)
    if measured.bugs:
        say(bug_report(measured.bugs))
    return code


def _history(plan: Plan, request: Request) -> str | None:
    """Where the history is, by the option, else the file; `--only-changes` always has one."""
    given = plan.history if request.history is None else request.history
    return AUTO if given is None and request.only_changes else given


async def _measured(
    plan: Plan,
    request: Request,
    workers: "Workers | None",
    network: Network,
    stop: Stop,
    on_result: Callable[[Result], None] | None,
    keeper: SharedKeeper | None,
) -> Measured:
    limits = granted(request.concurrency, request.per_host, request.deadline_s)
    rng = random.Random()
    if workers is None:
        return await run(
            plan, limits, network, rng=rng, stop=stop, on_result=on_result, keeper=keeper
        )
    from probecli.engine.workers import run_shared

    return await run_shared(
        plan, limits, workers, network, rng=rng, stop=stop, on_result=on_result, keeper=keeper
    )


def _keeper(
    plan: Plan, place: str | None, *, shared: bool
) -> contextlib.AbstractContextManager[SharedKeeper | None]:
    """Where a large run's results are kept; None where they are to stay in memory.

    A history holds more of every target than its result is: it wants them all at once. A run that
    is shared by workers has the time to encode each as it comes.
    """
    if place is not None or (len(plan.targets) <= HELD_UP_TO and not shared):
        return contextlib.nullcontext()
    from probecli.output.json import spool

    return contextlib.closing(spool(len(plan.targets)))


def portable() -> bool:
    """Whether the environment forces the fall-back for what is peculiar to Linux."""
    return bool(os.environ.get(PORTABLE))


def _settle_memory() -> None:
    """Spares the collector what lives as long as the run: measured, a tenth of the CPU time.

    Probing leaves no cycles behind; what a library may leave waits until it is worth a look.
    """
    gc.freeze()
    gc.set_threshold(300_000, 20, 20)


def _opened(request: Request, begun: Run, held: Held | None) -> Sinks:
    options = Options(
        quiet=request.quiet,
        verbose=request.verbose,
        color=False if request.no_color else None,
    )
    try:
        return open_sinks(
            request.outputs,
            stdout=held.stdout if held else sys.stdout,
            stderr=held.stderr if held else sys.stderr,
            env=os.environ,
            run=begun,
            now=datetime.now(UTC),
            options=options,
        )
    except OutputError as error:
        fail(f"probecli: {error}", ExitCode.USAGE)
    except OSError as error:
        fail(not_written(error), ExitCode.NOT_WRITTEN)


def _told(snapshot: Snapshot, request: Request, sinks: Sinks, past: Past) -> int:
    """Finishes every output; the exit code, with what could not be written."""
    code = snapshot.gate.exit_code
    if past.error is not None:
        say(f"probecli: {past.error}")
        code = _worst(code, ExitCode.NOT_WRITTEN, request)
    try:
        sinks.end(snapshot)
    except BrokenPipeError:
        quiet_exit()
    except OSError as error:
        say(not_written(error))
        code = _worst(code, ExitCode.NOT_WRITTEN, request)
    return int(code)


def _released(code: int, request: Request, held: Held, changes: "Sequence[Change] | None") -> int:
    """Says what changed and lets go of what was kept back; the exit code."""
    say_changes(changes or ())
    try:
        held.release()
    except BrokenPipeError:
        quiet_exit()
    except OSError as error:
        say(not_written(error))
        return _worst(code, ExitCode.NOT_WRITTEN, request)
    return code


def _worst(code: int, other: int, request: Request) -> int:
    """The exit code when `other` applies as well."""
    return 3 if request.profile == "nagios" else int(worst([code, other]))
