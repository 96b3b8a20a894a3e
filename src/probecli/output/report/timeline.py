"""The buckets of time that bars and latencies are drawn in: days, and less for a young history."""

from typing import Literal

from msgspec import Struct

from probecli.history.moment import DAY, HOUR, MINUTE

Unit = Literal["day", "hour", "5 minutes"]

# A history no longer than this is drawn in buckets of that: a day of hours says more than a day.
_UNITS: tuple[tuple[int, Unit, int], ...] = (
    (3 * HOUR, "5 minutes", 5 * MINUTE),
    (2 * DAY, "hour", HOUR),
)


class Timeline(Struct, frozen=True):
    """Equal buckets on end, in UTC: the first begins at `begin_us`, and the last holds now.

    `end_us` is now, so the last bucket is not over yet.
    """

    unit: Unit
    width_us: int
    begin_us: int
    end_us: int

    @property
    def count(self) -> int:
        """How many buckets there are."""
        return self.index(self.end_us) + 1

    def index(self, at_us: int) -> int:
        """The bucket that a moment falls into; below 0 for one before the first."""
        return (at_us - self.begin_us) // self.width_us

    def bounds(self, index: int) -> tuple[int, int]:
        """Begin and end of a bucket, the last cut at now."""
        begin = self.begin_us + index * self.width_us
        return begin, min(begin + self.width_us, max(self.end_us, begin + 1))


def timeline_of(first_us: int, end_us: int, most_days: int) -> Timeline:
    """Buckets from the first observation, but no more than `most_days`, to `end_us`."""
    length = max(0, end_us - first_us)
    unit, width = next(
        ((unit, width) for most, unit, width in _UNITS if length <= most), ("day", DAY)
    )
    last = end_us // width
    first = first_us // width
    if unit == "day":
        first = max(first, last - most_days + 1)
    return Timeline(unit, width, first * width, end_us)
