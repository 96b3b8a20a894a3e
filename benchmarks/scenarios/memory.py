"""Memory that a further target costs: the difference of two peaks over that of their sizes."""

import time
from collections.abc import Sequence
from typing import Any

from benchmarks.bounds import Figure, judged
from benchmarks.measure import middle
from benchmarks.peers import ONE_PROCESS, Sample
from benchmarks.report import Table
from benchmarks.scenarios.throughput import task
from benchmarks.setting import Outcome, Setting
from probecli.cli.session import HELD_UP_TO

# From one to the next while results stay in memory, and then while they go to disk.
SIZES = (1_000, 10_000, 20_000, 100_000)


def measured(setting: Setting) -> Outcome:
    """The two steps, with one process."""
    small, held, spooled, large = setting.memory
    notes: list[str] = []
    taken = {count: _samples(setting, count, notes) for count in sorted(set(setting.memory))}
    peaks = {count: middle(one.peak_kib for one in samples) for count, samples in taken.items()}
    walls = {count: middle(one.wall_s for one in samples) for count, samples in taken.items()}
    spoiled = notes[0] if notes else None
    figures = {
        "memory held": Figure(further_kib(peaks, small, held), _unlike_held(small, held), spoiled),
        "memory spooled": Figure(
            further_kib(peaks, spooled, large), _unlike_spooled(spooled), spoiled
        ),
    }
    keys = {held: "memory held", large: "memory spooled"}
    rows = tuple(
        (
            count,
            "in memory" if count <= HELD_UP_TO else "on disk",
            walls[count],
            None if peak is None else peak / 1024,
            figures[keys[count]].value if count in keys else None,
        )
        for count, peak in peaks.items()
    )
    note = (
        f"A further target from {small:,} to {held:,} targets, and from {spooled:,} to {large:,}."
    )
    columns = ("targets", "results", "wall s", "peak MiB", "KiB a further target")
    table = Table("Memory", columns, rows, (note, *notes))
    data: dict[str, Any] = {
        "peak_kib": {str(count): peak for count, peak in peaks.items()},
        "further_kib": {key: figure.value for key, figure in figures.items()},
    }
    return Outcome((judged(table, [keys.get(count) for count in peaks], figures),), data, figures)


def further_kib(peaks: dict[int, float | None], low: int, high: int) -> float | None:
    """KiB that each target from `low` to `high` adds to the peak; None where one is not known."""
    less, more = peaks[low], peaks[high]
    return None if less is None or more is None else (more - less) / (high - low)


def _unlike_held(small: int, held: int) -> str | None:
    return None if (small, held) == SIZES[:2] else f"{small:,} to {held:,} targets"


def _unlike_spooled(spooled: int) -> str | None:
    return None if spooled > HELD_UP_TO else f"in memory up to {HELD_UP_TO:,} targets"


def _samples(setting: Setting, count: int, notes: list[str]) -> Sequence[Sample]:
    samples: list[Sample] = []
    until = time.monotonic() + setting.budget_s
    with task(setting, "http", count) as (job, _):
        for number in range(setting.rounds):
            if number and time.monotonic() > until:
                break
            sample = ONE_PROCESS.sample(setting.tools, job, setting.limit_s)
            if sample is None:
                notes.append(f"{count:,} targets: no result within {setting.limit_s} s")
                break
            if sample.answered != count:
                notes.append(f"{sample.answered:,} of {count:,} answered 200")
            samples.append(sample)
            setting.say(f"memory, {count:,} targets: {sample.peak_kib:,} KiB")
    return samples
