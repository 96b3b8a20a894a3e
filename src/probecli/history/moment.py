"""Points in time as a history keeps them: whole microseconds since the epoch."""

from zlib import crc32

from probecli.model.moment import epoch_s, rfc3339

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def micros(text: str) -> int:
    """Microseconds since the epoch, whole milliseconds of them, from an RFC 3339 text."""
    return round(epoch_s(text) * 1000) * 1000


def run_micros(started_at: str, run_id: str) -> int:
    """When a run observed: its start, with microseconds of its id.

    So two runs of one millisecond have an order, and the same one in whichever order they come.
    """
    return micros(started_at) + crc32(run_id.encode()) % 1000


def text_of(moment_us: int) -> str:
    """An RFC 3339 text, from microseconds since the epoch."""
    # Half a millisecond on, so that no rounding of the quotient falls into the one before.
    return rfc3339((moment_us // 1000 + 0.5) / 1000)
