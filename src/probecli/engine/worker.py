"""A worker process's life: it claims shares of a plan, and sends results."""

import asyncio
import contextlib
import os
import random
import signal
import time
from collections.abc import Callable, Iterable, Sequence
from multiprocessing.connection import Connection

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from probecli.engine.keeper import Elsewhere
from probecli.engine.limits import Limits
from probecli.engine.run import run
from probecli.engine.stop import Stop
from probecli.model.plan import Plan
from probecli.model.result import Result
from probecli.model.snapshot import LoopLag
from probecli.probe.network import Network

_RESULTS_A_MESSAGE = 64
_TERMINATED = 143


Encode = Callable[[Sequence[Result]], Sequence[bytes | None]]
"""Makes one line of JSON of each result, None of one that JSON cannot carry exactly."""


class Batch(Struct, frozen=True, tag=True):
    """Some results, each with its target's place in the plan.

    Of targets that are up there is the place, whether the gate looks at them, and a line of JSON:
    most outputs need no more, and this is the one place where there are processors to spare.
    """

    results: list[tuple[int, Result]]
    up: list[tuple[int, bool]]
    lines: bytes


class Done(Struct, frozen=True, tag=True):
    """Nothing is left to claim: what the worker knows besides its results."""

    answered: list[str | None]
    bugs: list[str]
    loop_lag: LoopLag | None


_ENCODER = msgspec.msgpack.Encoder()
DECODER = msgspec.msgpack.Decoder(Batch | Done)
"""Reads what a worker says."""


def serve(
    connection: Connection,
    inherited: Sequence[Connection],
    plan: Plan,
    places: Iterable[int],
    limits: Limits,
    encode: Encode,
    portable: bool,
) -> None:
    """A worker's life: from the first word on it probes `places`, as long as there are any.

    It ends when the other end of the pipe is closed.
    """
    for other in inherited:
        other.close()
    # The terminal's Ctrl-C reaches the whole group; the parent says when to end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        asyncio.run(_live(connection, plan, places, limits, encode, portable=portable))
    except (BrokenPipeError, ConnectionResetError, EOFError):
        os._exit(0)


async def _live(
    connection: Connection,
    plan: Plan,
    places: Iterable[int],
    limits: Limits,
    encode: Encode,
    *,
    portable: bool,
) -> None:
    loop = asyncio.get_running_loop()
    stop = Stop()
    loop.add_signal_handler(signal.SIGTERM, stop, _TERMINATED)
    network = Network(loop, now=time.time, portable=portable)
    try:
        with contextlib.suppress(EOFError, asyncio.CancelledError):
            await _word(loop, connection, stop)
            await _probe(connection, plan, places, limits, encode, network, stop)
            await _word(loop, connection, stop)
    finally:
        network.close()
        # The loop closes its wake-up pipe before it lets go of signals: one that came in between
        # would be complained of on standard error.
        loop.remove_signal_handler(signal.SIGTERM)


async def _word(loop: asyncio.AbstractEventLoop, connection: Connection, stop: Stop) -> None:
    """Waits for a word; raises EOFError when there will be none, CancelledError when stopped."""
    arrived = asyncio.Event()
    loop.add_reader(connection.fileno(), arrived.set)
    waiting = asyncio.ensure_future(_until(arrived))
    stop.watch(waiting)
    try:
        await waiting
    finally:
        loop.remove_reader(connection.fileno())
    connection.recv_bytes()


async def _until(event: asyncio.Event) -> None:
    await event.wait()


async def _probe(
    connection: Connection,
    plan: Plan,
    places: Iterable[int],
    limits: Limits,
    encode: Encode,
    network: Network,
    stop: Stop,
) -> None:
    batch: list[tuple[int, Result]] = []

    def flush() -> None:
        if batch:
            connection.send_bytes(_ENCODER.encode(batch_of(batch, encode)))
            batch.clear()

    def take(index: int, result: Result) -> None:
        batch.append((index, result))
        if len(batch) >= _RESULTS_A_MESSAGE:
            flush()

    measured = await run(
        replace(plan, controls=()),
        limits,
        network,
        rng=random.Random(),
        stop=stop,
        on_result=None,
        keeper=Elsewhere(take),
        places=places,
    )
    flush()
    answered = list(network.resolver.answered)
    connection.send_bytes(_ENCODER.encode(Done(answered, list(measured.bugs), measured.loop_lag)))


def batch_of(results: Sequence[tuple[int, Result]], encode: Encode) -> Batch:
    """The results as they travel."""
    others = [one for one in results if one[1].state != "up"]
    working = [one for one in results if one[1].state == "up"]
    up: list[tuple[int, bool]] = []
    lines: list[bytes] = []
    for one, line in zip(working, encode([result for _, result in working]), strict=True):
        if line is None:
            others.append(one)
        else:
            up.append((one[0], one[1].gated))
            lines.append(line)
    return Batch(others, up, b"\n".join(lines))
