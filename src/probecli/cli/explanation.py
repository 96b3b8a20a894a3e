"""One target from a plan to its explanation: engine, recorder, one output, an exit code."""

import asyncio
import os
import random
import socket
import sys
import time
from collections.abc import Iterator

from msgspec import Struct, json

from probecli.cli.failure import bug_report, quiet_exit, say
from probecli.cli.session import portable
from probecli.cli.signals import listening
from probecli.engine.run import Measured, Stop
from probecli.engine.snapshot import snapshot_of, started_run
from probecli.explain.facts import Explanation
from probecli.explain.once import explain_once
from probecli.model.plan import Plan
from probecli.output.interface import Destination, Options
from probecli.output.stream import Stream, stream_facts
from probecli.output.terminal import terminal_facts
from probecli.probe.network import Network
from probecli.verdict.gate import ExitCode, worst


class Wanted(Struct, frozen=True, kw_only=True):
    """How the explanation is to be written; no path is standard output."""

    as_json: bool = False
    path: str | None = None
    no_color: bool = False


def carry_out(plan: Plan, wanted: Wanted) -> int:
    """Probes the one target of `plan`, and its controls, and explains it; the exit code."""
    measured, explanation = asyncio.run(_measured(plan, wanted))
    vantage = plan.vantage or socket.gethostname() or "localhost"
    snapshot = snapshot_of(
        started_run(plan, vantage, time.time()),
        measured,
        plan,
        finished_s=time.time(),
        clock="loop",
        others=[ExitCode.BUG] if measured.bugs else [],
    )
    code = snapshot.gate.exit_code
    try:
        _write(explanation, wanted)
    except BrokenPipeError:
        quiet_exit()
    except OSError as error:
        say(f"probecli: cannot write {error.filename or 'the output'}: {error.strerror or error}")
        code = worst([code, ExitCode.NOT_WRITTEN])
    if measured.bugs:
        say(bug_report(measured.bugs))
    return int(code)


async def _measured(plan: Plan, wanted: Wanted) -> tuple[Measured, Explanation]:
    (target,) = plan.targets
    stop = Stop()
    progress = _Progress(target.retry.attempts, wanted)
    network = Network(asyncio.get_running_loop(), now=time.time, portable=portable())
    restore = listening(stop)
    try:
        return await explain_once(
            plan, network, rng=random.Random(), stop=stop, on_attempt=progress
        )
    finally:
        restore()
        progress.clear()
        network.close()


class _Progress:
    """A word on standard error, where a person waits: attempts may take long to time out."""

    def __init__(self, attempts: int, wanted: Wanted) -> None:
        options = Options(color=False if wanted.no_color else None)
        self._live = stream_facts(sys.stderr, os.environ, options).live
        self._attempts = attempts

    def __call__(self, number: int) -> None:
        if self._live:
            self._show(f"\rprobing, attempt {number} of at most {self._attempts} …\x1b[K")

    def clear(self) -> None:
        """Leaves the line empty."""
        if self._live:
            self._show("\r\x1b[K")

    def _show(self, text: str) -> None:
        try:
            sys.stderr.write(text)
            sys.stderr.flush()
        except (OSError, ValueError):
            self._live = False


def _write(explanation: Explanation, wanted: Wanted) -> None:
    destination = _destination(wanted)
    try:
        render = _json if wanted.as_json else _text
        for piece in render(explanation, destination):
            destination.write(piece)
        destination.commit()
    finally:
        destination.discard()


def _destination(wanted: Wanted) -> Destination:
    options = Options(color=False if wanted.no_color else None)
    if wanted.path in (None, "-"):
        return Stream(sys.stdout, name="standard output", env=os.environ, options=options)
    from probecli.output.files import AtomicFile, StraightFile, is_straight

    assert wanted.path is not None
    facts = terminal_facts(os.environ, is_terminal=False, color=options.color)
    path = os.path.expanduser(wanted.path)
    if is_straight(path):
        return StraightFile(path, terminal=facts)
    return AtomicFile(path, terminal=facts, now_s=time.time())


def _json(explanation: Explanation, destination: Destination) -> Iterator[bytes]:
    from probecli.output.json import encode

    yield json.format(encode(explanation), indent=2) + b"\n"


def _text(explanation: Explanation, destination: Destination) -> Iterator[bytes]:
    from probecli.explain.view import lines_of
    from probecli.output.cells import to_text

    terminal = destination.terminal
    lines = [to_text(line, terminal) for line in lines_of(explanation, destination.size()[0])]
    yield terminal.encode("\n".join(lines) + "\n")
