"""Points in time as the snapshot writes them."""

from datetime import datetime
from functools import lru_cache
from time import gmtime, strftime


@lru_cache(maxsize=16)
def _whole_second(second: int) -> str:
    return strftime("%Y-%m-%dT%H:%M:%S", gmtime(second))


@lru_cache(maxsize=64)
def _millisecond(milliseconds: int) -> str:
    """What happens at once shares one text, which thousands of results keep."""
    second, rest = divmod(milliseconds, 1000)
    return f"{_whole_second(second)}.{rest:03d}Z"


def rfc3339(epoch_s: float) -> str:
    """An RFC 3339 UTC text with `Z` and milliseconds, from seconds since the epoch."""
    return _millisecond(int(epoch_s * 1000))


def epoch_s(text: str) -> float:
    """Seconds since the epoch, from an RFC 3339 text."""
    return datetime.fromisoformat(text).timestamp()
