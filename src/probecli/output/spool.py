"""The results of a large run, on disk and encoded: some bytes of memory each."""

import os
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, BinaryIO, overload

from probecli.model.cause import STATES, State
from probecli.model.result import Result

_BLOCK_BYTES = 256 * 1024
_WINDOW = 512
# Enough to halve the cost of encoding, and not so many that the event loop would be late.
_BATCH = 64
# The results of a window are read at once where no more than so many times their bytes are read.
_MOST_READ = 4
# What is known of a result without a look at it: its state, and whether it is gated. No mark, no
# result; the first two are of what is up.
_MARKS = tuple((state, gated) for state in STATES for gated in (False, True))
_MARK_OF = {known: number for number, known in enumerate(_MARKS, 1)}
_LAST_UP = _MARK_OF["up", True]


class Spool:
    """Keeps the results of `total` targets in some 13 bytes of memory each.

    Results are encoded as they come, and written to a temporary file that has no name and so
    leaves nothing behind, however the process ends. Where no such file can be had, or the disk is
    full, the encoded results stay in memory. `encode` takes some results at once, and gives None
    for one that bytes cannot carry exactly, which is `held` as it is; `decode` is its inverse for
    one. To be closed.
    """

    def __init__(
        self,
        total: int,
        *,
        encode: Callable[[Sequence[Result]], Iterable[bytes | None]],
        decode: Callable[[bytes], Result],
    ) -> None:
        self._encode = encode
        self.decode = decode
        self._sizes = array("I", bytes(4 * total))
        self._offsets = array("Q", bytes(8 * total))
        self._file: BinaryIO | None = None
        self._count = 0
        self._written = 0
        # What is not written yet: all of it, once the disk has failed.
        self._tail = bytearray()
        self._takes_more = True
        self._waiting: list[Result] = []
        self._waiting_places: list[int] = []
        self.held: dict[int, Result] = {}
        self.marks = bytearray(total)
        self.causes: Counter[str] = Counter()
        self._first_of_group: dict[str | None, int] = {}
        self._up_in_group: dict[str | None, int] = {}

    def add(self, index: int, result: Result) -> None:
        """The result of the target at `index`."""
        self._note(index, result.group, result.state, gated=result.gated)
        if result.cause is not None and result.state != "up":
            self.causes[result.cause] += 1
        self._waiting.append(result)
        self._waiting_places.append(index)
        if len(self._waiting) == _BATCH:
            self._encode_waiting()

    def add_up(self, index: int, group: str | None, data: bytes) -> None:
        """The result of a target of `group` that is up, encoded already."""
        self._note(index, group, "up", gated=True)
        self._put(index, data)

    def _note(self, index: int, group: str | None, state: State, *, gated: bool) -> None:
        self._count += 1
        self.marks[index] = _MARK_OF[state, gated]
        if index < self._first_of_group.get(group, len(self.marks)):
            self._first_of_group[group] = index
        self._up_in_group[group] = self._up_in_group.get(group, 0) + (state == "up")

    def _encode_waiting(self) -> None:
        encoded = self._encode(self._waiting)
        for index, result, data in zip(self._waiting_places, self._waiting, encoded, strict=True):
            if data is None:
                self.held[index] = result
            else:
                self._put(index, data)
        self._waiting.clear()
        self._waiting_places.clear()

    def _put(self, index: int, data: bytes) -> None:
        self._offsets[index] = self._written + len(self._tail)
        self._sizes[index] = len(data)
        self._tail += data
        if len(self._tail) >= _BLOCK_BYTES and self._takes_more:
            self._write_tail()

    def results(self) -> "Spooled":
        """Everything that was kept, in the plan's order."""
        self._encode_waiting()
        if self._count == len(self.marks):
            return Spooled(self, range(len(self.marks)))
        return Spooled(self, array("I", (place for place, mark in enumerate(self.marks) if mark)))

    def groups(self) -> dict[str | None, int]:
        """How many targets of each group are up, in the order of the groups in the plan."""
        order = sorted(self._first_of_group.items(), key=lambda item: item[1])
        return {group: self._up_in_group[group] for group, _ in order}

    def close(self) -> None:
        """Give the disk space back."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def read(self, indexes: Sequence[int]) -> list[bytes]:
        """The encoded results at these places, in this order; raises OSError."""
        ranges = [(self._offsets[index], self._sizes[index]) for index in indexes]
        if not ranges:
            return []
        start = min(offset for offset, _ in ranges)
        end = max(offset + size for offset, size in ranges)
        if end - start <= _MOST_READ * sum(size for _, size in ranges):
            span = self._between(start, end)
            return [span[offset - start : offset - start + size] for offset, size in ranges]
        return [self._between(offset, offset + size) for offset, size in ranges]

    def _between(self, start: int, end: int) -> bytes:
        written = self._written
        data = b""
        if start < written and self._file is not None:
            data = os.pread(self._file.fileno(), min(end, written) - start, start)
        return data + self._tail[max(0, start - written) : max(0, end - written)]

    def _write_tail(self) -> None:
        import tempfile

        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - see `close`
            at, view = self._written, memoryview(self._tail)
            while view:
                written = os.pwrite(self._file.fileno(), view, at)
                at, view = at + written, view[written:]
        except OSError:
            self._takes_more = False
            return
        self._written = at
        self._tail = bytearray()


class Spooled(Sequence[Result]):
    """The results of a spool at some places; decoded each time that they are asked for."""

    def __init__(self, spool: Spool, places: Sequence[int]) -> None:
        self._spool = spool
        self._places = places

    @cached_property
    def not_up(self) -> "Spooled":
        """Those that are not up, found without a look at any."""
        marks = self._spool.marks
        places = (place for place in self._places if marks[place] > _LAST_UP)
        return Spooled(self._spool, array("I", places))

    def ordered(self, key: Callable[[State, bool], Any]) -> "Spooled":
        """Those of a lower `key` first, which is made of the state and of whether it is gated."""
        marks = self._spool.marks
        keys = [None, *(key(state, gated) for state, gated in _MARKS)]
        places = sorted(self._places, key=lambda place: keys[marks[place]])
        return Spooled(self._spool, array("I", places))

    @cached_property
    def up_in_groups(self) -> Mapping[str | None, int]:
        """How many are up in each group, at no cost; groups in the order of their first target."""
        return self._spool.groups()

    @property
    def causes(self) -> Counter[str]:
        """How often each cause occurs in the whole spool, at no cost."""
        return self._spool.causes

    def encoded(self, encode: Callable[[Result], bytes]) -> Iterator[list[bytes]]:
        """All results as bytes, some at a time; `encode` is for those that the spool has not."""
        held = self._spool.held
        for places in self._windows():
            found = iter(self._spool.read([place for place in places if place not in held]))
            yield [encode(held[place]) if place in held else next(found) for place in places]

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[Result]:
        held, decode = self._spool.held, self._spool.decode
        for places in self._windows():
            found = iter(self._spool.read([place for place in places if place not in held]))
            for place in places:
                yield held[place] if place in held else decode(next(found))

    @overload
    def __getitem__(self, index: int) -> Result: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Result, ...]: ...
    def __getitem__(self, index: int | slice) -> Result | tuple[Result, ...]:
        if isinstance(index, slice):
            return tuple(self._at(place) for place in self._places[index])
        return self._at(self._places[index])

    def _at(self, place: int) -> Result:
        there = self._spool.held.get(place)
        return there or self._spool.decode(self._spool.read([place])[0])

    def _windows(self) -> Iterator[Sequence[int]]:
        for start in range(0, len(self._places), _WINDOW):
            yield self._places[start : start + _WINDOW]


def not_up(results: Sequence[Result]) -> Iterable[Result]:
    """The results that are not up, in their order, without a look at the others where possible.

    To be gone through once: those of a large run are read from disk.
    """
    if isinstance(results, Spooled):
        return results.not_up
    return (result for result in results if result.state != "up")


def number_not_up(results: Sequence[Result]) -> int:
    """How many results are not up."""
    if isinstance(results, Spooled):
        return len(results.not_up)
    return sum(result.state != "up" for result in results)


def causes(results: Sequence[Result]) -> Counter[str]:
    """How often each cause of what is not up occurs, without a look at any where possible."""
    if isinstance(results, Spooled):
        return results.causes
    return Counter(result.cause for result in not_up(results) if result.cause is not None)
