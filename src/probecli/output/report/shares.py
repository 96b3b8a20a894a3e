"""From stretches of states to what a target was in each bucket of a timeline."""

from collections.abc import Iterator, Sequence

from probecli.history.outages import Span
from probecli.history.stretches import Stretch
from probecli.model.cause import STATES, State
from probecli.output.report.page import Share
from probecli.output.report.timeline import Timeline

# What was seen but lasted no time that is known (the last run before a gap) must still show.
SEEN = 1e-9


def shares_of(
    stretches: Sequence[Stretch], missing: Sequence[Span], timeline: Timeline
) -> tuple[Share, ...]:
    """What a target was, bucket by bucket: a state holds until the next observation.

    `missing` are the gaps, in order: nothing holds through them.
    """
    count = timeline.count
    times: dict[State, list[float]] = {state: [0.0] * count for state in STATES}
    for begin, end, state in _observed(stretches, missing, timeline.end_us):
        first = max(0, timeline.index(begin))
        last = min(count - 1, timeline.index(max(begin, end - 1)))
        sums = times[state]
        for index in range(first, last + 1):
            low, high = timeline.bounds(index)
            part = min(end, high) - max(begin, low)
            sums[index] += max(part / (high - low), SEEN)
    columns = (times[state] for state in ("up", "degraded", "down", "unknown"))
    return tuple(Share(*column) for column in zip(*columns, strict=True))


def _observed(
    stretches: Sequence[Stretch], missing: Sequence[Span], end_us: int
) -> Iterator[tuple[int, int, State]]:
    """Begin, end and state of what is known, gaps cut out; the moment before a gap stays."""
    gap = 0
    for index, one in enumerate(stretches):
        begin = one.first_us
        last = index + 1 == len(stretches)
        end = end_us if last else min(end_us, stretches[index + 1].first_us)
        while gap < len(missing) and missing[gap][1] <= begin:
            gap += 1
        here = gap
        while here < len(missing) and missing[here][0] < end:
            yield begin, max(begin, missing[here][0]), one.state
            begin = missing[here][1]
            here += 1
        if begin < end or (begin == end == one.first_us):
            yield begin, end, one.state
