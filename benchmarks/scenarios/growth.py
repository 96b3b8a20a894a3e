"""Growth: how much slower a target of a large list is than one of a small list."""

import time
from statistics import median
from typing import Any

from benchmarks.bounds import Figure, judged, unlike
from benchmarks.measure import middle
from benchmarks.peers import ONE_PROCESS, Task
from benchmarks.report import Table
from benchmarks.scenarios.throughput import task
from benchmarks.setting import Outcome, Setting

SIZES = (1_000, 50_000)
# The short runs are repeated within a round: their difference is what the ratio hangs on.
_SHORT_RUNS = 5


def measured(setting: Setting) -> Outcome:
    """One target, the small and the large list in turn, round by round; http, one process."""
    small, large = setting.growth
    rounds: list[dict[int, float]] = []
    notes: list[str] = []
    until = time.monotonic() + setting.budget_s
    with task(setting, "http", large) as (job, server):
        parts = {count: _part(job, count) for count in (1, small, large)}
        for number in range(setting.rounds):
            if number and time.monotonic() > until:
                break
            walls = _round(setting, parts, notes)
            if walls is None:
                break
            rounds.append(walls)
            setting.say(f"growth: {walls}")
    figures = {
        "growth": Figure(
            middle(ratio(walls, small, large) for walls in rounds),
            unlike("targets", small, SIZES[0]) or unlike("targets", large, SIZES[1]),
            notes[0] if notes else None,
        )
    }
    over_small = {small: 1.0, large: figures["growth"].value}
    rows = tuple(
        (
            count,
            middle(walls[count] for walls in rounds),
            middle(rate(walls, count) for walls in rounds),
            over_small.get(count),
            len(rounds),
        )
        for count in parts
    )
    table = Table(
        f"Growth, http, {setting.in_flight} in flight, one process, {server}",
        ("targets", "wall s", "targets/s, start-up off", f"x {small:,}", "rounds"),
        rows,
        tuple(notes),
    )
    data: dict[str, Any] = {"small": small, "large": large, "ratio": figures["growth"].value}
    tables = (judged(table, (None, None, "growth"), figures),)
    return Outcome(tables, {**data, "wall_s": rounds}, figures)


def rate(walls: dict[int, float], count: int) -> float | None:
    """Targets a second without what one target takes too; None where that leaves nothing."""
    left_s = walls[count] - walls[1]
    return count / left_s if left_s > 0 else None


def ratio(walls: dict[int, float], small: int, large: int) -> float | None:
    """The rate of the large list over that of the small one, of one round."""
    high, low = rate(walls, large), rate(walls, small)
    return high / low if high and low else None


def _part(job: Task, count: int) -> Task:
    directory = job.directory / f"first-{count}"
    directory.mkdir()
    part = Task(
        urls=job.urls[:count],
        in_flight=job.in_flight,
        authority=job.authority,
        directory=directory,
    )
    return part.written()


def _round(setting: Setting, parts: dict[int, Task], notes: list[str]) -> dict[int, float] | None:
    """The median wall of each size; None, with a note, where a run did not end in time."""
    walls: dict[int, list[float]] = {count: [] for count in parts}
    order = [1, setting.growth[0]] * _SHORT_RUNS
    # Half of the short runs before the long one and half after, so that drift falls on both.
    order.insert(len(order) // 2, setting.growth[1])
    for count in order:
        sample = ONE_PROCESS.sample(setting.tools, parts[count], setting.limit_s)
        if sample is None:
            notes.append(f"{count:,} targets: no result within {setting.limit_s} s")
            return None
        if sample.answered != count:
            notes.append(f"{sample.answered:,} of {count:,} answered 200")
        walls[count].append(sample.wall_s)
    return {count: median(taken) for count, taken in walls.items()}
