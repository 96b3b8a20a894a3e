"""From stretches to outages, flapping, uptime and gaps."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise

from msgspec import Struct

from probecli.history.moment import HOUR, MINUTE
from probecli.history.stretches import OK, Stretch

GAP_FACTOR = 2.5
"""Runs further apart than this many usual intervals have a gap between them."""

GAP_LEAST = MINUTE
"""Runs that are no further apart than this never have a gap between them."""

GAP_UNKNOWN = HOUR
"""What is a gap while there are too few runs to tell the usual interval."""

FLAPPING_CHANGES = 4
FLAPPING_US = HOUR
FLAPPING_INTERVALS = 20
FLAPPING_MOST_US = 6 * HOUR
"""A target flaps that changed between ok and down so often in an hour, or in the time of so many
usual intervals where that is longer, up to six hours; the changes are then one incident. Rarer
looks cannot tell flapping from outages of their own."""

Span = tuple[int, int]


class Outage(Struct, frozen=True, kw_only=True):
    """One incident of one target, in microseconds since the epoch.

    It began after `last_ok_us` (None: never seen ok before) and by `since_us`; `until_us` is the
    first observation that was ok again, None while it lasts. `changes` is how often a flapping
    target changed between ok and down, 0 for one that does not flap.
    """

    since_us: int
    last_ok_us: int | None
    until_us: int | None
    cause: str | None
    status: int | None = None
    detail: str | None = None
    changes: int = 0

    def length_us(self, now_us: int) -> int:
        """How long it was, or is by now."""
        return (now_us if self.until_us is None else self.until_us) - self.since_us


def usual_interval_us(times: Sequence[int]) -> int | None:
    """The median distance of observations in ascending order; None for fewer than three."""
    if len(times) < 3:
        return None
    from statistics import median_low

    return median_low([later - earlier for earlier, later in pairwise(times)])


def gap_limit_us(interval_us: int | None) -> int:
    """The distance of two observations beyond which nobody knows what was between them."""
    if interval_us is None:
        return GAP_UNKNOWN
    return max(GAP_LEAST, int(interval_us * GAP_FACTOR))


def flapping_window_us(interval_us: int | None) -> int:
    """The time in which the changes of a flapping target are counted."""
    return min(FLAPPING_MOST_US, max(FLAPPING_US, FLAPPING_INTERVALS * (interval_us or 0)))


def gaps(times: Sequence[int], now_us: int, limit_us: int) -> list[Span]:
    """Where between observations, and from the last to now, too long nothing was observed."""
    ends = [*times[1:], max(now_us, times[-1])] if times else []
    return [(begin, end) for begin, end in zip(times, ends, strict=True) if end - begin > limit_us]


def _overlap(spans: Sequence[Span], begin: int, end: int) -> int:
    """How much of `begin` to `end` the spans cover, which are apart and in order."""
    first = bisect_right(spans, begin, key=lambda span: span[1])
    covered = 0
    for span in spans[first:]:
        if span[0] >= end:
            break
        covered += min(end, span[1]) - max(begin, span[0])
    return covered


class Uptime(Struct, frozen=True, kw_only=True):
    """How long a target was what in a window, in microseconds.

    `gap_us` is what nobody observed since the target was first seen. Unknown and gaps count
    neither as up nor as down.
    """

    ok_us: int = 0
    down_us: int = 0
    unknown_us: int = 0
    gap_us: int = 0

    @property
    def share(self) -> float | None:
        """Ok over ok and down, 0 to 1; None when neither was observed."""
        known = self.ok_us + self.down_us
        return self.ok_us / known if known else None


def uptime(
    stretches: Sequence[Stretch], missing: Sequence[Span], begin_us: int, end_us: int
) -> Uptime:
    """What a target was between two moments: a state holds until the next observation."""
    times: dict[str, int] = {"ok": 0, "down": 0, "unknown": 0}
    gap = 0
    first = max(0, bisect_right(stretches, begin_us, key=lambda one: one.first_us) - 1)
    for index in range(first, len(stretches)):
        one = stretches[index]
        if one.first_us >= end_us:
            break
        begin = max(begin_us, one.first_us)
        end = end_us
        if index + 1 < len(stretches):
            end = min(end_us, stretches[index + 1].first_us)
        unseen = _overlap(missing, begin, end)
        times["ok" if one.state in OK else one.state] += end - begin - unseen
        gap += unseen
    return Uptime(ok_us=times["ok"], down_us=times["down"], unknown_us=times["unknown"], gap_us=gap)


def simple_outages(stretches: Iterable[Stretch]) -> list[Outage]:
    """Every spell of down, in order; unknown neither ends nor begins one."""
    found: list[Outage] = []
    begun: Stretch | None = None
    for one in stretches:
        if one.state == "down" and begun is None:
            begun = one
        elif one.state in OK and begun is not None:
            found.append(_outage(begun, one.first_us))
            begun = None
    if begun is not None:
        found.append(_outage(begun, None))
    return found


def _outage(begun: Stretch, until_us: int | None) -> Outage:
    return Outage(
        since_us=begun.since_us,
        last_ok_us=begun.prior_ok_us,
        until_us=until_us,
        cause=begun.cause,
        status=begun.status,
        detail=begun.detail,
    )


def outages(stretches: Iterable[Stretch], window_us: int) -> list[Outage]:
    """The incidents of one target in order: spells of down, or one for each time it flapped."""
    simple = simple_outages(stretches)
    changes = [
        (moment, index)
        for index, one in enumerate(simple)
        for moment in (one.since_us, one.until_us)
        if moment is not None
    ]
    told: list[Outage] = []
    taken = 0
    for first, last in _bursts([moment for moment, _ in changes], window_us):
        begin, end = changes[first][1], changes[last][1]
        told += simple[taken:begin]
        told.append(
            Outage(
                since_us=simple[begin].since_us,
                last_ok_us=simple[begin].last_ok_us,
                until_us=simple[end].until_us,
                cause=simple[begin].cause,
                status=simple[begin].status,
                detail=simple[begin].detail,
                changes=2 * (end - begin + 1) - (simple[end].until_us is None),
            )
        )
        taken = end + 1
    return told + simple[taken:]


def _bursts(moments: Sequence[int], window_us: int) -> list[tuple[int, int]]:
    """First and last index of every burst: changes of which any four on end fit the window.

    Bursts that meet within one outage are one.
    """
    found: list[tuple[int, int]] = []
    for index in range(FLAPPING_CHANGES - 1, len(moments)):
        first = index - FLAPPING_CHANGES + 1
        if moments[index] - moments[first] > window_us:
            continue
        if found and first // 2 <= found[-1][1] // 2:
            found[-1] = (found[-1][0], index)
        else:
            found.append((first, index))
    return found


def is_flapping(told: Sequence[Outage], now_us: int, window_us: int) -> bool:
    """Whether the last incident is flapping and no more than a window of calm followed it."""
    if not told or not told[-1].changes:
        return False
    until = told[-1].until_us
    return until is None or now_us - until <= window_us


def mean_time_to_recovery_us(told: Iterable[Outage]) -> int | None:
    """The mean length of the incidents that are over; None when there is none."""
    lengths = [one.until_us - one.since_us for one in told if one.until_us is not None]
    return sum(lengths) // len(lengths) if lengths else None


def in_window(told: Iterable[Outage], begin_us: int, end_us: int) -> list[Outage]:
    """The incidents that reach into a window."""
    return [
        one
        for one in told
        if one.since_us < end_us and (one.until_us is None or one.until_us > begin_us)
    ]
