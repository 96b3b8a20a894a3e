"""How a large list is shared among processes: a host's targets together, by who has time."""

import os
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile
from typing import TYPE_CHECKING
from zlib import crc32

from probecli.engine.schedule import host_key
from probecli.engine.stop import Stop
from probecli.model.plan import Plan
from probecli.model.target import Target

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

# A second process costs more than it brings below this many targets. One with TLS counts for
# several: its handshake takes 0.8 ms of CPU time, a plain one 0.1 ms in all.
_TARGETS_A_WORKER = 2000
_WEIGHT_OF_TLS = 8
_SECURE = ("https:", "wss:", "tls:")
_MOST = 8
# So small that all processes end together, whatever else takes their processors.
_SHARES_A_WORKER = 32
# What a byte can name, and any pipe holds.
_MOST_SHARES = 256


def chosen_workers(targets: Iterable[Target]) -> int:
    """How many processes a list is worth on this machine, by what its targets take."""
    cores = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    most = min(cores, _MOST)
    enough = most * _TARGETS_A_WORKER
    weight = 0
    for target in targets:
        weight += _WEIGHT_OF_TLS if target.url.startswith(_SECURE) else 1
        if weight >= enough:
            return most
    return max(1, weight // _TARGETS_A_WORKER)


def shares(plan: Plan, workers: int) -> "list[array[int]]":
    """The targets' places, in shares; a host's targets stay together, for its limit."""
    parts = [array("I") for _ in range(min(_MOST_SHARES, workers * _SHARES_A_WORKER))]
    for index, target in enumerate(plan.targets):
        parts[crc32(host_key(target.url).encode()) % len(parts)].append(index)
    return [part for part in parts if part]


class Claims:
    """The places of the shares that this process claims, one share after another as it asks.

    A pipe, of which both ends are given, holds the numbers of those that nobody has claimed. To
    read a byte is atomic, and a process that dies holds up no other, as one that held a lock
    would. To be made before the processes part, and to be closed.
    """

    def __init__(
        self, parts: "Sequence[array[int]]", pipe: "tuple[Connection, Connection]"
    ) -> None:
        self._parts = parts
        self._unclaimed, numbers = pipe
        os.write(numbers.fileno(), bytes(range(len(parts))))
        # A process that held this end would keep the others waiting for more.
        numbers.close()

    def __iter__(self) -> Iterator[int]:
        while number := os.read(self._unclaimed.fileno(), 1):
            yield from self._parts[number[0]]

    def until(self, stop: Stop) -> Iterator[int]:
        """The same, up to a stop: nobody has to answer for what is unclaimed then."""
        return takewhile(lambda _: stop.code is None, self)

    def close(self) -> None:
        """This process claims no more."""
        self._unclaimed.close()
