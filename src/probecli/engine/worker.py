"""A worker process's life: it claims shares of a plan, and sends results."""

import asyncio
import contextlib
import os
import random
import signal
import time
import traceback
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from probecli.engine.limits import Limits
from probecli.engine.run import Probed, probe
from probecli.engine.shares import Claims
from probecli.engine.stop import Stop
from probecli.model.plan import Plan
from probecli.model.result import Result
from probecli.probe.network import Network

BEGIN = b"begin"
END = b"end"
ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM)
"""What ends a run, by its parent's word: no worker minds them."""

_RESULTS_A_MESSAGE = 64
# The parent knows why.
_STOPPED = 130


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
    """Nothing is left to claim, or to go on with: what the worker knows besides its results."""

    answered: list[str | None]
    probed: Probed


_ENCODER = msgspec.msgpack.Encoder()
DECODER = msgspec.msgpack.Decoder(Batch | Done)
"""Reads what a worker says."""


def serve(
    connection: Connection,
    inherited: Sequence[Connection],
    plan: Plan,
    claims: Claims,
    limits: Limits,
    encode: Encode,
    portable: bool,
) -> None:
    """A worker's life: from its parent's word on it probes what it claims, until the next one.

    It ends when the other end of the pipe is closed, whatever it is at.
    """
    # A signal to the whole group reaches it too, and one to it alone is not meant for the run.
    for number in ENDING_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    for other in inherited:
        other.close()
    try:
        asyncio.run(_live(connection, plan, claims, limits, encode, portable=portable))
    except Exception:
        with contextlib.suppress(OSError):
            _say(connection, Done([], Probed(loop_lag=None, bugs=[traceback.format_exc()])))


async def _live(
    connection: Connection,
    plan: Plan,
    claims: Claims,
    limits: Limits,
    encode: Encode,
    *,
    portable: bool,
) -> None:
    loop = asyncio.get_running_loop()
    begun, stop = asyncio.Event(), Stop()

    def hear() -> None:
        try:
            word = connection.recv_bytes()
        except (EOFError, OSError):
            # Nobody is left to probe for, and nothing to put in order but connections.
            os._exit(0)
        if word == BEGIN:
            begun.set()
        else:
            stop(_STOPPED)

    loop.add_reader(connection.fileno(), hear)
    with contextlib.closing(Network(loop, now=time.time, portable=portable)) as network:
        await begun.wait()
        told = _Told(connection, encode)
        probed = await probe(
            replace(plan, controls=()),
            limits,
            network,
            told,
            rng=random.Random(),
            stop=stop,
            places=claims.until(stop),
        )
        told.flush()
        _say(connection, Done(list(network.resolver.answered), probed))
        await loop.create_future()


def _say(connection: Connection, message: Batch | Done) -> None:
    connection.send_bytes(_ENCODER.encode(message))


class _Told:
    """Tells the parent of results, some at a time."""

    def __init__(self, connection: Connection, encode: Encode) -> None:
        self._connection = connection
        self._encode = encode
        self._batch: list[tuple[int, Result]] = []

    def add(self, index: int, result: Result) -> None:
        """The result of the target at `index`."""
        self._batch.append((index, result))
        if len(self._batch) >= _RESULTS_A_MESSAGE:
            self.flush()

    def add_control(self, index: int, result: Result) -> None:
        """None comes: the parent probes the controls."""

    def flush(self) -> None:
        """Tells what has not been told."""
        if self._batch:
            _say(self._connection, batch_of(self._batch, self._encode))
            self._batch.clear()


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
