"""Bars and lines as SVG path data: numbers only, one path a state, however many buckets."""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from msgspec import Struct

from probecli.model.cause import State
from probecli.output.report.page import Latency, Share

# Units of the drawing: a bucket is a cell of 3 and a gap of 1; the page scales both.
STEP = 4
CELL = 3
HEIGHT = 20
LINE_HEIGHT = 24
# What was seen at all is at least so high, so that a minute of a day can be seen.
LEAST = 4

# From the foot to the top of a bar: what is down stands on top, where the eye looks for it.
_STACK: tuple[State, ...] = ("up", "degraded", "unknown", "down")


class Bars(Struct, frozen=True):
    """Path data of one row by state: `whole` are lines to stroke, `parts` areas to fill.

    A run of buckets that are one state throughout is one dashed line; that keeps a page of 500
    targets over 90 days small. `marks` underline each bucket with any time down: its colour is
    not all that tells it.
    """

    whole: tuple[tuple[State, str], ...]
    parts: tuple[tuple[State, str], ...]
    marks: str


def bars(shares: Sequence[Share]) -> Bars:
    """The bars of a row; where nothing was probed there is none."""
    whole: dict[State, str] = {}
    parts: dict[State, str] = {}
    start = 0
    for state, group in groupby(shares, _throughout):
        length = len(list(group))
        if state is not None:
            whole[state] = whole.get(state, "") + f"M{start * STEP} 10h{length * STEP - 1}"
        else:
            for index in range(start, start + length):
                for part, path in _stacked(shares[index], index * STEP):
                    parts[part] = parts.get(part, "") + path
        start += length
    marks = "".join(_marks(shares))
    return Bars(_in_stack_order(whole), _in_stack_order(parts), marks)


def _marks(shares: Sequence[Share]) -> Iterator[str]:
    start = 0
    for is_down, group in groupby(shares, lambda share: share.down > 0):
        length = len(list(group))
        if is_down:
            yield f"M{start * STEP} 23h{length * STEP - 1}"
        start += length


def _in_stack_order(paths: dict[State, str]) -> tuple[tuple[State, str], ...]:
    return tuple((state, paths[state]) for state in _STACK if state in paths)


def _throughout(share: Share) -> State | None:
    """The one state of a bucket that was fully probed and never anything else."""
    states = [state for state in _STACK if getattr(share, state)]
    return states[0] if len(states) == 1 and share.probed > 0.995 else None


def _stacked(share: Share, x: int) -> Iterator[tuple[State, str]]:
    heights = {
        state: max(LEAST if state != "up" else 1, round(part * HEIGHT))
        for state in _STACK
        if (part := getattr(share, state))
    }
    # What must be seen takes its height from what is up, or else from the tallest.
    while (over := sum(heights.values()) - HEIGHT) > 0:
        tallest = "up" if heights.get("up", 0) > over else max(heights, key=heights.__getitem__)
        heights[tallest] -= over if tallest == "up" else 1
    top = HEIGHT
    for state, height in heights.items():
        top -= height
        yield state, f"M{x} {top}h{CELL}v{height}h-{CELL}"


class Lines(Struct, frozen=True):
    """Path data of a latency plot, from 0 to `most_ms`, the top; `p95` is empty where it is p50."""

    p50: str
    p95: str
    most_ms: float


def lines(latency: Latency) -> Lines | None:
    """The plot of a row; None when nothing was ever answered."""
    most = max((ms for ms in (*latency.p95, *latency.p50) if ms is not None), default=None)
    if most is None:
        return None

    def height(ms: float) -> int:
        return LINE_HEIGHT - 1 - round(ms / most * (LINE_HEIGHT - 2)) if most else LINE_HEIGHT - 1

    p50, p95 = _line(latency.p50, height), _line(latency.p95, height)
    return Lines(p50, "" if p95 == p50 else p95, most)


def _line(values: Sequence[float | None], height: Callable[[float], int]) -> str:
    """A line through the middle of each bucket, broken where there is no value."""
    path = ""
    before: int | None = None
    step = STEP
    for index, ms in enumerate(values):
        if ms is None:
            before = None
            continue
        here = height(ms)
        if before is None:
            # A value alone shows as a dash of one unit.
            path += f"M{index * STEP + 1} {here}h1l"
            step = STEP - 1
        else:
            # Numbers need a space only before one without a sign, and `l` holds for all.
            rise = here - before
            path += f"{'' if path[-1] == 'l' else ' '}{step}{'' if rise < 0 else ' '}{rise}"
            step = STEP
        before = here
    return path.replace("lM", "M").removesuffix("l")
