"""Latencies of one run as two bytes a target."""

import math
import sys
from array import array
from collections.abc import Iterable

# A logarithm of steps of 0.03%: from 0.01 ms to 8 hours in 16 bits; 0 is no latency.
_STEPS = 3000.0
_UNIT_MS = 0.01
_MOST = 65_535


def encoded(latencies_ms: Iterable[float | None]) -> bytes:
    """Latencies in milliseconds as 16-bit codes, little-endian; None for those without."""
    codes = array(
        "H",
        [
            0 if ms is None else min(_MOST, 1 + round(_STEPS * math.log1p(max(ms, 0.0) / _UNIT_MS)))
            for ms in latencies_ms
        ],
    )
    if sys.byteorder == "big":
        codes.byteswap()
    return codes.tobytes()


def codes_of(data: bytes) -> "array[int]":
    """The codes in `data`; larger codes are larger latencies."""
    codes = array("H")
    codes.frombytes(data)
    if sys.byteorder == "big":
        codes.byteswap()
    return codes


def milliseconds(code: int) -> float | None:
    """The latency of a code, exact to 0.02%; None for that of no latency."""
    return math.expm1((code - 1) / _STEPS) * _UNIT_MS if code else None


def percentile(ordered: "list[int] | array[int]", share: float) -> float | None:
    """The latency that `share` (0 to 1) of the sorted codes do not exceed; None without any."""
    if not ordered:
        return None
    return milliseconds(ordered[max(0, math.ceil(share * len(ordered)) - 1)])
