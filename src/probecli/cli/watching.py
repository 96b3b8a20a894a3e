"""A watch from a plan to an exit code: rounds, the screen or lines, outputs, what is told."""

import asyncio
import io
import os
import random
import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime

from msgspec import Struct, json
from msgspec.structs import replace

from probecli.cli.failure import bug_report, fail, quiet_exit, say
from probecli.cli.past import Past
from probecli.cli.session import portable
from probecli.cli.signals import listening
from probecli.cli.watch_screen import Screen
from probecli.engine.limits import granted
from probecli.engine.run import Measured, Stop, run
from probecli.engine.snapshot import snapshot_of, started_run
from probecli.engine.watch import Pace, watch
from probecli.model.plan import Plan
from probecli.model.result import Result
from probecli.model.snapshot import Run, Snapshot
from probecli.output.interface import Options
from probecli.output.sinks import Sinks, open_sinks
from probecli.output.specs import OutputError, parse_all, placeholders
from probecli.output.stream import Stream
from probecli.output.watch.board import Board, Change, change_document, change_words
from probecli.output.watch.notify import NotifyError, notifier_of
from probecli.output.watch.printer import Printer
from probecli.output.watch.summary import summary_lines
from probecli.output.watch.tell import Teller, command_of
from probecli.output.words import incident_words, told_incidents
from probecli.probe.network import Network
from probecli.verdict.gate import ExitCode, worst

_KEPT_FAULTS = 20


class Wanted(Struct, frozen=True, kw_only=True):
    """What a command line asks of a watch, apart from its plan."""

    every_s: float
    rounds: int | None = None
    on_change: str | None = None
    notify: Sequence[str] = ()
    outputs: Sequence[str] = ()
    concurrency: int | None = None
    per_host: int | None = None
    vantage: str | None = None
    history: str | None = None
    no_color: bool = False


def carry_out(plan: Plan, wanted: Wanted) -> int:
    """Watches until someone ends it; the exit code.

    Exits with 2 on an output or a notification that cannot be meant so, with 74 on a file that
    cannot be written.
    """
    return asyncio.run(_Watch(plan, wanted).carried_out())


