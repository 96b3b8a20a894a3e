"""Durations, sizes and statuses from the way people write them."""

import math
import re

from probecli.model.target import ByteCount, Seconds, StatusRange, StatusSet

_SECONDS_IN = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_BYTES_IN = {
    "": 1,
    "b": 1,
    "kib": 1024,
    "mib": 1024**2,
    "gib": 1024**3,
    "k": 1024,
    "m": 1024**2,
    "g": 1024**3,
    "kb": 1000,
    "mb": 1000**2,
    "gb": 1000**3,
}
_NUMBER = r"\d{1,15}(?:\.\d{1,9})?"
_DURATION = rf"(?:{_NUMBER}(?:ms|[smhd]))+|{_NUMBER}"
_DURATION_PART = rf"({_NUMBER})(ms|[smhd]|$)"
_SIZE = rf"(?i)({_NUMBER})\s?([a-z]*)"
_STATUS = r"(?i)(?P<low>[1-9]\d\d)(?:\s*-\s*(?P<high>[1-9]\d\d))?|(?P<class>[1-9])xx"


def parse_duration(raw: object) -> Seconds:
    """Seconds from `200ms`, `10s`, `5m`, `1h`, `2d`, `1m30s` or a number of seconds.

    Raises ValueError, which says what a duration looks like.
    """
    if isinstance(raw, str) and re.fullmatch(_DURATION, raw.strip()):
        parts = re.findall(_DURATION_PART, raw.strip())
        return Seconds(sum(float(number) * _SECONDS_IN[unit or "s"] for number, unit in parts))
    if (
        isinstance(raw, int | float)
        and not isinstance(raw, bool)
        and math.isfinite(raw)
        and raw >= 0
    ):
        return Seconds(raw)
    raise ValueError("expected a duration such as 200ms, 10s, 5m or 1h")


def parse_size(raw: object) -> ByteCount:
    """Bytes from `64KiB`, `1MiB`, `10kB` or a number of bytes.

    Raises ValueError, which says what a size looks like.
    """
    match = re.fullmatch(_SIZE, raw.strip()) if isinstance(raw, str) else None
    if match and match[2].lower() in _BYTES_IN:
        return ByteCount(float(match[1]) * _BYTES_IN[match[2].lower()])
    if isinstance(raw, int) and not isinstance(raw, bool) and raw >= 0:
        return ByteCount(raw)
    raise ValueError("expected a size such as 64KiB or 1MiB")


def parse_statuses(raw: object) -> StatusSet:
    """Statuses from `200`, `301-308`, `4xx`, or a list or comma-separated text of these.

    Raises ValueError, which says what statuses look like.
    """
    if isinstance(raw, str):
        raw = raw.split(",")
    parts = raw if isinstance(raw, list | tuple) else [raw]
    if not parts:
        raise ValueError("an empty list allows no status; leave the key out to judge none")
    return StatusSet(map(_status_range, parts))


def _status_range(raw: object) -> StatusRange:
    match = None if isinstance(raw, bool | float) else re.fullmatch(_STATUS, str(raw).strip())
    if not match:
        raise ValueError("expected statuses such as 200, 301-308 or 4xx, or a list of these")
    if match["class"]:
        first = int(match["class"]) * 100
        return StatusRange(first, first + 99)
    low = int(match["low"])
    high = int(match["high"] or low)
    if high < low:
        raise ValueError(f"the range `{low}-{high}` runs backwards")
    return StatusRange(low, high)
