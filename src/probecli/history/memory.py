"""What a run knows of those before it: since when, what changed, and what is one incident."""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import select

from probecli.history.incidents import PAST_US, Known, Onset
from probecli.history.moment import run_micros, text_of
from probecli.history.outages import (
    flapping_window_us,
    in_window,
    is_flapping,
    outages,
    usual_interval_us,
)
from probecli.history.store import Series, Store
from probecli.history.stretches import Stretch, appended, is_observation, seen_in
from probecli.history.tables import runs, vantages
from probecli.model.cause import State
from probecli.model.result import Result
from probecli.model.snapshot import Run

_RUNS_FOR_INTERVAL = 21


class Memory(Struct, frozen=True):
    """The targets of one vantage as its history had them when the run `at_us` began."""

    at_us: int
    last: Mapping[str, Series]
    interval_us: int | None = None


class Change(Struct, frozen=True):
    """A target whose state is not what its last recorded observation was (None: never seen)."""

    result: Result
    before: State | None
    since_us: int | None


def recalled(store: Store, run: Run) -> Memory:
    """What the history knows before `run`. Raises HistoryError."""
    asked = (
        select(runs.c.at_us)
        .join(vantages, vantages.c.id == runs.c.vantage)
        .where(vantages.c.name == run.vantage)
        .order_by(runs.c.at_us.desc())
        .limit(_RUNS_FOR_INTERVAL)
    )
    times = store.read(lambda connection: connection.execute(asked).scalars().all())
    return Memory(
        run_micros(run.started_at, run.id),
        store.last(run.vantage),
        usual_interval_us(sorted(times)),
    )


def _now(memory: Memory, result: Result) -> Stretch:
    """The stretch that a result belongs to, as if it were recorded."""
    there = memory.last.get(result.name)
    return appended(there.newest if there else None, seen_in(result, memory.at_us))


def _interval(memory: Memory, stretch: Stretch) -> tuple[int, int | None]:
    """By when and after when it began: never in the future, even where the clock was put back."""
    since = min(stretch.since_us, memory.at_us)
    last = stretch.last_better_us
    return since, last if last is not None and last < since else None


def dated(memory: Memory, result: Result) -> Result:
    """A result that is not up with `since` and `last_ok`."""
    if result.state == "up" or not is_observation(result):
        return result
    since, last_ok = _interval(memory, _now(memory, result))
    return replace(
        result, since=text_of(since), last_ok=text_of(last_ok) if last_ok is not None else None
    )


def known(
    memory: Memory, store: Store, results: Sequence[Result], titles: Mapping[str, str]
) -> Known:
    """What incidents need to know of the targets that are down. Raises HistoryError."""
    down = [result for result in results if result.state == "down"]
    if not down:
        return Known(onsets={}, titles=titles, absent={})
    ids = {one.name: memory.last[one.name].id for one in down if one.name in memory.last}
    recent = store.recent(ids.values(), memory.at_us - PAST_US)
    return Known(
        onsets={
            result.name: _onset(memory, result, recent.get(ids.get(result.name, -1), []))
            for result in down
        },
        titles=titles,
        absent=_absent(memory, results),
        interval_us=memory.interval_us,
    )


def _onset(memory: Memory, result: Result, stretches: list[Stretch]) -> Onset:
    now = _now(memory, result)
    since, last_ok = _interval(memory, now)
    before = [one for one in stretches if one.first_us < now.first_us]
    told = outages([*before, now], flapping_window_us(memory.interval_us))
    current = told[-1]
    past = in_window(told[:-1], memory.at_us - PAST_US, memory.at_us)
    if current.changes:
        since, last_ok = min(current.since_us, since), current.last_ok_us
    return Onset(since_us=since, last_ok_us=last_ok, changes=current.changes, past=tuple(past))


def _absent(memory: Memory, results: Iterable[Result]) -> dict[str, tuple[str, ...]]:
    """Targets of each group that were observed in the last days and not in this run."""
    here = {result.name for result in results}
    found: dict[str, list[str]] = {}
    for name, one in memory.last.items():
        if one.group is None or name in here or one.newest is None:
            continue
        if one.newest.last_us >= memory.at_us - PAST_US:
            found.setdefault(one.group, []).append(name)
    return {group: tuple(sorted(names)) for group, names in found.items()}


def changes(memory: Memory, store: Store, results: Iterable[Result]) -> list[Change]:
    """The targets whose state changed since their last observation. Raises HistoryError.

    One never seen before counts when it is not up. A target that flaps already counts no more,
    until it has been calm.
    """
    found: list[Change] = []
    for result in results:
        there = memory.last.get(result.name)
        newest = there.newest if there else None
        before = newest.state if newest else None
        if is_observation(result) and result.state != (before or "up"):
            found.append(Change(result, before, newest.since_us if newest else None))
    ids = {memory.last[one.result.name].id: one for one in found if one.result.name in memory.last}
    window = flapping_window_us(memory.interval_us)
    recent = store.recent(ids, memory.at_us - 2 * window)
    flapping = {
        ids[number].result.name
        for number, stretches in recent.items()
        if is_flapping(outages(stretches, window), memory.at_us, window)
    }
    return [one for one in found if one.result.name not in flapping]