class _Watch:
    """One watch. Only the event loop changes it; the screen reads it under `lock`."""

    def __init__(self, plan: Plan, wanted: Wanted) -> None:
        self._plan = plan
        self._wanted = wanted
        self._vantage = wanted.vantage or plan.vantage or socket.gethostname() or "localhost"
        self._place = plan.history if wanted.history is None else wanted.history
        self._limits = granted(wanted.concurrency, wanted.per_host)
        self._lock = threading.Lock()
        self._board = Board(plan.targets)
        self._stop = Stop()
        self._rng = random.Random()
        self._codes: set[int] = set()
        self._faults: deque[str] = deque(maxlen=_KEPT_FAULTS)
        self._begun: Run = started_run(plan, self._vantage, time.time())
        self._past = Past(None, os.environ, self._begun)
        self._tellers: list[Teller] = []
        self._printer: Printer | None = None
        self._clock_of_run = "loop"

    async def carried_out(self) -> int:
        """The whole watch; the exit code."""
        options = Options(color=False if self._wanted.no_color else None)
        stdout = Stream(sys.stdout, name="standard output", env=os.environ, options=options)
        self._check_outputs()
        self._open_tellers()
        loop = asyncio.get_running_loop()
        pace = Pace(self._wanted.every_s)
        started_s = time.monotonic()
        restore = listening(self._stop)
        try:
            if stdout.terminal.live:
                self._screen = Screen(
                    self._plan,
                    self._board,
                    pace,
                    self._stop,
                    self._lock,
                    stdout,
                    vantage=self._vantage,
                )
                with self._screen:
                    await self._rounds(pace)
            else:

                def unread(error: OSError) -> None:
                    loop.call_soon_threadsafe(self._unread, error)

                self._printer = Printer(stdout, unread)
                await self._rounds(pace)
        finally:
            restore()
            for teller in self._tellers:
                await teller.close()
            if self._printer is not None:
                self._printer.close()
        if ExitCode.INTERRUPTED in self._codes and isinstance(self._gone, BrokenPipeError):
            quiet_exit()
        if stdout.terminal.live:
            self._print_summary(stdout, time.monotonic() - started_s)
        return self._exit_code()

    _screen: Screen | None = None
    _gone: OSError | None = None

    async def _rounds(self, pace: Pace) -> None:
        await watch(
            lambda: self._measured(),
            pace,
            self._stop,
            on_round=self._on_round,
            rounds=self._wanted.rounds,
        )

    async def _measured(self) -> Measured:
        """One round, with a network of its own, so that names are asked for again."""
        self._begun = started_run(self._plan, self._vantage, time.time())
        if self._place is not None:
            self._past = await asyncio.to_thread(Past, self._place, os.environ, self._begun)
        with self._lock:
            self._board.begin_round()
        self._wake()
        network = Network(asyncio.get_running_loop(), now=time.time, portable=portable())
        self._clock_of_run = network.system.clock
        try:
            return await run(
                self._plan,
                self._limits,
                network,
                rng=self._rng,
                stop=self._stop,
                on_result=self._on_result,
            )
        finally:
            network.close()

    def _on_result(self, result: Result) -> None:
        with self._lock:
            change = self._board.add(self._past.dated(result), self._begun.started_at)
        if change is None:
            return
        if self._printer is not None:
            self._printer(f"{change.at} {change_words(change)}")
        for teller in self._tellers:
            teller(change)

    async def _on_round(self, measured: Measured) -> None:
        """Everything that follows a round; one that was cut short only counts when it is alone."""
        if measured.bugs:
            self._codes.add(ExitCode.BUG)
            self._fault(bug_report(measured.bugs))
        snapshot = snapshot_of(
            self._begun,
            replace(measured, results=tuple(map(self._past.dated, measured.results))),
            self._plan,
            finished_s=time.time(),
            clock="kernel" if self._clock_of_run == "kernel" else "loop",
            others=[ExitCode.BUG] if measured.bugs else [],
        )
        told = self._past.told
        if self._place is None:
            snapshot, _ = told(snapshot, self._plan.groups)
        else:
            snapshot, _ = await asyncio.to_thread(told, snapshot, self._plan.groups)
        if self._past.error is not None:
            self._codes.add(ExitCode.NOT_WRITTEN)
            self._fault(f"history: {self._past.error}")
        if measured.stopped is None:
            incidents = [incident_words(one) for one in told_incidents(snapshot)]
            with self._lock:
                self._board.end_round(
                    snapshot.gate, measured.duration_ms, measured.notice, incidents
                )
        if self._wanted.outputs and (measured.stopped is None or not self._board.rounds):
            await asyncio.to_thread(self._write, snapshot)
        self._wake()

    def _wake(self) -> None:
        if self._screen is not None:
            self._screen.wake()

    def _fault(self, words: str) -> None:
        """Says what went wrong: at once where lines are printed, else now and at the end."""
        if words in self._faults:
            return
        self._faults.append(words)
        if self._screen is None:
            say(f"probecli: {words.removeprefix('probecli: ')}")
        else:
            with self._lock:
                self._board.said = words.partition("\n")[0]

    def _unread(self, error: OSError) -> None:
        """Nobody reads the lines any more."""
        self._gone = error
        self._codes.add(ExitCode.INTERRUPTED)
        if not isinstance(error, BrokenPipeError):
            self._fault(f"cannot write standard output: {error.strerror or error}")
            self._codes.add(ExitCode.NOT_WRITTEN)
        self._stop(ExitCode.INTERRUPTED)

    def _open_tellers(self) -> None:
        wanted = self._wanted
        if wanted.on_change is not None:
            run_command = command_of(wanted.on_change, self._encoded)
            self._tellers.append(Teller("--on-change", run_command, self._fault))
        if wanted.notify:
            try:
                notifier = notifier_of(wanted.notify)
            except NotifyError as error:
                fail(f"probecli: {error}", ExitCode.USAGE)

            async def notified(change: Change) -> str | None:
                return await notifier(change) if change.of_state else None

            self._tellers.append(Teller("--notify", notified, self._fault))

    def _encoded(self, change: Change) -> bytes:
        return json.encode(change_document(change, self._vantage)) + b"\n"

    def _check_outputs(self) -> None:
        """Finds mistakes in `--output`, and folders that cannot be written, before any probe."""
        values = placeholders(self._begun, datetime.now(UTC))
        try:
            specs = parse_all(self._wanted.outputs, values)
            if alone := next((spec.format for spec in specs if spec.path is None), None):
                fail(
                    f"probecli: -o {alone}: watch has standard output for itself; "
                    f"write to a file: -o {alone}=PATH",
                    ExitCode.USAGE,
                )
            if specs:
                self._sinks(self._begun).close()
        except OutputError as error:
            fail(f"probecli: {error}", ExitCode.USAGE)
        except OSError as error:
            place = error.filename or "an output"
            fail(f"probecli: cannot write {place}: {error.strerror}", ExitCode.NOT_WRITTEN)

    def _sinks(self, begun: Run) -> Sinks:
        return open_sinks(
            self._wanted.outputs,
            stdout=io.StringIO(),
            stderr=io.StringIO(),
            env={name: value for name, value in os.environ.items() if name != "GITHUB_ACTIONS"},
            run=begun,
            now=datetime.now(UTC),
        )

    def _write(self, snapshot: Snapshot) -> None:
        """Every output, whole or not at all; in a thread."""
        try:
            with self._sinks(snapshot.run) as sinks:
                sinks.begin(snapshot.run, len(snapshot.targets))
                for result in snapshot.targets:
                    sinks.add(result)
                sinks.end(snapshot)
        except OSError as error:
            self._codes.add(ExitCode.NOT_WRITTEN)
            self._fault(f"cannot write {error.filename or 'an output'}: {error.strerror or error}")

    def _print_summary(self, stdout: Stream, seconds: float) -> None:
        lines = summary_lines(self._board, seconds, stdout.size()[0], stdout.terminal)
        try:
            stdout.write(stdout.terminal.encode("".join(f"{line}\n" for line in lines)))
        except OSError:
            return
        for words in self._faults:
            say(f"probecli: {words.removeprefix('probecli: ')}")

    def _exit_code(self) -> int:
        gate = self._board.gate
        codes = {int(code) for code in self._codes}
        if self._stop.code is not None:
            codes.add(self._stop.code)
        if gate is not None and not codes & {ExitCode.INTERRUPTED, ExitCode.TERMINATED}:
            codes.add(gate.exit_code)
        return int(worst(codes))
