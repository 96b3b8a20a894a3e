"""Bytes turned into other bytes: the mutations that all kinds of case share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

Ending = Literal["close", "reset", "stall"]
_ENDINGS: tuple[Ending, ...] = ("close", "reset", "stall")


@dataclass(frozen=True)
class Act:
    """What a server sends on a connection, write by write, and how it ends."""

    pieces: tuple[bytes, ...]
    ending: Ending


_TELLING = (
    b"\0", b"\xff", b"\r", b"\n", b"\r\n\r\n", b":", b" ", b"\t", b"%00", b"\x1b[2J", b"\x80",
    "\u202e".encode(), b"\xed\xa0\x80", b"-1", b"0", b"9" * 20, b"0x10", b"A" * 5000,
)  # fmt: skip


def _place(rng: Random, data: bytes) -> int:
    return rng.randrange(len(data) + 1)


def _flip(rng: Random, data: bytes) -> bytes:
    if not data:
        return data
    at = rng.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]


def _replace(rng: Random, data: bytes) -> bytes:
    at = _place(rng, data)
    count = rng.randrange(1, 9)
    return data[:at] + rng.randbytes(count) + data[at + count :]


def _insert(rng: Random, data: bytes) -> bytes:
    at = _place(rng, data)
    return data[:at] + rng.choice(_TELLING) + data[at:]


def _cut(rng: Random, data: bytes) -> bytes:
    return data[: _place(rng, data)]


def _remove(rng: Random, data: bytes) -> bytes:
    at = _place(rng, data)
    return data[:at] + data[at + rng.randrange(1, 40) :]


def _repeat(rng: Random, data: bytes) -> bytes:
    at = _place(rng, data)
    part = data[at : at + rng.randrange(1, 60)]
    return data[:at] + part * rng.choice((2, 3, 50)) + data[at:]


def _count(rng: Random, data: bytes) -> bytes:
    """A number in decimal or hexadecimal digits becomes another one."""
    digits = [at for at, byte in enumerate(data) if chr(byte) in "0123456789"]
    if not digits:
        return data
    at = rng.choice(digits)
    other = rng.choice((b"0", b"1", b"999", b"-5", b"+3", b"1e3", b"4294967296", b"f" * 17))
    return data[:at] + other + data[at + 1 :]


_MUTATIONS: tuple[Callable[[Random, bytes], bytes], ...] = (
    _flip, _replace, _insert, _cut, _remove, _repeat, _count,
)  # fmt: skip


def mutated(rng: Random, data: bytes, most: int = 5) -> bytes:
    """`data` after one to `most` random mutations."""
    for _ in range(rng.randrange(1, most + 1)):
        data = rng.choice(_MUTATIONS)(rng, data)
    return data


def spliced(rng: Random, corpus: Sequence[bytes]) -> bytes:
    """The beginning of one member of the corpus with the end of another."""
    first, second = rng.choice(corpus), rng.choice(corpus)
    return first[: _place(rng, first)] + second[_place(rng, second) :]


def in_pieces(rng: Random, data: bytes) -> Act:
    """`data` in one or several writes, seldom a byte at a time, with an ending."""
    ending = rng.choices(_ENDINGS, (90, 7, 3))[0]
    if rng.random() < 0.6 or not data:
        return Act((data,), ending)
    if len(data) < 400 and rng.random() < 0.1:
        return Act(tuple(bytes([byte]) for byte in data), ending)
    cuts = sorted(_place(rng, data) for _ in range(rng.randrange(1, 5)))
    bounds = zip([0, *cuts], [*cuts, len(data)], strict=True)
    return Act(tuple(data[start:end] for start, end in bounds), ending)
